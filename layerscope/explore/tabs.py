"""The line with all tabs."""

from collections.abc import Sequence

from rich.style import Style
from rich.text import Text
from textual import events
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget


class TabBar(Widget):
    """The tabs on one line: number and title of each; the active one is marked."""

    DEFAULT_CSS = "TabBar { height: 1; }"
    active = reactive("")

    class Clicked(Message):
        """A tab is wanted."""

        def __init__(self, name: str) -> None:
            super().__init__()
            self.name = name

    def __init__(self, tabs: Sequence[tuple[str, str, int]]) -> None:
        super().__init__(id="tabs")
        self._tabs = tabs
        self.active = tabs[0][0]

    def render(self) -> Text:
        text = Text(no_wrap=True, overflow="ellipsis")
        for number, (name, title, count) in enumerate(self._tabs, 1):
            style = Style(reverse=True, bold=True) if name == self.active else Style()
            text.append(self._label(number, title, count), style)
        return text

    def on_click(self, event: events.Click) -> None:
        end = 0
        for number, (name, title, count) in enumerate(self._tabs, 1):
            end += len(self._label(number, title, count))
            if event.x < end:
                self.post_message(self.Clicked(name))
                return

    def _label(self, number: int, title: str, count: int) -> str:
        # The counts are the first to go where there is little room.
        wide = sum(len(f" 1 {title} {count} ") for _, title, count in self._tabs) <= self.size.width
        return f" {number} {title} {count} " if wide else f" {number} {title} "
