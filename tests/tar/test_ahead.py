"""Reading ahead changes nothing of what is read, and leaves no thread behind."""

import io
import threading

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from layerscope.errors import Damaged
from layerscope.tar import ahead
from layerscope.tar.ahead import Ahead
from tests.tar.walking import Drip


def everything(stream: Ahead, most: int) -> bytes:
    found, buffer = b"", memoryview(bytearray(most))
    while count := stream.readinto(buffer):
        found += buffer[:count]
    assert stream.readinto(buffer) == 0, "an end stays an end"
    return found


@settings(deadline=None)
@given(st.binary(max_size=5000), st.integers(1, 900), st.integers(1, 900), st.integers(1, 700), st.integers(0, 3000))
def test_the_bytes_are_those_of_the_stream(data: bytes, drip: int, most: int, chunk: int, alone: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ahead, "_CHUNK", chunk)
        patch.setattr(ahead, "_ALONE", alone)
        with Ahead(Drip(data, drip)) as stream:
            assert everything(stream, most) == data


class Failing(io.RawIOBase):
    """Gives some bytes, then an error."""

    def __init__(self, good: int) -> None:
        self._left = good

    def readinto(self, buffer: "bytearray | memoryview") -> int:  # type: ignore[override]
        if not self._left:
            raise Damaged("the stream ends early", where="layer", offset=7)
        count = min(self._left, len(buffer))
        self._left -= count
        return count


@pytest.mark.parametrize("alone", [0, 1 << 20])
def test_an_error_comes_to_the_reader_behind_the_bytes_before_it(monkeypatch: pytest.MonkeyPatch, alone: int) -> None:
    monkeypatch.setattr(ahead, "_ALONE", alone)
    buffer, seen = memoryview(bytearray(1000)), 0
    with pytest.raises(Damaged, match="ends early"), Ahead(Failing(2500)) as stream:
        while count := stream.readinto(buffer):
            seen += count
    assert seen == 2500


def test_no_thread_outlives_a_reader_that_has_seen_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ahead, "_ALONE", 0)
    before = threading.active_count()
    with Ahead(io.BytesIO(bytes(50 << 20))) as stream:
        stream.readinto(memoryview(bytearray(10)))
        assert threading.active_count() == before + 1
    assert threading.active_count() == before


def test_an_interrupt_does_not_wait_for_a_silent_stream(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ahead, "_ALONE", 0)
    speaks = threading.Event()

    class Silent(io.RawIOBase):
        def readinto(self, buffer: "bytearray | memoryview") -> int:  # type: ignore[override]
            if not speaks.is_set():
                speaks.wait(60)
                return 0
            return 1

    speaks.set()
    with pytest.raises(KeyboardInterrupt), Ahead(Silent()) as stream:
        stream.readinto(memoryview(bytearray(10)))
        speaks.clear()
        raise KeyboardInterrupt
    assert not speaks.is_set()
    speaks.set()


def test_little_is_read_without_a_thread() -> None:
    before = threading.active_count()
    with Ahead(io.BytesIO(bytes(1000))) as stream:
        stream.readinto(memoryview(bytearray(10)))
        assert threading.active_count() == before
