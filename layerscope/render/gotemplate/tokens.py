"""The tokens of a template, and how an error message shows them."""

from enum import Enum, auto

from msgspec import Struct

from layerscope.render.gotemplate.literals import quote, to_bytes


class Kind(Enum):
    """What a token is; KEYWORD covers block, break, define, else, end, if, range, template and with."""

    ERROR = auto()
    EOF = auto()
    TEXT = auto()
    LEFT_DELIM = auto()
    RIGHT_DELIM = auto()
    SPACE = auto()
    ASSIGN = auto()
    DECLARE = auto()
    PIPE = auto()
    CHAR = auto()
    LEFT_PAREN = auto()
    RIGHT_PAREN = auto()
    BOOL = auto()
    RUNE = auto()
    COMPLEX = auto()
    NUMBER = auto()
    STRING = auto()
    RAW_STRING = auto()
    FIELD = auto()
    VARIABLE = auto()
    IDENTIFIER = auto()
    DOT = auto()
    NIL = auto()
    KEYWORD = auto()


KEYWORDS = frozenset(("block", "break", "continue", "define", "else", "end", "if", "range", "template", "with"))


class Token(Struct, frozen=True):
    """``start`` counts characters of the template from 0, ``line`` from 1."""

    kind: Kind
    start: int
    text: str
    line: int

    def __str__(self) -> str:
        """The token as an error message shows it."""
        if self.kind in (Kind.EOF, Kind.ERROR):
            return self.text
        if self.kind in (Kind.KEYWORD, Kind.DOT, Kind.NIL):
            return f"<{self.text}>"
        # Go counts bytes to see whether it is too long, and then cuts after ten characters.
        return quote(self.text[:10]) + "..." if len(to_bytes(self.text)) > 10 else quote(self.text)
