"""What every pane has: a table, and details of the row under the cursor."""

from typing import ClassVar

from rich.text import Text
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.message import Message
from textual.widgets import DataTable

MOST = 2_000
"""Rows of one table; a longer one is slow to fill, and nobody reads it."""
_OWN_KEYS = frozenset(("left", "right", "home", "end"))


class RowDetails(Message):
    """The details of a row; the first line names it."""

    def __init__(self, lines: list[str]) -> None:
        super().__init__()
        self.lines = lines


class Table(DataTable[Text], inherit_bindings=False):
    """A table whose cursor is a whole row; left and right are free for the pane around it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        *(one for one in DataTable.BINDINGS if isinstance(one, Binding) and one.key not in _OWN_KEYS),
        Binding("home", "scroll_top", show=False),
        Binding("end", "scroll_bottom", show=False),
    ]

    def __init__(self) -> None:
        super().__init__(cursor_type="row")


def cut(count: int) -> str:
    """What to say above a table that does not show all of ``count`` rows; empty where it does."""
    return f"the first {MOST:,} of {count:,} are listed" if count > MOST else ""


class Pane(Vertical):
    """A pane that posts the details of its row whenever the cursor moves, but only while it has the focus."""

    def details(self) -> list[str]:
        """The details of the current row."""
        raise NotImplementedError

    def post_details(self) -> None:
        if self.query_one(Table).has_focus:
            self.post_message(RowDetails(self.details()))

    def on_descendant_focus(self) -> None:
        self.post_details()

    def on_data_table_row_highlighted(self) -> None:
        self.post_details()
