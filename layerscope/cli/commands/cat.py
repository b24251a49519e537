"""``layerscope cat``: a file of an image on stdout."""

import shlex
import sys
from codecs import getincrementaldecoder
from collections.abc import Iterator
from typing import Annotated

import typer

from layerscope.analysis.extract import contents
from layerscope.analysis.lookup import lookup
from layerscope.cli.messages import warn, writing
from layerscope.cli.options import ImagePath, ReadArguments, reading_options
from layerscope.cli.output import write_foreign
from layerscope.cli.reading import opened
from layerscope.cli.user_files import rereadable
from layerscope.errors import UsageError
from layerscope.filesystem.tree import Filesystem
from layerscope.model.contents import Piece
from layerscope.model.entry import Kind

_ZEROS = bytes(1 << 20)


@reading_options
def cat(
    image: ImagePath,
    reading: ReadArguments,
    path: Annotated[str, typer.Argument(metavar="PATH", help="File to print; symlinks are followed")],
    layer: Annotated[
        int | None, typer.Option("--layer", help="Take the file from this layer (from 0), even if deleted")
    ] = None,
) -> None:
    """Print a file of the image

    layerscope cat image.tar /etc/os-release

    layerscope cat image.tar /root/.npmrc --layer 4
    """
    with rereadable(image) as source, opened(source, reading, silent=True) as opened_image:
        if not opened_image.complete:  # A layer that could not be read may hold the file.
            warn(opened_image.warnings, quiet=reading.quiet)
        filesystem = Filesystem(opened_image.layers)
        found = lookup(filesystem, path, layer)
        carrier = -1 if found.number is None else filesystem.carrier(found.number)
        kind = Kind.DIRECTORY if carrier < 0 else filesystem.kind_of(carrier)
        if kind == Kind.SYMLINK:
            target = filesystem.version(carrier).link
            raise UsageError(f"{found.path} is a symlink to {target}", hint="name its target, or omit --layer")
        if kind == Kind.HARDLINK:
            raise UsageError(f"{found.path} is a broken hardlink to {filesystem.version(carrier).link}")
        if kind != Kind.FILE:
            name = kind.name.lower().replace("_", " ")
            words = shlex.join([image, found.path])
            hint = f"layerscope files {words} lists it, layerscope extract {words} DIR copies it"
            raise UsageError(f"{found.path} is a {name}", hint=hint if kind == Kind.DIRECTORY else "")
        for _, pieces in contents(filesystem, (carrier,)):
            if sys.stdout.isatty():
                _print(_filled(pieces))
                continue
            for piece in _filled(pieces):
                with writing():
                    sys.stdout.buffer.write(piece)


def _filled(pieces: Iterator[Piece]) -> Iterator[bytes | memoryview]:
    """The bytes of a file, with zeros for its holes."""
    for piece in pieces:
        if not isinstance(piece, int):
            yield piece
            continue
        while piece:
            yield _ZEROS[:piece]
            piece -= min(piece, len(_ZEROS))


def _print(pieces: Iterator[bytes | memoryview]) -> None:
    """Print to a terminal without control characters; a character may span two pieces."""
    decoder = getincrementaldecoder("utf-8")("surrogateescape")
    for piece in pieces:
        write_foreign(decoder.decode(piece))
    write_foreign(decoder.decode(b"", final=True))
