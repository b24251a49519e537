"""What AUFS kept beside the files of a layer.

The bytes of hardlinked files lie in ``.wh..wh.plnk``, named by the number of their inode, and all names of such a file
are hardlinks to that. Docker takes them from there, and unpacks nothing else of these directories.
"""

from array import array
from collections.abc import Sequence

from layerscope.model.entry import Kind
from layerscope.tar.names import is_aside

_LINKS = 40
"""As many hardlinks in a row as are followed."""


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
