"""What one run of the catalogers shares: the file system, and how much may be read and visited on account of records.

A million hardlinks to one archive, or a million records that all name one large directory, cost an archive little. So
every content that a cataloger reads, and every directory that it walks, is paid for here.
"""

from layerscope.errors import LimitExceeded
from layerscope.filesystem.tree import Filesystem
from layerscope.model.entry import Kind
from layerscope.model.limits import GIB, MIB
from layerscope.packages.ranged import ReadRange, ranges_through

_LEAST_BYTES, _BYTES_A_BYTE, _MOST_BYTES = 32 * MIB, 4, 2 * GIB
_A_READ = 256
"""Bytes that every read counts besides what it gives."""
A_LINE = 64
"""Bytes that a line of a text counts besides its own: many short ones take longer than few long ones."""
_LEAST_VISITS, _VISITS_AN_ENTRY = 100_000, 20


class Context:
    """One run over one file system; ``last_read`` is the version that was read last, which a failure is blamed on."""

    def __init__(self, filesystem: Filesystem) -> None:
        self.filesystem = filesystem
        self.last_read: int | None = None
        tar_bytes = sum(layer.tar_bytes for layer in filesystem.layers)
        self._bytes = self._most = min(_LEAST_BYTES + _BYTES_A_BYTE * tar_bytes, _MOST_BYTES)
        self._visits = _LEAST_VISITS + _VISITS_AN_ENTRY * len(filesystem)

    def spend(self, count: int) -> None:
        """Count bytes that were read, or that came out of an archive; raises LimitExceeded beyond what there is."""
        self._bytes -= count
        if self._bytes < 0:
            raise LimitExceeded(f"the records of packages hold more than {self._most:,} bytes to read")

    def read(self, number: int, start: int = 0, length: int | None = None) -> bytes | None:
        """Content of a file, as ``Filesystem.read`` gives it; raises LimitExceeded where too much was read before."""
        self.last_read = number
        data = self.filesystem.read(number, start, length)
        self.spend(_A_READ + len(data or b""))
        return data

    def ranges(self, number: int) -> tuple[ReadRange, int]:
        """A reader of a file's ranges, and the file's length."""
        return ranges_through(self.read, self.filesystem, number)

    def in_tree(self, directory: str, *, without: str = "") -> list[int]:
        """Live files and links below a directory, but for its own child named ``without`` and what lies in that.

        Raises LimitExceeded where the same directories are asked for again and again.
        """
        children, kinds, directory_kind = self.filesystem.children, self.filesystem.kinds, Kind.DIRECTORY
        found, todo = list[int](), [directory]
        while todo:
            current = todo.pop()
            numbers = children.get(current, ())
            self._visit(1 + len(numbers))
            found += [number for number in numbers if kinds[number] != directory_kind]
            todo += self.filesystem.subdirectories.get(current, ())
            if without and current == directory and f"{directory}/{without}" in todo:
                todo.remove(f"{directory}/{without}")
        return found

    def subdirectories(self, directory: str) -> list[str]:
        """The directories in a directory that hold anything, with or without an entry of their own."""
        found = self.filesystem.subdirectories.get(directory, [])
        self._visit(1 + len(found))
        return found

    def _visit(self, count: int) -> None:
        self._visits -= count
        if self._visits < 0:
            raise LimitExceeded("the records of packages name the same directories again and again")
