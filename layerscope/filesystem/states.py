"""The file system as of each layer, and what the layers between two of these states changed.

A version is visible from its own layer on, until the layer that hides it. So one state is a mask over all versions.
"""

from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from itertools import compress

from msgspec import Struct

from layerscope.filesystem.tree import Filesystem
from layerscope.model.change import Change
from layerscope.model.entry import IS_ENTRY, Fate, Kind, inverse, negative

NOT_LISTED = 255
"""The code of a version that is in neither state, or that another one of its path stands for."""
_AS_OLD = bytes(Change.UNMODIFIED if byte else NOT_LISTED for byte in range(256))
_AS_NEW = bytes(Change.ADDED if byte else NOT_LISTED for byte in range(256))


class Changes(Struct, frozen=True, kw_only=True):
    """What changed between two states: for each version the number of a Change, or NOT_LISTED.

    A path of the later state is listed by its version there, one that was removed by the version that it had.
    ``replaced`` maps a version to the earlier one that it replaced. ``carried`` maps a visible hardlink to the version
    whose bytes it keeps, where that is no longer visible by its own name.
    """

    codes: bytearray
    replaced: Mapping[int, int]
    carried: Mapping[int, int]


class States:
    """The states of one file system; the one below all layers is -1, and empty."""

    def __init__(self, filesystem: Filesystem) -> None:
        self._filesystem = filesystem

    def changes(self, since: int, until: int) -> Changes:
        """Return what the layers above ``since``, up to ``until``, changed; the same layer twice gives its state."""
        start, mask = self._end(since), self._visible(until)
        codes = bytearray(mask[:start].translate(_AS_OLD) + mask[start:].translate(_AS_NEW))
        hidden = [number for layer in range(since + 1, until + 1) for number in self._hidden.get(layer, ())]
        path_of = self._filesystem.path_in_layer
        gone = {path_of(number): number for number in hidden if number < start}
        between: dict[str, list[int]] = {}
        for number in hidden:
            if number >= start and (path := path_of(number)) in gone:
                between.setdefault(path, []).append(number)
        for number in gone.values():
            codes[number] = Change.REMOVED
        replaced: dict[int, int] = {}
        for number, path in self._visible_at(gone, since, until, mask):
            replaced[number] = old = gone[path]
            codes[number] = self._compared(old, number, between.get(path, ()))
            codes[old] = NOT_LISTED
        return Changes(codes=codes, replaced=replaced, carried=self._carried(mask))

    @cached_property
    def _hidden(self) -> dict[int, list[int]]:
        """The versions that each layer hides."""
        found: dict[int, list[int]] = {}
        hidden_by = self._filesystem.hidden_by
        for number in compress(range(len(hidden_by)), inverse(negative(hidden_by))):
            found.setdefault(hidden_by[number], []).append(number)
        return found

    def _end(self, layer: int) -> int:
        """The number after the last version of a layer."""
        return self._filesystem.numbers(layer).stop if layer >= 0 else 0

    def _visible(self, layer: int) -> bytearray:
        """For each version of the layers up to one 1 where it is visible as of that layer."""
        mask = self._filesystem.kinds[: self._end(layer)].translate(IS_ENTRY)
        for hider in range(layer + 1):
            for number in self._hidden.get(hider, ()):
                mask[number] = 0
        return mask

    def _visible_at(
        self, paths: Mapping[str, int], since: int, until: int, mask: bytearray
    ) -> Iterator[tuple[int, str]]:
        """The visible versions of the layers above ``since`` that lie at one of the paths."""
        for layer in range(since + 1, until + 1) if paths else ():
            numbers, named = self._filesystem.numbers(layer), self._filesystem.layers[layer].changeset.paths
            for number, path in compress(zip(numbers, named, strict=True), map(paths.__contains__, named)):
                if mask[number]:
                    yield number, path

    def _compared(self, old: int, new: int, between: Iterable[int]) -> Change:
        """How a version differs from the one that it replaced, perhaps by way of others."""
        filesystem = self._filesystem
        kind = filesystem.kinds[new]
        if kind != filesystem.kinds[old]:
            return Change.MODIFIED
        if kind == Kind.FILE:
            same = all(filesystem.fates[number] == Fate.COPIED_UP for number in (old, *between))
            return Change.METADATA if same else Change.MODIFIED
        (one, place), (other, index) = filesystem.place(old), filesystem.place(new)
        lower, upper = filesystem.layers[one].changeset, filesystem.layers[other].changeset
        if kind == Kind.DIRECTORY:  # Its time changes with its members, and is no change of its own.
            is_same = lower.ownerships[place] == upper.ownerships[index]
            is_same = is_same and lower.xattrs.get(place) == upper.xattrs.get(index)
            return Change.UNMODIFIED if is_same else Change.METADATA
        return Change.METADATA if lower.links.get(place) == upper.links.get(index) else Change.MODIFIED

    def _carried(self, mask: bytearray) -> dict[int, int]:
        survivors = self._filesystem.survivors.items()  # A link among them is never hidden.
        return {link: carrier for carrier, link in survivors if link < len(mask) and not mask[carrier]}
