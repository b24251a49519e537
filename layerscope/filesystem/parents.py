"""Where entries land that were written below a symlink.

A layer is extracted like any tar (OCI image-spec, layer.md, "Applying Changesets"). So ``lib/foo`` lands in
``/usr/lib`` where an earlier entry or a lower layer made ``/lib`` a symlink to it, as long as the layer has no entry
of its own for the directory ``lib``. umoci does so, and every driver that extracts into one tree. Drivers that extract
each layer by itself (overlay) follow only links of the same layer, and lay a directory over a lower layer's link.
"""

from collections.abc import Iterable, Sequence
from itertools import chain

from msgspec import Struct
from msgspec.structs import replace

from layerscope.errors import LimitExceeded
from layerscope.model.changeset import Changeset
from layerscope.model.entry import Kind
from layerscope.model.limits import DIRECTORY_CHARACTERS
from layerscope.model.paths import directories_of

_LINKS = 40
"""As many symlinks in a row as Linux follows."""
_PARTS = 10_000


class Landed(Struct, frozen=True, kw_only=True):
    """Changesets whose paths are those of the merged tree.

    ``parents`` are all directories that some entry lies in, at any depth.
    ``redirected`` are the layer and index of each entry that went through a symlink of a lower layer.
    """

    changesets: tuple[Changeset, ...]
    parents: set[str]
    redirected: tuple[tuple[int, int], ...] = ()


def landed(changesets: Sequence[Changeset]) -> Landed:
    """The changesets with every path where it lands; the same ones where no entry lies below a symlink.

    Raises LimitExceeded where the names of all directories together would not fit in memory.
    """
    directories = set(chain.from_iterable(changeset.directories for changeset in changesets))
    parents = ancestors((*directories, *_targets(changesets)))
    # A hardlink may be another name of a symlink, so both are looked at.
    if not any(changeset.paths[index] in parents for changeset in changesets for index in changeset.links):
        return Landed(changesets=tuple(changesets), parents=parents)
    follower = _Follower(parents)
    done = tuple(follower.take(layer, changeset) for layer, changeset in enumerate(changesets))
    return Landed(changesets=done, parents=parents, redirected=tuple(follower.redirected))


def _targets(changesets: Iterable[Changeset]) -> set[str]:
    """The directories that the targets of hardlinks lie in."""
    hardlink = Kind.HARDLINK
    return {
        target.rpartition("/")[0]
        for changeset in changesets
        for index, target in changeset.links.items()
        if changeset.kinds[index] == hardlink
    }


def ancestors(directories: Iterable[str]) -> set[str]:
    """The directories and all that they lie in, the root as the empty string."""
    found: set[str] = set()
    characters = 0
    for parent in directories:
        while parent not in found:
            found.add(parent)
            characters += len(parent)
            parent = parent.rpartition("/")[0]
        if characters > DIRECTORY_CHARACTERS:
            raise LimitExceeded("the paths of the image are too long and too deep to be held in memory")
    return found


class _Follower:
    """The symlinks as they stand while the layers are extracted, entry by entry.

    Time is counted in entries. A link is there when nothing on the way to it was emptied after it was made; so
    nothing needs to be searched for when a directory goes.
    """

    def __init__(self, parents: set[str]) -> None:
        self.redirected: list[tuple[int, int]] = []
        self._parents = parents
        self._links: dict[str, tuple[int, str]] = {}
        self._emptied: dict[str, int] = {}
        self._now = 0
        self._layer_began = 0
        self._resolved: dict[str, tuple[str, bool]] = {}

    def take(self, layer: int, changeset: Changeset) -> Changeset:
        """One layer with its paths, and the targets of its hardlinks, where they land."""
        self._layer_began = self._now
        paths, links = list(changeset.paths), dict(changeset.links)
        rewritten = False
        for index, path in enumerate(changeset.paths):
            self._now += 1
            kind = changeset.kinds[index]
            new = self._place(path, kind, layer, index)
            if kind == Kind.HARDLINK and index in links:
                target = self._place(links[index], kind)
                rewritten = rewritten or target != links[index]
                links[index] = target
            if new != path:
                paths[index], rewritten = new, True
                self._parents |= _ancestors_of(new)
            self._apply(new, kind, links.get(index, ""))
        if not rewritten:
            return changeset
        return replace(changeset, paths=paths, directories=directories_of(paths), links=links)

    def _place(self, path: str, kind: int, layer: int = -1, index: int = 0) -> str:
        """Where a path lands when the symlinks on the way to it are followed, but not itself."""
        directory = _key(path) if kind == Kind.OPAQUE else path.rpartition("/")[0]
        real, lower = self._resolve(directory)
        if lower and layer >= 0:
            self.redirected.append((layer, index))
        return path if real == directory else (real + path[len(directory) :]) or "/"

    def _resolve(self, directory: str) -> tuple[str, bool]:
        known = self._resolved.get(directory)
        if known is None:
            known = self._resolved[directory] = self._follow(directory)
        return known

    def _follow(self, directory: str) -> tuple[str, bool]:
        """The directory behind a path, and whether a link of a lower layer led there; circles are left as written."""
        followed, lower = 0, False
        # Each directory on the way with the last time that anything above or at it was emptied.
        way = [("", self._emptied.get("", 0))]
        todo = [part for part in reversed(directory.split("/")) if part]
        while todo:
            part = todo.pop()
            if part == "." or part == "..":
                del way[max(1, len(way) - (part == "..")) :]
                continue
            done, emptied = way[-1]
            path = f"{done}/{part}"
            made, target = self._links.get(path, (0, ""))
            if made <= emptied:
                way.append((path, max(emptied, self._emptied.get(path, 0))))
                continue
            followed, lower = followed + 1, lower or made <= self._layer_began
            if followed > _LINKS or len(todo) > _PARTS:
                return directory, False
            if target.startswith("/"):
                del way[1:]
            todo += [part for part in reversed(target.split("/")) if part]
        return way[-1][0], lower

    def _apply(self, path: str, kind: int, target: str) -> None:
        """Make, replace or empty what the entry says."""
        if kind == Kind.SYMLINK:
            self._change(path, (self._now, target))
        elif kind == Kind.HARDLINK:
            made, linked = self._links.get(target, (0, ""))
            self._change(path, (self._now, linked) if made else None)
        elif kind == Kind.WHITEOUT:
            if self._links.get(path, (self._now, ""))[0] <= self._layer_began:
                self._change(path, None)
            self._empty(path, self._layer_began)
            return
        elif kind == Kind.OPAQUE:
            self._empty(_key(path), self._layer_began)
            return
        elif kind != Kind.BOOKKEEPING:
            self._change(path, None)
        if kind not in (Kind.DIRECTORY, Kind.BOOKKEEPING) and path in self._parents:
            self._empty(path, self._now)

    def _change(self, path: str, link: tuple[int, str] | None) -> None:
        if link is not None:
            self._links[path] = link
        elif self._links.pop(path, None) is None:
            return
        if path in self._parents:
            self._resolved.clear()

    def _empty(self, directory: str, time: int) -> None:
        if self._emptied.get(directory, 0) < time:
            self._emptied[directory] = time
            if directory in self._parents:
                self._resolved.clear()


def _ancestors_of(path: str) -> set[str]:
    found = set()
    while path:
        path = path.rpartition("/")[0]
        found.add(path)
    return found


def _key(path: str) -> str:
    return "" if path == "/" else path
