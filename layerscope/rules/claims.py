"""Who has claimed which version: the first that asked."""

from layerscope.filesystem.tree import Filesystem
from layerscope.model.entry import Fate, Kind
from layerscope.rules.rule import Leak


class Claims:
    """The versions that findings have claimed so far, marked by 1 in ``claimed``."""

    def __init__(self, filesystem: Filesystem, claimed: bytearray) -> None:
        self._filesystem = filesystem
        self._claimed = claimed
        self._links = _live_links(filesystem)

    def take(self, leak: Leak) -> dict[int, int]:
        """Claim what nobody has claimed before; gives each version with the bytes that it would win back.

        Directories are left out, since they hold no bytes and their files stand for them. So is a file whose bytes
        a hardlink keeps alive that is not part of the leak: removing one name of it would win nothing. But a leak
        with a place points at what the file says, so there it is shown, with 0 bytes.
        """
        filesystem, claimed = self._filesystem, self._claimed
        together = frozenset(leak.versions) if self._links else frozenset()
        savings = dict(zip(leak.versions, leak.savings, strict=True)) if leak.savings is not None else {}
        taken: dict[int, int] = {}
        for number in leak.versions:
            layer, index = filesystem.place(number)
            changeset = filesystem.layers[layer].changeset
            kind = changeset.kinds[index]
            if claimed[number] or kind == Kind.DIRECTORY or kind >= Kind.WHITEOUT:
                continue
            if number in self._links and not self._all_claimed(number, together):
                if leak.place:
                    claimed[number], taken[number] = 1, 0
                continue
            claimed[number] = 1
            content_bytes = changeset.sizes[index]
            is_part = number in savings and filesystem.fates[number] == Fate.LIVE
            taken[number] = min(savings[number], content_bytes) if is_part else content_bytes
        return taken

    def hidden_unclaimed(self, layer: int) -> int:
        """The bytes of a layer's hidden versions that nobody has claimed."""
        filesystem, claimed = self._filesystem, self._claimed
        numbers = filesystem.numbers(layer)
        fates, sizes = filesystem.fates, filesystem.layers[layer].changeset.sizes
        return sum(
            sizes[number - numbers.start]
            for number in numbers
            if Fate.LIVE != fates[number] != Fate.MARKER and not claimed[number]
        )

    def _all_claimed(self, carrier: int, together: frozenset[int]) -> bool:
        return all(link in together or self._claimed[link] for link in self._links[carrier])


def _live_links(filesystem: Filesystem) -> dict[int, list[int]]:
    """For each version that carries the bytes of live hardlinks, those hardlinks."""
    found: dict[int, list[int]] = {}
    for layer in filesystem.layers:
        start = filesystem.numbers(layer.index).start
        for index in layer.changeset.links:
            number = start + index
            if layer.changeset.kinds[index] == Kind.HARDLINK and filesystem.fates[number] == Fate.LIVE:
                carrier = filesystem.carrier(number)
                if carrier != number:
                    found.setdefault(carrier, []).append(number)
    return found
