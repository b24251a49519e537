"""Where bytes of a tar are read from: files by position, windows over files and streams, decompressors."""

import bz2
import gzip
import io
import lzma
import os
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, cast

import pytest

from layerscope.errors import Damaged, LimitExceeded
from layerscope.model.limits import Limits
from layerscope.tar import ahead, compression, positional, window
from layerscope.tar.ahead import Ahead
from layerscope.tar.compression import decompressor, sniff
from layerscope.tar.positional import PositionalFile, Range
from layerscope.tar.window import PositionalWindow, StreamWindow
from tests.builder import compress
from tests.tar.walking import Drip

DATA = bytes(index * 31 % 251 for index in range(70_000))
Open = Callable[..., PositionalFile]


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Open]:
    files: list[PositionalFile] = []

    def open_file(data: bytes = DATA, *, buffered: bool = True) -> PositionalFile:
        path = tmp_path / f"{len(files)}"
        path.write_bytes(data)
        files.append(PositionalFile(path.open("rb", buffering=-1 if buffered else 0)))
        return files[-1]

    yield open_file
    for file in files:
        file.close()


def _short(count: int) -> Callable[..., Any]:
    whole = os.pread
    return lambda descriptor, length, position: whole(descriptor, min(length, count), position)


def _short_into(count: int) -> Callable[..., Any]:
    whole = os.preadv
    return lambda descriptor, views, position: whole(descriptor, [views[0][:count]], position)


SYSTEMS: dict[str, dict[str, Any]] = {
    "as it is": {},
    "reads in parts": {"_pread": _short(7), "_preadv": _short_into(5)},
    "no pread": {"_pread": None},
    "no positional reads": {"_pread": None, "_preadv": None},
}


@pytest.mark.skipif(not hasattr(os, "preadv"), reason="the system has no positional reads to take away")
@pytest.mark.parametrize("buffered", [True, False])
@pytest.mark.parametrize("system", SYSTEMS)
def test_a_file_is_read_at_any_position_on_every_system(
    system: str, buffered: bool, opened: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in SYSTEMS[system].items():
        monkeypatch.setattr(positional, name, value)
    file = opened(DATA[:100], buffered=buffered)
    for position, length in ((90, 10), (0, 100), (10, 5), (99, 1), (50, 0)):
        assert file.read(position, length) == DATA[position : position + length]
    assert file.read(95, 50) == DATA[95:100]
    assert file.read(100, 1) == file.read(1000, 1) == file.read(0, -5) == b""
    view = memoryview(bytearray(20))
    count = file.read_into(view, 92)
    assert bytes(view[:count]) == DATA[92:97] if system == "reads in parts" else DATA[92:100]
    stream = Range(file, 10, 30)
    assert stream.readable()
    assert stream.readall() == DATA[10:40]
    assert Range(file, 90, 30).readall() == DATA[90:100]


def test_a_file_that_is_shorter_than_it_was_gives_what_is_left(opened: Open, tmp_path: Path) -> None:
    file = opened(DATA[:100])
    assert not file.changed
    os.truncate(tmp_path / "0", 40)
    assert file.read(30, 50) == DATA[30:40]
    assert file.changed and file.length == 100


@pytest.mark.parametrize("change", ["length", "time"])
def test_a_file_that_is_written_to_has_changed_and_is_another_one(change: str, opened: Open, tmp_path: Path) -> None:
    file, other = opened(DATA[:100]), opened(DATA[:100])
    before = file.identity
    assert before == file.identity != other.identity
    assert before[1:4] == ((tmp_path / "0").stat().st_ino, 100, (tmp_path / "0").stat().st_mtime_ns)
    if change == "length":
        times = (tmp_path / "0").stat()
        os.truncate(tmp_path / "0", 99)
        os.utime(tmp_path / "0", ns=(times.st_atime_ns, times.st_mtime_ns))
    else:
        os.utime(tmp_path / "0", (5, 5))
    assert file.changed and file.identity != before
    assert not other.changed


def test_a_hole_takes_no_room(opened: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = opened(DATA)
    assert file.stored_bytes == (tmp_path / "0").stat().st_blocks * 512 >= len(DATA)
    os.truncate(tmp_path / "0", 1 << 30)
    assert file.stored_bytes < 1 << 20
    whole = os.fstat
    monkeypatch.setattr(os, "fstat", lambda descriptor: _WithoutBlocks(whole(descriptor)))
    assert file.stored_bytes == 1 << 30


class _WithoutBlocks:
    """What Windows says of a file."""

    def __init__(self, state: os.stat_result) -> None:
        self.st_size = state.st_size


@pytest.mark.parametrize("base", [0, 100])
def test_the_window_grows_while_headers_are_near_and_shrinks_where_they_are_not(base: int, opened: Open) -> None:
    made = PositionalWindow(opened(DATA * 3), base, 180_000, "layer")
    spans = []
    for position, length in (
        (0, 512), (4096, 512), (12_288, 512), (28_672, 512), (45_056, 512),  # one behind the other
        (61_439 + 16_384, 512), (94_207 + 16_384, 512), (140_000, 10_000), (170_000, 512),  # apart
        (178_000, 512), (0, 512), (0, 100_000), (179_900, 512), (180_000, 512), (180_001, 512),
    ):  # fmt: skip
        count = made.load(position, length)
        read = made.end - made.start
        assert bytes(made.view[:read]) == (DATA * 3)[base + position : base + position + read]
        assert (made.start, count) == (position, min(read, length))
        spans.append((read, made.span))
    assert spans == [
        (4096, 4096), (8192, 8192), (16_384, 16_384), (16_384, 16_384), (16_384, 16_384),
        (16_384, 16_384), (8192, 8192), (10_000, 4096), (4096, 4096),
        (2000, 8192), (16_384, 16_384), (16_384, 16_384), (100, 8192), (0, 16_384), (0, 16_384),
    ]  # fmt: skip


def test_a_file_that_was_cut_meanwhile_is_damage(opened: Open, tmp_path: Path) -> None:
    made = PositionalWindow(opened(), 0, len(DATA), "layer")
    os.truncate(tmp_path / "0", 4095)
    with pytest.raises(Damaged, match="^layer: the archive was cut while it was read"):
        made.load(0, 512)


@pytest.mark.parametrize("is_stream", [False, True])
@pytest.mark.parametrize("most", [512, 1024, 1 << 18])
@pytest.mark.parametrize("step", [100, 1000, 1 << 20])
def test_pieces_are_the_bytes_at_a_position_whatever_is_in_the_window(
    is_stream: bool, most: int, step: int, opened: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(window, "_SMALLEST", most // 2)
    monkeypatch.setattr(window, "_LARGEST", most)
    monkeypatch.setattr(window, "_CHUNK", most)
    made: PositionalWindow | StreamWindow
    made = PositionalWindow(opened(), 0, 9000, "layer")
    if is_stream:
        made = StreamWindow(Drip(DATA[:9000], step), "layer", Limits())
    made.load(0, 300)
    for position, length in ((0, 10), (10, 0), (10, 289), (299, 31), (400, 5000), (8990, 10)):
        assert b"".join(map(bytes, made.pieces(position, length))) == DATA[position : position + length]
    with pytest.raises(Damaged) as caught:
        list(made.pieces(9000, 2))
    assert (caught.value.message, caught.value.hint) == (
        "layer, offset 9,000: the data ends within an entry",
        "it was cut off: save or download it again",
    )


@pytest.mark.parametrize("step", [1, 77, 1 << 20])
def test_a_stream_shows_each_byte_once_and_ends_with_its_length(step: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(window, "_CHUNK", 100)
    seen = bytearray()
    made = StreamWindow(Drip(DATA[:1000], step), "layer", Limits(), seen=seen.extend)
    assert made.load(150, 60) == 60
    assert bytes(made.view[150 - made.start : 210 - made.start]) == DATA[150:210]
    assert made.load(205, 5) == 5  # Is there already.
    assert made.load(990, 20) == 10
    assert made.load(2000, 5) == 0
    assert made.drain() == made.length == 1000
    assert bytes(seen) == DATA[:1000]


@pytest.mark.parametrize(
    ("head", "found"),
    [
        (b"\x1f\x8b", "gzip"), (b"\x1f\x9d", ""), (b"\x28\xb5\x2f\xfd", "zstd"), (b"\x28\xb5\x2f", ""),
        (b"\x50\x2a\x4d\x18", "zstd"), (b"\x50\x2a\x4d\x19", ""), (b"\x50", ""), (b"\xfd7zXZ\0", "xz"),
        (b"\xfd7zXZ", ""), (b"BZh9", "bzip2"), (b"BZh1\x31", "bzip2"), (b"BZhx", ""), (b"BZh", ""), (b"", ""),
    ],
)  # fmt: skip
def test_a_compression_is_told_by_its_first_bytes(head: bytes, found: str) -> None:
    assert sniff(head) == found
    assert sniff(head + b"z" * 8) == found


def everything(stream: object, most: int = 1000) -> bytes:
    found, buffer = bytearray(), memoryview(bytearray(most))
    while count := stream.readinto(buffer):  # type: ignore[attr-defined]
        found += buffer[:count]
    return bytes(found)


@pytest.mark.parametrize("kind", ["xz", "bzip2"])
@pytest.mark.parametrize("zeros", [0, 1, 4, 11, 100])
def test_zeros_between_two_streams_are_padding(kind: str, zeros: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compression, "_READ", 10)
    packed: Callable[[bytes], bytes] = lzma.compress if kind == "xz" else bz2.compress
    data = packed(b"abc") + bytes(zeros) + packed(b"def") + bytes(zeros)
    for step in (1, 7, 1 << 20):
        assert everything(decompressor(kind, Drip(data, step), "layer"), 2) == b"abcdef"
    with pytest.raises(Damaged, match=f"layer, offset 3: the {kind} stream is damaged"):
        everything(decompressor(kind, Drip(packed(b"abc") + bytes(zeros) + b"nothing of the kind", 99), "layer"))


@pytest.mark.parametrize("kind", ["gzip", "zstd", "xz", "bzip2"])
def test_a_stream_that_failed_fails_for_good_and_says_where(kind: str) -> None:
    packed = compress(DATA, kind)  # type: ignore[arg-type]
    stream = decompressor(kind, io.BytesIO(packed[:-9]), "layer")  # type: ignore[arg-type]
    messages, buffer, count = set(), memoryview(bytearray(1000)), 0
    for _ in range(200):
        try:
            count += stream.readinto(buffer) or 0
        except Damaged as error:
            messages.add(error.message)
    assert messages == {f"layer, offset {count:,}: the {kind} stream ends early"}


def test_what_is_wrong_with_a_stream_is_cut_short(monkeypatch: pytest.MonkeyPatch) -> None:
    class Wordy:
        def readinto(self, buffer: memoryview, /) -> int:
            raise OSError("x" * 101)

    monkeypatch.setitem(compression._OPENERS, "gzip", lambda raw: Wordy())
    with pytest.raises(Damaged) as caught:
        decompressor("gzip", io.BytesIO(), "layer").readinto(memoryview(bytearray(1)))  # type: ignore[arg-type]
    assert caught.value.message == f"layer, offset 0: the gzip stream is damaged ({'x' * 100})"


@pytest.mark.parametrize("error", [KeyError("none of a decompressor"), LimitExceeded("too much")])
def test_an_error_that_is_none_of_a_decompressor_stays(error: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    class Failing:
        def readinto(self, buffer: memoryview, /) -> int:
            raise error

    monkeypatch.setitem(compression._OPENERS, "gzip", lambda raw: Failing())
    stream = decompressor("gzip", io.BytesIO(), "layer")  # type: ignore[arg-type]
    for _ in range(2):
        with pytest.raises(type(error)) as caught:
            stream.readinto(memoryview(bytearray(1)))
        assert caught.value is error


@pytest.mark.parametrize(("size", "fits"), [(1 << 26, True), (1 << 29, False)])
def test_a_dictionary_of_xz_has_a_limit(size: int, fits: bool) -> None:
    packed = lzma.compress(b"a" * 1000, filters=[{"id": lzma.FILTER_LZMA2, "dict_size": size}])
    stream = decompressor("xz", io.BytesIO(packed), "layer")  # type: ignore[arg-type]
    if fits:
        assert everything(stream) == b"a" * 1000
        return
    with pytest.raises(LimitExceeded, match="layer: the xz stream needs a window of more than 256 MiB"):
        everything(stream)


def test_a_window_of_128_mib_is_what_zstd_may_ask_for() -> None:
    import zstandard

    parameters = zstandard.ZstdCompressionParameters(window_log=27, compression_level=1)
    compressor = zstandard.ZstdCompressor(compression_params=parameters).compressobj()
    packed = compressor.compress(b"a" * 1000) + compressor.flush()
    assert everything(decompressor("zstd", io.BytesIO(packed), "layer")) == b"a" * 1000  # type: ignore[arg-type]


def test_without_isa_l_the_standard_library_expands_gzip(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(cast("dict[str, Any]", __import__("sys").modules), "isal", None)
    packed = gzip.compress(b"abc") + gzip.compress(b"def")
    assert everything(decompressor("gzip", io.BytesIO(packed), "layer")) == b"abcdef"  # type: ignore[arg-type]
    with pytest.raises(Damaged, match=r"layer, offset \d+: the gzip stream is damaged"):
        everything(decompressor("gzip", io.BytesIO(gzip.compress(b"abc") + b"no gzip"), "layer"))  # type: ignore[arg-type]


class Slow(io.RawIOBase):
    """A stream that takes its time, and counts how often it is asked."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self.asked = 0

    def readinto(self, buffer: "bytearray | memoryview") -> int:  # type: ignore[override]
        self.asked += 1
        time.sleep(self._seconds)
        return len(buffer)


@pytest.mark.parametrize("error", [None, ValueError])
def test_a_reader_that_ends_waits_for_what_is_being_read(
    error: type[Exception] | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ahead, "_ALONE", 0)
    before = threading.active_count()
    try:
        with Ahead(Slow(0.05)) as stream:
            stream.readinto(memoryview(bytearray(10)))
            if error is not None:
                raise error
    except ValueError:
        pass
    assert threading.active_count() == before


def test_no_more_than_four_chunks_are_read_ahead(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ahead, "_ALONE", 10)
    monkeypatch.setattr(ahead, "_CHUNK", 100)
    below, buffer = Slow(0), memoryview(bytearray(50))
    with Ahead(below) as stream:
        assert stream.readinto(buffer) == 50 and below.asked == 1  # Without a thread.
        for read, asked in ((1, 4), (2, 4), (3, 5), (4, 5), (5, 6)):
            assert stream.readinto(buffer) == 50
            until = time.monotonic() + 5
            while below.asked < 1 + asked and time.monotonic() < until:
                time.sleep(0.001)
            time.sleep(0.01)
            assert below.asked == 1 + asked, read


def test_an_error_comes_again_to_a_reader_that_asks_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ahead, "_ALONE", 0)

    class Failing(io.RawIOBase):
        def readinto(self, buffer: "bytearray | memoryview") -> int:  # type: ignore[override]
            raise Damaged("it is damaged", where="layer")

    with Ahead(Failing()) as stream:
        for _ in range(2):
            with pytest.raises(Damaged, match="it is damaged"):
                stream.readinto(memoryview(bytearray(10)))
