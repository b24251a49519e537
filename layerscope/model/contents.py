"""How the steps after reading get at the contents of a layer's files."""

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Protocol, TypeAlias

from layerscope.errors import ArchiveError

Piece: TypeAlias = memoryview | int
"""The next bytes of a file, valid until the next piece is asked for, or the length of a hole of zeros."""


class Contents(Protocol):
    """The contents of one layer's regular files, by entry index."""

    def read(self, index: int, start: int = 0, length: int | None = None) -> bytes | None:
        """Bytes of a file from ``start`` on, at most ``length`` of them; None where they were not kept.

        Only what was asked for before the layer was read is given, whatever its form (see Wanted); without ``length``,
        as much from ``start`` on as was kept of the file's head. Raises Damaged when the archive ends early.
        """

    def peek(self, index: int, start: int, length: int) -> bytes | None:
        """The same where more may be at hand, for questions that ``fingerprint`` answers otherwise."""

    def search(self, indexes: Iterable[int], text: "re.Pattern[bytes]") -> Iterator[tuple[int, bytes]]:
        """The small files among these, in the order of the tar, in which the expression is found, with their contents.

        The expression is ``holding`` of a Wanted that fits the files.
        """

    def fingerprint(self, index: int) -> bytes | None:
        """A digest of the whole file, equal for equal contents within one run; None where it is not known."""

    def stream(self, indexes: Sequence[int]) -> Iterator[tuple[int, Iterator[Piece]]]:
        """Whole contents, however big, in the order of the tar; each file's pieces are taken before the next file.

        A layer that had to be decompressed is decompressed again. Raises ArchiveError where that is not possible, and
        Damaged where the archive is, or was changed meanwhile.
        """


class NoContents:
    """The contents of a layer that could not be read."""

    def read(self, index: int, start: int = 0, length: int | None = None) -> bytes | None:
        return None

    def peek(self, index: int, start: int, length: int) -> bytes | None:
        return None

    def search(self, indexes: Iterable[int], text: "re.Pattern[bytes]") -> Iterator[tuple[int, bytes]]:
        return iter(())

    def fingerprint(self, index: int) -> bytes | None:
        return None

    def stream(self, indexes: Sequence[int]) -> Iterator[tuple[int, Iterator[Piece]]]:
        raise ArchiveError("the layer could not be read")
