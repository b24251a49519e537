"""A listing before it is rendered: columns and raw values."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """``name`` is the key in JSON and CSV, ``header`` the title in a table.

    ``kind`` is ``text``, ``bytes`` or ``number``. A column that is not ``shown`` is in the data formats only.
    """

    name: str
    header: str = ""
    kind: str = "text"
    shown: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """Rows of raw values (str, int, None or a tuple of them), one for each column."""

    columns: tuple[Column, ...]
    rows: tuple[tuple[object, ...], ...]
