"""What is kept of contents comes back as it was, wherever it lies."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from layerscope.errors import ArchiveError
from layerscope.image import spool
from layerscope.image.spool import Room, Spool


@given(st.lists(st.tuples(st.integers(0, 30), st.binary(max_size=300)), max_size=40), st.data())
def test_contents_come_back_in_any_order(contents: list[tuple[int, bytes]], data: st.DataObject) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(spool, "_IN_MEMORY", 400)
        patch.setattr(spool, "_BLOCK", 500)
        patch.setattr(spool, "_SHORT", 10)
        room = Room()
        one, other = Spool(room), Spool(room)
        for index, content in contents:
            one[index], other[-index] = content, content[::-1]
    expected = dict(contents)
    for index in data.draw(st.permutations(sorted(expected))):
        assert one[index] == expected[index]
        assert other[-index] == expected[index][::-1]
    assert dict(one) == expected and len(one) == len(expected)


def test_what_compresses_well_takes_little_of_the_disk_and_what_fits_into_memory_none() -> None:
    room = Room()
    kept = Spool(room)
    for index in range(200):
        kept[index] = bytes(1 << 18)
    assert kept[7] == kept[199] == bytes(1 << 18)
    assert 0 < room._end < 1 << 17
    small = Room()
    Spool(small)[0] = b"abc"
    assert small._end == 0


def test_a_disk_without_room_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("tempfile.TemporaryFile", full)
    kept = Spool(Room())
    with pytest.raises(ArchiveError, match="cannot write a temporary file: No space left on device"):
        kept[0] = bytes(1 << 26)
