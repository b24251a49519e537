"""The final file system of an image as a comparison with another one needs it: a column of numbers, and its layers."""

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterator

from layerscope.filesystem.tree import Filesystem
from layerscope.model.entry import Kind

_FILE = Kind.FILE.value


class LiveFiles:
    """The live versions of an image in the order of their numbers.

    The bytes of a hardlinked file count at one of its names, so that all of them sum to the live bytes. What of the
    contents was kept for the analysis is let go of: it has to be over, and files can still be compared.
    """

    def __init__(self, filesystem: Filesystem) -> None:
        self.layers = filesystem.layers
        self.starts = array("q", [filesystem.numbers(layer).start for layer in range(len(self.layers))])
        self._numbers = array("q", sorted(filesystem.live.values()))
        self._carriers = filesystem.carriers
        self._carried = {link: carrier for carrier, link in filesystem.survivors.items()}
        for layer in self.layers:
            layer.contents.forget()

    def by_layer(self) -> Iterator[tuple[int, int, "array[int]"]]:
        """Each layer with the number of its first version, and its live versions."""
        ends = [*self.starts[1:], None]
        first = 0
        for layer, (start, end) in enumerate(zip(self.starts, ends, strict=True)):
            last = len(self._numbers) if end is None else bisect_left(self._numbers, end)
            yield layer, start, self._numbers[first:last]
            first = last

    def numbers(self) -> dict[str, int]:
        """The version of each path."""
        found: dict[str, int] = {}
        for layer, start, numbers in self.by_layer():
            paths = self.layers[layer].changeset.paths
            found.update((paths[number - start], number) for number in numbers)
        return found

    def files(self) -> Iterator[tuple[str, int]]:
        """The directory and the bytes of each regular file, of a hardlinked one at the name that has them."""
        for layer, start, numbers in self.by_layer():
            changeset = self.layers[layer].changeset
            directories, kinds, sizes = changeset.directories, changeset.kinds, changeset.sizes
            for number in numbers:
                index = number - start
                if kinds[index] == _FILE:
                    yield directories[index], sizes[index]
                elif number in self._carried:
                    yield directories[index], self.length(number)

    def layer_of(self, number: int) -> int:
        return bisect_right(self.starts, number) - 1

    def place(self, number: int) -> tuple[int, int]:
        """A version's layer, and its index among the entries there."""
        layer = self.layer_of(number)
        return layer, number - self.starts[layer]

    def path(self, number: int) -> str:
        layer, index = self.place(number)
        return self.layers[layer].changeset.paths[index]

    def content_bytes(self, number: int) -> int:
        """The bytes at its path: none for a further name of a hardlinked file, nor for what is no file."""
        layer, index = self.place(number)
        changeset = self.layers[layer].changeset
        if changeset.kinds[index] == _FILE:
            return changeset.sizes[index]
        return self.length(number) if number in self._carried else 0

    def length(self, number: int) -> int:
        """The bytes of a regular file or hardlink."""
        layer, index = self.place(self._carriers.get(number, number))
        return self.layers[layer].changeset.sizes[index]

    def fingerprint(self, number: int) -> bytes | None:
        """A digest of a file's content, comparable within one run; None where it is not known."""
        layer, index = self.place(self._carriers.get(number, number))
        return self.layers[layer].contents.fingerprint(index)
