"""A table before it is rendered: columns and raw values."""

from collections.abc import Iterable

from msgspec import Struct

TEXT_KINDS = frozenset({"text", "severity"})
"""Kinds of columns that are aligned at the left, and may be cut."""


class Column(Struct, frozen=True, kw_only=True):
    """``name`` is the key in JSON and CSV, ``header`` the title in a table.

    ``kind`` is ``text``, ``severity``, ``bytes`` or ``number``. A column that is not ``shown`` is in the data formats
    only. Where a table is too wide, columns with a ``rank`` are left out, the highest first.
    """

    name: str
    header: str = ""
    kind: str = "text"
    shown: bool = True
    rank: int = 0


class Rows(Struct, frozen=True, kw_only=True):
    """Rows of raw values (str, int, None or a tuple of them), one for each column.

    ``rows`` may be an iterator, and is then consumed by rendering it. ``left_out`` counts those beyond the limit that
    the user set. ``nothing`` is what a table says where there is none.
    """

    columns: tuple[Column, ...]
    rows: Iterable[tuple[object, ...]]
    left_out: int = 0
    nothing: str = "nothing to list"


def beyond(count: int, top: int) -> int:
    """How many of ``count`` rows a limit leaves out; 0 is no limit."""
    return max(0, count - top) if top else 0


def row(columns: Iterable[Column], item: object, **derived: object) -> tuple[object, ...]:
    """Return the values of a row: those that are given by the name of their column, else the attributes of an item."""
    return tuple(derived[one.name] if one.name in derived else getattr(item, one.name) for one in columns)
