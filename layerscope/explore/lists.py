"""The panes that list layers, findings and packages."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import ClassVar, Generic, TypeVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Static

from layerscope.explore.pane import MOST, Pane, Table, cut

T = TypeVar("T")


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
