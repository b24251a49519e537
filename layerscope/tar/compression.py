"""Compressions of archives and layers, identified by magic bytes, never by a name."""

import bz2
import gzip
import io
import lzma
import zlib
from collections.abc import Callable
from typing import BinaryIO, Protocol, cast

from layerscope.errors import Damaged, LimitExceeded

MAGIC_BYTES = 8
_READ = 1 << 17
_ZSTD_WINDOW = 1 << 27
"""Frames may ask for a window of at most 128 MiB, what ``zstd --long`` writes by default."""
_XZ_MEMORY = 1 << 28
"""As much memory as a dictionary of four times what ``xz -9`` takes."""
_IDLE_BYTES = 1 << 20
"""As many stored bytes as may come without anything that comes of them; a block of bzip2 is nearly as long."""
_TOO_LARGE = ("requires too much memory", "Memory usage limit")
"""What zstd and xz say of a stream whose window would take more than they may have."""
_SKIPPABLE = 0x184D2A50
_WINDOW_OR_NOT = (1, 0)
_DICTIONARY_BYTES = (0, 1, 2, 4)
_CONTENT_SIZE_BYTES = (0, 2, 4, 8)
_RLE = 1
"""Magic number, lengths and a type of block of zstd (RFC 8878, section 3.1)."""


class Readable(Protocol):
    """What the walk reads from."""

    def readinto(self, buffer: memoryview, /) -> int | None: ...


def sniff(head: bytes) -> str:
    """``gzip``, ``zstd``, ``xz``, ``bzip2``, or empty for anything else."""
    if head[:2] == b"\x1f\x8b":
        return "gzip"
    if head[:4] == b"\x28\xb5\x2f\xfd" or (head[:1] and 0x50 <= head[0] <= 0x5F and head[1:4] == b"\x2a\x4d\x18"):
        return "zstd"  # The second form is a skippable frame (RFC 8878, 3.1.2), as zstd:chunked may begin with.
    if head[:6] == b"\xfd7zXZ\0":
        return "xz"
    if head[:3] == b"BZh" and head[3:4].isdigit():
        return "bzip2"
    return ""


def decompressor(compression: str, raw: io.RawIOBase, where: str) -> Readable:
    """A stream of the expanded bytes; it reads across gzip members and zstd frames.

    Raises Damaged, and LimitExceeded where the stream goes on and on and gives nothing.
    """
    stored = _Stored(raw, compression, where)
    return _Mapped(_OPENERS[compression](stored), stored, compression, where)


class _Stored(io.RawIOBase):
    """The stored bytes on their way to a decompressor.

    Empty frames, members and streams, skippable frames and padding are all stored bytes of which nothing comes; a
    megabyte of them costs an archive within an archive some bytes. What is compressed is hardly ever longer than it
    was before, so far more stored than expanded bytes end the reading.
    """

    def __init__(self, raw: io.RawIOBase, compression: str, where: str) -> None:
        self._raw = raw
        self._compression = compression
        self._where = where
        self._count = 0
        self.expanded = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "bytearray | memoryview") -> int:  # type: ignore[override]
        if self._count > _IDLE_BYTES + 2 * self.expanded:
            message = f"{self._where}: {self._count:,} bytes of the {self._compression} stream hold next to nothing"
            raise LimitExceeded(message)
        count = self._raw.readinto(buffer) or 0
        self._count += count
        return count


class _Mapped:
    """Maps what the decompressors raise to our own errors.

    A stream that failed once fails for good: some decompressors take what follows an error for their end.
    """

    def __init__(self, stream: Readable, stored: _Stored, compression: str, where: str) -> None:
        self._stream = stream
        self._stored = stored
        self._compression = compression
        self._where = where
        self._failure: Exception | None = None

    def readinto(self, buffer: memoryview, /) -> int:
        if self._failure is None:
            try:
                count = self._stream.readinto(buffer) or 0
                self._stored.expanded += count
                return count
            except Exception as error:
                self._failure = self._mapped(error)
        raise self._failure from None

    def _mapped(self, error: Exception) -> Exception:
        if isinstance(error, _errors()) and any(words in str(error) for words in _TOO_LARGE):
            most = f"{_ZSTD_WINDOW >> 20} MiB" if self._compression == "zstd" else f"{_XZ_MEMORY >> 20} MiB"
            return LimitExceeded(f"{self._where}: the {self._compression} stream needs a window of more than {most}")
        message = "ends early" if isinstance(error, EOFError) else f"is damaged ({str(error)[:100]})"
        if isinstance(error, (EOFError, *_errors())):
            return Damaged(f"the {self._compression} stream {message}", where=self._where, offset=self._stored.expanded)
        return error


def _errors() -> tuple[type[Exception], ...]:
    """The exceptions of all decompressors; only asked for when one was raised."""
    import zstandard

    kinds: tuple[type[Exception], ...] = (OSError, zlib.error, lzma.LZMAError, zstandard.ZstdError, ValueError)
    try:
        from isal import isal_zlib
    except ImportError:
        return kinds
    # Its type stub calls the class an instance.
    return (*kinds, cast("type[Exception]", isal_zlib.error))


def _open_gzip(raw: io.RawIOBase) -> Readable:
    """Intel's ISA-L where it is installed, twice as fast as zlib; else the standard library."""
    try:
        from isal import igzip
    except ImportError:
        return gzip.GzipFile(fileobj=raw, mode="rb")
    return cast(Readable, igzip.IGzipFile(fileobj=raw, mode="rb"))  # type: ignore[no-untyped-call]


def _open_zstd(raw: io.RawIOBase) -> Readable:
    import zstandard

    frames = Frames(raw)
    context = zstandard.ZstdDecompressor(max_window_size=_ZSTD_WINDOW)
    return _Whole(context.stream_reader(cast(BinaryIO, frames), read_size=_READ, read_across_frames=True), frames)


class Frames:
    """A stream of zstd frames on its way to the decompressor; finds where they end by their outer structure alone.

    ``between`` says whether only whole frames were read so far. Nothing is checked here: anything else fails
    in the decompressor.
    """

    def __init__(self, raw: io.RawIOBase) -> None:
        self._raw = raw
        self._skip = 0
        self._need = 4
        self._part = b""
        self._checksum = False
        self._expects = self._magic
        self.between = True

    def read(self, length: int) -> bytes:
        """The next stored bytes, at most ``length``."""
        data = self._raw.read(length) or b""
        self._pass(data)
        return data

    def _pass(self, data: bytes) -> None:
        position = 0
        while position < len(data):
            if self._skip:
                step = min(self._skip, len(data) - position)
                self._skip -= step
                position += step
            else:
                piece = data[position : position + self._need - len(self._part)]
                self._part += piece
                position += len(piece)
                self.between = False
                if len(self._part) < self._need:
                    return
                part, self._part = self._part, b""
                self._expects(part)
            if not self._skip and not self._need:
                self._need, self._expects, self.between = 4, self._magic, True

    def _magic(self, part: bytes) -> None:
        magic = int.from_bytes(part, "little")
        if magic & ~0xF == _SKIPPABLE:
            self._need, self._expects = 4, self._skippable
        else:
            self._need, self._expects = 1, self._descriptor

    def _skippable(self, part: bytes) -> None:
        self._skip, self._need = int.from_bytes(part, "little"), 0

    def _descriptor(self, part: bytes) -> None:
        """The frame header's first byte says how long the rest of it is."""
        single = part[0] >> 5 & 1
        content_size = _CONTENT_SIZE_BYTES[part[0] >> 6] or single
        self._skip = _WINDOW_OR_NOT[single] + _DICTIONARY_BYTES[part[0] & 3] + content_size
        self._checksum = bool(part[0] & 4)
        self._need, self._expects = 3, self._block

    def _block(self, part: bytes) -> None:
        header = int.from_bytes(part, "little")
        self._skip = 1 if header >> 1 & 3 == _RLE else header >> 3
        if header & 1:
            self._skip += 4 * self._checksum
            self._need = 0


class _Whole:
    """A zstd stream that must not end within a frame; the library takes that for its end."""

    def __init__(self, stream: Readable, frames: Frames) -> None:
        self._stream = stream
        self._frames = frames

    def readinto(self, buffer: memoryview, /) -> int:
        count = self._stream.readinto(buffer) or 0
        if not count and len(buffer) and not self._frames.between:
            raise EOFError
        return count


def _open_xz(raw: io.RawIOBase) -> Readable:
    return _Streams(raw, lambda: lzma.LZMADecompressor(lzma.FORMAT_XZ, _XZ_MEMORY))


def _open_bzip2(raw: io.RawIOBase) -> Readable:
    return _Streams(raw, bz2.BZ2Decompressor)


class _Streams:
    """Streams in a row, each with its own decompressor; zeros between them are padding, as xz has it."""

    def __init__(self, raw: io.RawIOBase, new: Callable[[], "lzma.LZMADecompressor | bz2.BZ2Decompressor"]) -> None:
        self._raw = raw
        self._new = new
        self._decompressor = new()

    def readinto(self, buffer: memoryview, /) -> int:
        while True:
            data = self._input() if self._decompressor.needs_input or self._decompressor.eof else b""
            if data is None:
                return 0
            piece = self._decompressor.decompress(data, len(buffer))
            if piece:
                buffer[: len(piece)] = piece
                return len(piece)

    def _input(self) -> bytes | None:
        """The next stored bytes; None at the end of the last stream."""
        data = b""
        if self._decompressor.eof:
            data = self._decompressor.unused_data.lstrip(b"\0")
            while not data:
                data = self._raw.read(_READ) or b""
                if not data:
                    return None
                data = data.lstrip(b"\0")
            self._decompressor = self._new()
            return data
        data = self._raw.read(_READ) or b""
        if not data:
            raise EOFError
        return data


_OPENERS: dict[str, Callable[[io.RawIOBase], Readable]] = {
    "gzip": _open_gzip,
    "zstd": _open_zstd,
    "xz": _open_xz,
    "bzip2": _open_bzip2,
}
