import io
import struct
import zipfile
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from layerscope.errors import Damaged
from layerscope.model.pathset import ReadRange
from layerscope.packages.formats.ranges import ranges_in
from layerscope.packages.formats.zip import ZipMember, member_content, member_place, zip_members
from tests.packages.zips import zipped

_FILES = {"a/one.txt": b"one", "a/two.bin": b"\0" * 5000, "b/three.txt": b"3" * 70_000}
_ALL = (b"",)


def uncounted(count: int) -> None:
    """Counts nothing."""


def _members(data: bytes) -> list[ZipMember]:
    members = zip_members(ranges_in(data), len(data), "x.zip", _ALL)
    assert members is not None
    return members


@pytest.mark.parametrize(
    "around",
    [
        pytest.param((b"", b""), id="a plain archive"),
        pytest.param((b"#!/bin/sh\nexec java -jar $0\n", b""), id="a script before it"),
    ],
)
@pytest.mark.parametrize("stored", [True, False], ids=["stored", "deflated"])
def test_members_and_contents_are_those_that_were_written(around: tuple[bytes, bytes], stored: bool) -> None:
    data = around[0] + zipped(_FILES, stored=stored) + around[1]
    found = {member.name: member_content(ranges_in(data), member, 1 << 20, uncounted) for member in _members(data)}
    assert found == _FILES


def test_a_comment_at_the_end_is_passed_over() -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("x", b"1")
        archive.comment = b"c" * 60_000
    assert [member.name for member in _members(buffer.getvalue())] == ["x"]


def test_more_members_than_the_short_record_can_count_are_found() -> None:
    data = zipped({f"{number}": b"" for number in range(65_540)}, stored=True)
    assert len(_members(data)) == 65_540


def test_only_the_suffixes_that_are_asked_for_are_given() -> None:
    data = zipped(_FILES)
    members = zip_members(ranges_in(data), len(data), "x.zip", (b".txt",))
    assert [member.name for member in members or ()] == ["a/one.txt", "b/three.txt"]


def _kept(data: bytes, head: int, tail: int) -> ReadRange:
    def read(start: int, length: int) -> bytes | None:
        end = start + length
        is_kept = start >= 0 and end <= len(data) and (end <= head or start >= len(data) - tail)
        return data[start:end] if is_kept else None

    return read


def test_a_directory_that_was_not_kept_is_none() -> None:
    data = zipped(_FILES)
    assert zip_members(_kept(data, 100, 30), len(data), "x.zip", _ALL) is None
    assert zip_members(_kept(data, 100, 0), len(data), "x.zip", _ALL) is None


def test_contents_that_were_not_kept_are_none() -> None:
    data = zipped(_FILES, stored=True)
    read = _kept(data, 60, 400)
    members = zip_members(read, len(data), "x.zip", _ALL)
    assert [member_content(read, member, 1 << 20, uncounted) for member in members or ()] == [b"one", None, None]


def test_contents_over_the_limit_are_none() -> None:
    data = zipped(_FILES)
    assert [member_content(ranges_in(data), member, 5000, uncounted) for member in _members(data)] == [
        b"one",
        b"\0" * 5000,
        None,
    ]


def test_a_member_that_lies_about_its_length_costs_no_more_than_the_limit() -> None:
    data = bytearray(zipped({"bomb": b"\0" * 50_000_000}))
    end = data.rfind(b"PK\1\2")
    data[end + 24 : end + 28] = struct.pack("<I", 10)
    [member] = _members(bytes(data))
    assert len(member_content(ranges_in(bytes(data)), member, 100_000, uncounted) or b"") <= 100_000


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"PK\5\6", id="a piece of the end"),
        pytest.param(b"x" * 100_000, id="no zip archive"),
        pytest.param(b"PK\5\6" + b"\xff" * 18, id="a directory of 4 GiB"),
        pytest.param(zipped(_FILES)[:-30], id="cut"),
        pytest.param(zipped(_FILES).replace(b"PK\1\2", b"PK\1\3", 1), id="a damaged entry"),
    ],
)
def test_what_is_no_archive_is_damaged(data: bytes) -> None:
    with pytest.raises(Damaged, match=r"^x\.zip"):
        zip_members(ranges_in(data), len(data), "x.zip", _ALL)


_SOUND = zipped(_FILES)


@given(
    changes=st.lists(st.tuples(st.integers(0, len(_SOUND) - 1), st.integers(0, 255)), max_size=8), kept=st.floats(0, 1)
)
@settings(max_examples=150, deadline=None)
def test_a_damaged_archive_is_read_or_is_damaged(changes: list[tuple[int, int]], kept: float) -> None:
    data = bytearray(_SOUND)
    for place, value in changes:
        data[place] = value
    read = ranges_in(bytes(data[: int(len(data) * kept)]) if kept < 0.5 else bytes(data))
    length = int(len(data) * kept) if kept < 0.5 else len(data)
    try:
        members = zip_members(read, length, "x.zip", _ALL)
    except Damaged:
        return
    for member in members or ():
        assert len(member_content(read, member, 100_000, uncounted) or b"") <= 100_000


def _directory(data: bytes) -> tuple[bytes, bytes, int]:
    """The members, the directory and the offset of the directory of a small archive."""
    _, _, _, _, _, directory_bytes, offset, _ = struct.unpack("<4s4H2IH", data[-22:])
    return data[:offset], data[offset : offset + directory_bytes], offset


def _ended(
    data: bytes, *, entries: int = 3, directory_bytes: int = -1, offset: int = -1, comment: bytes = b""
) -> bytes:
    """The same archive with another end."""
    members, directory, place = _directory(data)
    numbers = (len(directory) if directory_bytes < 0 else directory_bytes, place if offset < 0 else offset)
    end = struct.pack("<4s4H2IH", b"PK\5\6", 0, 0, entries, entries, *numbers, len(comment))
    return members + directory + end + comment


def _ended_64(data: bytes, *, magic: bytes = b"PK\6\6", locator: bytes = b"PK\6\7", **end: int) -> bytes:
    """The same archive with the ends of a large one; ``end`` are members of the short one."""
    members, directory, place = _directory(data)
    record = struct.pack("<4sQ2H2I4Q", magic, 44, 45, 45, 0, 0, 3, 3, len(directory), place)
    where = struct.pack("<4sIQI", locator, 0, len(members + directory), 1)
    return members + directory + record + where + _ended(data, **end)[len(members + directory) :]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(_ended(_SOUND), id="a plain end"),
        pytest.param(_ended(_SOUND, comment=b"c" * 65_535), id="the longest comment"),
        pytest.param(_ended(_SOUND, entries=0xFFFF), id="as many members as the short end counts"),
        pytest.param(_ended_64(_SOUND, entries=0xFFFF), id="more members than the short end counts"),
        pytest.param(_ended_64(_SOUND, offset=0xFFFFFFFF), id="a directory that lies further on"),
        pytest.param(_ended_64(_SOUND, directory_bytes=0xFFFFFFFF), id="a longer directory"),
        pytest.param(b"before" + _ended_64(_SOUND, entries=0xFFFF), id="something before the ends of a large one"),
    ],
)
def test_the_directory_is_found_by_either_end(data: bytes) -> None:
    found = {member.name: member_content(ranges_in(data), member, 1 << 20, uncounted) for member in _members(data)}
    assert found == _FILES


@pytest.mark.parametrize(
    ("data", "message"),
    [
        pytest.param(b"", "not a zip archive: its end is missing", id="empty"),
        pytest.param(_ended(_SOUND)[-21:], "not a zip archive: its end is missing", id="shorter than an end"),
        pytest.param(b"x" * 22, "not a zip archive: its end is missing", id="as long as an end"),
        pytest.param(
            b"x" * 50 + b"PK\5\6" + bytes(17), "not a zip archive: its end is missing", id="an end that is cut"
        ),
        pytest.param(_ended(_SOUND) + b"c" * 65_536, "its end is missing", id="too much behind the end"),
        pytest.param(_ended(_SOUND, offset=90_000), "bytes at 90,000 does not fit", id="far off"),
        pytest.param(_ended(_SOUND, directory_bytes=90_000), "directory of 90,000 bytes", id="a longer directory"),
        pytest.param(
            _ended_64(_SOUND, entries=3, offset=90_000), "bytes at 90,000", id="an end of a large one unasked"
        ),
        pytest.param(_ended_64(_SOUND, offset=0xFFFFFFFF, magic=b"PK\6\5"), "at 4,294,967,295", id="a damaged record"),
        pytest.param(_ended_64(_SOUND, offset=0xFFFFFFFF, locator=b"PK\6\6"), "at 4,294,967,295", id="no locator"),
        pytest.param(
            b"PK\6\7".ljust(20, b"\0") + struct.pack("<4s4H2IH", b"PK\5\6", 0, 0, 1, 1, 0, 0xFFFFFFFF, 0),
            "at 4,294,967,295",
            id="a locator alone",
        ),
    ],
)
def test_an_end_that_does_not_fit_is_damaged(data: bytes, message: str) -> None:
    with pytest.raises(Damaged, match=message):
        zip_members(ranges_in(data), len(data), "x.zip", _ALL)


@pytest.mark.parametrize("more", [0, 1])
def test_a_directory_of_sixteen_mebibytes_is_read(more: int) -> None:
    length, asked = (40 << 20), list[tuple[int, int]]()
    end = struct.pack("<4s4H2IH", b"PK\5\6", 0, 0, 1, 1, (16 << 20) + more, 0, 0)

    def read(start: int, count: int) -> bytes | None:
        asked.append((start, count))
        return end[-count:] if start + count == length else None

    if more:
        with pytest.raises(Damaged, match="its directory of 16,777,217 bytes at 0 does not fit"):
            zip_members(read, length, "x.zip", _ALL)
    else:
        assert zip_members(read, length, "x.zip", _ALL) is None
        assert asked == [(length - 22, 22), (length - 22 - (16 << 20), 16 << 20)]


def test_an_entry_that_is_damaged_or_cut_is_named_by_its_place() -> None:
    members, directory, _ = _directory(_SOUND)
    second = directory.index(b"PK\1\2", 1)
    broken = directory[:second] + b"PK\1\3" + directory[second + 4 :]
    with pytest.raises(Damaged, match=f"x.zip, offset {second}: an entry of its directory is damaged"):
        _members(members + broken + _SOUND[-22:])
    cut = directory[: second + 45]
    data = members + cut + struct.pack("<4s4H2IH", b"PK\5\6", 0, 0, 3, 3, len(cut), len(members), 0)
    assert [member.name for member in _members(data)] == ["a/one.txt"]
    whole = directory[: second + 46]
    data = members + whole + struct.pack("<4s4H2IH", b"PK\5\6", 0, 0, 3, 3, len(whole), len(members), 0)
    assert [member.name for member in _members(data)] == ["a/one.txt", ""]


_DEFLATED = zlib.compress(b"content", wbits=-15)


@pytest.mark.parametrize(
    ("change", "content"),
    [
        pytest.param({}, b"content", id="as it was written"),
        pytest.param({"offset": 1}, None, id="no header there"),
        pytest.param({"offset": 9_999}, None, id="beyond the file"),
        pytest.param({"method": 12}, None, id="another method"),
        pytest.param({"stored_bytes": 21}, None, id="more stored than is read"),
        pytest.param({"content_bytes": 21}, None, id="more content than is read"),
        pytest.param({"content_bytes": 20}, b"content", id="as much as is read"),
        pytest.param({"content_bytes": 0}, b"c", id="a length of nothing"),
        pytest.param({"content_bytes": 3}, b"con", id="a shorter length"),
        pytest.param({"method": 0, "stored_bytes": 3}, _DEFLATED[:3], id="stored"),
    ],
)
def test_a_member_is_read_as_its_entry_says(change: dict[str, int], content: bytes | None) -> None:
    data = zipped({"x": b"content"})
    [member] = _members(data)
    found = member_content(ranges_in(data), replace(member, **change), 20, uncounted)
    assert found == content


def test_what_is_deflated_is_counted_before_it_is_unpacked() -> None:
    data, stored = zipped({"x": b"content", "y": b""}), zipped({"x": b"content"}, stored=True)
    counted: list[int] = []
    for archive in (data, stored):
        for member in _members(archive):
            member_content(ranges_in(archive), member, 100, counted.append)
    assert counted == [7, 0]
    broken = bytearray(data)
    broken[31] = 0xFF
    assert member_content(ranges_in(bytes(broken)), _members(data)[0], 100, counted.append) is None
    assert counted == [7, 0, 7]


def test_a_members_data_begins_behind_its_name_and_extra_field() -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        info = zipfile.ZipInfo("name")
        info.extra, info.comment = b"\x99\x99\3\0abc", b"a comment"
        archive.writestr(info, b"content")
        archive.writestr("other", b"1")
    data = buffer.getvalue()
    member, other = _members(data)
    assert (member.name, other.name, other.content_bytes) == ("name", "other", 1)
    place = member_place(ranges_in(data), member)
    assert place == data.index(b"content") == 30 + 4 + 7
    assert member_place(ranges_in(data.replace(b"PK\3\4", b"PK\3\5", 1)), member) is None
    assert (member.is_stored, replace(member, method=8).is_stored) == (True, False)


def test_an_archive_without_members_is_one() -> None:
    assert _members(zipped({})) == []


@pytest.mark.parametrize("length", [21, 22])
def test_what_was_not_kept_may_be_an_archive_if_it_is_long_enough(length: int) -> None:
    if length == 22:
        assert zip_members(lambda start, count: None, length, "x.zip", _ALL) is None
    else:
        with pytest.raises(Damaged, match="its end is missing"):
            zip_members(lambda start, count: None, length, "x.zip", _ALL)


def test_what_is_deflated_and_was_not_kept_is_none() -> None:
    data = zipped({"x": b"content" * 99})
    [member] = _members(data)
    assert member_content(_kept(data, 31, 0), member, 1000, uncounted) is None
