"""The lowest layer that has each path, and all paths below a directory, without a pass over all layers each time."""

from bisect import bisect_left
from collections.abc import Iterator, Sequence

from layerscope.model.entry import Kind
from layerscope.model.image import Layer


class PathLayers:
    """``lowest`` maps each path to the lowest layer that has it, ``files`` to the lowest that has it as a file.

    Whatever is no directory counts as a file, markers among them.
    """

    def __init__(self, layers: Sequence[Layer]) -> None:
        directory = Kind.DIRECTORY
        self.lowest: dict[str, int] = {}
        self.files: dict[str, int] = {}
        for index, layer in enumerate(layers):
            for path, kind in zip(layer.changeset.paths, layer.changeset.kinds, strict=True):
                self.lowest.setdefault(path, index)
                if kind != directory:
                    self.files.setdefault(path, index)
        self._sorted = sorted(self.lowest)

    def below(self, directory: str) -> Iterator[str]:
        """The paths below a directory, in their order."""
        prefix, paths = f"{directory}/", self._sorted
        place = bisect_left(paths, prefix)
        while place < len(paths) and paths[place].startswith(prefix):
            yield paths[place]
            place += 1
