"""The paths of entries that were written below a symlink.

A layer is extracted like any tar (OCI image-spec, layer.md, "Applying Changesets"). So ``lib/foo`` lands in
``/usr/lib`` where an earlier entry or a lower layer made ``/lib`` a symlink to it, as long as the layer has no entry
of its own for the directory ``lib``. umoci does so, and every driver that extracts into one tree. Drivers that extract
each layer by itself (overlay) follow only links of the same layer, and lay a directory over a lower layer's link. That
is also what becomes of a link to a file, or in a circle, which no driver can follow.
"""

from collections.abc import Iterable, Sequence
from itertools import compress

from msgspec import Struct
from msgspec.structs import replace

from layerscope.errors import LimitExceeded
from layerscope.filesystem.links import hardlinks
from layerscope.model.changeset import Changeset
from layerscope.model.entry import Kind
from layerscope.model.limits import CHARACTERS_A_DIRECTORY, DIRECTORY_CHARACTERS
from layerscope.model.paths import directories_of, follow

_OPAQUE, _BOOKKEEPING = Kind.OPAQUE.value, Kind.BOOKKEEPING.value
_IS_OPAQUE = bytes(kind == Kind.OPAQUE for kind in range(256))
_IS_UNPACKED = bytes(kind != Kind.BOOKKEEPING for kind in range(256))
_IS_OBSTACLE = bytes(kind < Kind.WHITEOUT and kind not in (Kind.DIRECTORY, Kind.SYMLINK) for kind in range(256))


class Ancestors:
    """A set of directories and all that they lie in, the root as the empty string, in ``found``.

    Raises LimitExceeded where their names together would not fit in memory.
    """

    def __init__(self, directories: Iterable[str] = ()) -> None:
        self.found: set[str] = set()
        self._characters = 0
        self.add(directories)

    def add(self, directories: Iterable[str]) -> None:
        found = self.found
        for directory in directories:
            if directory not in found:
                self._characters -= CHARACTERS_A_DIRECTORY
            while directory not in found:
                found.add(directory)
                self._characters += len(directory)
                directory = directory.rpartition("/")[0]
            if self._characters > DIRECTORY_CHARACTERS:
                raise LimitExceeded("the paths of the image are too long and too deep to hold in memory")


class ResolvedLayers(Struct, frozen=True, kw_only=True):
    """Changesets whose paths are those of the extracted tree.

    ``parents`` are all directories that some entry lies in, at any depth.
    ``redirected`` are the layer and index of each entry that went through a symlink of a lower layer.
    """

    changesets: tuple[Changeset, ...]
    parents: set[str]
    redirected: tuple[tuple[int, int], ...] = ()


def resolve_parents(changesets: Sequence[Changeset]) -> ResolvedLayers:
    """Return the changesets with every path where extraction puts it; the same ones where none is below a symlink.

    Raises LimitExceeded where the names of all directories together would not fit in memory.
    """
    directories = set[str]().union(*map(directories_in, changesets))
    targets = {target.rpartition("/")[0] for changeset in changesets for _, target in hardlinks(changeset)}
    parents = Ancestors(directories | targets)
    # A hardlink may be another name of a symlink, so both are looked at.
    if not any(changeset.paths[index] in parents.found for changeset in changesets for index in changeset.links):
        return ResolvedLayers(changesets=tuple(changesets), parents=parents.found)
    extraction = _Extraction(parents)
    done = tuple(extraction.take(layer, changeset) for layer, changeset in enumerate(changesets))
    if not all(map(extraction.ends.found.isdisjoint, map(_obstacles, done))):
        # Some link may lead to a file. Finding which ones, and when, takes all files, and few images have one.
        extraction = _Extraction(parents, files=True)
        done = tuple(extraction.take(layer, changeset) for layer, changeset in enumerate(changesets))
    return ResolvedLayers(changesets=done, parents=parents.found, redirected=tuple(extraction.redirected))


def directories_in(changeset: Changeset) -> set[str]:
    """The directories that the entries of a layer lie in, and an opaque marker's own."""
    kinds, directories = changeset.kinds, changeset.directories
    # Few layers have either of the two.
    if _BOOKKEEPING in kinds:
        directories = list(compress(directories, kinds.translate(_IS_UNPACKED)))
    opaque = compress(changeset.paths, kinds.translate(_IS_OPAQUE)) if _OPAQUE in kinds else ()
    return set(directories).union(map(key, opaque))


def _obstacles(changeset: Changeset) -> Iterable[str]:
    """The paths of what is neither a directory nor a symlink."""
    return compress(changeset.paths, changeset.kinds.translate(_IS_OBSTACLE))


class _Extraction:
    """The symlinks as they stand while the layers are extracted, entry by entry.

    Time is counted in entries. A link is there when nothing on the way to it was emptied after it was made; so
    nothing needs to be searched for when a directory goes. With ``files`` the same is recorded of everything else that
    is not a directory. ``ends`` are the directories, and what they lie in, to which links led.
    """

    def __init__(self, parents: Ancestors, *, files: bool = False) -> None:
        self.redirected: list[tuple[int, int]] = []
        self.ends = Ancestors()
        self._parents = parents
        self._links: dict[str, tuple[int, str]] = {}
        self._files: dict[str, int] | None = {} if files else None
        self._emptied: dict[str, int] = {}
        self._now = 0
        self._layer_began = 0
        self._resolved: dict[str, tuple[str, bool, tuple[str, ...]]] = {}
        # When a directory, or one on the way to it, was emptied last.
        self._gone: dict[str, int] = {}
        # Directories with entries, since a file was last put in the place of one.
        self._standing: set[str] = set()
        self._oldest = 0

    def take(self, layer: int, changeset: Changeset) -> Changeset:
        """Extract one layer; return it with the paths of its entries and hardlink targets resolved."""
        self._layer_began = self._now
        paths, links = list(changeset.paths), dict(changeset.links)
        rewritten = False
        for index, path in enumerate(changeset.paths):
            self._now += 1
            kind = changeset.kinds[index]
            new, lower = self._place(path, kind)
            if lower:
                self.redirected.append((layer, index))
            if kind == Kind.HARDLINK and index in links:
                target, _ = self._place(links[index], Kind.FILE, makes=False)
                rewritten = rewritten or target != links[index]
                links[index] = target
            if new != path:
                paths[index], rewritten = new, True
            self._apply(new, kind, links.get(index, ""))
        if not rewritten:
            return changeset
        return replace(changeset, paths=paths, directories=directories_of(paths), links=links)

    def _place(self, path: str, kind: int, *, makes: bool = True) -> tuple[str, bool]:
        """A path with the symlinks on the way to it followed, and whether a link of a lower layer was one of them.

        An entry makes the directories on its way (``makes``), also in the place of links that cannot be followed.
        """
        directory = key(path) if kind == Kind.OPAQUE else path.rpartition("/")[0]
        known = self._resolved.get(directory)
        if known is None:
            known = self._resolved[directory] = self._follow(directory)
            self._parents.add((known[0],))
        real, lower, dead = known
        if makes and kind != Kind.BOOKKEEPING and (dead or self._files):
            self._make(real, dead, self._now if kind < Kind.WHITEOUT else self._layer_began)
        return path if real == directory else (real + path[len(directory) :]) or "/", lower

    def _follow(self, directory: str) -> tuple[str, bool, tuple[str, ...]]:
        """The directory behind a path, whether a link of a lower layer led there, and the links that lead to none."""
        done, lower, dead = "", False, []
        for part in directory.split("/")[1:]:
            path = f"{done}/{part}"
            if not self._target(path):
                done = path
                continue
            self._oldest = self._now
            end = follow(path, self._target)
            if end is None or self._is_file(end):
                done = path
                dead.append(path)
                continue
            done, lower = end, lower or self._oldest <= self._layer_began
            self.ends.add((end,))
        return done, lower, tuple(dead)

    def _target(self, path: str) -> str:
        """The target of the symlink at a path; empty where none stands there now."""
        made, target = self._links.get(path, (0, ""))
        if not made or made <= self._last_emptied(path):
            return ""
        self._oldest = min(self._oldest, made)
        return target

    def _is_file(self, path: str) -> bool:
        """Whether a path, or one on the way to it, is neither a directory nor a link."""
        while self._files and path:
            if path in self._files and self._files[path] > self._last_emptied(path):
                return True
            path = path.rpartition("/")[0]
        return False

    def _last_emptied(self, path: str) -> int:
        """When something on the way to a path was last emptied."""
        way = []
        while path:
            path = path.rpartition("/")[0]
            if path in self._gone:
                break
            way.append(path)
        time = self._gone.get(path, 0)
        for directory in reversed(way):
            time = self._gone[directory] = max(time, self._emptied.get(directory, 0))
        return time

    def _make(self, directory: str, dead: Iterable[str], time: int) -> None:
        """Make a directory, and those on the way to it, in the place of links and files no newer than ``time``."""
        for link in dead:
            self._remove(link, time)
        while directory and directory not in self._standing:
            self._remove(directory, time)
            self._standing.add(directory)
            directory = directory.rpartition("/")[0]

    def _apply(self, path: str, kind: int, target: str) -> None:
        """Make, replace or empty what the entry says."""
        if kind == Kind.SYMLINK:
            self._change(path, (self._now, target))
        elif kind == Kind.HARDLINK:
            linked = self._target(target)
            self._change(path, (self._now, linked) if linked else None)
        elif kind == Kind.WHITEOUT:
            self._remove(path, self._layer_began)
            self._empty(path, self._layer_began)
            return
        elif kind == Kind.OPAQUE:
            self._empty(key(path), self._layer_began)
            return
        elif kind != Kind.BOOKKEEPING:
            self._change(path, None)
        if self._files is not None and kind not in (Kind.DIRECTORY, Kind.BOOKKEEPING):
            self._files[path] = self._now
        if kind not in (Kind.DIRECTORY, Kind.BOOKKEEPING) and path in self._parents.found:
            self._empty(path, self._now)
            self._standing.clear()

    def _remove(self, path: str, time: int) -> None:
        """Remove a link or a file that is no newer than ``time``."""
        if self._links.get(path, (time + 1, ""))[0] <= time:
            self._change(path, None)
        if self._files and self._files.get(path, time + 1) <= time:
            del self._files[path]

    def _change(self, path: str, link: tuple[int, str] | None) -> None:
        if self._files is not None:
            self._files.pop(path, None)
        if link is not None:
            self._links[path] = link
        elif self._links.pop(path, None) is None:
            return
        if path in self._parents.found:
            self._resolved.clear()

    def _empty(self, directory: str, time: int) -> None:
        if self._emptied.get(directory, 0) < time:
            self._emptied[directory] = time
            if directory in self._parents.found:
                self._resolved.clear()
                self._gone.clear()


def key(path: str) -> str:
    """The path of a directory without a slash at its end, so the empty string for the root."""
    return "" if path == "/" else path
