"""Colours by meaning: the 16 of the terminal itself, so that they suit a dark and a light background."""

from rich.style import Style
from rich.text import Text

from layerscope.model.change import Change
from layerscope.model.finding import Severity
from layerscope.render.escape import printable

CHANGE_STYLES = {
    Change.UNMODIFIED: Style(),
    Change.ADDED: Style(color="green"),
    Change.MODIFIED: Style(color="yellow"),
    Change.METADATA: Style(color="bright_blue"),
    Change.REMOVED: Style(color="red"),
}
CHANGE_MARKS = {
    Change.UNMODIFIED: " ",
    Change.ADDED: "+",
    Change.MODIFIED: "~",
    Change.METADATA: "m",
    Change.REMOVED: "-",
}
"""A mark for each change, for where colours are not seen."""
SEVERITY_STYLES = {
    Severity.CRITICAL: Style(color="red", bold=True),
    Severity.HIGH: Style(color="red"),
    Severity.MEDIUM: Style(color="yellow"),
    Severity.LOW: Style(),
}
SOFT = Style(dim=True)
STRONG = Style(bold=True)
GOOD = Style(color="green")
NOTICE = Style(color="yellow")
BAD = Style(color="red", bold=True)


def columns(*cells: tuple[str, int, Style]) -> Text:
    """Cells of a fixed width, aligned at the right where that is positive, each with a blank behind it."""
    text = Text(no_wrap=True)
    for value, width, style in cells:
        text.append(f"{value:>{width}} " if width > 0 else f"{value:<{-width}} ", style)
    return text


def safe(text: str, style: Style = Style()) -> Text:  # noqa: B008 (it is never changed)
    """A text of the image, on one line and without anything that a terminal would obey."""
    return Text(printable(text), style, no_wrap=True)


def diff_style(line: str) -> Style:
    """The style of a line of a diff."""
    if line.startswith(("---", "+++")):
        return STRONG
    return {"+": GOOD, "-": Style(color="red"), "@": Style(color="cyan")}.get(line[:1], Style())
