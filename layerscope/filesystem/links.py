"""From a hardlink to the version that carries its bytes."""

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from itertools import compress

from layerscope.model.changeset import Changeset
from layerscope.model.entry import IS_ENTRY, Kind

_CAN_BE_LINKED = bytes(flag and kind != Kind.DIRECTORY for kind, flag in enumerate(IS_ENTRY))
"""By kind; no system has hardlinks to directories."""


def hardlinks(changeset: Changeset) -> Iterator[tuple[int, str]]:
    """Index and target of each hardlink of a layer."""
    kinds, hardlink = changeset.kinds, Kind.HARDLINK
    return ((index, target) for index, target in changeset.links.items() if kinds[index] == hardlink)


def carriers_of(
    changesets: Sequence[Changeset], starts: "array[int]", hidden_by: "array[int]"
) -> tuple[dict[int, int], tuple[int, ...]]:
    """Return the version that carries the bytes of each hardlink, and the hardlinks that are broken.

    A broken one leads nowhere, to a directory or into a circle: no layer has its content, and no engine can extract it.
    ``hidden_by`` is the layer that hides each version, negative for a live one.
    """
    links = [(layer, index, target) for layer, one in enumerate(changesets) for index, target in hardlinks(one)]
    versions: dict[str, list[int]] = {target: [] for _, _, target in links}
    for changeset, start in zip(changesets if links else (), starts, strict=False):
        can_be_linked = changeset.kinds.translate(_CAN_BE_LINKED)
        for index in compress(range(len(changeset)), map(versions.__contains__, changeset.paths)):
            if can_be_linked[index]:
                versions[changeset.paths[index]].append(start + index)
    targets: dict[int, int | None] = {}
    for layer, index, target in links:
        link = starts[layer] + index
        targets[link] = _linked(versions[target], link, layer, starts, hidden_by)
    ends = _ends(targets)
    carriers = {link: end for link, end in ends.items() if end is not None}
    return carriers, tuple(link for link in targets if link not in carriers)


def _linked(versions: list[int], link: int, layer: int, starts: "array[int]", hidden_by: "array[int]") -> int | None:
    """The version that a hardlink links to: before it in its layer, else in the layers below, else after it."""
    place = bisect_left(versions, link)
    if place:
        before = versions[place - 1]
        if hidden_by[before] < 0 or hidden_by[before] >= layer:  # Not by a layer below the link.
            return before
    after = bisect_right(versions, link)
    return versions[after] if after < len(versions) and versions[after] < starts[layer + 1] else None


def _ends(targets: dict[int, int | None]) -> dict[int, int | None]:
    """The end of each chain of hardlinks; None for those that lead nowhere or into a circle."""
    ends: dict[int, int | None] = {}
    for first in targets:
        way: list[int] = []
        on_way: set[int] = set()
        link: int | None = first
        while link is not None and link in targets and link not in ends and link not in on_way:
            way.append(link)
            on_way.add(link)
            link = targets[link]
        end = None if link is None or link in on_way else ends.get(link, link)
        ends.update(dict.fromkeys(way, end))
    return ends
