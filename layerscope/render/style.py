"""Styles of text on a terminal: marks without width, which become colours or nothing once all lines are laid out.

Marks are control characters: ``printable`` escapes those of the image, so that no text of it can set a style.
"""

from enum import StrEnum

from layerscope.model.finding import Severity
from layerscope.model.patterns import pattern


class Style(StrEnum):
    """What a text means, by the mark before it."""

    STRONG = "\x01"
    SOFT = "\x02"
    GOOD = "\x03"
    NOTICE = "\x04"
    BAD = "\x05"
    WORST = "\x06"
    COMMAND = "\x0e"


_END = "\x0f"
_MARK = pattern(r"[\x01-\x06\x0e\x0f]")
GREEN, YELLOW, RED, CYAN = 28, 136, 160, 31
"""Of the fixed part of the palette: what a terminal itself calls yellow or cyan is hardly legible on white."""
_CODES = {
    Style.STRONG: "1",
    Style.SOFT: "2",
    Style.GOOD: f"38;5;{GREEN}",
    Style.NOTICE: f"38;5;{YELLOW}",
    Style.BAD: f"38;5;{RED}",
    Style.WORST: f"1;38;5;{RED}",
    Style.COMMAND: f"38;5;{CYAN}",
}
_OF_SEVERITY = {Severity.CRITICAL: Style.WORST, Severity.HIGH: Style.BAD, Severity.MEDIUM: Style.NOTICE}
_SEQUENCES = {mark.value: f"\x1b[{code}m" for mark, code in _CODES.items()} | {_END: "\x1b[0m"}


def styled(text: str, style: Style | None) -> str:
    """``text`` between two marks; an empty one, or one without a style, as it is."""
    return f"{style}{text}{_END}" if text and style is not None else text


def severity_style(severity: Severity) -> Style | None:
    """The style of a severity; the lowest has none."""
    return _OF_SEVERITY.get(severity)


def plain_text(text: str) -> str:
    """The text without marks."""
    return text if text.isprintable() else _MARK.sub("", text)


def with_sequences(text: str) -> str:
    """The text with terminal sequences in place of its marks, which libraries know to take no column."""
    return text if text.isprintable() else _MARK.sub(lambda mark: _SEQUENCES[mark[0]], text)


def with_marks(text: str) -> str:
    """The text with marks again in place of the sequences."""
    for mark, sequence in _SEQUENCES.items():
        text = text.replace(sequence, mark)
    return text


def painted(line: str, *, color: bool) -> str:
    """One line with colours in place of its marks, or with neither; a style never lasts beyond its line."""
    if line.isprintable():
        return line
    if not color:
        return plain_text(line)
    shown = with_sequences(line)
    return shown if shown.rfind("\x1b[") == shown.rfind("\x1b[0m") else f"{shown}\x1b[0m"
