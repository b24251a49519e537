"""The entries of a directory, by name."""

import os
from collections.abc import Callable

from msgspec import Struct

from layerscope.errors import ArchiveError


class Entry(Struct, frozen=True):
    """A file or a directory; links and devices are not listed."""

    name: str
    path: str
    is_directory: bool


def listed(directory: str, failed: Callable[[ArchiveError], None], *, optional: bool = False) -> list[Entry]:
    """The files and directories in a directory, by name; ``optional`` says that it need not be there."""
    try:
        # Listing the dot needs the right to enter the directory, too.
        with os.scandir(os.path.join(directory, os.curdir)) as entries:
            found = [
                Entry(entry.name, os.path.join(directory, entry.name), entry.is_dir(follow_symlinks=False))
                for entry in entries
                if entry.is_dir(follow_symlinks=False) or entry.is_file(follow_symlinks=False)
            ]
    except OSError as error:
        if not (optional and isinstance(error, FileNotFoundError)):
            failed(ArchiveError(f"cannot read {directory}: {error.strerror or error}"))
        return []
    return sorted(found, key=lambda entry: entry.name)
