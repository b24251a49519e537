"""Which versions are claimed: each by the first finding that names it."""

from bisect import bisect_left
from collections.abc import Iterable, Iterator
from itertools import compress

from layerscope.filesystem.tree import Filesystem
from layerscope.model.entry import IS_HIDDEN, Fate, Kind
from layerscope.rules.rule import RuleMatch

_CLAIMABLE = frozenset(kind.value for kind in Kind if kind < Kind.WHITEOUT and kind != Kind.DIRECTORY)

Taken = dict[int, dict[int, int]]
"""By layer, the numbers of versions and the bytes that removing each saves."""


class Claims:
    """The versions that findings have claimed so far, marked by 1 in ``claimed``."""

    def __init__(self, filesystem: Filesystem, claimed: bytearray) -> None:
        self._filesystem = filesystem
        self._claimed = claimed
        # For each version that carries the bytes of live hardlinks, those hardlinks.
        self._links = {
            carrier: live
            for carrier, links in filesystem.hardlinks.items()
            if (live := [link for link in links if filesystem.fates[link] == Fate.LIVE])
        }

    def take(self, match: RuleMatch) -> Taken:
        """Claim what is not claimed yet; returns each version with the bytes that removing it saves.

        Directories are left out, since they hold no bytes and their files stand for them. So is a file whose bytes
        a hardlink keeps alive that is not part of the match: removing one name of it would save nothing. But a match
        with a place points at what the file says, so it is shown there, with 0 bytes.
        """
        claimed, links, filesystem = self._claimed, self._links, self._filesystem
        kinds, sizes, fates = filesystem.kinds, filesystem.sizes, filesystem.fates
        together = frozenset(match.versions) if links else frozenset()
        savings = zip(match.versions, match.savings, strict=True) if match.savings is not None else ()
        parts = {number: saving for number, saving in savings if fates[number] == Fate.LIVE}
        taken: Taken = {}
        for layer, numbers in by_layer(filesystem, match.versions):
            found = {number: sizes[number] for number in numbers if not claimed[number] and kinds[number] in _CLAIMABLE}
            for number in links.keys() & found.keys():
                if self._all_claimed(number, together):
                    continue
                if match.place:
                    found[number] = 0
                else:
                    del found[number]
            for number in parts.keys() & found.keys():
                found[number] = min(parts[number], found[number])
            for number in found:
                claimed[number] = 1
            taken[layer] = found
        return taken

    def point(self, match: RuleMatch) -> Taken:
        """The match's versions with 0 bytes each, and no claim on any of them."""
        groups = by_layer(self._filesystem, match.versions)
        return {layer: dict.fromkeys(numbers, 0) for layer, numbers in groups}

    def hidden_unclaimed(self, layer: int) -> int:
        """The bytes of a layer's hidden versions that no finding has claimed."""
        filesystem, numbers = self._filesystem, self._filesystem.numbers(layer)
        columns = zip(
            filesystem.layers[layer].changeset.sizes, self._claimed[numbers.start : numbers.stop], strict=True
        )
        hidden = filesystem.fates[numbers.start : numbers.stop].translate(IS_HIDDEN)
        return sum(content_bytes for content_bytes, claimed in compress(columns, hidden) if not claimed)

    def _all_claimed(self, carrier: int, together: frozenset[int]) -> bool:
        return all(link in together or self._claimed[link] for link in self._links[carrier])


def by_layer(filesystem: Filesystem, versions: Iterable[int]) -> Iterator[tuple[int, list[int]]]:
    """Numbers of versions in order, each layer's together."""
    ordered = sorted(set(versions))
    position = 0
    while position < len(ordered):
        layer = filesystem.layer_of(ordered[position])
        end = bisect_left(ordered, filesystem.numbers(layer).stop, position)
        yield layer, ordered[position:end]
        position = end
