"""Both ways through a tar, by position and as a stream, for tests that hold them against each other."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import product
from tempfile import TemporaryFile
from typing import BinaryIO, cast

import pytest

from layerscope.errors import LayerscopeError
from layerscope.image.layer import LayerData, read_positional, read_stream
from layerscope.image.options import ReadOptions
from layerscope.model.changeset import Changeset
from layerscope.tar import walk, window
from layerscope.tar.positional import PositionalFile


class Drip(io.RawIOBase):
    """A stream that gives at most so many bytes at a time, as a pipe may."""

    def __init__(self, data: bytes, most: int) -> None:
        self._data = memoryview(data)
        self._most = most

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "bytearray | memoryview") -> int:  # type: ignore[override]
        piece = self._data[: min(self._most, len(buffer))]
        self._data = self._data[len(piece) :]
        buffer[: len(piece)] = piece
        return len(piece)


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """The error that a walk ended in, as far as it is the same for both ways."""

    kind: type[LayerscopeError]
    message: str


def by_position(data: bytes, reading: ReadOptions | None = None) -> LayerData:
    """The layer as it is read from a plain file."""
    with TemporaryFile() as stream:
        stream.write(data)
        stream.flush()
        file = PositionalFile(cast(BinaryIO, stream))
        return read_positional(file, 0, file.length, "layer", reading or ReadOptions())


def streamed(data: bytes, reading: ReadOptions | None = None, *, most: int = 1 << 20) -> LayerData:
    """The layer as it is read from a pipe that gives ``most`` bytes at a time."""
    return read_stream(Drip(data, most), "layer", reading or ReadOptions())


@contextmanager
def pure(wanted: bool = True) -> Iterator[None]:
    """Without the compiled walk, as where there was no compiler; else with it, where there is one."""
    with pytest.MonkeyPatch.context() as patch:
        if wanted:
            patch.setattr(walk, "SCAN", None)
        yield


@contextmanager
def tiny_windows(smallest: int = 512, largest: int = 1024) -> Iterator[None]:
    """Buffers so small that every border between two reads is met."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(window, "_SMALLEST", smallest)
        patch.setattr(window, "_LARGEST", largest)
        patch.setattr(window, "_CHUNK", largest)
        yield


def columns(changeset: Changeset) -> dict[str, object]:
    """Everything a changeset says, to compare."""
    return {
        "paths": list(changeset.paths),
        "directories": list(changeset.directories),
        "kinds": bytes(changeset.kinds),
        "sizes": list(changeset.sizes),
        "ownerships": list(changeset.ownerships),
        "mtimes": list(changeset.mtimes),
        "offsets": list(changeset.offsets),
        "links": dict(changeset.links),
        "xattrs": dict(changeset.xattrs),
        "sparse": dict(changeset.sparse),
        "content_bytes": changeset.content_bytes,
        "link_bytes": changeset.link_bytes,
    }


def every_way(data: bytes, reading: ReadOptions | None = None) -> list[LayerData | Failure]:
    """What each way makes of the same bytes: by position and streamed, compiled and pure, usual and tiny windows."""
    found: list[LayerData | Failure] = []
    for most, largest, is_pure in product((0, 1 << 20, 700), (1 << 18, 1024), (True, False)):
        with tiny_windows(min(4096, largest // 2), largest), pure(is_pure):
            try:
                found.append(streamed(data, reading, most=most) if most else by_position(data, reading))
            except LayerscopeError as error:
                found.append(Failure(kind=type(error), message=error.message))
    return found


def the_only(data: bytes, reading: ReadOptions | None = None) -> LayerData | Failure:
    """What all ways agree on; the first one's answer."""
    first, *others = every_way(data, reading)
    for other in others:
        if isinstance(first, LayerData) and isinstance(other, LayerData):
            assert columns(other.changeset) == columns(first.changeset)
            assert other.warnings == first.warnings
            assert (other.tar_bytes, other.stored_bytes) == (first.tar_bytes, first.stored_bytes)
        else:
            assert other == first
    return first


def layer_of(data: bytes, reading: ReadOptions | None = None) -> LayerData:
    """The layer that all ways read."""
    found = the_only(data, reading)
    assert isinstance(found, LayerData), found
    return found


def failure_of(data: bytes, reading: ReadOptions | None = None) -> Failure:
    """The error that all ways end in."""
    found = the_only(data, reading)
    assert isinstance(found, Failure), columns(found.changeset)
    return found
