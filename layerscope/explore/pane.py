"""What every pane has: a table, and something to say of the row that the cursor is on."""

from typing import ClassVar

from rich.text import Text
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.message import Message
from textual.widgets import DataTable

MOST = 2_000
"""Rows of one table; one of more is slow to fill, and nobody reads it."""
_OWN_KEYS = frozenset(("left", "right", "home", "end"))


class Told(Message):
    """What there is to say of a row; the first line names it."""

    def __init__(self, lines: list[str]) -> None:
        super().__init__()
        self.lines = lines


class Table(DataTable[Text], inherit_bindings=False):
    """A table of which whole rows are pointed at; left and right are for whoever holds it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        *(one for one in DataTable.BINDINGS if isinstance(one, Binding) and one.key not in _OWN_KEYS),
        Binding("home", "scroll_top", show=False),
        Binding("end", "scroll_bottom", show=False),
    ]

    def __init__(self) -> None:
        super().__init__(cursor_type="row")


def cut(count: int) -> str:
    """What is said of a table that has not all ``count`` rows; empty where it has."""
    return f"the first {MOST:,} of {count:,} are listed" if count > MOST else ""


class Pane(Vertical):
    """A pane tells of its row whenever the cursor moves, or comes back to it; never while another one is in use."""

    def lines(self) -> list[str]:
        """What there is to say now."""
        raise NotImplementedError

    def tell(self) -> None:
        if self.query_one(Table).has_focus:
            self.post_message(Told(self.lines()))

    def on_descendant_focus(self) -> None:
        self.tell()

    def on_data_table_row_highlighted(self) -> None:
        self.tell()
