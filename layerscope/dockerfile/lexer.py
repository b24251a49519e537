"""The reader of one word: quotes, escapes and variables, character by character where it matters."""

import re
from functools import lru_cache

from msgspec import Struct

from layerscope.dockerfile.patterns import ShellPattern
from layerscope.dockerfile.variables import MAX_VALUE, Budget, Lookup, Unknown
from layerscope.errors import LimitExceeded, UsageError
from layerscope.model.patterns import pattern

MAX_DEPTH = 50
"""How deep ``${a:-${b:-...}}`` may nest."""
_HEREDOC_MARK = pattern(r"<<[\t\r ]*|<")
_NAME = pattern(r"[0-9]+|[@*#?\-$!]|[^\W\d]\w*")


class Part(Struct, frozen=True):
    """A piece of the result; spaces in a ``splittable`` one end a word."""

    text: str
    splittable: bool


def join(parts: list[Part]) -> str:
    return "".join(part.text for part in parts)


@lru_cache(maxsize=64)
def _plain(special: str) -> re.Pattern[str]:
    return re.compile(f"[^{re.escape(special)}]+")


class Lexer:
    """A position in a text; the methods read what starts there. ``keep`` leaves quotes in place."""

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

    def until(self, stop: str, *, raw: bool) -> list[Part]:
        """Read up to and past ``stop``, or to the end where it is empty; ``raw`` keeps the escapes."""
        plain = _plain("$<'\"" + self.escape + stop)
        parts: list[Part] = []
        while self.at < len(self.text):
            character = self.text[self.at]
            if run := plain.match(self.text, self.at):
                self.at = run.end()
                parts.append(Part(run[0], True))
            elif character == stop:
                self.at += 1
                return parts
            elif character == "$":
                parts.append(Part(self.dollar(), True))
            elif character in "'\"":
                parts.append(Part(self.single() if character == "'" else self.double(raw=raw), False))
            elif character == "<":
                parts.append(Part(self.heredoc_mark(), False))
            else:
                self.at += 2
                start = self.at - 2 if raw else self.at - 1
                parts.append(Part(self.text[start : self.at], False))
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
        """Every look at a value counts, not only what ends up in the result: both take time."""
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
        text = join(self.until(stop, raw=raw))
        inner, self.unresolved = self.unresolved, outer
        return text, inner

    def braces(self, start: int) -> str:
        """What follows ``${``."""
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
            raise UsageError(f"{name}: {word or f'is not allowed to be {fault}'}", hint=f"Give a value for {name}.")
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
