"""The tokens of a template, by the lexical rules of Go's text/template, and the nodes of its parse tree.

A fault is a token of kind ERROR, the last but one, since it counts only once the parser reads it.
"""

import re
from collections.abc import Generator, Iterator
from enum import Enum

from msgspec import Struct

from layerscope.gotemplate.values import quote, to_bytes

Kind = Enum(
    "Kind",
    "ERROR EOF TEXT LEFT RIGHT DECLARE ASSIGN PIPE OPEN CLOSE STRING NUMBER VARIABLE FIELD DOT WORD KEYWORD CHAR",
)
"""What a token is; the names of most are those of the groups of the pattern below."""


class Token(Struct, frozen=True):
    """``start`` counts characters of the template from 0, ``line`` from 1; ``spaced``: a space comes before it."""

    kind: Kind
    start: int
    text: str
    line: int
    spaced: bool = False

    def __str__(self) -> str:
        """Return the token as an error message shows it."""
        if self.kind in (Kind.EOF, Kind.ERROR):
            return self.text
        if self.kind in (Kind.KEYWORD, Kind.DOT) or self.text == "nil":
            return f"<{self.text}>"
        # Go counts bytes to see whether it is too long, and then cuts after ten characters.
        return quote(self.text[:10]) + "..." if len(to_bytes(self.text)) > 10 else quote(self.text)


KEYWORDS = frozenset(("block", "break", "continue", "define", "else", "end", "if", "range", "template", "with"))

_OPENING = re.compile(r"\{\{(?P<trims>-[ \t\r\n])?(?P<comment>/\*)?")
_COMMENT_END = re.compile(r"\*/(?P<closes>\}\}|[ \t\r\n]-\}\}[ \t\r\n]*)?")
_TOKEN = re.compile(
    r"""(?P<RIGHT>\}\}|[ \t\r\n]+-\}\}[ \t\r\n]*)
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
    while opening := _OPENING.search(source, pos):
        text = source[pos : opening.start()]
        if kept := text.rstrip(" \t\r\n") if opening["trims"] else text:
            yield Token(Kind.TEXT, pos, kept, line)
        line += text.count("\n")
        if opening["comment"]:
            closing = _COMMENT_END.search(source, opening.end())
            if closing is None or closing["closes"] is None:
                fault = "unclosed comment" if closing is None else "comment ends before closing delimiter"
                yield Token(Kind.ERROR, opening.start(), fault, line)
                break
            pos = closing.end()
        else:
            yield Token(Kind.LEFT, opening.start(), "{{", line)
            pos = yield from _action(source, opening.end(), line)
            if pos < 0:
                break
        line += source.count("\n", opening.start(), pos)
    else:
        if pos < len(source):
            yield Token(Kind.TEXT, pos, source[pos:], line)
        line += source.count("\n", pos)
    yield Token(Kind.EOF, len(source), "EOF", line)


def _action(source: str, pos: int, line: int) -> Generator[Token, None, int]:
    """Yield the tokens of one action; returns the place behind it and the space that it trims, -1 after a fault."""
    depth, spaced = 0, False
    while found := _TOKEN.match(source, pos):
        name, text = found.lastgroup or "", found[0]
        if name == "SPACE":
            line += text.count("\n")
            pos, spaced = found.end(), True
            continue
        depth += (name == "OPEN") - (name == "CLOSE")
        if fault := _fault(source, found, depth):
            yield Token(Kind.ERROR, pos, fault, line)
            return -1
        if name == "RIGHT":
            yield Token(Kind.RIGHT, pos, "}}", line + text.partition("}}")[0].count("\n"), spaced)
            return found.end()
        yield Token(Kind.KEYWORD if text in KEYWORDS else Kind[name], pos, text, line, spaced)
        line += text.count("\n")
        pos, spaced = found.end(), False
    yield Token(Kind.ERROR, pos, "unclosed action", line)
    return -1


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


class Node(Struct, frozen=True, kw_only=True):
    """``start`` is the character of the template where the node begins; ``text`` is what an error message shows."""

    start: int
    text: str


class Text(Node, frozen=True, kw_only=True):
    """Literal text between actions."""


class Literal(Node, frozen=True, kw_only=True):
    """A constant; None for ``nil``."""

    value: str | bool | int | float | None


class Name(Node, frozen=True, kw_only=True):
    """The name of a function."""


class Path(Node, frozen=True, kw_only=True):
    """``.A.B``, ``$x.A.B`` or ``(pipeline).A``: keys looked up in the cursor, a variable, or another node."""

    names: tuple[str, ...] = ()
    variable: str = ""
    base: Node | None = None


class Command(Node, frozen=True, kw_only=True):
    """An operand, or a function and its arguments."""

    arguments: tuple[Node, ...]


class Pipe(Node, frozen=True, kw_only=True):
    """Commands, each the last argument of the next; the value goes to the variables ``targets``."""

    targets: tuple[str, ...]
    assigns: bool
    commands: tuple[Command, ...]


class Action(Node, frozen=True, kw_only=True):
    """A pipeline whose value is printed, unless it goes to a variable."""

    pipe: Pipe


class Branch(Node, frozen=True, kw_only=True):
    """``if``, ``with`` or ``range``, as ``word`` says."""

    word: str
    pipe: Pipe
    body: tuple[Node, ...]
    otherwise: tuple[Node, ...]


class Jump(Node, frozen=True, kw_only=True):
    """``break`` or ``continue``, as ``text`` says."""
