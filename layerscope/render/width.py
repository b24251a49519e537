"""Text that fits a number of columns: cut at its end, cut in its middle, or broken between words.

A column is one of the terminal: an East Asian character takes two of them, a mark of a style or an accent none.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator

from layerscope.model.patterns import pattern
from layerscope.render.style import plain_text

CUT = "…"
_AMOUNT = pattern(r"(?<!\S)(\d[\d.,]*) ([kMGTP]?i?B\b)")


def width_of(text: str) -> int:
    """The columns that a text takes."""
    if text.isascii() and text.isprintable():
        return len(text)
    from wcwidth import wcswidth  # As tabulate counts; most texts are ASCII.

    plain = plain_text(text)
    width = wcswidth(f" {plain}") - 1  # Behind other text: a vowel sign at the beginning of a line is counted as none.
    return width if width >= 0 else len(plain)


def shortened(text: str, limit: int | None) -> str:
    """``text`` with its end cut off where it is too long; no limit cuts nothing."""
    if limit is None or width_of(text) <= limit:
        return text
    return _beginning(text, limit - 1) + CUT if limit > 0 else ""


def shortened_path(text: str, limit: int) -> str:
    """A path with its middle cut out where it is too long, any other text with its end cut off."""
    if width_of(text) <= limit or not text.startswith("/") or " " in text:
        return shortened(text, limit)
    kept = limit // 3
    return f"{_beginning(text, kept)}{CUT}{_end(text, limit - 1 - kept)}"


def padded(text: str, width: int) -> str:
    """``text`` with the spaces that fill ``width`` columns behind it."""
    return text + " " * (width - width_of(text))


def wrap_words(text: str, width: int | None, indent: str = "  ") -> Iterator[str]:
    """Lines of at most ``width`` columns, broken between words; all but the first begin with ``indent``."""
    if width is None or width_of(text) <= width:
        yield text
        return
    begin = text[: len(text) - len(text.lstrip(" "))]
    line, used = begin, width_of(begin)
    for word in _words(text):
        taken = width_of(word)
        room = width - used - (line.strip(" ") != "")
        if taken > room and line.strip(" "):
            yield line
            line, used, room = indent, width_of(indent), width - width_of(indent)
        while taken > room > 0:  # A word longer than a line.
            part = _beginning(word, room)
            yield line + part
            word = word[len(part) :] if part else ""
            taken = width_of(word)
            line, used, room = indent, width_of(indent), width - width_of(indent)
        gap = " " if line.strip(" ") else ""
        line += gap + word
        used += len(gap) + taken
    if line.strip(" "):
        yield line


def _words(text: str) -> list[str]:
    """The words of a text, an amount of bytes being one."""
    if not _AMOUNT.search(text):
        return text.split()
    return [word.replace("\0", " ") for word in _AMOUNT.sub(r"\1\0\2", text).split()]


def wrapped(text: str, limit: int, most: int) -> str:
    """``text`` over at most ``most`` lines, broken between words; the rest is cut off."""
    lines = list(wrap_words(text, max(20, limit), ""))
    if len(lines) > most:
        lines[most - 1 :] = [shortened(" ".join(lines[most - 1 :]), max(20, limit))]
    return "\n".join(lines)


def _beginning(text: str, limit: int) -> str:
    """As much of the text as fits; its characters alone are narrower, since a vowel sign widens the one before it."""
    end = max(limit, 0) + 1
    while end < len(text) and width_of(text[:end]) <= limit:
        end *= 2
    return text[: max(bisect_right(range(end + 1), limit, key=lambda count: width_of(text[:count])) - 1, 0)]


def _end(text: str, limit: int) -> str:
    start = len(text) - max(limit, 0) - 1
    while start > 0 and width_of(text[start:]) <= limit:
        start = 2 * start - len(text)
    start = max(start, 0)
    return text[start + bisect_left(range(start, len(text)), -limit, key=lambda begin: -width_of(text[begin:])) :]
