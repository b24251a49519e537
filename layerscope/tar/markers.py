"""The names in a changeset that stand for no file: whiteouts, and the bookkeeping of AUFS and eStargz.

AUFS has the bytes of hardlinked files in ``.wh..wh.plnk``, named by the number of their inode, and all names of such a
file are hardlinks to that. Docker takes them from there, and unpacks nothing else of these directories.
"""

from array import array
from collections.abc import Sequence

from layerscope.model.entry import Kind

_WHITEOUT = ".wh."
_ASIDE = "/.wh..wh."
_OPAQUE = ".wh..wh..opq"
_LANDMARKS = frozenset({"/.prefetch.landmark", "/.no.prefetch.landmark"})
TABLE_OF_CONTENTS = "/stargz.index.json"
"""The last entry of an eStargz layer, no part of its file system."""

_LINKS = 40
"""As many hardlinks in a row as are followed."""


def is_aside(path: str) -> bool:
    """Whether a path lies below a directory of AUFS, which is no part of the file system."""
    return _ASIDE in path.rpartition("/")[0]


def classify(path: str, kind: Kind | int) -> tuple[str, int]:
    """The path that an entry speaks of, and its kind where its name makes it a marker (image-spec, layer.md)."""
    parent, _, name = path.rpartition("/")
    if is_aside(path):
        return path, Kind.BOOKKEEPING
    if name.startswith(_WHITEOUT):
        if name == _OPAQUE:
            return parent or "/", Kind.OPAQUE
        hidden = name[len(_WHITEOUT) :]
        if hidden.startswith(_WHITEOUT) or hidden in ("", ".", ".."):
            return path, Kind.BOOKKEEPING
        return f"{parent}/{hidden}", Kind.WHITEOUT
    if path in _LANDMARKS:
        return path, Kind.BOOKKEEPING
    return path, kind


def settle(
    aside: Sequence[int],
    paths: list[str],
    directories: list[str],
    kinds: bytearray,
    sizes: "array[int]",
    links: dict[int, str],
) -> None:
    """Give each of the entries ``aside`` the name of the first hardlink to it; one without becomes bookkeeping."""
    indexes = {paths[index]: index for index in aside}
    names: dict[str, int] = {}
    for index, target in links.items():
        if kinds[index] == Kind.HARDLINK and not is_aside(paths[index]):
            for _ in range(_LINKS):
                target = links.get(indexes.get(target, -1), target)
            links[index] = target
            names.setdefault(target, index)
    renamed: dict[str, str] = {}
    for index in aside:
        path, unused = paths[index], index
        link = names.get(path, -1) if indexes[path] == index else -1
        if link >= 0 and kinds[index] == Kind.FILE:
            renamed[path], unused = paths[link], link
            for column in (paths, directories):
                column[index], column[link] = column[link], column[index]
        kinds[unused], sizes[unused] = Kind.BOOKKEEPING, 0
        links.pop(unused, None)
    for index, target in links.items():
        if target in renamed:
            links[index] = renamed[target]
