"""The box with the details of the current row, which is scrolled where it has the focus."""

from collections.abc import Sequence
from typing import ClassVar

from rich.style import Style
from rich.text import Text
from textual.binding import BindingType
from textual.strip import Strip
from textual.widget import Widget

from layerscope.explore.keys import SCROLLING, bindings
from layerscope.explore.style import SOFT, STRONG

_MORE = " ↓ more (Tab)"


class DetailsBox(Widget, can_focus=True):
    """Lines that are wrapped, the first one bold; it takes the focus only where not all of them are seen."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings(SCROLLING)]

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self.lines: Sequence[str] = ()
        self._wrapped: list[Text] = []
        self._top = 0

    def show(self, lines: Sequence[str]) -> None:
        """Show other lines, from their beginning."""
        if list(lines) != list(self.lines):
            self.lines, self._top = list(lines), 0
            self._wrap()

    def allow_focus(self) -> bool:
        return super().allow_focus() and len(self._wrapped) > self.size.height

    def on_resize(self) -> None:
        self._wrap()

    def action_scroll_by(self, by: int) -> None:
        """Scroll by some lines; a page for what is more than the box has."""
        page = max(1, self.size.height - 1)
        self._top += by if abs(by) == 1 else page if by > 0 else -page
        self._limit()

    def action_scroll_to(self, line: int) -> None:
        """Scroll to a line, counted from the end where it is negative."""
        self._top = line if line >= 0 else len(self._wrapped)
        self._limit()

    def render_line(self, y: int) -> Strip:
        width, place = self.size.width, self._top + y
        if place >= len(self._wrapped):
            return Strip.blank(width)
        text = self._wrapped[place].copy()
        is_last = y == self.size.height - 1 and place + 1 < len(self._wrapped)
        if is_last:  # What is below is announced on the last line, in place of its end.
            text.truncate(max(0, width - len(_MORE)), pad=True)
            text.append(_MORE, SOFT)
        segments = [one for one in text.render(self.app.console) if one.text]
        return Strip(segments).adjust_cell_length(width, Style())

    def _wrap(self) -> None:
        console, width = self.app.console, max(1, self.size.width)
        self._wrapped = []
        for number, line in enumerate(self.lines):
            text = Text().append(line, Style() if number else STRONG)  # A style without a span is not rendered.
            self._wrapped += text.wrap(console, width, overflow="fold")
        self._limit()

    def _limit(self) -> None:
        self._top = max(0, min(self._top, len(self._wrapped) - self.size.height))
        self.refresh()
