"""A pane with a list and, below it, a field in which a regular expression is typed."""

import re

from textual.containers import Vertical
from textual.message import Message
from textual.widgets import Input

from layerscope.explore.rows import Rows

PROBLEM = "not a regular expression: "


class FilterPane(Vertical):
    """A pane whose rows are filtered while a pattern is typed."""

    rows: Rows
    pattern = ""
    """The pattern in force."""
    problem = ""
    """What is wrong with what was typed."""

    class Changed(Message):
        """The cursor is on another row, or other rows are shown."""

    def field(self) -> Input:
        """The field, to be composed below the rows."""
        return Input(placeholder="regular expression, such as \\.pyc$", compact=True)

    def on_mount(self) -> None:
        field = self.query_one(Input)
        field.display = False
        field.cursor_blink = False
        self.caption()

    @property
    def is_filtering(self) -> bool:
        """Whether a pattern is being typed."""
        return self.query_one(Input).has_focus

    def start_filter(self) -> None:
        """Let a pattern be typed."""
        field = self.query_one(Input)
        field.display = True
        field.focus()

    def clear(self) -> bool:
        """Remove the filter; return whether there was one."""
        field = self.query_one(Input)
        had = bool(self.pattern or field.has_focus)
        field.value, self.problem = "", ""
        if field.display:
            field.display = False
            self.rows.focus()
        self.take("")
        return had

    def take(self, text: str) -> None:
        """Apply what was typed; an expression that is not finished yet changes nothing."""
        try:
            re.compile(text)
        except (re.error, OverflowError, RecursionError) as error:
            self.problem = f"{PROBLEM}{error}"
            self.caption()
            return
        self.problem = ""
        if text != self.pattern:
            self.pattern = text
            self.apply()
        self.caption()

    def apply(self) -> None:
        """Show the rows that match the pattern."""
        raise NotImplementedError

    def caption(self) -> None:
        """Write the lines above the rows."""
        raise NotImplementedError

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        self.take(event.value)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        if not event.value:
            event.input.display = False
        self.rows.focus()

    def on_rows_moved(self, event: Rows.Moved) -> None:
        event.stop()
        self.caption()
        self.post_message(self.Changed())
