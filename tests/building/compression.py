"""Compressed streams of fixed bytes, also in the shapes that simple decoders trip over."""

import bz2
import gzip
import lzma
import struct
from collections.abc import Iterator
from typing import Literal

import zstandard

Compression = Literal["", "gzip", "zstd", "xz", "bzip2", "gzip-members", "zstd-frames"]

_SKIPPABLE_MAGIC = 0x184D2A50
_PIECES = 4


def compress(data: bytes, compression: Compression) -> bytes:
    """The data as one compressed stream; the same data gives the same bytes.

    ``gzip-members`` is four gzip members in a row, as in eStargz; ``zstd-frames`` is four frames without a
    content size, each with a skippable frame behind it, as in zstd:chunked. ``""`` leaves the data alone.
    """
    match compression:
        case "":
            return data
        case "gzip":
            return gzip.compress(data, mtime=0)
        case "zstd":
            return zstandard.ZstdCompressor().compress(data)
        case "xz":
            return lzma.compress(data)
        case "bzip2":
            return bz2.compress(data)
        case "gzip-members":
            return b"".join(gzip.compress(piece, mtime=0) for piece in _pieces(data))
        case "zstd-frames":
            compressor = zstandard.ZstdCompressor(write_content_size=False)
            return b"".join(compressor.compress(piece) + skippable_frame(b"note") for piece in _pieces(data))


def skippable_frame(content: bytes) -> bytes:
    """A zstd frame that decoders must pass over (RFC 8878, section 3.1.2)."""
    return struct.pack("<II", _SKIPPABLE_MAGIC, len(content)) + content


def _pieces(data: bytes) -> Iterator[bytes]:
    step = len(data) // _PIECES + 1
    for start in range(0, max(len(data), 1), step):
        yield data[start : start + step]
