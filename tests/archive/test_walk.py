"""The walk over headers agrees with other readers, and with itself whatever the bytes come from."""

import struct
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from layerscope.archive.reading import Reading
from layerscope.errors import Damaged, LimitExceeded
from layerscope.model.entry import Kind
from layerscope.model.limits import Limits
from tests.archive.peers import GNU_TAR, Listed, by_gnu_tar, by_tarfile, ours
from tests.archive.walking import failure_of, layer_of, the_only
from tests.builder import (
    Member,
    TarFormat,
    device,
    directory,
    fifo,
    file,
    gnu_sparse,
    hardlink,
    header,
    layer,
    opaque,
    pax_header,
    pax_sparse,
    raw,
    symlink,
    whiteout,
    wrong_checksum,
)

PEERS = [
    pytest.param(by_tarfile, id="tarfile"),
    pytest.param(by_gnu_tar, id="GNU tar", marks=pytest.mark.skipif(not GNU_TAR, reason="GNU tar is not installed")),
]

components = st.one_of(
    st.text(alphabet="abcXYZ0._+", min_size=1, max_size=6),
    st.sampled_from(["..", ".", "new\nline", "tab\t", "\x1b[31m", "back\\slash", "é", "日本", "\u202e", "n" * 90]),
).map(lambda text: text.encode())
names = st.builds(
    lambda prefix, parts: prefix + b"/".join(parts),
    st.sampled_from([b"", b"./", b"/"]),
    st.lists(st.one_of(components, st.sampled_from([b"\xff\xfe", b"w" * 120])), min_size=1, max_size=4),
)
# GNU tar lists a hardlink's target without what stands before the last two dots in it.
targets = names.filter(lambda name: b".." not in name)
numbers = st.integers(0, 8**7 + 5)
common = {"mode": st.integers(0, 0o7777), "uid": numbers, "gid": numbers, "mtime": st.integers(0, 1 << 33)}
segments = st.lists(st.tuples(st.integers(0, 3), st.binary(min_size=1, max_size=512)), max_size=30).map(
    lambda pairs: [(index * 4096 + gap * 512, data) for index, (gap, data) in enumerate(pairs)]
)


def sparse_of(maker: Callable[..., Member]) -> st.SearchStrategy[Member]:
    return st.builds(
        lambda name, pieces, more: maker(name, pieces, real_bytes=200_000 + more), names, segments, numbers
    )


plain_members = st.one_of(
    st.builds(file, names, st.binary(max_size=1100), **common),
    st.builds(file, names, st.sampled_from([b"", b"x" * 512, b"y" * 5000]), base256=st.booleans(), **common),
    st.builds(directory, names, **common),
    st.builds(symlink, names, names, **common),
    st.builds(hardlink, names, targets, declared_bytes=st.sampled_from([0, 700]), **common),
    st.builds(fifo, names, **common),
    st.builds(device, names, block=st.booleans(), **common),
    st.builds(whiteout, names),
    st.builds(opaque, names),
)
gnu_members = st.one_of(plain_members, sparse_of(gnu_sparse))
pax_members = st.one_of(
    plain_members,
    st.builds(file, names, st.binary(max_size=600), xattrs=st.dictionaries(st.just("user.k"), st.binary(max_size=9))),
    sparse_of(pax_sparse),
)


@pytest.mark.parametrize("peer", PEERS)
@pytest.mark.parametrize(
    ("tar_format", "members"),
    [pytest.param("gnu", gnu_members, id="gnu"), pytest.param("pax", pax_members, id="pax")],
)
def test_entries_are_those_of_other_readers(
    peer: Callable[[bytes], list[Listed]], tar_format: TarFormat, members: st.SearchStrategy[Member]
) -> None:
    @settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.lists(members, min_size=1, max_size=8))
    def agrees(written: list[Member]) -> None:
        data = layer(*written, tar_format=tar_format)
        assert ours(layer_of(data).changeset) == peer(data)

    agrees()


@settings(max_examples=20, deadline=None)
@given(st.lists(st.builds(file, names.filter(lambda name: len(name) < 100), st.binary(max_size=1100)), max_size=8))
def test_ustar_entries_are_those_of_tarfile(written: list[Member]) -> None:
    data = layer(*written, tar_format="ustar")
    assert ours(layer_of(data).changeset) == by_tarfile(data)


@settings(max_examples=50, deadline=None)
@given(st.lists(pax_members, min_size=1, max_size=5), st.data())
def test_spoilt_bytes_end_in_one_clear_error_or_none(written: list[Member], choices: st.DataObject) -> None:
    data = bytearray(layer(*written))
    for _ in range(choices.draw(st.integers(1, 4))):
        data[choices.draw(st.integers(0, len(data) - 1))] = choices.draw(st.integers(0, 255))
    cut = choices.draw(st.integers(0, len(data)))
    the_only(bytes(data[:cut]) if choices.draw(st.booleans()) else bytes(data))


def test_ustar_prefix_and_name_are_joined() -> None:
    name = "p" * 100 + "/" + "n" * 60
    assert layer_of(layer(file(name), tar_format="ustar")).changeset.paths == [f"/{name}"]


def test_the_place_of_a_prefix_means_nothing_in_gnu_headers() -> None:
    data = layer(raw(header(b"a", magic=b"ustar  \0", prefix=b"00000001234")))
    assert layer_of(data).changeset.paths == ["/a"]


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


def test_a_global_header_speaks_for_all_entries_behind_it() -> None:
    data = layer(
        file("a"),
        pax_header({"uid": b"7", "comment": b"0123abcd"}, for_all=True),
        file("b"),
        file("c", pax={"uid": b"8"}),
        file("d"),
    )
    assert [entry.uid for entry in layer_of(data).changeset] == [0, 7, 8, 7]


def test_negative_numbers_of_base_256_are_read() -> None:
    data = layer(file("a", mtime=-5, uid=-1), tar_format="gnu")
    assert (layer_of(data).changeset[0].mtime, layer_of(data).changeset[0].uid) == (-5, -1)


def sparse_pax_0(pieces: list[tuple[bytes, bytes]], records: dict[str, bytes], content: bytes) -> bytes:
    """A sparse file of PAX format 0.0, whose map repeats its keys."""
    lines = [(key.encode(), value) for key, value in records.items()] + pieces
    body = b"".join(_record(key, value) for key, value in lines)
    block = header(b"PaxHeaders/s", typeflag=b"x", declared_bytes=len(body))
    return layer(raw(block + body + bytes(-len(body) % 512)), file("s", content), file("after", b"x"))


def _record(key: bytes, value: bytes) -> bytes:
    length = next(n for n in range(5, 1000) if len(b"%d %s=%s\n" % (n, key, value)) == n)
    return b"%d %s=%s\n" % (length, key, value)


SPARSE = [
    pytest.param(layer(gnu_sparse("s", [(0, b"x" * 512)], real_bytes=9000), file("after", b"x")), id="old GNU"),
    pytest.param(
        layer(gnu_sparse("s", [(n * 1024, b"x" * 512) for n in range(60)], real_bytes=99_000), file("after", b"x")),
        id="old GNU with extension blocks",
    ),
    pytest.param(layer(pax_sparse("s", [(512, b"x" * 512)], real_bytes=9000), file("after", b"x")), id="PAX 1.0"),
    pytest.param(
        layer(
            file(
                "GNUSparseFile.0/s",
                b"x" * 512,
                pax={
                    "GNU.sparse.size": b"9000",
                    "GNU.sparse.numblocks": b"2",
                    "GNU.sparse.map": b"512,512,9000,0",
                    "GNU.sparse.name": b"s",
                },
            ),
            file("after", b"x"),
        ),
        id="PAX 0.1",
    ),
    pytest.param(
        sparse_pax_0(
            [
                (b"GNU.sparse.offset", b"512"),
                (b"GNU.sparse.numbytes", b"512"),
                (b"GNU.sparse.offset", b"9000"),
                (b"GNU.sparse.numbytes", b"0"),
            ],
            {"GNU.sparse.size": b"9000", "GNU.sparse.numblocks": b"2"},
            b"x" * 512,
        ),
        id="PAX 0.0",
    ),
]


@pytest.mark.parametrize("peer", PEERS)
@pytest.mark.parametrize("data", SPARSE)
def test_sparse_files_count_with_their_real_length(data: bytes, peer: Callable[[bytes], list[Listed]]) -> None:
    changeset = layer_of(data).changeset
    assert [entry.path for entry in changeset] == ["/s", "/after"]
    assert changeset.sizes[0] in (9000, 99_000)
    assert set(changeset.sparse) == {0}
    assert ours(changeset) == peer(data)


def test_a_sparse_file_takes_its_payload_from_the_pax_size() -> None:
    records = {"GNU.sparse.size": b"9000", "GNU.sparse.map": b"0,3", "size": b"3"}
    data = layer(file("s", b"abc", declared_bytes=0, pax=records), file("after"))
    assert [(entry.path, entry.content_bytes) for entry in layer_of(data).changeset] == [("/s", 9000), ("/after", 0)]


@pytest.mark.parametrize(
    ("data", "message", "offset"),
    [
        pytest.param(
            layer(file("a", b"x"), wrong_checksum(file("b"))), "a tar header fails its checksum", 1024, id="sum"
        ),
        pytest.param(layer(file("a"), raw(bytes(512)), file("b")), "a lone block of zeros", 1024, id="one zero block"),
        pytest.param(layer(file("a", b"x" * 600))[:1100], "the data ends within an entry", 1100, id="cut in content"),
        pytest.param(layer(file("a", b"x"))[:1500], "the data ends within a tar header", 1024, id="cut in the end"),
        pytest.param(layer(file("a", b"x"))[:300], "the data ends within a tar header", 0, id="cut in a header"),
        pytest.param(
            layer(file("a", declared_bytes=1 << 40)), "the data ends within an entry", None, id="beyond the end"
        ),
        pytest.param(
            layer(raw(header(b"a", declared_bytes=-1))), "a tar header has an impossible size or time", 0, id="negative"
        ),
        pytest.param(
            layer(raw(header(b"a", declared_bytes=1 << 63, base256=True))),
            "a tar header has an impossible size or time",
            0,
            id="size of 2^63",
        ),
        pytest.param(
            layer(file("a", pax={"size": b"-1"})), "a pax record has a bad size: '-1'", 1024, id="PAX negative"
        ),
        pytest.param(layer(file("a", pax={"size": b"9" * 30})), "a pax record has a bad size", 1024, id="PAX huge"),
        pytest.param(
            layer(file("a", pax={"mtime": b"soon"})), "a pax record has a bad mtime: 'soon'", 1024, id="PAX time"
        ),
    ],
)
def test_damage_is_told_with_its_place(data: bytes, message: str, offset: int | None) -> None:
    failure = failure_of(data)
    assert failure.kind is Damaged
    if offset is not None:
        assert failure.message.startswith(f"layer, offset {offset:,}: {message}")
    else:
        assert message in failure.message


def spoilt(field: slice, value: bytes) -> bytes:
    """A layer of one header with a field replaced and the checksum made right again."""
    block = bytearray(header(b"a"))
    block[field] = value.ljust(field.stop - field.start, b"\0")
    block[148:156] = b" " * 8
    block[148:156] = b"%06o\0 " % sum(block)
    return layer(raw(bytes(block)))


@pytest.mark.parametrize("text", [b"0o17", b"1_0", b"+1", b"-1", b"8", b"1 2", b"0x1", b"zz"])
@pytest.mark.parametrize("field", [slice(100, 108), slice(108, 116), slice(124, 136), slice(136, 148)])
def test_a_field_that_is_not_octal_is_damage(field: slice, text: bytes) -> None:
    assert failure_of(spoilt(field, text)).message == "layer, offset 0: a tar header has a field that is no number"


@pytest.mark.parametrize("length", [b"zz", b"\xff" * 12, b"\x80" + b"\xff" * 11], ids=["text", "negative", "huge"])
def test_a_sparse_file_of_impossible_length_is_damage(length: bytes) -> None:
    block = bytearray(gnu_sparse("s", [(0, b"x")], real_bytes=1).to_bytes()[:512])
    block[483:495] = length.ljust(12, b"\0")
    block[148:156] = b" " * 8
    block[148:156] = b"%06o\0 " % sum(block)
    failure = failure_of(layer(raw(bytes(block)), raw(bytes(512))))
    assert (failure.kind, failure.message[:26]) == (Damaged, "layer, offset 0: a sparse ")


@pytest.mark.parametrize("text", [b"  17 ", b"17\0zz", b"0000017", b"17 \0"])
def test_padded_octal_fields_are_read(text: bytes) -> None:
    assert layer_of(spoilt(slice(108, 116), text)).changeset[0].uid == 0o17


@pytest.mark.parametrize("checksum", [b"812371\0 ", b"0o1234\0 ", b"\0" * 8, b" " * 8, b"\xff" * 8, b"-12345\0 "])
def test_a_checksum_that_is_no_number_is_damage(checksum: bytes) -> None:
    block = bytearray(header(b"a"))
    block[148:156] = checksum
    assert failure_of(layer(raw(bytes(block)))).message == "layer, offset 0: a tar header fails its checksum"


def test_checksums_over_signed_bytes_are_taken_as_well() -> None:
    block = bytearray(header("é".encode()))
    block[148:156] = b" " * 8
    signed = sum(struct.unpack("512b", block))
    block[148:156] = b"%06o\0 " % signed
    assert layer_of(layer(raw(bytes(block)))).changeset.paths == ["/é"]


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"0 a=b\n", id="length zero"),
        pytest.param(b"99 a=b\n", id="too long"),
        pytest.param(b"-6 a=b\n", id="negative"),
        pytest.param(b"6 a=bc\n", id="too short"),
        pytest.param(b"6 abc\n", id="no value"),
        pytest.param(b"99999999999999999999999 a=b\n", id="endless digits"),
        pytest.param(b"\xb2 a=b\n", id="a digit that is none"),
    ],
)
def test_a_wrong_pax_record_is_damage(body: bytes) -> None:
    block = header(b"x", typeflag=b"x", declared_bytes=len(body))
    failure = failure_of(layer(raw(block + body.ljust(512, b"\0")), file("a")))
    assert (failure.kind, failure.message[:24]) == (Damaged, "layer, offset 512: a pax")


@pytest.mark.parametrize(
    ("members", "limits", "message"),
    [
        pytest.param((file("a" * 90),), Limits(path_bytes=80), "a path of 91 characters", id="path"),
        pytest.param((file("a"), file("b"), file("c")), Limits(entries=2), "over 2 entries", id="entries"),
        pytest.param(
            (file("a", pax={"comment": b"x" * 900}),), Limits(pax_bytes=500), "extended headers of 913 bytes", id="PAX"
        ),
        pytest.param(
            (pax_header({"a": b"x" * 300}), pax_header({"b": b"x" * 300}), file("a")),
            Limits(pax_bytes=500),
            "extended headers of 614 bytes for one entry",
            id="PAX in small pieces",
        ),
        pytest.param(
            (raw(header(b"x", typeflag=b"x", declared_bytes=1 << 30)),),
            Limits(),
            "extended headers of 1,073,741,824 bytes",
            id="PAX of 1 GB",
        ),
    ],
)
def test_limits_stop_the_walk(members: tuple[Member, ...], limits: Limits, message: str) -> None:
    failure = failure_of(layer(*members), Reading(limits=limits))
    assert failure.kind is LimitExceeded
    assert message in failure.message


def test_many_extended_headers_are_no_problem_when_each_is_small() -> None:
    members = [file(f"f{number}", pax={"comment": b"x" * 300}) for number in range(20)]
    assert len(layer_of(layer(*members), Reading(limits=Limits(pax_bytes=600))).changeset) == 20


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(layer(file("a", b"abc"), trailer=False), id="no end marker"),
        pytest.param(layer(file("a", b"abc"), trailer=False)[: 512 + 3], id="no padding"),
        pytest.param(layer(file("a", b"abc")) + bytes(9000), id="padding that is no whole record"),
        pytest.param(layer(file("a", b"abc"), trailer=False) + bytes(512), id="one zero block at the end"),
    ],
)
def test_sloppy_ends_are_accepted_as_the_engines_do(data: bytes) -> None:
    found = layer_of(data)
    assert ([entry.content_bytes for entry in found.changeset], found.warnings, found.tar_bytes) == ([3], (), len(data))


@pytest.mark.parametrize("rest", [b"something else", b"x", layer(file("b"))], ids=["text", "a byte", "another tar"])
def test_data_behind_the_end_is_warned_of(rest: bytes) -> None:
    found = layer_of(layer(file("a", b"abc")) + bytes(5120) + rest)
    assert len(found.changeset) == 1
    assert found.warnings == ("layer, offset 7,168: data behind the end of the tar; no engine would unpack it",)


def test_the_table_of_contents_of_estargz_may_stand_behind_the_end() -> None:
    found = layer_of(layer(file("a", b"abc")) + layer(file("stargz.index.json", b"{}")))
    assert ([entry.path for entry in found.changeset], found.warnings) == (["/a"], ())


@pytest.mark.parametrize("data", [b"", bytes(1024), bytes(10_240)], ids=["no bytes", "end marker only", "a record"])
def test_an_empty_layer_has_no_entries(data: bytes) -> None:
    assert len(layer_of(data).changeset) == 0


def test_an_unknown_type_is_taken_for_a_file_and_warned_of() -> None:
    data = layer(raw(header(b"v", typeflag=b"V")), Member(name=b"odd", typeflag=b"Z", content=b"abc"), file("b", b"x"))
    found = layer_of(data)
    assert [(entry.path, entry.kind, entry.content_bytes) for entry in found.changeset] == [
        ("/v", Kind.FILE, 0),
        ("/odd", Kind.FILE, 3),
        ("/b", Kind.FILE, 1),
    ]
    assert [warning.partition(": ")[2] for warning in found.warnings] == [
        "entry type b'V' of 'v' is unknown; taken for a file",
        "entry type b'Z' of 'odd' is unknown; taken for a file",
    ]
