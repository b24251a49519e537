"""Windows over the explorer: lines of text, the content of a file, and where to extract to."""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Footer, Input, Static

from layerscope.analysis.content import Content
from layerscope.explore.keys import VIEW, WINDOWS, bindings
from layerscope.explore.rows import Rows
from layerscope.explore.style import NOTICE, SOFT, STRONG
from layerscope.render.escape import printable
from layerscope.render.units import Units

_STEP = 8
"""Columns that one key moves a text sideways."""
_WIDTH = 16


class Lines(Rows):
    """Lines of text, which can be moved sideways."""

    def __init__(self, lines: Sequence[Text], *, cursor: int = 0, is_wrapped: bool = False) -> None:
        super().__init__(id="window-rows")
        self.is_wrapped = is_wrapped
        self.lines = lines
        self.cursor = cursor
        self.left = 0

    def count(self) -> int:
        return len(self.lines)

    def row(self, index: int) -> tuple[Text, Text]:
        line = self.lines[index].copy()
        return Text(""), line[self.left :] if self.left else line

    def find(self, matches: Callable[[str], object], by: int) -> bool:
        """Go to the next line that matches, from the cursor on; return whether there is one."""
        count = len(self.lines)
        for step in range(1, count + 1):
            place = (self.cursor + by * step) % count
            if matches(self.lines[place].plain):
                self.redraw(place)
                return True
        return False


class Window(ModalScreen[str]):
    """Lines in a window that covers the explorer; it is dismissed with the name of what is wanted next."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings(WINDOWS)]

    def __init__(self, title: str, lines: Iterable[Text], *, cursor: int = 0, is_wrapped: bool = True) -> None:
        super().__init__()
        self._title = title
        self._problem = ""
        self._matches: Callable[[str], object] | None = None
        self.rows = Lines(tuple(lines), cursor=cursor, is_wrapped=is_wrapped)

    def compose(self) -> ComposeResult:
        with Vertical():
            yield Static(id="window-title", markup=False)
            yield self.rows
            yield Input(placeholder="regular expression", id="window-find", compact=True)
        yield Footer(compact=True, show_command_palette=False)

    def on_mount(self) -> None:
        self.query_one(Input).display = False
        self.query_one(Input).cursor_blink = False
        self.rows.focus()
        self.caption()

    def set_lines(self, lines: Iterable[Text]) -> None:
        """Show other lines."""
        self.rows.lines = tuple(lines)
        self.rows.redraw(0)
        self.caption()

    def notes(self) -> str:
        """What the title says behind the name."""
        return ""

    def caption(self) -> None:
        """Write the title."""
        text = Text(no_wrap=True, overflow="ellipsis").append(printable(self._title), STRONG)
        if self.notes():
            text.append(f"  {self.notes()}", SOFT)
        if self._problem:
            text.append(f"  {self._problem}", NOTICE)
        self.query_one("#window-title", Static).update(text, layout=False)

    def action_close(self) -> None:
        field = self.query_one(Input)
        if field.display:
            field.display = False
            self.rows.focus()
        else:
            self.dismiss("")

    def action_scroll(self, by: int) -> None:
        self.rows.left = max(0, self.rows.left + by * _STEP)
        self.rows.redraw()

    def action_find(self) -> None:
        field = self.query_one(Input)
        field.display = True
        field.focus()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        event.input.display = False
        self.rows.focus()
        try:
            self._matches = re.compile(event.value, re.IGNORECASE).search if event.value else None
        except (re.error, OverflowError, RecursionError) as error:
            self._problem = f"not a regular expression: {error}"
        else:
            self.action_next(1)
        self.caption()

    def action_next(self, by: int) -> None:
        if self._matches is not None and self.rows.lines:
            self._problem = "" if self.rows.find(self._matches, by) else "not found"
            self.caption()


class ViewWindow(Window):
    """The content of a file, as text or as hexadecimal bytes; it is read beside the interface."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings(VIEW)]

    def __init__(self, title: str, read: Callable[[], Content], units: Units) -> None:
        super().__init__(title, [Text("reading", SOFT)], is_wrapped=False)
        self._read = read
        self._units = units
        self.content: Content | None = None
        self._is_text = True

    def on_mount(self) -> None:
        super().on_mount()
        self.run_worker(self._load, thread=True, exclusive=True)

    def notes(self) -> str:
        content = self.content
        if content is None:
            return ""
        words = [self._units(content.size)]
        if content.is_cut:
            words.append(f"the first {self._units(len(content.data))} are shown")
        if content.masked:
            words.append(f"{content.masked} secret{'s' if content.masked > 1 else ''} masked")
        return ", ".join(words)

    def action_form(self) -> None:
        content = self.content
        if content is not None and not content.refused and content.text is not None:
            self._is_text = not self._is_text
            self._show(content)

    def action_extract(self) -> None:
        self.dismiss("extract")

    def action_copy(self) -> None:
        self.dismiss("copy")

    def _load(self) -> None:
        content = self._read()
        self.app.call_from_thread(self._show, content)

    def _show(self, content: Content) -> None:
        self.content = content
        if content.refused:
            self.set_lines([Text(printable(content.refused), NOTICE)])
        elif content.text is not None and self._is_text:
            lines = content.text.removesuffix("\n").split("\n")
            self.set_lines(Text(_printed(line), no_wrap=True) for line in lines)
        else:
            self.set_lines(Text(line, no_wrap=True) for line in hexadecimal(content.data))


class Prompt(ModalScreen[str]):
    """One line to be typed; it is dismissed with the text, empty where nothing is to be done."""

    BINDINGS: ClassVar[list[BindingType]] = [("escape", "cancel", "Cancel")]

    def __init__(self, question: str, answer: str) -> None:
        super().__init__()
        self._question = question
        self._answer = answer

    def compose(self) -> ComposeResult:
        with Vertical():
            yield Static(Text(self._question, STRONG), markup=False)
            yield Input(self._answer, compact=True)
            yield Static(Text("Enter: go    Esc: cancel", SOFT), markup=False)

    def on_mount(self) -> None:
        self.query_one(Input).cursor_blink = False
        self.query_one(Input).focus()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.dismiss(event.value.strip())

    def action_cancel(self) -> None:
        self.dismiss("")


def _printed(line: str) -> str:
    """A line of a file without anything that a terminal would obey."""
    return printable(line.removesuffix("\r").expandtabs(8))


def hexadecimal(data: bytes) -> Iterator[str]:
    """Lines such as ``00000010  23 21 2f 62 69 6e 2f 73  68 0a                    |#!/bin/sh.|``."""
    for start in range(0, len(data), _WIDTH):
        part = data[start : start + _WIDTH]
        left, right = part[: _WIDTH // 2].hex(" "), part[_WIDTH // 2 :].hex(" ")
        characters = "".join(chr(byte) if 32 <= byte < 127 else "." for byte in part)
        yield f"{start:08x}  {left:<23}  {right:<23}  |{characters}|"
    if not data:
        yield "empty"
