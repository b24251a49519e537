"""Many paths as the few directories that hold them: ``/app/.git``, not its 812 files."""

import posixpath
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from itertools import accumulate

from msgspec import Struct

_TELLING = frozenset({
    ".git", ".svn", ".hg", "node_modules", "__pycache__", "site-packages", "dist-packages", "_cacache", "include",
    "lists", "archives", "doc", "man", "locale",
})  # fmt: skip

_AFTER_SLASH = chr(ord("/") + 1)


class Group(Struct, frozen=True, kw_only=True):
    """A directory or a single file, with the number and the bytes of the files in the group."""

    path: str
    files: int
    content_bytes: int


class _Files:
    """Paths in order, so that those below a directory are one range; a tree of them takes ten times the memory."""

    def __init__(self, files: Iterable[tuple[str, int]]) -> None:
        ordered = sorted(files)
        self.paths = [path for path, _ in ordered]
        self._sums = array("q", accumulate((content_bytes for _, content_bytes in ordered), initial=0))

    def node(self, path: str) -> "_Node":
        """The files at a path, and those below it."""
        start = bisect_left(self.paths, path)
        end = bisect_right(self.paths, path, start)
        first = bisect_left(self.paths, f"{path}/", end)
        last = bisect_left(self.paths, f"{path}{_AFTER_SLASH}", first)
        content_bytes = self._sums[end] - self._sums[start] + self._sums[last] - self._sums[first]
        return _Node(path=path, own=end - start, first=first, last=last, content_bytes=content_bytes)


class _Node(Struct, frozen=True, kw_only=True):
    path: str
    own: int
    first: int
    last: int
    content_bytes: int

    @property
    def files(self) -> int:
        return self.own + self.last - self.first


def collapse(paths: Iterable[tuple[str, int]], most: int = 5) -> tuple[Group, ...]:
    """Return pairs of path and bytes as at most ``most`` groups that hold all of the paths, biggest first.

    Groups are split, the biggest first, while there are no more than ``most``; directories with a telling name, and
    those that hold more than ``most`` files, stay whole.
    """
    files = _Files(paths)
    if not files.paths:
        return ()
    groups: dict[str, tuple[_Node, list[_Node]]] = {}

    def add(node: _Node) -> None:
        """Add a group, without the directories above it that hold nothing but one other."""
        parts = _parts(files, node, most)
        while len(parts) == 1:
            node = parts[0]
            parts = _parts(files, node, most)
        groups[node.path] = (node, parts)

    add(files.node(""))
    while True:
        splits = [(node.content_bytes, path) for path, (node, parts) in groups.items() if parts]
        for _, path in sorted(splits, reverse=True):
            if len(groups) - 1 + len(groups[path][1]) <= most:
                for part in groups.pop(path)[1]:
                    add(part)
                break
        else:
            break
    found = [
        Group(path=path or "/", files=node.files, content_bytes=node.content_bytes)
        for path, (node, _) in groups.items()
    ]
    return tuple(sorted(found, key=lambda group: (-group.content_bytes, -group.files, group.path)))


def _parts(files: _Files, node: _Node, most: int) -> list[_Node]:
    """What lies in a directory; nothing where it is to stay whole, also for being more than ``most``."""
    parts: dict[str, _Node] = {}
    position = node.first
    if node.own or node.path.rpartition("/")[2] in _TELLING:
        return []
    while position < node.last:
        name, slash, _ = files.paths[position][len(node.path) + 1 :].partition("/")
        part = parts.get(name) or files.node(f"{node.path}/{name}")
        parts[name] = part
        if len(parts) > most or sum(part.own for part in parts.values()) > most:
            return []
        position = part.last if slash else position + part.own  # Between the two there may be others: a, a-b, a/c.
    return list(parts.values())


def common(paths: Sequence[str]) -> str:
    """Return the deepest directory that holds all of the paths, or the path if there is only one."""
    first, last = min(paths), max(paths)
    if first == last:
        return first
    shared = posixpath.commonprefix((f"{first}/", f"{last}/"))
    return shared.rpartition("/")[0] or "/"
