"""Splits a template's text into tokens, by the lexical rules of Go's text/template.

A fault is a token of kind ERROR, the last but the end, as it counts only once the parser reads it.
"""

import re
from collections.abc import Iterator
from enum import Enum, auto

from msgspec import Struct

from layerscope.gotemplate.values import quote, to_bytes


class Kind(Enum):
    """What a token is; the names of most are those of the groups of the pattern below."""

    ERROR = auto()
    EOF = auto()
    TEXT = auto()
    LEFT = auto()
    RIGHT = auto()
    DECLARE = auto()
    ASSIGN = auto()
    PIPE = auto()
    OPEN = auto()
    CLOSE = auto()
    STRING = auto()
    NUMBER = auto()
    VARIABLE = auto()
    FIELD = auto()
    DOT = auto()
    WORD = auto()
    KEYWORD = auto()
    CHAR = auto()


class Token(Struct, frozen=True):
    """``start`` counts characters of the template from 0, ``line`` from 1; ``spaced`` tells of a space before it."""

    kind: Kind
    start: int
    text: str
    line: int
    spaced: bool = False

    @property
    def end(self) -> int:
        """The place of the character behind the token."""
        return self.start + len(self.text)

    def __str__(self) -> str:
        """Return the token as an error message shows it."""
        if self.kind in (Kind.EOF, Kind.ERROR):
            return self.text
        if self.kind in (Kind.KEYWORD, Kind.DOT) or self.text == "nil":
            return f"<{self.text}>"
        # Go counts bytes to see whether it is too long, and then cuts after ten characters.
        return quote(self.text[:10]) + "..." if len(to_bytes(self.text)) > 10 else quote(self.text)


KEYWORDS = frozenset(("block", "break", "continue", "define", "else", "end", "if", "range", "template", "with"))

_COMMENT = re.compile(r"\{\{(?:-[ \t\r\n])?/\*")
_COMMENT_END = re.compile(r"\*/([ \t\r\n]-)?(\}\})?")
_SPACES = re.compile(r"[ \t\r\n]*")
_TOKEN = re.compile(
    r"""(?P<RIGHT>(?:[ \t\r\n]+-)?\}\})
    |(?P<SPACE>[ \t\r\n]+)
    |(?P<STRING>"(?:[^"\\\n]|\\.)*"|`[^`]*`)
    |(?P<NUMBER>(?=[-+0-9]|\.[0-9])[-+]?(?:0[xX][0-9a-fA-F]*|[0-9]*(?:\.[0-9]*)?(?:[eE][-+]?[0-9]*)?))
    |(?P<DECLARE>:=)|(?P<ASSIGN>=)|(?P<PIPE>\|)|(?P<OPEN>\()|(?P<CLOSE>\))
    |(?P<VARIABLE>\$\w*)|(?P<FIELD>\.\w+)|(?P<DOT>\.)|(?P<WORD>\w+)|(?P<CHAR>[\s\S])""",
    re.VERBOSE,
)
_TERMINATOR = re.compile(r"[ \t\r\n.,|:()]|\}\}|\Z")
_SIGNED = re.compile(r"[-+]?\w*")
_UNTERMINATED = {
    '"': "unterminated quoted string",
    "`": "unterminated raw quoted string",
    "'": "character constants in ' are not supported: write a string in \"",
    ":": "expected :=",
}


def tokens(source: str) -> Iterator[Token]:
    """Yield the tokens of a template, the last of which is EOF."""
    pos, line = 0, 1
    while pos < len(source):
        opening = source.find("{{", pos)
        end = opening if opening >= 0 else len(source)
        trims = (
            opening >= 0 and source[opening + 2 : opening + 3] == "-" and source[opening + 3 : opening + 4] in _BLANKS
        )
        text = source[pos:end].rstrip(" \t\r\n") if trims else source[pos:end]
        if text:
            yield Token(Kind.TEXT, pos, text, line)
        line += source.count("\n", pos, end)
        pos = end
        if opening < 0:
            break
        if comment := _COMMENT.match(source, pos):
            closing = _COMMENT_END.search(source, comment.end())
            if closing is None or closing[2] is None:
                fault = "unclosed comment" if closing is None else "comment ends before closing delimiter"
                yield Token(Kind.ERROR, pos, fault, line)
                break
            after = _past(source, closing.end()) if closing[1] else closing.end()
            line += source.count("\n", pos, after)
            pos = after
            continue
        yield Token(Kind.LEFT, pos, "{{", line)
        last = None
        for last in _action(source, pos + (4 if trims else 2), line):
            if last.kind is not Kind.EOF:
                yield last
        assert last is not None
        if last.kind is Kind.ERROR:
            break
        after = _past(source, last.end) if last.text != "}}" else last.end
        line += source.count("\n", pos, after)
        pos = after
    yield Token(Kind.EOF, len(source), "EOF", line)


_BLANKS = (" ", "\t", "\r", "\n")


def _past(source: str, pos: int) -> int:
    found = _SPACES.match(source, pos)
    return found.end() if found else pos


def _action(source: str, pos: int, line: int) -> Iterator[Token]:
    """Yield the tokens of one action, up to its closing delimiter or the first fault."""
    depth, spaced = 0, False
    while found := _TOKEN.match(source, pos):
        name, text = found.lastgroup or "", found[0]
        if name == "SPACE":
            line += text.count("\n")
            pos, spaced = found.end(), True
            continue
        depth += (name == "OPEN") - (name == "CLOSE")
        fault = _fault(source, found, depth)
        if fault:
            yield Token(Kind.ERROR, pos, fault, line)
            return
        kind = Kind.KEYWORD if text in KEYWORDS else Kind[name]
        line += text.count("\n") if name == "RIGHT" else 0
        yield Token(kind, pos, text, line, spaced)
        if name == "RIGHT":
            return
        line += text.count("\n")
        pos, spaced = found.end(), False
    yield Token(Kind.ERROR, pos, "unclosed action", line)


def _fault(source: str, found: re.Match[str], depth: int) -> str:
    """Return what is wrong with a token, in Go's words; empty where it is right."""
    name, text, end = found.lastgroup, found[0], found.end()
    if name == "RIGHT" and depth:
        return "unclosed left paren"
    if depth < 0:
        return "unexpected right paren"
    if name == "NUMBER" and (source[end : end + 1].isalnum() or source[end : end + 1] in tuple("_+-")):
        more = _SIGNED.match(source, end)
        return f"bad number syntax: {quote(text + (more[0] if more else ''))}"
    if name in ("VARIABLE", "FIELD", "WORD") and not _TERMINATOR.match(source, end):
        return f"bad character {_unicode_name(source[end])}"
    if name == "CHAR":
        if text in _UNTERMINATED:
            return _UNTERMINATED[text]
        if not (text.isascii() and text.isprintable()):
            return f"unrecognized character in action: {_unicode_name(text)}"
    return ""


def _unicode_name(char: str) -> str:
    return f"U+{ord(char):04X}" + (f" '{char}'" if char.isprintable() else "")
