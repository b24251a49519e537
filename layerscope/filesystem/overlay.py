"""Lays the changesets over each other: which version of a path is live, and what hides the others.

The layers are taken from the top down. So whatever hides a version is known when the version is met, each entry is
looked at once, and the work does not grow with the number of whiteouts (OCI image-spec, layer.md, "Whiteouts").
"""

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from itertools import compress

from msgspec import Struct

from layerscope.filesystem.parents import Landed, ancestors, landed
from layerscope.model.changeset import Changeset
from layerscope.model.entry import IS_ENTRY, Fate, Kind

NOBODY = -1
_IS_MARKER = bytes(kind >= Kind.WHITEOUT for kind in range(256))
_IS_NO_DIRECTORY = bytes(kind < Kind.WHITEOUT and kind != Kind.DIRECTORY for kind in range(256))


class Overlay(Struct, frozen=True, kw_only=True):
    """Fates by version number; versions are numbered through all layers, lowest layer first.

    ``hidden_by`` is the layer that hides a version, -1 for a live one. ``live`` maps each path of the final file
    system to its version. ``same_length`` holds pairs of a hidden file and the file of equal length that replaced
    it: they may have equal contents. ``carriers`` maps a hardlink to the version that carries its bytes, and
    ``survivors`` a carrier whose own name is gone to the live hardlink that keeps its bytes alive. ``changesets``
    are the layers with each path where it lands, ``redirected`` the versions that a symlink of a lower layer led there.
    """

    changesets: tuple[Changeset, ...]
    redirected: tuple[int, ...]
    starts: "array[int]"
    fates: bytearray
    hidden_by: "array[int]"
    live: dict[str, int]
    same_length: tuple[tuple[int, int], ...]
    carriers: dict[int, int]
    survivors: dict[int, int]

    def layer_of(self, version: int) -> int:
        return bisect_right(self.starts, version) - 1


def overlay(changesets: Sequence[Changeset]) -> Overlay:
    """Decide every fate; contents are not compared, so equal ones still count as overwritten."""
    starts = array("q", [0])
    for changeset in changesets:
        starts.append(starts[-1] + len(changeset))
    placed = landed(changesets)
    changesets = placed.changesets
    work = _Work(placed, starts)
    for layer in reversed(range(len(changesets))):
        work.take(layer)
    carriers, survivors = _hardlinks(changesets, work)
    return Overlay(
        changesets=placed.changesets,
        redirected=tuple(starts[layer] + index for layer, index in placed.redirected),
        starts=starts,
        fates=work.fates,
        hidden_by=work.hidden_by,
        live=work.live,
        same_length=tuple(work.same_length),
        carriers=carriers,
        survivors=survivors,
    )


class _Work:
    """What is known of the layers above the one that is taken next."""

    def __init__(self, placed: Landed, starts: "array[int]") -> None:
        self.changesets = placed.changesets
        self.starts = starts
        self.fates = bytearray(starts[-1])
        self.hidden_by = array("i", [NOBODY]) * starts[-1]
        self.live: dict[str, int] = {}
        self.same_length: list[tuple[int, int]] = []
        # The nearest version above, for the paths whose live version is not the nearest.
        self._nearer: dict[str, int] = {}
        self._whiteouts: dict[str, int] = {}
        self._opaque: dict[str, int] = {}
        self._parents = placed.parents

    def take(self, layer: int) -> None:
        """Decide the fates of one layer's versions, then let its own markers count for the layers below."""
        changeset, start = self.changesets[layer], self.starts[layer]
        paths, kinds, live, nearer = changeset.paths, changeset.kinds, self.live, self._nearer
        # Hardly any layer has something else where another has a directory, which one look at all of it tells.
        clashes = not self._parents.isdisjoint(compress(paths, kinds.translate(_IS_NO_DIRECTORY)))
        hiders = _Hiders(self._whiteouts, self._opaque) if self._whiteouts or self._opaque else None
        replaced: _Replaced | None = None
        markers = list(compress(range(len(paths)), kinds.translate(_IS_MARKER)))
        for index in markers:
            self.fates[start + index] = Fate.MARKER
        for number in self._met(layer, clashes, hiders):
            path, kind = paths[number - start], kinds[number - start]
            if clashes and kind != Kind.DIRECTORY and path in self._parents:
                markers.append(number - start)
                replaced = replaced or _Replaced(changeset)
                replaced.add(path)
            above = nearer.get(path, live.get(path))
            hider = hiders.of(path, changeset.directories[number - start]) if hiders is not None else None
            if replaced is not None and replaced.holds(path):
                hider = layer
            if above is None and hider is None:
                live[path] = number
            else:
                self._hide(number, layer, above, hider)
                nearer[path] = number
        for index in markers:
            hidden = self._whiteouts if kinds[index] == Kind.WHITEOUT else self._opaque
            if kinds[index] != Kind.BOOKKEEPING:
                hidden[_key(paths[index])] = layer

    def _met(self, layer: int, clashes: bool, hiders: "_Hiders | None") -> list[int]:
        """The versions of a layer that something may hide, last one first; all the others are live from now on.

        They are few in most layers, and whole columns are compared in a fraction of the time that single paths take.
        """
        changeset, start = self.changesets[layer], self.starts[layer]
        numbers, is_entry = range(start, start + len(changeset)), changeset.kinds.translate(IS_ENTRY)
        free = dict(zip(compress(changeset.paths, is_entry), compress(numbers, is_entry), strict=True))
        if clashes or len(free) < is_entry.count(1):  # A tar may hold a path twice.
            return list(compress(numbers, is_entry))[::-1]
        met = (free.keys() & self.live.keys()) | (free.keys() & self._nearer.keys())
        if hiders is not None:
            met |= free.keys() & self._whiteouts.keys()
            emptied = {directory for directory in set(changeset.directories) if hiders.empties(directory)}
            if emptied:
                inside = compress(changeset.paths, map(emptied.__contains__, changeset.directories))
                met |= free.keys() & set(inside)
        found = sorted(map(free.pop, met), reverse=True)
        self.live.update(free)
        return found

    def _hide(self, number: int, layer: int, above: int | None, hider: int | None) -> None:
        """The nearest of the two decides; a layer that hides and replaces a path at once replaces it."""
        replaced_in = bisect_right(self.starts, above) - 1 if above is not None else None
        if replaced_in is None or (hider is not None and hider < replaced_in):
            assert hider is not None
            self.fates[number], self.hidden_by[number] = Fate.DELETED, hider
            return
        assert above is not None
        self.fates[number], self.hidden_by[number] = Fate.OVERWRITTEN, replaced_in
        lower, index = self.changesets[layer], number - self.starts[layer]
        upper, other = self.changesets[replaced_in], above - self.starts[replaced_in]
        if lower.kinds[index] == upper.kinds[other] == Kind.FILE and lower.sizes[index] == upper.sizes[other]:
            self.same_length.append((number, above))


class _Replaced:
    """What a later entry of the same layer, no directory, took the place of.

    Extraction removes the directory then, with all that the layer had put there before.
    """

    def __init__(self, changeset: Changeset) -> None:
        self._own = ancestors({path.rpartition("/")[0] for path in changeset.paths})
        self._replaced: set[str] = set()
        self._inside: dict[str, bool] = {}

    def add(self, path: str) -> None:
        if path in self._own and path not in self._replaced:
            self._replaced.add(path)
            self._inside.clear()

    def holds(self, path: str) -> bool:
        """Whether a directory on the way to ``path`` was replaced by what has been added."""
        if not self._replaced:
            return False
        way = []
        while path and path not in self._inside:
            path = path.rpartition("/")[0]
            if path in self._replaced:
                self._inside[path] = True
                break
            way.append(path)
        found = self._inside.get(path, False)
        self._inside.update(dict.fromkeys(way, found))
        return found


class _Hiders:
    """Which layer hides a path by its name or by a parent; remembered by directory while one layer is taken."""

    def __init__(self, whiteouts: dict[str, int], opaque: dict[str, int]) -> None:
        self._whiteouts = whiteouts
        self._opaque = opaque
        self._children: dict[str, int | None] = {"": opaque.get("")}

    def of(self, path: str, parent: str) -> int | None:
        """The nearest layer above that deletes ``path`` or a directory on the way to it, ``parent`` first."""
        above = self._below(parent)
        own = self._whiteouts.get(path) if self._whiteouts else None
        return own if above is None else above if own is None else min(own, above)

    def empties(self, directory: str) -> bool:
        """Whether a layer above hides everything in ``directory``."""
        return self._below(directory) is not None

    def _below(self, directory: str) -> int | None:
        """The nearest layer above that hides everything in ``directory``."""
        unknown = []
        while directory not in self._children:
            unknown.append(directory)
            directory = directory.rpartition("/")[0]
        found = self._children[directory]
        for directory in reversed(unknown):
            for hidden in (self._whiteouts.get(directory), self._opaque.get(directory)):
                if hidden is not None and (found is None or hidden < found):
                    found = hidden
            self._children[directory] = found
        return found


def _key(path: str) -> str:
    """Directories are keyed by their path without a slash at the end; so the root is the empty string."""
    return "" if path == "/" else path


def _hardlinks(changesets: Sequence[Changeset], work: _Work) -> tuple[dict[int, int], dict[int, int]]:
    """Which version carries the bytes of each hardlink, and which link keeps a carrier alive; mends the fates."""
    hardlink = Kind.HARDLINK
    links = [
        (layer, index, target)
        for layer, changeset in enumerate(changesets)
        for index, target in changeset.links.items()
        if changeset.kinds[index] == hardlink
    ]
    versions: dict[str, list[int]] = {target: [] for _, _, target in links}
    for changeset, start in zip(changesets if links else (), work.starts, strict=False):
        paths, kinds = changeset.paths, changeset.kinds
        for index in compress(range(len(paths)), map(versions.__contains__, paths)):
            if kinds[index] <= Kind.FIFO:
                versions[paths[index]].append(start + index)
    targets: dict[int, int] = {}
    for layer, index, target in links:
        found = _target(work, layer, work.starts[layer] + index, versions[target])
        if found is not None:
            targets[work.starts[layer] + index] = found
    carriers = _carriers(targets)
    survivors: dict[int, int] = {}
    for link, carrier in carriers.items():
        if work.fates[link] == Fate.LIVE and work.fates[carrier] != Fate.LIVE and carrier not in survivors:
            survivors[carrier] = link
    for carrier in survivors:
        work.fates[carrier] = Fate.LIVE
    return carriers, survivors


def _target(work: _Work, layer: int, link: int, versions: list[int]) -> int | None:
    """The version that a hardlink speaks of: before it in its layer, else the one it sees below, else behind it."""
    place = bisect_left(versions, link)
    if place:
        before = versions[place - 1]
        hidden_by = work.hidden_by[before]
        if before >= work.starts[layer] or hidden_by == NOBODY or hidden_by >= layer:
            return before
    behind = bisect_right(versions, link)
    return versions[behind] if behind < len(versions) and versions[behind] < work.starts[layer + 1] else None


def _carriers(targets: dict[int, int]) -> dict[int, int]:
    """The end of each chain of hardlinks; those in a circle, and those that lead into one, have none."""
    ends: dict[int, int | None] = {}
    for link in targets:
        way: list[int] = []
        on_way: set[int] = set()
        while link in targets and link not in ends and link not in on_way:
            way.append(link)
            on_way.add(link)
            link = targets[link]
        end = None if link in on_way else ends.get(link, link)
        ends.update(dict.fromkeys(way, end))
    return {link: end for link, end in ends.items() if end is not None}
