"""Words without quotes, escapes and variables (Dockerfile reference, "Environment replacement").

The reader goes character by character where it matters; every look at a value counts against a budget, since a
hostile file doubles its values with each line.
"""

import re
from collections.abc import Callable
from enum import Enum
from functools import lru_cache

from msgspec import Struct

from layerscope.dockerfile.shell_pattern import ShellPattern
from layerscope.errors import LimitExceeded, UsageError
from layerscope.model.patterns import pattern

BLANKS = (
    "\t\n\v\f\r \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
    "\u2028\u2029\u202f\u205f\u3000"
)
"""White space as Go's unicode.IsSpace has it; Python's own takes some control characters as well."""
MAX_DEPTH = 50
"""How deep ``${a:-${b:-...}}`` may nest."""
MAX_VALUE = 1 << 20
"""The most characters that one word may grow to; ``ENV a=$a$a`` doubles with each line."""
MAX_TOTAL = 1 << 23
"""The most characters that all words of one build may take together."""
_HEREDOC_MARK = pattern(r"<<[\t\r ]*|<")
_NAME = pattern(r"[0-9]+|[@*#?\-$!]|[^\W\d]\w*")


class Unknown(Enum):
    """The third answer of a lookup: the variable may be set, to a value that is not known."""

    UNKNOWN = "unknown"


UNKNOWN = Unknown.UNKNOWN
Lookup = Callable[[str], "str | Unknown | None"]
"""From a variable's name to its value, None where it is known to be unset, UNKNOWN where neither is known."""


class Budget:
    """How many characters the words of one build may still grow by; a hostile file refers to long values often."""

    def __init__(self, characters: int = MAX_TOTAL) -> None:
        self.left = characters

    def spend(self, characters: int) -> None:
        """Take ``characters`` off; raises LimitExceeded when they are used up."""
        self.left -= characters
        if self.left < 0:
            raise LimitExceeded("the variables of the Dockerfile grow too long")


class _Part(Struct, frozen=True):
    """A piece of the result; spaces in a ``splittable`` one end a word."""

    text: str
    splittable: bool


class Expansion(Struct, frozen=True, kw_only=True):
    """A word after quotes, escapes and variables; ``unresolved`` names the variables left as written."""

    text: str
    unresolved: tuple[str, ...] = ()

    @property
    def resolved(self) -> bool:
        """Whether no ``$NAME`` of an unknown variable is left in the text."""
        return not self.unresolved


def expand(text: str, lookup: Lookup, *, escape: str = "\\", budget: Budget | None = None) -> Expansion:
    """Expand one word, as BuildKit does outside of RUN, CMD and ENTRYPOINT.

    Raises UsageError (without a place) for bad syntax and for ``${name:?message}`` of an unset variable,
    LimitExceeded where the result grows past MAX_VALUE, or the words of one ``budget`` past its limit.
    """
    lexer = _Lexer(text, lookup, escape, budget=budget)
    parts = lexer.until("", raw=False)
    return Expansion(text="".join(part.text for part in parts), unresolved=tuple(dict.fromkeys(lexer.unresolved)))


def expand_words(
    text: str, lookup: Lookup, *, escape: str = "\\", budget: Budget | None = None
) -> tuple[Expansion, ...]:
    """Expand, then split at spaces that are neither quoted nor escaped, as EXPOSE does."""
    lexer = _Lexer(text, lookup, escape, budget=budget)
    words = _split(lexer.until("", raw=False))
    unresolved = tuple(dict.fromkeys(lexer.unresolved))
    return tuple(Expansion(text=word, unresolved=unresolved if "$" in word else ()) for word in words)


def raw_words(text: str) -> list[str]:
    """Split into words with quotes, escapes and variables left as written; no words where a quote is not closed."""
    try:
        return _split(_Lexer(text, lambda name: UNKNOWN, "\\", keep=True).until("", raw=True))
    except UsageError:
        return []


def _split(parts: list[_Part]) -> list[str]:
    words: list[str] = []
    word: list[str] = []
    for part in parts:
        pieces = re.split(f"[{BLANKS}]+", part.text) if part.splittable else [part.text]
        for number, piece in enumerate(pieces):
            if number and word:
                words.append("".join(word))
                word = []
            if piece:
                word.append(piece)
    return [*words, "".join(word)] if word else words


@lru_cache(maxsize=64)
def _plain(special: str) -> re.Pattern[str]:
    return re.compile(f"[^{re.escape(special)}]+")


class _Lexer:
    """A text and the position of the next character to read. ``keep`` leaves quotes in place."""

    def __init__(
        self, text: str, lookup: Lookup, escape: str, *, keep: bool = False, budget: Budget | None = None
    ) -> None:
        self.text = text
        self.lookup = lookup
        self.escape = escape
        self.keep = keep
        self.at = 0
        self.depth = 0
        self.value_budget = Budget(MAX_VALUE)
        self.budget = budget or Budget()
        self.unresolved: list[str] = []

    def until(self, stop: str, *, raw: bool) -> list[_Part]:
        """Read up to and past ``stop``, or to the end where it is empty; ``raw`` keeps the escapes."""
        plain = _plain("$<'\"" + self.escape + stop)
        parts: list[_Part] = []
        while self.at < len(self.text):
            character = self.text[self.at]
            if run := plain.match(self.text, self.at):
                self.at = run.end()
                parts.append(_Part(run[0], True))
            elif character == stop:
                self.at += 1
                return parts
            elif character == "$":
                parts.append(_Part(self.dollar(), True))
            elif character in "'\"":
                parts.append(_Part(self.single() if character == "'" else self.double(raw=raw), False))
            elif character == "<":
                parts.append(_Part(self.heredoc_mark(), False))
            else:
                self.at += 2
                start = self.at - 2 if raw else self.at - 1
                parts.append(_Part(self.text[start : self.at], False))
        if stop:
            raise UsageError(f"syntax error: missing {stop!r}")
        return parts

    def heredoc_mark(self) -> str:
        """``<<`` and the blanks behind it belong to one word with the delimiter."""
        found = _HEREDOC_MARK.match(self.text, self.at)
        start, self.at = self.at, found.end() if found else self.at + 1
        return self.text[start : self.at]

    def single(self) -> str:
        """Single quotes: nothing is special up to the next one."""
        end = self.text.find("'", self.at + 1)
        if end < 0:
            raise UsageError("unexpected end of statement while looking for matching single-quote")
        start, self.at = self.at, end + 1
        return self.text[start : self.at] if self.keep else self.text[start + 1 : end]

    def double(self, *, raw: bool) -> str:
        """Double quotes: variables count, and the escape works before ``"``, ``$`` and itself only."""
        plain = _plain('$"' + self.escape)
        quote = '"' if self.keep else ""
        result = [quote]
        self.at += 1
        while self.at < len(self.text):
            character = self.text[self.at]
            if run := plain.match(self.text, self.at):
                self.at = run.end()
                result.append(run[0])
            elif character == '"':
                self.at += 1
                return "".join((*result, quote))
            elif character == "$":
                result.append(self.dollar())
            else:
                following = self.text[self.at + 1 : self.at + 2]
                special = following in ('"', "$", self.escape)
                result.append(self.escape if raw or not special else "")
                result.append(following if special else "")
                self.at += 2 if special else 1
        raise UsageError("unexpected end of statement while looking for matching double-quote")

    def dollar(self) -> str:
        """``$name`` or ``${...}``; what is unknown stays as written."""
        start = self.at
        self.at += 1
        if self.text.startswith("{", self.at):
            self.at += 1
            self.depth += 1
            if self.depth > MAX_DEPTH:
                raise LimitExceeded(f"variables nest deeper than {MAX_DEPTH} levels")
            result = self.braces(start)
            self.depth -= 1
        else:
            name = self.name()
            result = self.plain_value(name, start) if name else "$"
        self.spend(len(result))
        return result

    def spend(self, characters: int) -> None:
        """Count every look at a value, not only the result: both take time."""
        self.value_budget.spend(characters)
        self.budget.spend(characters)

    def name(self) -> str:
        found = _NAME.match(self.text, self.at)
        self.at = found.end() if found else self.at
        return found[0] if found else ""

    def plain_value(self, name: str, start: int) -> str:
        value = self.lookup(name)
        return self.as_written(start, name) if isinstance(value, Unknown) else value or ""

    def as_written(self, start: int, *names: str) -> str:
        self.unresolved += names
        return self.text[start : self.at]

    def word(self, stop: str, *, raw: bool) -> tuple[str, list[str]]:
        """A nested word and what is unresolved in it; that counts only where the word is used."""
        outer, self.unresolved = self.unresolved, []
        text = "".join(part.text for part in self.until(stop, raw=raw))
        inner, self.unresolved = self.unresolved, outer
        return text, inner

    def braces(self, start: int) -> str:
        """The value of the rest of ``${...}``."""
        if self.at == len(self.text):
            raise UsageError("syntax error: missing '}'")
        if self.text[self.at] in "{}:":
            raise UsageError("syntax error: bad substitution")
        name = self.name()
        operator = self.text[self.at : self.at + 1]
        self.at += 1
        if operator == "}":
            return self.plain_value(name, start)
        if operator == "/":
            return self.substitution(name, start)
        if operator == ":":
            operator += self.text[self.at : self.at + 1]
            self.at += 1
        if operator not in ("-", "+", "?", ":-", ":+", ":?", "#", "%"):
            raise UsageError(f"unsupported modifier ({operator}) in substitution" if operator else "missing '}'")
        return self.modifier(name, operator, start)

    def modifier(self, name: str, operator: str, start: int) -> str:
        word, unresolved = self.word("}", raw=operator in "#%")
        value = self.lookup(name)
        if isinstance(value, Unknown):
            return self.as_written(start, name)
        if operator in "#%":
            return self.trimmed(value or "", operator, word) if not unresolved else self.as_written(start, *unresolved)
        there = bool(value) if operator[0] == ":" else value is not None
        if operator[-1] == "?" and not there:
            fault = "empty" if value is not None else "unset"
            raise UsageError(f"{name}: {word or f'is not allowed to be {fault}'}", hint=f"give a value for {name}")
        if there == (operator[-1] == "+"):
            self.unresolved += unresolved
            return word
        return value or "" if there else ""

    def trimmed(self, value: str, operator: str, pattern: str) -> str:
        self.spend(len(value))
        longest = pattern.startswith(operator)
        pattern = pattern[1:] if longest else pattern
        if operator == "#":
            return value[ShellPattern.parse(pattern).prefix_end(value, longest=longest) or 0 :]
        end = ShellPattern.parse(pattern, backwards=True).prefix_end(value[::-1], longest=longest) or 0
        return value[: len(value) - end]

    def substitution(self, name: str, start: int) -> str:
        everywhere = self.text.startswith("/", self.at)
        self.at += everywhere
        pattern, unresolved = self.word("/", raw=True)
        replacement, more = self.word("}", raw=True)
        value = self.lookup(name)
        if isinstance(value, Unknown) or unresolved or more:
            return self.as_written(start, *([name] if isinstance(value, Unknown) else unresolved + more))
        self.spend(len(value or ""))
        return ShellPattern.parse(pattern).replace(value or "", replacement, everywhere=everywhere, limit=MAX_VALUE)
