"""What became of a path between two states of a file system."""

from enum import IntEnum


class Change(IntEnum):
    """What layers did to a path; only one of them holds for each."""

    UNMODIFIED = 0
    ADDED = 1
    MODIFIED = 2
    """Replaced by other content or another kind of file."""
    METADATA = 3
    """Replaced by a copy with the same content: only mode, owner or time changed."""
    REMOVED = 4


CHANGE_WORDS = ("unmodified", "added", "modified", "metadata only", "removed")
"""What every output calls a change, by its number."""
