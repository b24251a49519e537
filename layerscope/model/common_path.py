"""Many paths as the few directories that hold them: ``/app/.git``, not its 812 files."""

import posixpath
from collections import defaultdict
from collections.abc import Iterable, Sequence

from msgspec import Struct, field

_TELLING = frozenset({
    ".git", ".svn", ".hg", "node_modules", "__pycache__", "site-packages", "dist-packages", "_cacache", "include",
    "lists", "archives", "doc", "man", "locale",
})  # fmt: skip


class Group(Struct, frozen=True, kw_only=True):
    """A directory or a single file, with the number and the bytes of the files in the group."""

    path: str
    files: int
    content_bytes: int


class _Node(Struct):
    files: int = 0
    content_bytes: int = 0
    is_file: bool = False
    is_whole: bool = False
    children: dict[str, "_Node"] = field(default_factory=dict)

    def add(self, files: int, content_bytes: int) -> None:
        self.files += files
        self.content_bytes += content_bytes


def collapse(paths: Iterable[tuple[str, int]], most: int = 5) -> tuple[Group, ...]:
    """Return pairs of path and bytes as at most ``most`` groups that hold all of the paths, biggest first.

    Groups are split, the biggest first, while there are no more than ``most``; directories with a telling name stay
    whole.
    """
    root = _tree(paths, most)
    if not root.files:
        return ()
    groups = dict([_descend("", root)])
    while True:
        splits = [(node.content_bytes, path) for path, node in groups.items() if _may_split(path, node)]
        for _, path in sorted(splits, reverse=True):
            if len(groups) - 1 + len(groups[path].children) <= most:
                groups |= _parts(path, groups.pop(path))
                break
        else:
            break
    found = [
        Group(path=path or "/", files=node.files, content_bytes=node.content_bytes) for path, node in groups.items()
    ]
    return tuple(sorted(found, key=lambda group: (-group.content_bytes, -group.files, group.path)))


def _tree(paths: Iterable[tuple[str, int]], most: int) -> _Node:
    """Return the tree of all directories and files; the files of a directory that can only stay whole are left out."""
    directories: defaultdict[str, list[tuple[str, int]]] = defaultdict(list)
    for file in paths:
        directories[file[0].rpartition("/")[0]].append(file)
    root = _Node()
    for directory, members in directories.items():
        total = sum([content_bytes for _, content_bytes in members])
        node = root
        node.add(len(members), total)
        for part in directory.split("/")[1:]:
            node = node.children.setdefault(part, _Node())
            node.add(len(members), total)
        if len(members) > most:
            node.is_whole = True
            continue
        for path, content_bytes in members:
            leaf = node.children.setdefault(path.rpartition("/")[2], _Node())
            leaf.add(1, content_bytes)
            leaf.is_file = True
    return root


def _descend(path: str, node: _Node) -> tuple[str, _Node]:
    """Go down while a directory holds nothing but one other."""
    while len(node.children) == 1 and not (node.is_file or node.is_whole) and not _is_telling(path):
        name, node = next(iter(node.children.items()))
        path = f"{path}/{name}"
    return path, node


def _is_telling(path: str) -> bool:
    return path.rpartition("/")[2] in _TELLING


def _may_split(path: str, node: _Node) -> bool:
    return bool(node.children) and not (node.is_file or node.is_whole) and not _is_telling(path)


def _parts(path: str, node: _Node) -> dict[str, _Node]:
    return dict(_descend(f"{path}/{name}", child) for name, child in node.children.items())


def common(paths: Sequence[str]) -> str:
    """Return the deepest directory that holds all of the paths, or the path if there is only one."""
    first, last = min(paths), max(paths)
    if first == last:
        return first
    shared = posixpath.commonprefix((f"{first}/", f"{last}/"))
    return shared.rpartition("/")[0] or "/"
