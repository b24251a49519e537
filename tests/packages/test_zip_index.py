import io
import struct
import zipfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from layerscope.errors import Damaged
from layerscope.model.pathset import ReadRange
from layerscope.packages.formats.ranges import ranges_in
from layerscope.packages.formats.zip import ZipMember, member_content, zip_members
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
