"""A list of any length with a cursor: only the rows on the screen are made, and only they are drawn."""

from collections.abc import Sequence
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from rich.text import Text
from textual import events
from textual.binding import BindingType
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from layerscope.explore.keys import MOVING, bindings

_WHEEL = 3
_FOCUSED, _UNFOCUSED = Style(reverse=True), Style(bold=True, underline=True)


class Rows(Widget, can_focus=True):
    """Rows that a subclass makes on demand; ``cursor`` is the current one, ``top`` the first on the screen."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings(MOVING)]
    DEFAULT_CSS = """
    Rows { height: 1fr; }
    """

    class Moved(Message):
        """The cursor is on another row, or the row is another one."""

        def __init__(self, rows: "Rows") -> None:
            super().__init__()
            self.rows = rows

        @property
        def control(self) -> "Rows":
            return self.rows

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.cursor = 0
        self.top = 0
        self.is_wrapped = False
        self._drawn: list[Strip] = []

    def count(self) -> int:
        """How many rows there are."""
        raise NotImplementedError

    def heading(self) -> Text | None:
        """The line above the rows, which does not scroll."""
        return None

    def row(self, index: int) -> tuple[Text, Text]:
        """One row: columns of a fixed width, and a text that is cut or wrapped."""
        raise NotImplementedError

    def empty(self) -> str:
        """What is shown where there is no row."""
        return "empty"

    def redraw(self, cursor: int | None = None) -> None:
        """Draw again after the rows have changed, with the cursor on a row that exists."""
        self.cursor = max(0, min(self.cursor if cursor is None else cursor, self.count() - 1))
        self._show_cursor()
        self.post_message(self.Moved(self))

    def action_move(self, by: int) -> None:
        self.redraw(self.cursor + by)

    def action_page(self, by: int) -> None:
        self.redraw(self.cursor + by * max(1, self._room() - 1))

    def action_first(self) -> None:
        self.redraw(0)

    def action_last(self) -> None:
        self.redraw(self.count() - 1)

    def action_wrap(self) -> None:
        self.is_wrapped = not self.is_wrapped
        self.redraw()

    def on_resize(self) -> None:
        self._show_cursor()

    def on_focus(self) -> None:
        self._show_cursor()

    def on_blur(self) -> None:
        self._show_cursor()

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        event.stop()
        self.redraw(self.cursor + _WHEEL)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        event.stop()
        self.redraw(self.cursor - _WHEEL)

    def on_click(self, event: events.Click) -> None:
        self.focus()
        line = event.y - (self.heading() is not None)
        for index in range(self.top, self.count()):
            line -= len(self._lines(index))
            if line < 0:
                self.redraw(index)
                return

    def render_line(self, y: int) -> Strip:
        if not self._drawn:
            self._drawn = self._draw()
        return self._drawn[y] if y < len(self._drawn) else Strip.blank(self.size.width)

    def _room(self) -> int:
        return max(1, self.size.height - (self.heading() is not None))

    def _show_cursor(self) -> None:
        """Scroll no further than is needed to show the whole row of the cursor."""
        room = self._room()
        self.top = max(0, min(self.top, self.cursor))
        if not self.is_wrapped:
            self.top = max(self.top, self.cursor - room + 1)
            self.top = max(0, min(self.top, self.count() - room))
        else:
            used, first = 0, self.cursor
            while first >= self.top and (used := used + len(self._lines(first))) <= room:
                first -= 1
            self.top = max(self.top, min(first + 1, self.cursor))
        self._drawn = []
        self.refresh()

    def _draw(self) -> list[Strip]:
        """The lines on the screen."""
        heading = self.heading()
        lines = [] if heading is None else [self._strip(heading, None)]
        if not self.count():
            return [*lines, self._strip(Text().append(self.empty(), "dim"), None)]
        for index in range(self.top, self.count()):
            if len(lines) >= self.size.height:
                break
            style = (_FOCUSED if self.has_focus else _UNFOCUSED) if index == self.cursor else None
            lines += [self._strip(line, style) for line in self._lines(index)]
        return lines

    def _lines(self, index: int) -> Sequence[Text]:
        """A row as one line that may be cut, or as several."""
        columns, text = self.row(index)
        room = max(1, self.size.width - columns.cell_len)
        if not self.is_wrapped or text.cell_len <= room:
            text.truncate(room, overflow="ellipsis")
            return [columns + text]
        first, *others = text.wrap(self.app.console, room, no_wrap=False, overflow="fold")
        blank = Text(" " * columns.cell_len)
        return [columns + first, *(blank + other for other in others)]

    def _strip(self, text: Text, style: Style | None) -> Strip:
        width = self.size.width
        segments: list[Segment] = [one for one in text.render(self.app.console) if one.text]
        strip = Strip(segments).adjust_cell_length(width)
        # One look for the whole row: colours of its own would not be legible on each terminal.
        return strip if style is None else Strip([Segment(strip.text, style)], width)
