"""What headers say of an entry: its path, its kind, its numbers, with all extensions applied."""

import pytest

from layerscope.errors import Damaged
from layerscope.model.entry import Kind
from tests.builder import Member, directory, file, header, layer, pax_header, raw, symlink
from tests.tar.walking import failure_of, layer_of


def test_ustar_prefix_and_name_are_joined() -> None:
    name = "p" * 100 + "/" + "n" * 60
    assert layer_of(layer(file(name), tar_format="ustar")).changeset.paths == [f"/{name}"]


def test_the_place_of_a_prefix_means_nothing_in_gnu_headers() -> None:
    data = layer(raw(header(b"a", magic=b"ustar  \0", prefix=b"00000001234")))
    assert layer_of(data).changeset.paths == ["/a"]


@pytest.mark.parametrize("flag", [b"0", b"1", b"2", b"3", b"5", b"6", b"\0", b"Z"])
@pytest.mark.parametrize("prefix", [b"", b"p", b"p" * 155])
@pytest.mark.parametrize("is_posix", [True, False])
def test_the_prefix_of_any_type_goes_before_its_name(flag: bytes, prefix: bytes, is_posix: bool) -> None:
    block = header(b"n", typeflag=flag, link=b"t", prefix=prefix, magic=b"ustar\0" if is_posix else b"ustar  \0")
    path = f"/{prefix.decode()}/n" if prefix and is_posix else "/n"
    assert layer_of(layer(raw(block))).changeset.paths == [path]
    assert layer_of(layer(pax_header({"comment": b"c"}), raw(block))).changeset.paths == [path]


@pytest.mark.parametrize(
    ("name", "path"),
    [
        pytest.param("./usr/bin", "/usr/bin", id="dot"),
        pytest.param("/usr/bin", "/usr/bin", id="absolute"),
        pytest.param("//usr//bin", "/usr/bin", id="doubled"),
        pytest.param("././a/./b", "/a/b", id="dots inside"),
        pytest.param("../../etc/passwd", "/etc/passwd", id="the root is its own parent"),
        pytest.param("a/../b", "/b", id="up again"),
        pytest.param(".", "/", id="root as dot"),
        pytest.param("./", "/", id="root as dot slash"),
        pytest.param("/", "/", id="root as slash"),
        pytest.param("", "/", id="no name"),
        pytest.param("a//", "/a", id="slashes at the end"),
        pytest.param(".a/..b/c...", "/.a/..b/c...", id="dots in names"),
        pytest.param("new\nline/\x1b[0m", "/new\nline/\x1b[0m", id="control characters"),
    ],
)
def test_paths_are_absolute_and_normal(name: str, path: str) -> None:
    assert layer_of(layer(raw(header(name.encode(), typeflag=b"5")))).changeset.paths == [path]


def test_bytes_that_are_no_utf_8_can_be_had_back() -> None:
    path = layer_of(layer(file(b"caf\xe9/\xff"), symlink("l", b"\xfe"), tar_format="gnu")).changeset
    assert path[0].path.encode("utf-8", "surrogateescape") == b"/caf\xe9/\xff"
    assert path[1].link.encode("utf-8", "surrogateescape") == b"\xfe"
    assert path.link_bytes == 1


@pytest.mark.parametrize("name", ["l", "/usr//lib/l"])
def test_a_target_that_fills_its_field_ends_there(name: str) -> None:
    changeset = layer_of(layer(raw(header(name.encode(), typeflag=b"2", link=b"t" * 100)))).changeset
    assert changeset[0].link == "t" * 100


@pytest.mark.parametrize(
    ("name", "path", "kind"),
    [
        pytest.param("a/.wh.b", "/a/b", Kind.WHITEOUT, id="whiteout"),
        pytest.param(".wh.b", "/b", Kind.WHITEOUT, id="whiteout in the root"),
        pytest.param("./.wh.b", "/b", Kind.WHITEOUT, id="whiteout with dot"),
        pytest.param("a/.wh..b", "/a/.b", Kind.WHITEOUT, id="whiteout of a hidden file"),
        pytest.param("a/.wh....", "/a/...", Kind.WHITEOUT, id="whiteout of three dots"),
        pytest.param("a/.wh..wh..opq", "/a", Kind.OPAQUE, id="opaque"),
        pytest.param(".wh..wh..opq", "/", Kind.OPAQUE, id="opaque root"),
        pytest.param("a/.wh.", "/a/.wh.", Kind.BOOKKEEPING, id="whiteout of nothing"),
        pytest.param("a/.wh..", "/a/.wh..", Kind.BOOKKEEPING, id="whiteout of dot"),
        pytest.param("a/.wh...", "/a/.wh...", Kind.BOOKKEEPING, id="whiteout of dot dot"),
        pytest.param(".wh..wh.plnk", "/.wh..wh.plnk", Kind.BOOKKEEPING, id="aufs plnk"),
        pytest.param(".wh..wh.aufs", "/.wh..wh.aufs", Kind.BOOKKEEPING, id="aufs"),
        pytest.param("a/.wh", "/a/.wh", Kind.FILE, id="no second dot"),
        pytest.param("a.wh.b", "/a.wh.b", Kind.FILE, id="not at the start"),
        pytest.param(".prefetch.landmark", "/.prefetch.landmark", Kind.BOOKKEEPING, id="landmark"),
        pytest.param("stargz.index.json", "/stargz.index.json", Kind.BOOKKEEPING, id="eStargz index"),
        pytest.param("a/stargz.index.json", "/a/stargz.index.json", Kind.FILE, id="another of that name"),
    ],
)
def test_markers_are_told_by_name(name: str, path: str, kind: Kind) -> None:
    changeset = layer_of(layer(file("first"), file(name))).changeset
    assert (changeset[1].path, changeset[1].kind, changeset.content_bytes) == (path, kind, 0)


@pytest.mark.parametrize(
    ("flag", "kind"),
    [
        pytest.param(b"\0", Kind.DIRECTORY, id="before POSIX a slash made a directory"),
        pytest.param(b"0", Kind.FILE, id="a POSIX file stays one, as for the engines"),
    ],
)
def test_a_slash_at_the_end(flag: bytes, kind: Kind) -> None:
    assert layer_of(layer(raw(header(b"a/", typeflag=flag)))).changeset[0].kind == kind


def test_a_file_with_a_slash_at_its_end_keeps_its_content() -> None:
    changeset = layer_of(layer(Member(name=b"a/", content=b"abc"), file("b", b"x"))).changeset
    assert [(entry.path, entry.content_bytes) for entry in changeset] == [("/a", 3), ("/b", 1)]


def test_types_without_content_carry_none_whatever_they_declare() -> None:
    kinds = [raw(header(b"x%d" % kind, typeflag=b"%d" % kind, declared_bytes=600, link=b"t")) for kind in range(1, 7)]
    assert len(layer_of(layer(*kinds)).changeset) == 6


def test_content_begins_where_the_offset_says() -> None:
    data = layer(directory("d"), file("d/a", b"abc"), pax_header({"comment": b"x" * 600}), file("d/b", b"bcd"))
    changeset = layer_of(data).changeset
    assert [data[changeset.offsets[index] :][:3] for index in (1, 2)] == [b"abc", b"bcd"]


def test_the_size_of_a_pax_record_is_the_right_one() -> None:
    data = layer(file("a", b"abc", pax={"size": b"3"}, declared_bytes=0), file("b", b"b"))
    assert [entry.content_bytes for entry in layer_of(data).changeset] == [3, 1]


def test_an_empty_pax_record_leaves_the_field_of_the_header() -> None:
    data = layer(file("a", b"abc", pax={"size": b"", "path": b""}))
    assert [(entry.path, entry.content_bytes) for entry in layer_of(data).changeset] == [("/a", 3)]


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        pytest.param(b"1700000000.999999999", 1_700_000_000, id="fraction"),
        pytest.param(b"-1.5", -2, id="before 1970"),
        pytest.param(b"-0.5", -1, id="half a second before"),
        pytest.param(b"-3", -3, id="whole"),
        pytest.param(b"-3.000", -3, id="whole with zeros"),
    ],
)
def test_times_are_rounded_down(text: bytes, seconds: int) -> None:
    assert layer_of(layer(file("a", pax={"mtime": text}))).changeset.mtimes[0] == seconds


def test_pax_numbers_replace_the_header_s() -> None:
    data = layer(file("a", pax={"uid": b"4294967294", "gid": b"70000", "linkpath": b"nothing"}))
    assert layer_of(data).changeset.ownerships == [(0o644, 4_294_967_294, 70_000)]


def test_extended_attributes_of_both_writers_are_read() -> None:
    data = layer(
        file("a", xattrs={"security.capability": b"\x01\0\0\x02\n="}),
        file("b", pax={"LIBARCHIVE.xattr.user.k": b"AAE=", "LIBARCHIVE.xattr.user.bad": b"A"}),
    )
    assert dict(layer_of(data).changeset.xattrs) == {
        0: (("security.capability", b"\x01\0\0\x02\n="),),
        1: (("user.k", b"\0\x01"),),
    }


def test_a_global_header_speaks_for_no_entry_as_engines_have_it() -> None:
    data = layer(
        file("a"),
        pax_header({"uid": b"7", "path": b"all", "size": b"0", "comment": b"0123abcd"}, for_all=True),
        file("b", b"12"),
        file("c", pax={"uid": b"8"}),
        file("d"),
    )
    found = [(entry.path, entry.content_bytes, entry.uid) for entry in layer_of(data).changeset]
    assert found == [("/a", 0, 0), ("/b", 2, 0), ("/c", 0, 8), ("/d", 0, 0)]


def test_many_global_headers_are_not_one_that_is_too_large() -> None:
    each = pax_header({"comment": b"x" * 90_000}, for_all=True)
    assert layer_of(layer(*[each, file("a")] * 60)).changeset.paths == ["/a"] * 60


@pytest.mark.parametrize("key", ["path", "linkpath", "uname", "gname"])
def test_a_nul_in_a_name_of_a_pax_record_is_damage_as_engines_have_it(key: str) -> None:
    found = failure_of(layer(file("a", pax={key: b"x\0y"})))
    assert (found.kind, found.message) == (Damaged, f"layer, offset 512: a pax record has a NUL in its {key}")


def test_a_nul_in_another_pax_record_is_none_in_a_name() -> None:
    assert layer_of(layer(file("a", pax={"comment": b"x\0y"}))).changeset.paths == ["/a"]


def test_negative_numbers_of_base_256_are_read() -> None:
    data = layer(file("a", mtime=-5, uid=-1), tar_format="gnu")
    assert (layer_of(data).changeset[0].mtime, layer_of(data).changeset[0].uid) == (-5, -1)
