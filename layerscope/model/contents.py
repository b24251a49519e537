"""How the steps after reading get at the contents of a layer's files."""

from typing import Protocol


class Contents(Protocol):
    """The contents of one layer's regular files, by entry index."""

    def read(self, index: int, start: int = 0, length: int | None = None) -> bytes | None:
        """Bytes of a file from ``start`` on, at most ``length`` of them; None where they were not kept.

        A layer that had to be decompressed keeps only what was asked for before it was read; without ``length`` it
        gives as much from ``start`` on as it kept of the file's head.
        Raises Damaged when the archive ends early.
        """

    def fingerprint(self, index: int) -> bytes | None:
        """A digest of the whole file, equal for equal contents within one run; None where it is not known."""


class NoContents:
    """The contents of a layer that could not be read."""

    def read(self, index: int, start: int = 0, length: int | None = None) -> bytes | None:
        return None

    def fingerprint(self, index: int) -> bytes | None:
        return None
