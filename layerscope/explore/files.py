"""The pane to browse directories, as in ncdu and dive: one at a time, the biggest entries first."""

from typing import ClassVar, TypeAlias

from msgspec.structs import replace
from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Input, Static

from layerscope.analysis.browse import Browser, Item, Order
from layerscope.analysis.listings.files import FileQuery
from layerscope.explore.details import of_directory, of_file
from layerscope.explore.pane import MOST, Pane, Table, cut
from layerscope.render.escape import printable
from layerscope.render.units import Units

_BAR, _FILES, _RECLAIMABLE = 10, 9, "RECLAIMABLE"
_WILD = frozenset("*?[")
_ALL = "files of the final image"

Spot: TypeAlias = tuple[str, int | None]
"""Path and number of an item; a directory has no number, and may share its path with a hidden file."""


class FilesPane(Pane):
    """The files of the final image, of one layer or of one package, or all hidden files."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("right", "open", "Open"),
        Binding("left,backspace", "up", "Up"),
        Binding("s", "order", "Sort"),
        Binding("h", "hidden", "Hidden"),
        Binding("slash", "filter", "Filter"),
        Binding("escape", "leave", "All files"),
    ]

    def __init__(self, browser: Browser, units: Units) -> None:
        super().__init__()
        self._browser = browser
        self._units = units
        self._number_width = max(8, len(units(10**12 - 1)))  # Wide enough for all digits of --units bytes.
        self._reclaimable_width = max(len(_RECLAIMABLE), self._number_width)
        self._query = FileQuery()
        self._what = _ALL
        self._directory = ""
        self._order = Order.SIZE
        self._items: list[Item] = []
        self._rows: dict[str, int] = {}  # Where the cursor was in the directories above.

    def compose(self) -> ComposeResult:
        yield Static(id="where", classes="where", markup=False)
        table = Table()
        wide = self._number_width
        for label, width in (
            ("SIZE", wide),
            ("", _BAR),
            (_RECLAIMABLE, self._reclaimable_width),
            ("FILES", _FILES),
            ("NAME", None),
        ):
            table.add_column(label.rjust(width or 0), width=width)
        yield table
        yield Input(placeholder="part of a path, or a pattern such as *.pyc", id="filter")

    def on_mount(self) -> None:
        self.query_one(Input).display = False
        self._fill()

    def show(self, query: FileQuery, what: str, at: Spot = ("/", None)) -> None:
        """Show the files of a query: the directory of ``at``, with the cursor on it."""
        self._query, self._what, self._directory = query, what, at[0].rpartition("/")[0]
        self._rows.clear()
        self._fill(at)
        self.query_one(Table).focus()

    def action_open(self) -> None:
        item = self._current()
        if item is not None and item.number is None:
            self._rows[self._directory] = self.query_one(Table).cursor_row
            self._directory = item.path
            self._fill()

    def action_up(self) -> None:
        if self._directory:
            left = self._directory
            self._directory = left.rpartition("/")[0]
            self._fill((left, None))

    def action_order(self) -> None:
        orders = list(Order)
        self._order = orders[(orders.index(self._order) + 1) % len(orders)]
        self._rows.clear()
        item = self._current()
        self._fill((item.path, item.number) if item is not None else None)

    def action_hidden(self) -> None:
        if self._query.hidden:
            self.show(FileQuery(), _ALL)
        else:
            self.show(FileQuery(hidden=True), "hidden files (shipped, but deleted or replaced by a later layer)")

    def action_leave(self) -> None:
        """Close the filter if it is open, else show all files again."""
        if self.query_one(Input).has_focus:
            self.query_one(Table).focus()
        else:
            self.show(FileQuery(), _ALL)

    def action_filter(self) -> None:
        field = self.query_one(Input)
        field.display = True
        field.value = self._query.pattern
        field.focus()

    def on_input_blurred(self) -> None:
        self.query_one(Input).display = False

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Filter by what was typed; an empty filter shows every file."""
        text = event.value.strip()
        pattern = text if not text or not _WILD.isdisjoint(text) else f"*{text}*"
        self.show(replace(self._query, pattern=pattern), self._what)

    def on_data_table_row_selected(self) -> None:
        self.action_open()

    def details(self) -> list[str]:
        item = self._current()
        if item is None:
            return ["empty"]
        if item.number is None:
            return list(of_directory(item, self._units))
        return list(of_file(item.path, self._browser.facts(item.number), self._units))

    def _current(self) -> Item | None:
        row = self.query_one(Table).cursor_row
        return self._items[row] if 0 <= row < len(self._items) else None

    def _fill(self, at: Spot | None = None) -> None:
        """List the directory; the cursor goes to ``at``, else to where it was."""
        table, units = self.query_one(Table), self._units
        found = self._browser.items(self._query, self._directory, self._order)
        self._items = found[:MOST]
        table.clear()
        biggest = max((item.content_bytes for item in self._items), default=0) or 1
        for item in self._items:
            reclaimable = units(item.reclaimable_bytes) if item.reclaimable_bytes else ""
            name = printable(item.name or "/") + ("/" if item.number is None else "")
            table.add_row(
                Text(units(item.content_bytes).rjust(self._number_width)),
                Text("━" * round(_BAR * item.content_bytes / biggest), style="cyan"),
                Text(reclaimable.rjust(self._reclaimable_width), style="yellow"),
                Text((f"{item.files:,}" if item.number is None else "").rjust(_FILES)),
                Text(name, style="bold" if item.number is None else ""),
            )
        rows = [(item.path, item.number) for item in self._items]
        row = rows.index(at) if at in rows else self._rows.get(self._directory, 0)
        table.move_cursor(row=row)
        self.query_one("#where", Static).update(self._caption(len(found)))
        self.post_details()

    def _caption(self, count: int) -> str:
        pattern = f" matching {printable(self._query.pattern)}" if self._query.pattern else ""
        shown = f"; {cut(count)}" if cut(count) else ""
        return f"{printable(self._directory or '/')}   {self._what}{pattern}, by {self._order.value}{shown}"
