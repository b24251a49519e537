"""The first files of an archive, as its ends show them, and whether they lie unpacked."""

import bz2
import gzip
import io
import lzma
import struct
import zipfile
import zlib
from dataclasses import replace

import pytest

from layerscope.model.finding import Severity
from layerscope.rules.families import unpacked
from tests.builder import Member, directory, file, hardlink, layer, symlink, whiteout
from tests.rules.conftest import Find, of_rule, ran

NAMES = ("a", "b/c", "d")
FILES = [file(name, name.encode() * 1000) for name in NAMES]
DEEP = "/".join(["long" * 5] * 6)
TAR = layer(*FILES)


def _members(data: bytes) -> list[tuple[str, int]]:
    return [(one.name, one.content_bytes) for one in unpacked._of_tar(data)]


@pytest.mark.parametrize(
    ("members", "found"),
    [
        pytest.param([file("a", b"12"), file("b/c", b"3")], [("a", 2), ("b/c", 1)], id="files"),
        pytest.param([file("./a", b"12"), file("././b", b"3")], [("a", 2), ("./b", 1)], id="from the working directory"),
        pytest.param([replace(file("a", b"12"), typeflag=b"\0")], [("a", 2)], id="of before 1988"),
        pytest.param([directory("d"), symlink("s", "a"), hardlink("h", "a"), file("e")], [], id="what has no bytes"),
        pytest.param([replace(file("a", b"12"), typeflag=b"7"), file("b", b"1")], [("b", 1)], id="another type"),
        pytest.param([file("a", b"x" * 512), file("b", b"x" * 513), file("c", b"1")], [("a", 512), ("b", 513), ("c", 1)],
                     id="whole blocks and more"),
        pytest.param([file("n" * 99, b"1")], [("n" * 99, 1)], id="a long name"),
        pytest.param([file(f"{DEEP}/a", b"1")], [(f"{DEEP}/a", 1)], id="a name in two parts"),
        pytest.param([file("n" * 100, b"1"), file("b", b"1")], [("b", 1)], id="a name that may be cut"),
    ],
)  # fmt: skip
def test_the_files_of_a_tar(members: list[Member], found: list[tuple[str, int]]) -> None:
    data = layer(*members)
    assert _members(data) == found
    assert _members(data[: len(data.rstrip(b"\0"))].ljust(512, b"\0")) == found, "also without its end"


def test_a_tar_is_read_as_far_as_its_headers_are_whole() -> None:
    data = layer(file("a", b"1"), file("b", b"2"))
    assert _members(data[:1536]) == [("a", 1), ("b", 1)]
    assert _members(data[:1535]) == [("a", 1)]
    assert _members(data[:1024] + data[1024:].replace(b"ustar", b"other", 1)) == [("a", 1)]
    assert _members(data[:1024] + data[1024 : 1024 + 124] + b"9" * 12 + data[1024 + 136 :]) == [("a", 1)]
    assert _members(b"x" * 2048) == []


@pytest.mark.parametrize("size", [b"-1000", b"+2", b"0o2", b"1_0", b"8"])
def test_a_size_that_is_no_octal_number_ends_the_tar(size: bytes) -> None:
    data = layer(file("a", b"1"), file("b", b"2"))
    assert _members(data[: 1024 + 124] + size.ljust(12, b"\0") + data[1024 + 136 :]) == [("a", 1)]


def test_only_posix_headers_have_a_name_in_two_parts() -> None:
    data = layer(file(f"{DEEP}/a", b"1"))
    assert _members(data[:257] + b"ustar  \0" + data[265:]) == [("a", 1)]
    blank = layer(file("a", b"1"))
    assert _members(blank[:124] + b" \0" * 6 + blank[136:]) == []


def _zip(*members: tuple[str, bytes], comment: bytes = b"", extra: bytes = b"") -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, content in members:
            info = zipfile.ZipInfo(name)
            info.comment, info.extra = comment, extra
            archive.writestr(info, content)
    return out.getvalue()


@pytest.mark.parametrize("comment", [b"", b"what it is"])
@pytest.mark.parametrize("extra", [b"", b"\1\0\2\0ab"])
def test_the_files_of_a_zip(comment: bytes, extra: bytes) -> None:
    data = _zip(("a", b"12"), ("d/", b""), ("e", b""), ("b/c", b"123"), comment=comment, extra=extra)
    assert [(one.name, one.content_bytes) for one in unpacked._of_zip(data)] == [("a", 2), ("b/c", 3)]


def test_a_zip_is_read_as_far_as_its_records_are_whole() -> None:
    data = _zip(("a", b"12"), ("b", b"123"))
    last = data.rindex(b"PK\1\2")
    assert [one.name for one in unpacked._of_zip(data[: last + 45])] == ["a"]
    assert [one.name for one in unpacked._of_zip(data[: last + 47])] == ["a", "b"]
    assert list(unpacked._of_zip(b"PK\3\4")) == []
    named = data.replace(b"PK\1\2", b"PK\1\2", 1)
    directory_of_bytes = named[: last + 24] + struct.pack("<I", 9) + named[last + 28 : last + 46] + b"/"
    assert [one.name for one in unpacked._of_zip(directory_of_bytes)] == ["a"]


def _of_dictionary(prop: int) -> bytes:
    """An xz file that says to need a dictionary of that size (the .xz file format, 5.3.1)."""
    data = bytearray(lzma.compress(TAR, preset=0))
    length = (data[12] + 1) * 4
    assert data[14:16] == b"\x21\1"
    data[16] = prop
    data[12 + length - 4 : 12 + length] = struct.pack("<I", zlib.crc32(data[12 : 12 + length - 4]))
    return bytes(data)


@pytest.mark.parametrize(
    ("head", "expanded"),
    [
        pytest.param(gzip.compress(TAR), TAR, id="gzip"),
        pytest.param(bz2.compress(TAR), TAR, id="bzip2"),
        pytest.param(lzma.compress(TAR), TAR, id="xz"),
        pytest.param(_of_dictionary(31), TAR, id="xz that needs 192 MiB"),
        pytest.param(_of_dictionary(32), b"", id="xz that needs 256 MiB and what is around them"),
        pytest.param(TAR, TAR, id="not compressed"),
        pytest.param(b"\x1f\x8bdamaged", b"", id="damaged gzip"),
        pytest.param(b"BZhdamaged", b"", id="damaged bzip2"),
        pytest.param(b"\xfd7zXZ\0damaged...", b"", id="damaged xz"),
    ],
)
def test_what_a_compressed_file_begins_with(head: bytes, expanded: bytes) -> None:
    assert unpacked._expanded(head) == expanded


@pytest.mark.parametrize("compress", [gzip.compress, bz2.compress, lzma.compress])
def test_only_the_beginning_is_expanded(monkeypatch: pytest.MonkeyPatch, compress: type[bytes]) -> None:
    monkeypatch.setattr(unpacked, "_EXPANDED", 1000)
    assert unpacked._expanded(compress(TAR)) == TAR[:1000]


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Archives count from a thousand bytes on."""
    monkeypatch.setattr(unpacked, "_SMALLEST", 1000)


def _found(find: Find, *members: Member) -> list[str]:
    return [one.detail for one in of_rule(find(ran(layer(*members))), "archive-extracted")]


OUT = [replace(one, name=b"opt/" + one.name) for one in FILES]


@pytest.mark.parametrize(
    ("archive", "unpacked_files", "detail"),
    [
        pytest.param(TAR, OUT, "3 of its first 3 files", id="all of them"),
        pytest.param(layer(*FILES[:2]), OUT, "", id="an archive of two"),
        pytest.param(TAR, OUT[:2], "", id="two of three"),
        pytest.param(layer(*FILES, file("e", b"1"), file("f", b"1")), [*OUT, file("x/e", b"1")], "4 of its first 5 files",
                     id="four of five"),
        pytest.param(layer(*FILES, file("e", b"1")), OUT, "", id="three of four"),
        pytest.param(TAR, [*OUT[:2], file("opt/d", b"other")], "", id="another length"),
        pytest.param(TAR, [*OUT[:2], symlink("opt/d", "a")], "", id="a link"),
        pytest.param(TAR, [OUT[0], OUT[2], file("opt/x/c", FILES[1].content)], "3 of its first 3 files",
                     id="without the first directory"),
        pytest.param(layer(*FILES[:2], file("p/q/r", b"123")), [*OUT[:2], file("x/r", b"123")], "",
                     id="without two directories"),
    ],
)  # fmt: skip
def test_how_much_of_an_archive_lies_unpacked(
    find: Find, archive: bytes, unpacked_files: list[Member], detail: str
) -> None:
    found = _found(find, file("x.tar", archive), *unpacked_files)
    assert found == [f"/x.tar: {detail} lie unpacked"] * bool(detail)


def test_what_was_unpacked_and_deleted_does_not_count(find: Find) -> None:
    lower, upper = layer(file("x.tar", TAR), *OUT), layer(whiteout("opt"))
    assert of_rule(find(ran(lower)), "archive-extracted")
    assert not of_rule(find(ran(lower, upper)), "archive-extracted")


def test_the_largest_archives_are_looked_at(find: Find, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unpacked, "_MOST_ARCHIVES", 1)
    small = layer(*FILES[:2], file("e", b"1"))
    assert _found(find, file("a.tar", small), file("b.tar", TAR), *OUT, file("opt/e", b"1")) == [
        "/b.tar: 3 of its first 3 files lie unpacked"
    ]


@pytest.mark.parametrize(("size", "found"), [(999, False), (1000, True)])
def test_an_archive_counts_from_a_size_on(find: Find, size: int, found: bool) -> None:
    data = _zip(*((name, b"1") for name in NAMES))
    assert len(data) < 900
    files = [file(f"opt/{name}", b"1") for name in NAMES]
    assert bool(_found(find, file("x.zip", data.ljust(size, b"\0")), *files)) == found


def test_of_a_large_zip_both_ends_are_read(find: Find, monkeypatch: pytest.MonkeyPatch) -> None:
    data = _zip(*((one.name.decode(), one.content) for one in FILES))
    monkeypatch.setattr(unpacked, "_TAIL", len(data) - data.index(b"PK\1\2"))
    monkeypatch.setattr(unpacked, "_HEAD", 100)
    assert _found(find, file("x.zip", data), *OUT) == ["/x.zip: 3 of its first 3 files lie unpacked"]
    monkeypatch.setattr(unpacked, "_TAIL", len(data) - data.index(b"PK\1\2") - 1)
    assert _found(find, file("x.zip", data), *OUT) == []


@pytest.mark.parametrize(("size", "severity"), [(1000, Severity.LOW), (100_000, Severity.MEDIUM)])
def test_an_archive_weighs_what_it_holds(find: Find, size: int, severity: Severity) -> None:
    files = [file(name, bytes([65 + index]) * size) for index, name in enumerate(NAMES)]
    members = [file("x.tar", layer(*files)), *(replace(one, name=b"opt/" + one.name) for one in files)]
    (finding,) = of_rule(find(ran(layer(*members))), "archive-extracted")
    assert finding.severity == severity
