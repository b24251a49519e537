"""``layerscope cat``: one file of an image on stdout."""

import sys
from codecs import getincrementaldecoder
from collections.abc import Iterator
from typing import Annotated

import typer

from layerscope.analysis.extract import contents
from layerscope.analysis.lookup import lookup
from layerscope.cli.failure import writing
from layerscope.cli.options import ImagePath, ReadArguments, reading_options
from layerscope.cli.output import write_foreign
from layerscope.cli.reading import opened, warn
from layerscope.cli.spool import rereadable
from layerscope.errors import UsageError
from layerscope.filesystem.tree import Filesystem
from layerscope.model.contents import Piece
from layerscope.model.entry import Kind

_ZEROS = bytes(1 << 20)


@reading_options
def cat(
    image: ImagePath,
    reading: ReadArguments,
    path: Annotated[str, typer.Argument(metavar="PATH", help="A file; symlinks to it are followed.")],
    layer: Annotated[
        int | None, typer.Option("--layer", help="As this layer holds it, counted from 0; a deleted one too.")
    ] = None,
) -> None:
    """Write one file of the image to stdout, whatever its length.

    layerscope cat image.tar /etc/os-release

    layerscope cat image.tar /root/.npmrc --layer 4
    """
    with rereadable(image) as source, opened(source, reading, silent=True) as opened_image:
        if not opened_image.complete:  # What could not be read may hold the file, or another version of it.
            warn(opened_image.warnings, quiet=reading.quiet)
        filesystem = Filesystem(opened_image.layers)
        found = lookup(filesystem, path, layer)
        carrier = -1 if found.number is None else filesystem.carrier(found.number)
        kind = Kind.DIRECTORY if carrier < 0 else filesystem.kind_of(carrier)
        if kind == Kind.SYMLINK:
            target = filesystem.version(carrier).link
            raise UsageError(f"{found.path} is a symlink to {target}", hint="ask for that, or leave out --layer")
        if kind != Kind.FILE:
            name = kind.name.lower().replace("_", " ")
            raise UsageError(f"{found.path} is a {name}", hint="layerscope extract takes directories")
        for _, pieces in contents(filesystem, (carrier,)):
            if sys.stdout.isatty():
                _print(_filled(pieces))
                continue
            for piece in _filled(pieces):
                with writing():
                    sys.stdout.buffer.write(piece)


def _filled(pieces: Iterator[Piece]) -> Iterator[bytes | memoryview]:
    """The bytes of a file, its holes too."""
    for piece in pieces:
        if not isinstance(piece, int):
            yield piece
            continue
        while piece:
            yield _ZEROS[:piece]
            piece -= min(piece, len(_ZEROS))


def _print(pieces: Iterator[bytes | memoryview]) -> None:
    """To a terminal nothing that could move its cursor; a character may begin in one piece and end in the next."""
    decoder = getincrementaldecoder("utf-8")("surrogateescape")
    for piece in pieces:
        write_foreign(decoder.decode(piece))
    write_foreign(decoder.decode(b"", final=True))
