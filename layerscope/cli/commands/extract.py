"""``layerscope extract``: a file or directory of an image, written to a directory and never outside of it."""

from collections.abc import Sequence
from typing import Annotated

import typer

from layerscope.analysis.extract import ExtractQuery, Note, plan
from layerscope.cli.messages import say
from layerscope.cli.options import ImagePath, ReadArguments, reading_options
from layerscope.cli.reading import limits, opened
from layerscope.cli.unpack import unpacked
from layerscope.cli.user_files import rereadable
from layerscope.errors import LayerscopeError, LimitExceeded
from layerscope.filesystem.tree import Filesystem
from layerscope.render.words import counted

_MOST = 20
"""Notes of one kind that are printed before the rest is only counted."""


@reading_options
def extract(
    image: ImagePath,
    reading: ReadArguments,
    path: Annotated[str, typer.Argument(metavar="PATH", help="File or directory of the image; / for all of it")],
    directory: Annotated[str, typer.Argument(metavar="DIR", help="Where to write it; created if missing")],
    layer: Annotated[
        int | None, typer.Option("--layer", help="Take files from this layer (from 0), even if deleted")
    ] = None,
    hidden: Annotated[bool, typer.Option("--hidden", help="Extract files hidden by a later layer")] = False,
    force: Annotated[bool, typer.Option("--force", help="Replace existing files")] = False,
    setid: Annotated[bool, typer.Option("--setid", help="Keep setuid, setgid and sticky bits")] = False,
) -> None:
    """Extract a file or directory of the image to DIR

    Nothing is written outside of DIR or through a symlink. Devices and pipes are skipped, files belong to you, and
    names that could harm a terminal are percent-encoded; each is listed on stderr. If something cannot be written,
    the rest is, and the command exits with 3.

    layerscope extract image.tar /etc out

    layerscope extract image.tar / deleted --hidden
    """
    query = ExtractQuery(path=path, layer=layer, hidden=hidden, setid=setid)
    with rereadable(image) as source, opened(source, reading) as opened_image:
        filesystem = Filesystem(opened_image.layers)
        planned = plan(filesystem, query)
        most = limits(reading.limit or ()).expanded_bytes
        if planned.content_bytes > most:
            raise LimitExceeded(f"{path} holds {planned.content_bytes:,} bytes", hint="raise --limit expanded_bytes")
        unpacker = unpacked(filesystem, planned, directory, force=force)
    if not reading.quiet:
        _print_notes((*planned.notes, *unpacker.notes), None if reading.verbose else _MOST)
        say(f"wrote {unpacker.counts} to {directory}")
    if unpacker.notes:
        raise LayerscopeError(f"{counted(len(unpacker.notes), 'path')} could not be written to {directory}")


def _print_notes(notes: Sequence[Note], most: int | None) -> None:
    """Print what was skipped or changed, up to a number of each kind."""
    counts: dict[str, int] = {}
    for note in notes:
        kind = note.reason.partition(" as ")[0]
        counts[kind] = counts.get(kind, 0) + 1
        if most is None or counts[kind] <= most:
            say(f"{note.path}: {note.reason}")
    for kind, count in counts.items():
        if most is not None and count > most:
            say(f"and {count - most:,} more: {kind} (-v lists all)")
