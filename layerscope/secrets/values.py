"""Where a value begins and ends in the text of a command."""

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence

from layerscope.model.patterns import pattern

_QUOTED = {
    '"': pattern(r"((?:\\.|[^\"\\])*)\"", re.DOTALL),
    "'": pattern(r"([^']*)'"),
    '\\"': pattern(r"((?:\\[^\"]|[^\"\\])*)\\\"", re.DOTALL),
    "\\'": pattern(r"((?:\\[^']|[^'\\])*)\\'", re.DOTALL),
}
"""What stands between quotes, which are escaped where a text in quotes holds them."""
_OPENING = pattern(r"\\?[\"']")
_STRINGS = pattern(r"\\.|'[^'\n]*'?|\"(?:\\.|[^\"\\\n])*\"?")
"""Strings of a shell, to the end of the line where nothing closes them; a quote behind a backslash begins none."""
BARE = pattern(r"(?:[^\s\"'`;|&<>()\\]++|\\[^\sA-Za-z0-9\"'\\]|'[^'\s]*'|\"[^\"\s]*\")++")
"""A word of a shell, which may be put together of bare characters and quotes."""
_INSIDE = {'"': pattern(r"(?:[^\s\"\\]++|\\[^\snrt])++"), "'": pattern(r"(?:[^\s'\\]++|\\[^\snrt])++")}
"""A word within a string: to a shell, ``&`` and the like mean nothing there."""
IN_QUERY = pattern(r"[^\s\"'\\&]+")
_ON_LINE = pattern(r"[^\s\"']+")
_LINE_BEGINS = pattern(r"(?:\A|\n)[ \t]{0,20}(?:export[ \t]{1,4})?\Z")
_NOP = "#(nop)"
_SETTING = pattern(r"\s*(?:ENV|ARG|LABEL)\s+")
_PAIR = pattern(r"(?:(?<= )|^)\"?([A-Za-z_][\w.\-]{0,200})\"?=")


def strings_in(text: str) -> list[tuple[int, int]]:
    return [one.span() for one in _STRINGS.finditer(text) if one[0][0] != "\\"]


def extent(text: str, start: int, strings: Sequence[tuple[int, int]]) -> "re.Pattern[str]":
    """How far a bare value goes whose name begins there: by what stands around the name."""
    place = bisect_right(strings, (start, len(text))) - 1
    if place >= 0 and start < strings[place][1]:
        return _INSIDE[text[strings[place][0]]]
    # The line is looked for first: to look through the whole text for each name would be quadratic.
    return _ON_LINE if _LINE_BEGINS.search(text, max(0, start - 30), start) and "\n" in text else BARE


def value_at(
    text: str, position: int, last: int, inside: "re.Pattern[str]" = BARE, opened: str = ""
) -> tuple[str, int]:
    """The value that begins at a place, without its quotes, and where it does; a quote may have been opened before."""
    opening = None if opened else _OPENING.match(text, position, last)
    quote, start = (opening[0], opening.end()) if opening is not None else (opened, position)
    found = _QUOTED[quote].match(text, start, last) if quote else None
    if found is not None:
        return found[1], start
    bare = inside.match(text, start, last)
    return (bare[0] if bare is not None else "", start)


def pairs_of_setting(text: str) -> Iterator[tuple[str, str, int]]:
    """Name, value and the value's place for the pairs of ENV, ARG or LABEL; the history has them without quotes."""
    keyword = _SETTING.match(text, text.find(_NOP) + len(_NOP) if _NOP in text[:100] else 0)
    if keyword is None:
        return
    names = list(_PAIR.finditer(text, keyword.end()))
    if not names or names[0].start() != keyword.end():
        name, blank, value = text[keyword.end() :].partition(" ")
        if blank and "=" not in name:
            yield name, value, len(text) - len(value)
        return
    ends = [name.start() - 1 for name in names[1:]] + [len(text)]
    for match, end in zip(names, ends, strict=True):
        yield match[1], text[match.end() : end], match.end()
