"""The splitters that the instructions share: flags, words with quotes, JSON arrays, here-document marks."""

import json
import re
from functools import lru_cache

from msgspec import Struct

from layerscope.dockerfile.blanks import BLANKS
from layerscope.dockerfile.expand import expand_words, raw_words
from layerscope.dockerfile.variables import UNKNOWN
from layerscope.errors import UsageError
from layerscope.model.patterns import pattern

_HEREDOC = pattern(r"([0-9]*)<<(-?)[\t\v\f\r ]*+([^<]*+)\Z")
_MAX_DESCRIPTOR_DIGITS = 9


class Word(Struct, frozen=True):
    """A piece of a line and its offset in the text that it was cut from."""

    text: str
    offset: int


class HeredocMark(Struct, frozen=True, kw_only=True):
    """``<<NAME`` as it stands on the instruction's line, before its content is read."""

    name: str
    expand: bool
    strip_tabs: bool
    file_descriptor: int


@lru_cache(maxsize=4)
def _patterns(escape: str) -> tuple[re.Pattern[str], re.Pattern[str]]:
    """One step of a flag (quotes and escapes apart), and a whole word (quotes and escapes included)."""
    e = re.escape(escape)
    step = rf"""(?P<plain>[^{BLANKS}'"{e}]+)|{e}(?P<escaped>.?)|(?P<quote>['"])"""
    word = rf"""(?:[^{BLANKS}'"{e}]++|{e}.|'[^']*+(?:'|\Z)|"[^"{e}]*+(?:{e}.[^"{e}]*+)*+(?:"|{e}?\Z)|{e}\Z)++"""
    return re.compile(step, re.DOTALL), re.compile(word, re.DOTALL)


def split_flags(text: str, escape: str, start: int) -> tuple[list[Word], int]:
    """The ``--flags`` at ``start``, quotes and escapes taken off, and the offset where the rest begins."""
    blanks = re.compile(f"[{BLANKS}]*")
    flags: list[Word] = []
    at = start
    while True:
        found = blanks.match(text, at)
        at = found.end() if found else at
        if not text.startswith("--", at):
            return flags, at
        value, end = _flag(text, escape, at)
        if value == "--":
            return flags, end
        flags.append(Word(value, at))
        at = end


def _flag(text: str, escape: str, at: int) -> tuple[str, int]:
    step = _patterns(escape)[0]
    parts: list[str] = []
    while found := step.match(text, at):
        at = found.end()
        if found["quote"]:
            quoted, at = _quoted(text, escape, at, found["quote"])
            parts.append(quoted)
        else:
            parts.append(found["plain"] or found["escaped"] or "")
    return "".join(parts), at


def _quoted(text: str, escape: str, at: int, quote: str) -> tuple[str, int]:
    """Up to the closing quote; in flags the escape works in single quotes too."""
    e = re.escape(escape)
    found = re.compile(rf"[^{quote}{e}]*+(?:{e}.[^{quote}{e}]*+)*+", re.DOTALL).match(text, at)
    body = found[0] if found else ""
    end = min(at + len(body) + 1, len(text))
    return re.sub(rf"{e}(.)", r"\1", body, flags=re.DOTALL), end


def split_words(text: str, escape: str) -> list[Word]:
    """Words between spaces, with quotes and escapes as written; a quote that stays open takes the rest."""
    words = [Word(found[0], found.start()) for found in _patterns(escape)[1].finditer(text)]
    if words and text.endswith(escape):
        last = words[-1].text
        if (len(last) - len(last.rstrip(escape))) % 2:
            words[-1] = Word(last[:-1], words[-1].offset)
    return [word for word in words if word.text]


def json_array(text: str) -> tuple[str, ...] | None:
    """The strings of a JSON array, None for anything else; raises UsageError for an array of other things."""
    if not text.startswith("["):
        return None
    try:
        values = json.loads(text, parse_int=float, parse_constant=_no_constant)
    except ValueError:
        return None
    except RecursionError:
        values = [None]
    if not all(isinstance(value, str) for value in values):
        raise UsageError("when using JSON array syntax, arrays must be comprised of strings only")
    return tuple(values)


def _no_constant(name: str) -> float:
    """Python would take NaN and Infinity, which JSON lacks."""
    raise ValueError(f"{name} is no JSON")


def heredoc_marks(line: str) -> list[HeredocMark]:
    """The here-documents that a line opens, in order."""
    return [mark for word in raw_words(line) if "<<" in word if (mark := heredoc_mark(word)) is not None]


def heredoc_mark(word: str) -> HeredocMark | None:
    """Read ``3<<-"EOF"``; None where the word is something else. A quoted name forbids expansion."""
    found = _HEREDOC.match(word)
    if found is None or not found[3] or len(found[1]) > _MAX_DESCRIPTOR_DIGITS:
        return None
    words = expand_words(found[3], lambda name: UNKNOWN)
    if len(words) != 1:
        return None
    name = words[0].text
    return HeredocMark(
        name=name,
        expand=found[3].count("'") + found[3].count('"') == name.count("'") + name.count('"'),
        strip_tabs=bool(found[2]),
        file_descriptor=int(found[1] or 0),
    )
