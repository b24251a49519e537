"""Archives opened as a user does, for tests: what an image says, in values that can be compared."""

import contextlib
import os
import tempfile
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from layerscope.errors import LayerscopeError
from layerscope.filesystem.tree import Filesystem
from layerscope.image.open import open_image
from layerscope.image.options import ReadOptions
from layerscope.model.image import Image
from layerscope.model.pathset import Wanted
from tests.tar.walking import columns

EVERYTHING = (Wanted(small=1 << 30),)
"""Asks for the contents of all files."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What must be the same for one image in every dialect."""

    diff_ids: tuple[str, ...]
    layers: tuple[dict[str, object], ...]
    contents: tuple[tuple[bytes | None, ...], ...]
    fates: bytes
    live: dict[str, int]
    docker_size: int
    hidden_bytes: tuple[int, ...]


def told(image: Image, *, contents: bool = True) -> Told:
    """The facts of an image that do not depend on its archive; needs the archive open."""
    tree = Filesystem(image.layers)
    return Told(
        diff_ids=tuple(str(layer.diff_id) for layer in image.layers),
        layers=tuple(columns(layer.changeset) for layer in image.layers),
        contents=tuple(
            tuple(layer.contents.read(index) for index in range(len(layer.changeset)))
            for layer in (image.layers if contents else ())
        ),
        fates=bytes(tree.fates),
        live=dict(tree.live),
        docker_size=image.docker_size,
        hidden_bytes=tuple(tree.hidden_bytes(layer.index) for layer in image.layers),
    )


def opened(source: str | Path, **choices: Any) -> tuple[Image, Told]:
    """The image in ``source``, and its facts; ``choices`` are of ReadOptions, and without wishes no content is read."""
    with open_image(str(source), ReadOptions(**{"wanted": EVERYTHING, **choices})) as image:
        return image, told(image, contents=choices.get("wanted") != ())


def error_of(source: str | Path, **choices: Any) -> LayerscopeError:
    """The error that opening ends in."""
    try:
        opened(source, **choices)
    except LayerscopeError as error:
        return error
    raise AssertionError(f"{source} was opened")


@contextlib.contextmanager
def file_of(data: bytes) -> Iterator[Path]:
    """A file with the data; it is closed, since on Windows nobody can open what somebody writes to."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "image.tar")
        path.write_bytes(data)
        yield path


@contextlib.contextmanager
def fifo_of(data: bytes, path: Path, *, step: int = 1 << 16) -> Iterator[Path]:
    """A named pipe that somebody writes the data into."""
    os.mkfifo(path)

    def write() -> None:
        with contextlib.suppress(BrokenPipeError), path.open("wb", buffering=0) as pipe:
            for start in range(0, len(data), step):
                pipe.write(data[start : start + step])

    writer = threading.Thread(target=write, daemon=True)
    writer.start()
    try:
        yield path
    finally:
        writer.join(10)
        path.unlink()
