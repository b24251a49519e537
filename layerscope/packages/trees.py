"""Directories that are packages: whatever lies in one belongs to it, and no list is needed."""

from collections.abc import Callable, Iterator

from msgspec import Struct

from layerscope.filesystem.tree import Filesystem
from layerscope.model.entry import Fate, Kind
from layerscope.packages.cataloger import Evidence


class Tree(Struct, frozen=True, kw_only=True):
    """The files and links below a directory, at any depth: the live ones, or all hidden ones where none is live.

    ``layer`` is the lowest that holds any of them, ``removed_in`` the one that hid the last of them.
    """

    path: str
    versions: tuple[int, ...]
    layer: int
    removed_in: int | None


def trees(evidence: Evidence, tree_of: Callable[[str], str]) -> Iterator[Tree]:
    """The matches by the tree in which each lies, in the order of the first; empty is in none."""
    filesystem = evidence.filesystem
    found: dict[str, list[int]] = {}
    for number in evidence.matches:
        path = tree_of(filesystem.path_of(number))
        if path and filesystem.kind_of(number) != Kind.DIRECTORY:
            found.setdefault(path, []).append(number)
    for path, numbers in found.items():
        yield _tree(filesystem, path, numbers)


def _tree(filesystem: Filesystem, path: str, numbers: list[int]) -> Tree:
    live = [number for number in numbers if filesystem.fates[number] == Fate.LIVE]
    removed_in = None if live else max(filesystem.version(number).hidden_by for number in numbers)
    return Tree(
        path=path, versions=tuple(live or numbers), layer=filesystem.layer_of(numbers[0]), removed_in=removed_in
    )
