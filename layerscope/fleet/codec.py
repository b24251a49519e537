"""Values as bytes: for the way from a worker, for the inventory, and for the next scan. Nothing of them is executed."""

import json
from typing import TypeVar

import msgspec

T = TypeVar("T")
_PACKED, _TEXT = b"P", b"T"
_LEVEL = 3
_LARGEST = 1 << 30


def encode(value: object) -> bytes:
    """The bytes of a value that msgspec knows."""
    try:
        return _PACKED + msgspec.msgpack.encode(value)
    except UnicodeEncodeError:  # Text that is not UTF-8 has lone surrogates, which only json writes.
        return _TEXT + json.dumps(msgspec.to_builtins(value)).encode()


def decode(data: bytes | memoryview, kind: type[T]) -> T:
    """The value, equal to the original; raises ValueError for anything else."""
    try:
        if data[:1] == _PACKED:
            return msgspec.msgpack.decode(memoryview(data)[1:], type=kind)
        return msgspec.convert(json.loads(bytes(data[1:])), kind, str_keys=True)
    except (msgspec.MsgspecError, RecursionError) as error:
        raise ValueError(f"not a {kind.__name__}: {error}") from None


def compressed(value: object) -> bytes:
    """The bytes of a large value."""
    from zstandard import ZstdCompressor

    return ZstdCompressor(level=_LEVEL).compress(encode(value))


def expanded(data: bytes | memoryview, kind: type[T]) -> T:
    """The value of which ``compressed`` made this; raises ValueError for anything else."""
    import zstandard

    try:
        if zstandard.frame_content_size(data) > _LARGEST:
            raise ValueError("too large")
        return decode(zstandard.ZstdDecompressor().decompress(data, max_output_size=_LARGEST), kind)
    except zstandard.ZstdError as error:
        raise ValueError(str(error)) from None
