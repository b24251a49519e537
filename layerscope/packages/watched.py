"""A file system that remembers what was read last, so that a failure can be blamed on a file."""

from layerscope.filesystem.tree import Filesystem


class Watched(Filesystem):
    """The same file system; nothing is copied but references."""

    def __init__(self, filesystem: Filesystem) -> None:
        # The base class would lay the layers over each other once more.
        self.__dict__.update(filesystem.__dict__)
        self._watched = filesystem
        self._last: int | None = None

    def read(self, number: int, start: int = 0, length: int | None = None) -> bytes | None:
        self._last = number
        return super().read(number, start, length)

    @property
    def children(self) -> dict[str, list[int]]:
        return self._watched.children

    @property
    def last_read(self) -> str:
        """The path of the file that was read last, empty before the first."""
        return "" if self._last is None else self.path_of(self._last)

    def forget(self) -> None:
        """Begin anew."""
        self._last = None
