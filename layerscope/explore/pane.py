"""What every pane has: a table, and details of the row under the cursor; and the pane of a plain list."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import ClassVar, Generic, TypeVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.message import Message
from textual.widgets import DataTable, Static

T = TypeVar("T")

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


class ListPane(Pane, Generic[T]):
    """A table with a row for each value, in ``columns`` of a label and whether it is aligned at the right.

    ``describe`` gives the details of a value, ``choose`` goes to its files.
    """

    BINDINGS: ClassVar[list[BindingType]] = [Binding("right", "choose", "Show files")]

    def __init__(
        self,
        columns: Sequence[tuple[str, bool]],
        values: Sequence[T],
        cells: Callable[[T], Iterable[str]],
        describe: Callable[[T], Iterator[str]],
        choose: Callable[[T], None],
    ) -> None:
        super().__init__()
        self._columns = columns
        self._values = values
        self._cells = cells
        self._describe = describe
        self._choose = choose

    def compose(self) -> ComposeResult:
        table = Table()
        rows = [tuple(self._cells(value)) for value in self._values[:MOST]]
        labels = tuple(label for label, _ in self._columns)
        widths = [
            max(map(len, column)) if at_right else 0
            for column, (_, at_right) in zip(zip(labels, *rows, strict=True), self._columns, strict=True)
        ]
        table.add_columns(*map(str.rjust, labels, widths))
        for row in rows:
            table.add_row(*map(Text, map(str.rjust, row, widths)))
        if caption := cut(len(self._values)):
            yield Static(caption, classes="where", markup=False)
        yield table

    def details(self) -> list[str]:
        row = self.query_one(Table).cursor_row
        return list(self._describe(self._values[row])) if row < len(self._values) else ["empty"]

    def action_choose(self) -> None:
        row = self.query_one(Table).cursor_row
        if row < len(self._values):
            self._choose(self._values[row])

    def on_data_table_row_selected(self) -> None:
        self.action_choose()
