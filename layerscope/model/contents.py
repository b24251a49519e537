"""The contents of a layer's files, as the steps after reading see them."""

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Protocol, TypeAlias

from layerscope.errors import ArchiveError

Piece: TypeAlias = memoryview | int
"""The next bytes of a file, valid until the next piece is asked for, or the length of a hole of zeros."""


class Contents(Protocol):
    """The contents of one layer's regular files, by entry index."""

    def read(self, index: int, start: int = 0, length: int | None = None) -> bytes | None:
        """Return at most ``length`` bytes of a file from ``start`` on; None where they were not kept.

        Only what was asked for before the layer was read is kept, whatever its form (see Wanted). Without ``length``,
        return the rest of what was kept of the file's head. Raises Damaged when the archive ends early.
        """

    def peek(self, index: int, start: int, length: int) -> bytes | None:
        """Return the same, also where more than what was asked for is available; else compare by ``fingerprint``."""

    def search(self, indexes: Iterable[int], text: "re.Pattern[bytes]") -> Iterator[tuple[int, bytes]]:
        """Yield the small files in which the expression is found, with their contents, in the order of the tar.

        The expression is ``holding`` of a Wanted that holds the files.
        """

    def fingerprint(self, index: int) -> bytes | None:
        """Return a digest of the whole file, equal for equal contents within one run; None where it is not known."""

    def forget(self) -> None:
        """Let go of what was kept; files can still be compared by ``fingerprint``."""

    def stream(self, indexes: Sequence[int]) -> Iterator[tuple[int, Iterator[Piece]]]:
        """Yield whole files of any size, in the order of the tar; take each file's pieces before the next file.

        A compressed layer is decompressed again. Raises ArchiveError where that is not possible, and Damaged where the
        archive is damaged or was changed in the meantime.
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

    def forget(self) -> None:
        pass

    def stream(self, indexes: Sequence[int]) -> Iterator[tuple[int, Iterator[Piece]]]:
        raise ArchiveError("the layer could not be read")
