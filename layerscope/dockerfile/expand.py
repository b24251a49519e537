"""Words of a Dockerfile without quotes, escapes and variables (Dockerfile reference, "Environment replacement")."""

import re

from msgspec import Struct

from layerscope.dockerfile.blanks import BLANKS
from layerscope.dockerfile.lexer import Lexer, Part, join
from layerscope.dockerfile.variables import UNKNOWN, Budget, Lookup
from layerscope.errors import UsageError


class Expansion(Struct, frozen=True, kw_only=True):
    """A word after quotes, escapes and variables; ``unresolved`` names the variables left as written."""

    text: str
    unresolved: tuple[str, ...] = ()

    @property
    def resolved(self) -> bool:
        """Whether the text is what the builder saw; otherwise it still holds ``$NAME`` of an unknown variable."""
        return not self.unresolved


def expand(text: str, lookup: Lookup, *, escape: str = "\\", budget: Budget | None = None) -> Expansion:
    """Expand one word, as BuildKit does outside of RUN, CMD and ENTRYPOINT.

    Raises UsageError (without a place) for bad syntax and for ``${name:?message}`` of an unset variable,
    LimitExceeded where the result grows past MAX_VALUE, or the words of one ``budget`` past what it holds.
    """
    lexer = Lexer(text, lookup, escape, budget=budget)
    parts = lexer.until("", raw=False)
    return Expansion(text=join(parts), unresolved=tuple(dict.fromkeys(lexer.unresolved)))


def expand_words(
    text: str, lookup: Lookup, *, escape: str = "\\", budget: Budget | None = None
) -> tuple[Expansion, ...]:
    """Expand, then split at spaces that are neither quoted nor escaped, as EXPOSE does."""
    lexer = Lexer(text, lookup, escape, budget=budget)
    words = _split(lexer.until("", raw=False))
    unresolved = tuple(dict.fromkeys(lexer.unresolved))
    return tuple(Expansion(text=word, unresolved=unresolved if "$" in word else ()) for word in words)


def raw_words(text: str) -> list[str]:
    """Split into words with quotes, escapes and variables left as written; no words where a quote stays open."""
    try:
        return _split(Lexer(text, lambda name: UNKNOWN, "\\", keep=True).until("", raw=True))
    except UsageError:
        return []


def _split(parts: list[Part]) -> list[str]:
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
