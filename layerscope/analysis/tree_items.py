"""The rows of a tree of files, and the sums that they show."""

from enum import StrEnum

from msgspec import Struct

from layerscope.model.change import Change

Key = int | str
"""A row of a tree: the version of a file, or the path of a directory."""


class Order(StrEnum):
    """The order of the rows of a directory."""

    RECLAIMABLE = "reclaimable"
    SIZE = "size"
    NAME = "name"


class Sums(Struct):
    """Sums over all that is listed below a directory; ``changed`` are the files that are not unmodified.

    ``added`` and ``removed`` are some of them.
    """

    content_bytes: int = 0
    hidden_bytes: int = 0
    reclaimable_bytes: int = 0
    files: int = 0
    changed: int = 0
    added: int = 0
    removed: int = 0

    def add(self, other: "Sums") -> None:
        """Add what a directory below holds."""
        self.content_bytes += other.content_bytes
        self.hidden_bytes += other.hidden_bytes
        self.reclaimable_bytes += other.reclaimable_bytes
        self.files += other.files
        self.changed += other.changed
        self.added += other.added
        self.removed += other.removed


class Item(Struct, frozen=True, kw_only=True):
    """A row of a tree with the bytes at or below it.

    ``hidden_bytes`` are those of versions that the layers of the tree removed or replaced, ``reclaimable_bytes`` the
    own bytes that findings other than trades claim. ``number`` is the version, None for a directory without an entry.
    """

    name: str
    path: str
    change: Change
    is_directory: bool
    content_bytes: int
    hidden_bytes: int
    reclaimable_bytes: int
    files: int = 1
    number: int | None = None
