"""Since which layer a package is listed, and which layer took it away, from all versions of its database."""

from collections.abc import Hashable, Iterable
from functools import cached_property
from typing import TypeVar

from msgspec import Struct

from layerscope.filesystem.tree import Filesystem
from layerscope.model.entry import Fate
from layerscope.packages.locator import Locator

Key = TypeVar("Key", bound=Hashable)


class Presence(Struct, frozen=True, kw_only=True):
    """The last unbroken run of layers in which a package is listed.

    ``layer`` is the first of them, ``removed_in`` the layer whose database no longer lists it, None for an installed
    package. ``record`` is the number of the last version of the database, or of the record, that lists it.
    """

    layer: int
    removed_in: int | None
    record: int


def presence(filesystem: Filesystem, listings: Iterable[tuple[int, Iterable[Key]]]) -> dict[Key, Presence]:
    """For each key the layers in which it is listed.

    ``listings`` are the versions of a database file, or of all files of one that has a file for each package, each
    with the packages that it lists. A version counts from its own layer to the one that hides it.
    """
    spans: dict[Key, list[tuple[int, int, int]]] = {}
    never = len(filesystem.layers)
    for number, keys in listings:
        version = filesystem.version(number)
        end = never if version.hidden_by < 0 else version.hidden_by
        if version.layer < end:
            span = (version.layer, end, number)
            for key in keys:
                spans.setdefault(key, []).append(span)
    return {key: _last_run(found, never) for key, found in spans.items()}


def _last_run(spans: list[tuple[int, int, int]], never: int) -> Presence:
    spans.sort()
    first, end, record = spans[0]
    for start, stop, number in spans[1:]:
        if start > end:
            first, end, record = start, stop, number
        elif stop >= end:
            end, record = stop, number
    return Presence(layer=first, removed_in=None if end >= never else end, record=record)


class Past:
    """The hidden versions of an image, by path; symlinked directories are taken as they are at the end."""

    def __init__(self, filesystem: Filesystem, locator: Locator) -> None:
        self._filesystem = filesystem
        self._locator = locator

    def versions(self, paths: Iterable[str], during: Presence) -> tuple[int, ...]:
        """The hidden versions at any of the paths in the layers of a presence."""
        return tuple(number for path in dict.fromkeys(paths) for number in self.of(path, during))

    def of(self, path: str, during: Presence) -> list[int]:
        """The hidden versions of one path in the layers of a presence, lowest first."""
        layer_of = self._filesystem.layer_of
        layers = range(during.layer, during.layer + 1 if during.removed_in is None else during.removed_in)
        found = self._hidden.get(path) or self._hidden.get(self._locator.real(path)) or []
        return [number for number in found if layer_of(number) in layers]

    @cached_property
    def _hidden(self) -> dict[str, list[int]]:
        filesystem = self._filesystem
        found: dict[str, list[int]] = {}
        for layer in filesystem.layers:
            numbers = filesystem.numbers(layer.index)
            fates = filesystem.fates[numbers.start : numbers.stop]
            for number, fate, path in zip(numbers, fates, layer.changeset.paths, strict=True):
                if fate not in (Fate.LIVE, Fate.MARKER):
                    found.setdefault(path, []).append(number)
        return found
