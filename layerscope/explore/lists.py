"""The lists of steps, findings, packages and stages: their columns, their orders, and the files that they lead to."""

import re
from collections.abc import Callable, Sequence
from typing import Any, ClassVar

from msgspec import Struct
from rich.style import Style
from rich.text import Text
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.message import Message
from textual.widgets import Static

from layerscope.explore.filter_pane import FilterPane
from layerscope.explore.keys import LISTS, bindings
from layerscope.explore.rows import Rows
from layerscope.explore.style import NOTICE, SOFT, STRONG, columns
from layerscope.render.escape import printable

Cell = tuple[str, Style]


class Column(Struct, frozen=True):
    """A column: its label, and whether it is aligned at the right; the last one of a table takes the rest."""

    label: str
    at_right: bool = False


class Table(Struct, frozen=True, kw_only=True):
    """What a list shows: its values, their cells, and the orders that they can be in, the first one by default.

    A value is a place in the report, from 0 on.
    """

    name: str
    columns: tuple[Column, ...]
    values: Sequence[int]
    cells: Callable[[int], Sequence[Cell]]
    details: Callable[[int], list[str]]
    orders: tuple[tuple[str, Callable[[int], Any]], ...]
    nothing: str


class TableRows(Rows):
    """The rows of a table."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings(LISTS)]

    class Asked(Message):
        """Something is wanted for a value: what the action is called."""

        def __init__(self, table: str, action: str, value: int) -> None:
            super().__init__()
            self.table = table
            self.action = action
            self.value = value

    def __init__(self, table: Table) -> None:
        super().__init__(id=f"{table.name}-rows")
        self.table = table
        self.order = 0
        self.pattern = ""
        self.values: list[int] = []
        self._widths = [0] * (len(table.columns) - 1)
        self.refill()

    @property
    def value(self) -> int | None:
        """The value under the cursor."""
        return self.values[self.cursor] if self.cursor < len(self.values) else None

    def refill(self) -> None:
        """Select and sort the values again."""
        current = self.value
        matches = re.compile(self.pattern, re.IGNORECASE).search if self.pattern else None
        chosen = [one for one in self.table.values if matches is None or matches(self._text(one))]
        self.values = sorted(chosen, key=self.table.orders[self.order][1])
        self.cursor = self.values.index(current) if current in self.values else 0
        rows = [self.table.cells(one) for one in self.values[:1000]]
        for place, column in enumerate(self.table.columns[:-1]):
            width = max((len(row[place][0]) for row in rows), default=0)
            width = max(width, len(column.label))
            self._widths[place] = width if column.at_right else -width

    def count(self) -> int:
        return len(self.values)

    def empty(self) -> str:
        return "nothing matches" if self.pattern else self.table.nothing

    def heading(self) -> Text:
        labels = [one.label for one in self.table.columns]
        cells = ((label, width, SOFT) for label, width in zip(labels, self._widths, strict=False))
        return columns(*cells) + Text(labels[-1], SOFT)

    def row(self, index: int) -> tuple[Text, Text]:
        *fixed, last = self.table.cells(self.values[index])
        cells = ((text[: abs(width)], width, style) for (text, style), width in zip(fixed, self._widths, strict=True))
        return columns(*cells), Text(last[0], last[1], no_wrap=True)

    def action_enter(self) -> None:
        self._ask("enter")

    def action_files(self) -> None:
        self._ask("files")

    def action_to_layer(self) -> None:
        self._ask("layer")

    def action_line(self) -> None:
        self._ask("line")

    def action_filter(self) -> None:
        self.post_message(self.Asked(self.table.name, "filter", -1))

    def action_order(self) -> None:
        self.order = (self.order + 1) % len(self.table.orders)
        self.refill()
        self.redraw()

    def _ask(self, action: str) -> None:
        if self.value is not None:
            self.post_message(self.Asked(self.table.name, action, self.value))

    def _text(self, value: int) -> str:
        return " ".join(text for text, _ in self.table.cells(value))


class ListPane(FilterPane):
    """A table with a line above that says how it is sorted, and a filter below."""

    def __init__(self, table: Table) -> None:
        super().__init__(id=table.name)
        self.rows: TableRows = TableRows(table)

    def compose(self) -> ComposeResult:
        yield Static(classes="title", markup=False)
        yield self.rows
        yield self.field()

    def details(self) -> list[str]:
        """The details of the row under the cursor."""
        value = self.rows.value
        return self.rows.table.details(value) if value is not None else [self.rows.empty()]

    def select(self, value: int) -> None:
        """Put the cursor on a value."""
        if value not in self.rows.values:
            self.clear()
        self.rows.redraw(self.rows.values.index(value))

    def apply(self) -> None:
        self.rows.pattern = self.pattern
        self.rows.refill()
        self.rows.redraw()

    def caption(self) -> None:
        rows = self.rows
        shown = f"{rows.cursor + 1:,} of {len(rows.values):,}" if rows.values else "0"
        text = Text(no_wrap=True, overflow="ellipsis").append(shown, STRONG)
        if rows.values:
            text.append(f", by {rows.table.orders[rows.order][0]}", SOFT)
        if self.pattern:
            text.append(f"  matching {printable(self.pattern)}", NOTICE)
        if self.problem:
            text = Text(self.problem, NOTICE, no_wrap=True, overflow="ellipsis")
        self.query_one(".title", Static).update(text, layout=False)
