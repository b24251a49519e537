"""Where ``scan`` looks: in the files and image directories that it is told of, and in all other directories."""

import os
from collections.abc import Callable, Iterator

from layerscope.errors import ArchiveError
from layerscope.image.layouts import is_image

Failed = Callable[[ArchiveError], None]


def sources(places: list[str], failed: Failed) -> Iterator[tuple[str, bool]]:
    """Files and image directories, and whether the user named each; what several places hold comes once."""
    kinds = [(place, not os.path.isdir(place) or is_image(place)) for place in places]
    named = {os.path.realpath(place) for place, is_named in kinds if is_named}
    seen = set()
    for place, is_named in kinds:
        for source in (place,) if is_named else _inside(place, failed):
            real = os.path.realpath(source)
            if real not in seen and (is_named or real not in named):
                seen.add(real)
                yield source, is_named


def _inside(root: str, failed: Failed) -> Iterator[str]:
    """The files and image directories below a directory that is none, by name; links are not followed."""
    left = _listed(root, failed)
    while left:
        path, is_directory = left.pop()
        if is_directory and not is_image(path):
            left += _listed(path, failed)
        else:
            yield path


def _listed(directory: str, failed: Failed) -> list[tuple[str, bool]]:
    """The files and directories in a directory, the last name first, and whether each is a directory."""
    try:
        # Some directories may be listed and not entered; the dot needs the right to do both.
        with os.scandir(os.path.join(directory, os.curdir)) as entries:
            found = [
                (os.path.join(directory, entry.name), entry.is_dir(follow_symlinks=False))
                for entry in entries
                if entry.is_dir(follow_symlinks=False) or entry.is_file(follow_symlinks=False)
            ]
    except OSError as error:
        failed(ArchiveError(f"{directory} cannot be read: {error.strerror or error}"))
        return []
    return sorted(found, reverse=True)
