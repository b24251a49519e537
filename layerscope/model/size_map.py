"""Where the bytes of all layers are, added up so that a page can draw them in any order."""

from enum import IntEnum

from msgspec import Struct

NONE, OTHER = -1, -2
"""Indexes of a cell that stands for nothing of a kind, and of one for what is too small to have one of its own."""


class State(IntEnum):
    """What is known of bytes: the base image's, own ones, reclaimable ones, or those of a trade."""

    BASE = 0
    OWN = 1
    RECLAIMABLE = 2
    TRADE = 3


class SizeCell(Struct, frozen=True, array_like=True, gc=False):
    """Bytes and files that have everything in common.

    ``node`` is the file or directory, ``layer``, ``package``, ``finding`` and ``stage`` are places in the report.
    ``hidden`` ones are not in the final file system.
    """

    node: int
    layer: int
    package: int
    finding: int
    stage: int
    state: State
    hidden: bool
    content_bytes: int
    files: int


class SizeMap(Struct, frozen=True, kw_only=True):
    """The tree of the biggest files and directories, and cells that add up to the content bytes of all layers.

    ``names`` are path components, those of directories with a slash at the end; the first is the root. ``parents`` are
    places in ``names``, each before its children. A cell of a directory stands for smaller files in and below it.
    """

    names: tuple[str, ...]
    parents: tuple[int, ...]
    cells: tuple[SizeCell, ...]
