"""``layerscope extract``: a file or a subtree of an image, written to a directory and never outside of it."""

from collections.abc import Sequence
from typing import Annotated

import typer

from layerscope.analysis.extract import ExtractQuery, Note, Plan, plan
from layerscope.cli.destination import Destination, umask
from layerscope.cli.failure import say
from layerscope.cli.options import ImagePath, ReadArguments, reading_options
from layerscope.cli.reading import limits, opened
from layerscope.cli.spool import rereadable
from layerscope.cli.unpack import Unpacker
from layerscope.errors import LayerscopeError, LimitExceeded
from layerscope.filesystem.tree import Filesystem
from layerscope.render.words import counted

_MOST = 20
"""Notes of one kind that are printed one by one."""


@reading_options
def extract(
    image: ImagePath,
    reading: ReadArguments,
    path: Annotated[str, typer.Argument(metavar="PATH", help="A file or directory of the image; / for all of it.")],
    directory: Annotated[str, typer.Argument(metavar="DIR", help="Where to write it; made if it is not there.")],
    layer: Annotated[
        int | None, typer.Option("--layer", help="What this layer holds, counted from 0; deleted files too.")
    ] = None,
    hidden: Annotated[bool, typer.Option("--hidden", help="What is hidden and shipped all the same.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Replace files that are there already.")] = False,
    setid: Annotated[bool, typer.Option("--setid", help="Keep setuid, setgid and sticky bits.")] = False,
) -> None:
    """Write a file or a subtree to DIR, under its own name.

    Nothing is written outside of DIR or through a symlink. Devices and pipes are left out, files get your own user
    and group, and names that could harm a terminal are percent-encoded; stderr tells of each. Where something could
    not be written, as it is there already or may not be, the command fails once the rest is.

    layerscope extract image.tar /etc out

    layerscope extract image.tar / deleted --hidden
    """
    query = ExtractQuery(path=path, layer=layer, hidden=hidden, setid=setid)
    with rereadable(image) as source, opened(source, reading) as opened_image:
        filesystem = Filesystem(opened_image.layers)
        planned = plan(filesystem, query)
        most = limits(tuple(reading.limit or ())).expanded_bytes
        if planned.content_bytes > most:
            raise LimitExceeded(f"{path} holds {planned.content_bytes:,} bytes", hint="raise --limit expanded_bytes")
        unpacker = _unpacked(filesystem, planned, directory, force=force)
    if not reading.quiet:
        _tell((*planned.notes, *unpacker.notes))
        say(f"wrote {_counts(unpacker)} to {directory}")
    if unpacker.notes:
        raise LayerscopeError(f"{counted(len(unpacker.notes), 'path')} could not be written to {directory}")


def _unpacked(filesystem: Filesystem, planned: Plan, directory: str, *, force: bool) -> Unpacker:
    """What is planned, written; raises LayerscopeError where the directory cannot be used."""
    try:
        destination = Destination(directory, force=force)
    except OSError as error:
        raise LayerscopeError(f"cannot write to {directory}: {error.strerror}") from None
    try:
        unpacker = Unpacker(filesystem, destination, umask=umask())
        unpacker.unpack(planned)
    finally:
        destination.close()
    return unpacker


def _counts(unpacker: Unpacker) -> str:
    files, directories = counted(unpacker.files, "file"), counted(unpacker.directories, "directory", "directories")
    return f"{files}, {directories} and {counted(unpacker.symlinks, 'symlink')}"


def _tell(notes: Sequence[Note]) -> None:
    """Each thing that was left out or changed, but not a million times the same."""
    counts: dict[str, int] = {}
    for note in notes:
        kind = note.reason.partition(" as ")[0]
        counts[kind] = counts.get(kind, 0) + 1
        if counts[kind] <= _MOST:
            say(f"{note.path}: {note.reason}")
    for kind, count in counts.items():
        if count > _MOST:
            say(f"and {count - _MOST:,} more: {kind}")
