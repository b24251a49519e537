"""Splits a template's text into tokens, one at a time, as the parser asks for them.

Follows the lexical rules of Go's text/template; a fault is a token of kind ERROR, as it counts only once it is read.
"""

from collections.abc import Callable

from layerscope.render.gotemplate.literals import quote, unicode_name
from layerscope.render.gotemplate.tokens import KEYWORDS, Kind, Token

SPACES = " \t\r\n"
_TERMINATORS = SPACES + ".,|:)("


def is_alphanumeric(char: str) -> bool:
    """Whether an identifier may hold this character; false for the empty string past the end."""
    return char == "_" or char.isalpha() or char.isdecimal()


class Lexer:
    """Reads ``source`` forwards; ``next_token`` gives EOF for ever once the end or a fault is reached."""

    def __init__(self, source: str) -> None:
        self._source = source
        self._start = 0
        self._pos = 0
        self._line = 1
        self._paren_depth = 0
        self._inside = False
        self._failed = False

    def next_token(self) -> Token:
        """The next token; spaces are tokens inside actions only, comments are never."""
        if self._failed:
            return Token(Kind.EOF, 0, "EOF", self._line)
        return self._action_token() if self._inside else self._text_token()

    def _token(self, kind: Kind) -> Token:
        token = Token(kind, self._start, self._source[self._start : self._pos], self._line)
        self._skip_to(self._pos)
        return token

    def _skip_to(self, pos: int) -> None:
        self._line += self._source.count("\n", self._start, pos)
        self._start = self._pos = pos

    def _fail(self, message: str) -> Token:
        self._failed = True
        return Token(Kind.ERROR, self._start, message, self._line)

    def _peek(self) -> str:
        return self._source[self._pos : self._pos + 1]

    def _text_token(self) -> Token:
        while True:
            opening = self._source.find("{{", self._start)
            if opening < 0:
                self._pos = len(self._source)
                kind = Kind.TEXT if self._pos > self._start else Kind.EOF
                return self._token(kind) if kind is Kind.TEXT else Token(kind, self._pos, "EOF", self._line)
            trims = self._trims_left(opening)
            before = self._source[self._start : opening]
            self._pos = self._start + len(before.rstrip(SPACES) if trims else before)
            if self._pos > self._start:
                token = self._token(Kind.TEXT)
                self._skip_to(opening)
                return token
            self._skip_to(opening)
            after = opening + (4 if trims else 2)
            if not self._source.startswith("/*", after):
                return self._left_delim(after)
            fault = self._skip_comment(after)
            if fault:
                return fault

    def _trims_left(self, opening: int) -> bool:
        marker = self._source[opening + 2 : opening + 4]
        return len(marker) == 2 and marker[0] == "-" and marker[1] in SPACES

    def _left_delim(self, after: int) -> Token:
        self._pos += 2
        token = self._token(Kind.LEFT_DELIM)
        self._skip_to(after)
        self._inside = True
        self._paren_depth = 0
        return token

    def _skip_comment(self, start: int) -> Token | None:
        self._skip_to(start)
        end = self._source.find("*/", start + 2)
        if end < 0:
            return self._fail("unclosed comment")
        closes, trims = self._right_delim_at(end + 2)
        if not closes:
            return self._fail("comment ends before closing delimiter")
        self._skip_to(end + (6 if trims else 4))
        if trims:
            self._skip_spaces()
        return None

    def _skip_spaces(self) -> None:
        pos = self._start
        while pos < len(self._source) and self._source[pos] in SPACES:
            pos += 1
        self._skip_to(pos)

    def _right_delim_at(self, pos: int) -> tuple[bool, bool]:
        """Whether a right delimiter starts here, and whether it trims the text behind it."""
        marked = self._source[pos : pos + 4]
        if len(marked) == 4 and marked[0] in SPACES and marked[1:] == "-}}":
            return True, True
        return marked[:2] == "}}", False

    def _action_token(self) -> Token:
        closes, trims = self._right_delim_at(self._pos)
        if closes:
            return self._right_delim(trims) if self._paren_depth == 0 else self._fail("unclosed left paren")
        char = self._peek()
        if not char:
            return self._fail("unclosed action")
        if char in SPACES:
            return self._space()
        if char in "+-" or (char.isascii() and char.isdigit()) or (char == "." and self._number_at(self._pos + 1)):
            return self._number()
        if is_alphanumeric(char):
            return self._identifier()
        self._pos += 1
        scan = self._scanners().get(char)
        if scan:
            return scan()
        if char.isascii() and char.isprintable():
            return self._token(Kind.CHAR)
        return self._fail(f"unrecognized character in action: {unicode_name(char)}")

    def _scanners(self) -> dict[str, Callable[[], Token]]:
        return {
            "=": lambda: self._token(Kind.ASSIGN),
            ":": self._declare,
            "|": lambda: self._token(Kind.PIPE),
            '"': lambda: self._quoted('"', Kind.STRING, "unterminated quoted string"),
            "'": lambda: self._quoted("'", Kind.RUNE, "unterminated character constant"),
            "`": self._raw_string,
            "$": lambda: self._field_or_variable(Kind.VARIABLE),
            ".": lambda: self._field_or_variable(Kind.FIELD),
            "(": lambda: self._paren(Kind.LEFT_PAREN, 1),
            ")": lambda: self._paren(Kind.RIGHT_PAREN, -1),
        }

    def _number_at(self, pos: int) -> bool:
        """Whether a point before this place starts a number, which it also does at the very end of the source."""
        return pos == len(self._source) or self._source[pos] in "0123456789"

    def _right_delim(self, trims: bool) -> Token:
        if trims:
            self._skip_to(self._pos + 2)
        self._pos += 2
        token = self._token(Kind.RIGHT_DELIM)
        if trims:
            self._skip_spaces()
        self._inside = False
        return token

    def _space(self) -> Token:
        begin = self._pos
        while self._peek() and self._peek() in SPACES:
            self._pos += 1
        # The last space belongs to a delimiter such as " -}}".
        if self._right_delim_at(self._pos - 1)[1]:
            self._pos -= 1
            if self._pos == begin:
                return self._right_delim(True)
        return self._token(Kind.SPACE)

    def _declare(self) -> Token:
        if self._peek() != "=":
            return self._fail("expected :=")
        self._pos += 1
        return self._token(Kind.DECLARE)

    def _paren(self, kind: Kind, step: int) -> Token:
        self._paren_depth += step
        return self._token(kind) if self._paren_depth >= 0 else self._fail("unexpected right paren")

    def _quoted(self, mark: str, kind: Kind, fault: str) -> Token:
        while (char := self._peek()) not in ("", "\n"):
            self._pos += 1
            if char == mark:
                return self._token(kind)
            if char == "\\":
                if self._peek() in ("", "\n"):
                    break
                self._pos += 1
        return self._fail(fault)

    def _raw_string(self) -> Token:
        end = self._source.find("`", self._pos)
        if end < 0:
            return self._fail("unterminated raw quoted string")
        self._pos = end + 1
        return self._token(Kind.RAW_STRING)

    def _at_terminator(self) -> bool:
        char = self._peek()
        return not char or char in _TERMINATORS or self._source.startswith("}}", self._pos)

    def _take_alphanumeric(self) -> None:
        while is_alphanumeric(self._peek()):
            self._pos += 1

    def _field_or_variable(self, kind: Kind) -> Token:
        if self._at_terminator():
            return self._token(Kind.VARIABLE if kind is Kind.VARIABLE else Kind.DOT)
        self._take_alphanumeric()
        return self._token(kind) if self._at_terminator() else self._bad_character()

    def _bad_character(self) -> Token:
        return self._fail(f"bad character {unicode_name(self._peek())}")

    def _identifier(self) -> Token:
        self._take_alphanumeric()
        if not self._at_terminator():
            return self._bad_character()
        word = self._source[self._start : self._pos]
        if word in KEYWORDS:
            return self._token(Kind.KEYWORD)
        named = {"true": Kind.BOOL, "false": Kind.BOOL, "nil": Kind.NIL}
        return self._token(named.get(word, Kind.IDENTIFIER))

    def _number(self) -> Token:
        good = self._scan_number()
        kind = Kind.NUMBER
        if good and self._peek() in ("+", "-"):
            good = self._scan_number() and self._source[self._pos - 1] == "i"
            kind = Kind.COMPLEX
        if not good:
            return self._fail(f"bad number syntax: {quote(self._source[self._start : self._pos])}")
        return self._token(kind)

    def _scan_number(self) -> bool:
        """Takes what looks like a number; whether it ends as one. The parser checks the digits."""
        self._accept("+-")
        digits, exponent = "0123456789_", "eE"
        if self._accept("0"):
            if self._accept("xX"):
                digits, exponent = "0123456789abcdefABCDEF_", "pP"
            elif self._accept("oO"):
                digits, exponent = "01234567_", ""
            elif self._accept("bB"):
                digits, exponent = "01_", ""
        self._accept_run(digits)
        if self._accept("."):
            self._accept_run(digits)
        if self._accept(exponent):
            self._accept("+-")
            self._accept_run("0123456789_")
        self._accept("i")
        if is_alphanumeric(self._peek()):
            self._pos += 1
            return False
        return True

    def _accept(self, valid: str) -> bool:
        char = self._peek()
        found = char != "" and char in valid
        self._pos += found
        return found

    def _accept_run(self, valid: str) -> None:
        while self._accept(valid):
            pass
