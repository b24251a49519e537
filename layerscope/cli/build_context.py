"""The build context where --context does not name it: the directory that has what COPY takes by name."""

import posixpath
from collections.abc import Iterator
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from layerscope.model.patterns import pattern

if TYPE_CHECKING:  # The parser is large and loaded only for a Dockerfile.
    from layerscope.dockerfile.syntax import Dockerfile

_MOST_UP = 4
"""Directories that are looked at: that of the Dockerfile and those above it."""
_MOST_NAMES = 200
_OPEN = pattern(r"[$*?\[\\]|://|^git@")
"""In a source: what only a build, or somebody else's disk, knows."""
_OF_BUILDS = pattern(r"(?i)(?:.*[.-])?(?:docker|container)file(?:[.-].*)?|\..*|.*compose.*\.ya?ml|.*\.(?:sh|md|hcl)")


def find_context(path: Path, dockerfile: "Dockerfile") -> Path | None:
    """The directory of the Dockerfile, or one above it, that has most of what COPY names; None where nothing shows it.

    Where COPY takes no names but ``.``, the first directory that has more in it than files of builds.
    """
    if not path.is_file():  # A pipe.
        return Path()
    places = [path.parent, *islice(path.absolute().parents, 1, _MOST_UP)]
    places = [one for one in places if one == path.parent or one.parent != one]
    named = set(islice(_sources(dockerfile), _MOST_NAMES))
    names = named - {"."}
    if names:
        counts = [sum(_has(place, name) for name in names) for place in places]
        if max(counts):
            return places[counts.index(max(counts))]
    elif "." not in named:
        return path.parent
    elif more := next((one for one in places if _holds_more(one)), None):
        return more
    return next((one for one in places if _has(one, ".dockerignore")), None)


def _sources(dockerfile: "Dockerfile") -> Iterator[str]:
    """What COPY and ADD take from the build context by name, relative to it."""
    for one in dockerfile.instructions:
        if one.keyword in ("COPY", "ADD") and not one.flag("from"):
            for source in one.arguments[:-1]:
                if not _OPEN.search(source) and not source.startswith("<<"):
                    yield posixpath.normpath(f"/{source}").lstrip("/") or "."


def _has(place: Path, name: str) -> bool:
    with suppress(OSError, ValueError):
        return (place / name).exists()
    return False


def _holds_more(place: Path) -> bool:
    with suppress(OSError):
        return any(not _OF_BUILDS.fullmatch(one.name) for one in place.iterdir())
    return False
