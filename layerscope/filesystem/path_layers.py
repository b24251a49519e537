"""The lowest layer that has each path, and all paths below a directory, without a pass over all layers each time."""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from itertools import compress

from layerscope.model.entry import Kind
from layerscope.model.image import Layer

_IS_FILE = bytes(kind != Kind.DIRECTORY for kind in range(256))


class PathLayers:
    """``lowest`` maps each path to the lowest layer that has it, ``files`` to the lowest that has it as a file.

    Whatever is no directory counts as a file, markers among them.
    """

    def __init__(self, layers: Sequence[Layer]) -> None:
        self.lowest: dict[str, int] = {}
        self.files: dict[str, int] = {}
        for index in reversed(range(len(layers))):
            paths, kinds = layers[index].changeset.paths, layers[index].changeset.kinds
            self.lowest.update(dict.fromkeys(paths, index))
            self.files.update(dict.fromkeys(compress(paths, kinds.translate(_IS_FILE)), index))
        self._sorted = sorted(self.lowest)

    def below(self, directory: str) -> Iterator[str]:
        """The paths below a directory, in their order."""
        prefix, paths = f"{directory}/", self._sorted
        place = bisect_left(paths, prefix)
        while place < len(paths) and paths[place].startswith(prefix):
            yield paths[place]
            place += 1
