"""Lays the changesets over each other: which version of a path is live, and what hides the others.

The layers are taken from the top down. So what hides a version is known when the version is reached, each entry is
looked at once, and the work does not grow with the number of whiteouts (OCI image-spec, layer.md, "Whiteouts").
"""

from array import array
from bisect import bisect_right
from collections.abc import Sequence
from itertools import compress

from msgspec import Struct

from layerscope.filesystem.links import carriers_of
from layerscope.filesystem.parents import Ancestors, ResolvedLayers, directories_in, key, resolve_parents
from layerscope.model.changeset import Changeset
from layerscope.model.entry import IS_ENTRY, Fate, Kind

NOT_HIDDEN = -1
_IS_MARKER = bytes(kind >= Kind.WHITEOUT for kind in range(256))
_IS_NONDIRECTORY = bytes(kind < Kind.WHITEOUT and kind != Kind.DIRECTORY for kind in range(256))


class Overlay(Struct, frozen=True, kw_only=True):
    """Fates by version number; versions are numbered through all layers, lowest layer first.

    ``hidden_by`` is the layer that hides a version, -1 for a live one. ``live`` maps each path of the final file
    system to its version. ``same_length`` holds pairs of a hidden file and the file of equal length that replaced
    it: they may have equal contents. ``carriers`` maps a hardlink to the version that carries its bytes, ``broken`` are
    the hardlinks without one, and ``survivors`` maps a carrier whose own name is gone to the live hardlink that keeps
    its bytes alive. ``changesets`` are the layers with each path where extraction puts it, ``redirected`` the versions
    that a symlink of a lower layer moved there.
    """

    changesets: tuple[Changeset, ...]
    redirected: tuple[int, ...]
    starts: "array[int]"
    fates: bytearray
    hidden_by: "array[int]"
    live: dict[str, int]
    same_length: tuple[tuple[int, int], ...]
    carriers: dict[int, int]
    broken: tuple[int, ...]
    survivors: dict[int, int]

    def layer_of(self, version: int) -> int:
        return bisect_right(self.starts, version) - 1


def overlay(changesets: Sequence[Changeset]) -> Overlay:
    """Decide every fate; contents are not compared, so equal ones still count as overwritten."""
    starts = array("q", [0])
    for changeset in changesets:
        starts.append(starts[-1] + len(changeset))
    resolved = resolve_parents(changesets)
    changesets = resolved.changesets
    work = _LayersAbove(resolved, starts)
    for layer in reversed(range(len(changesets))):
        work.take(layer)
    carriers, broken = carriers_of(changesets, starts, work.hidden_by)
    survivors = work.keep_alive(carriers)
    return Overlay(
        changesets=changesets,
        redirected=tuple(starts[layer] + index for layer, index in resolved.redirected),
        starts=starts,
        fates=work.fates,
        hidden_by=work.hidden_by,
        live=work.live,
        same_length=tuple(work.same_length),
        carriers=carriers,
        broken=broken,
        survivors=survivors,
    )


class _LayersAbove:
    """What the layers above the next one hold and hide, and the fates that follow from it."""

    def __init__(self, resolved: ResolvedLayers, starts: "array[int]") -> None:
        self.changesets = resolved.changesets
        self.starts = starts
        self.fates = bytearray(starts[-1])
        self.hidden_by = array("i", [NOT_HIDDEN]) * starts[-1]
        self.live: dict[str, int] = {}
        self.same_length: list[tuple[int, int]] = []
        # The nearest version above, for the paths whose live version is not the nearest.
        self._nearer: dict[str, int] = {}
        self._whiteouts: dict[str, int] = {}
        self._opaque: dict[str, int] = {}
        # Paths below which one layer has something, where a layer has something else than a directory.
        self._clashes: set[str] = set()
        for changeset in self.changesets:
            others = compress(changeset.paths, changeset.kinds.translate(_IS_NONDIRECTORY))
            self._clashes |= resolved.parents.intersection(others)
        # The nearest layer above that has something below such a path, and so a directory there.
        self._implied: dict[str, int] = {}

    def take(self, layer: int) -> None:
        """Decide the fates of one layer's versions, then apply its markers to the layers below."""
        changeset, start = self.changesets[layer], self.starts[layer]
        paths, kinds, directories = changeset.paths, changeset.kinds, changeset.directories
        live, nearer = self.live, self._nearer
        # Few layers have something else where another has a directory, and one pass over all paths finds them.
        others = compress(paths, kinds.translate(_IS_NONDIRECTORY))
        clashes = bool(self._clashes) and not self._clashes.isdisjoint(others)
        hiders = _Hiders(self._whiteouts, self._opaque) if self._whiteouts or self._opaque else None
        own = _OwnClashes(changeset, self._clashes) if clashes else None
        markers = list(compress(range(len(paths)), kinds.translate(_IS_MARKER)))
        for index in markers:
            self.fates[start + index] = Fate.MARKER
        for number in self._contested(layer, clashes, hiders):
            path = paths[number - start]
            above = nearer.get(path, live.get(path))
            hider = hiders.of(path, directories[number - start]) if hiders is not None else None
            if own is not None:
                is_nondirectory = kinds[number - start] != Kind.DIRECTORY and path in self._clashes
                if own.hides(path, is_nondirectory):
                    hider = layer
                elif is_nondirectory:
                    hider = _nearest(hider, self._implied.get(path))
                own.add(path, directories[number - start], is_nondirectory)
                if is_nondirectory:
                    markers.append(number - start)
            if above is None and hider is None:
                live[path] = number
            else:
                self._hide(number, layer, above, hider)
                nearer[path] = number
        for index in markers:
            hidden = self._whiteouts if kinds[index] == Kind.WHITEOUT else self._opaque
            if kinds[index] != Kind.BOOKKEEPING:
                hidden[key(paths[index])] = layer
        if self._clashes:
            self._implied.update(dict.fromkeys(self._clashes & Ancestors(directories_in(changeset)).found, layer))

    def keep_alive(self, carriers: dict[int, int]) -> dict[int, int]:
        """The first live hardlink of each carrier whose own name is gone; the carrier lives on under that name."""
        fates, survivors = self.fates, dict[int, int]()
        for link, carrier in carriers.items():
            if fates[link] == Fate.LIVE and fates[carrier] != Fate.LIVE:
                survivors.setdefault(carrier, link)
        for carrier in survivors:
            fates[carrier] = Fate.LIVE
        return survivors

    def _contested(self, layer: int, clashes: bool, hiders: "_Hiders | None") -> list[int]:
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
        """Record what hides a version: the nearer of the two; a layer that hides and replaces a path replaces it."""
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


class _OwnClashes:
    """Paths at which one layer has both a directory and something else; its entries are added last one first.

    Extraction replaces the earlier with the later, and with it all that the layer had put into the earlier.
    """

    def __init__(self, changeset: Changeset, clashes: set[str]) -> None:
        directories = set(compress(changeset.directories, changeset.kinds.translate(IS_ENTRY)))
        self._own = clashes & Ancestors(directories).found
        self._replaced: set[str] = set()
        self._inside: dict[str, bool] = {}
        self._later = Ancestors()

    def hides(self, path: str, is_nondirectory: bool) -> bool:
        """Whether a later entry replaced a directory on the way to the path, or made a directory in its place."""
        return (is_nondirectory and path in self._later.found) or self._holds(path)

    def add(self, path: str, directory: str, is_nondirectory: bool) -> None:
        """Take the next entry."""
        if not self._own:
            return
        self._later.add((directory,))
        if is_nondirectory and path in self._own and path not in self._replaced:
            self._replaced.add(path)
            self._inside.clear()

    def _holds(self, path: str) -> bool:
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
    """The layers above that hide a path by its name or by a parent; cached by directory for one layer."""

    def __init__(self, whiteouts: dict[str, int], opaque: dict[str, int]) -> None:
        self._whiteouts = whiteouts
        self._opaque = opaque
        self._children: dict[str, int | None] = {"": opaque.get("")}

    def of(self, path: str, parent: str) -> int | None:
        """The nearest layer above that deletes ``path``, which lies in ``parent``, or a directory on the way to it."""
        if path == "/":
            return None  # The root lies in no directory that could be emptied.
        return _nearest(self._below(parent), self._whiteouts.get(path) if self._whiteouts else None)

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


def _nearest(one: int | None, other: int | None) -> int | None:
    """The lower of two layers above, of which either may be missing."""
    return one if other is None else other if one is None else min(one, other)
