"""Colours by meaning: those of the report, which are legible on a dark and on a light background."""

from rich.style import Style
from rich.text import Text

from layerscope.model.change import Change
from layerscope.model.finding import Severity
from layerscope.render import style as of_report
from layerscope.render.escape import printable

_GREEN, _YELLOW, _RED, _CYAN = (
    f"color({number})" for number in (of_report.GREEN, of_report.YELLOW, of_report.RED, of_report.CYAN)
)
"""Where a terminal has but 16, the nearest of them."""

CHANGE_STYLES = {
    Change.UNMODIFIED: Style(),
    Change.ADDED: Style(color=_GREEN),
    Change.MODIFIED: Style(color=_YELLOW),
    Change.METADATA: Style(color=_CYAN),
    Change.REMOVED: Style(color=_RED),
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
    Severity.CRITICAL: Style(color=_RED, bold=True),
    Severity.HIGH: Style(color=_RED),
    Severity.MEDIUM: Style(color=_YELLOW),
    Severity.LOW: Style(),
}
SOFT = Style(dim=True)
STRONG = Style(bold=True)
GOOD = Style(color=_GREEN)
NOTICE = Style(color=_YELLOW)
KEY = Style(color=_CYAN)
RED = Style(color=_RED)
BAD = Style(color=_RED, bold=True)


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
    return {"+": GOOD, "-": RED, "@": KEY}.get(line[:1], Style())
