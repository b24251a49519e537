"""The patterns of ``${name#pattern}`` and its kin: ``*``, ``?`` and backslash escapes (Dockerfile reference,
"Environment replacement").

A pattern is cut at its stars into pieces of fixed length, and each piece is searched on its own: a regular
expression with several stars would take polynomial time on a hostile value.
"""

import re

from msgspec import Struct

from layerscope.errors import LimitExceeded, UsageError

MAX_WORK = 1 << 24
"""The largest product of pattern length and value length that is matched."""


class ShellPattern(Struct, frozen=True):
    """A pattern as pieces between stars; ``lengths`` are the characters that each piece matches."""

    pieces: tuple[re.Pattern[str], ...]
    lengths: tuple[int, ...]

    @classmethod
    def parse(cls, text: str, *, backwards: bool = False) -> "ShellPattern":
        """Compile a pattern; ``backwards`` makes one for the reversed value. Raises UsageError on a bad escape."""
        pieces = _pieces(text)
        return cls.of([piece[::-1] for piece in reversed(pieces)] if backwards else pieces)

    @classmethod
    def of(cls, pieces: list[list[str]]) -> "ShellPattern":
        """Make a pattern of pieces between stars, each a list of regular expressions for one character."""
        return cls(
            tuple(re.compile("".join(piece), re.DOTALL) for piece in pieces),
            tuple(len(piece) for piece in pieces),
        )

    def prefix_end(self, value: str, *, longest: bool) -> int | None:
        """Where the shortest or longest match at the start of ``value`` ends; None without a match."""
        self._guard(value)
        head = self.pieces[0].match(value)
        return None if head is None else self._rest_end(value, head.end(), longest=longest)

    def matches(self, value: str) -> bool:
        """Whether the pattern matches all of ``value``."""
        self._guard(value)
        if len(self.pieces) == 1:
            return self.pieces[0].fullmatch(value) is not None
        head = self.pieces[0].match(value)
        at = None if head is None else self._middle_end(value, head.end())
        start = len(value) - self.lengths[-1]
        return at is not None and start >= at and self.pieces[-1].match(value, start) is not None

    def find(self, value: str, start: int) -> tuple[int, int] | None:
        """Begin and end of the leftmost match from ``start`` on, as long as it can be."""
        head = self.pieces[0].search(value, start)
        end = None if head is None else self._rest_end(value, head.end(), longest=True)
        return None if head is None or end is None else (head.start(), end)

    def replace(self, value: str, replacement: str, *, everywhere: bool, limit: int) -> str:
        """``value`` with the first match, or each, replaced; raises LimitExceeded past ``limit`` characters."""
        self._guard(value)
        parts: list[str] = []
        at, copied, room = 0, 0, limit - len(value)
        while at <= len(value) and (found := self.find(value, at)) is not None:
            begin, end = found
            if begin < end or begin > copied or not parts:
                parts += (value[copied:begin], replacement)
                copied = end
                room -= len(replacement)
            if room < 0:
                raise LimitExceeded(f"a variable grows past {limit:,} characters")
            if not everywhere:
                break
            at = max(end, begin + 1)
        return "".join(parts) + value[copied:]

    def _rest_end(self, value: str, at: int, *, longest: bool) -> int | None:
        """The end of the match once the first piece ended ``at``: each later piece comes as early as it can."""
        if len(self.pieces) == 1:
            return at
        middle = self._middle_end(value, at)
        if middle is None or longest:
            return None if middle is None else self._last_end(value, middle)
        found = self.pieces[-1].search(value, middle)
        return None if found is None else found.end()

    def _middle_end(self, value: str, at: int) -> int | None:
        """The end of the pieces between the first and the last one."""
        for piece in self.pieces[1:-1]:
            found = piece.search(value, at)
            if found is None:
                return None
            at = found.end()
        return at

    def _last_end(self, value: str, at: int) -> int | None:
        """Where the last piece ends when it comes as late as it can."""
        length = self.lengths[-1]
        starts = range(len(value) - length, at - 1, -1)
        return next((start + length for start in starts if self.pieces[-1].match(value, start)), None)

    def _guard(self, value: str) -> None:
        if (sum(self.lengths) + len(self.lengths)) * len(value) > MAX_WORK:
            raise LimitExceeded("a pattern in a substitution is too long for its value")


def _pieces(text: str) -> list[list[str]]:
    """Regular expressions of single characters, one list for each piece between stars."""
    pieces: list[list[str]] = [[]]
    characters = iter(text)
    for character in characters:
        if character == "*":
            pieces.append([])
        elif character == "?":
            pieces[-1].append(".")
        elif character == "\\":
            escaped = next(characters, "")
            if escaped not in ("*", "?", "\\", "}", "/"):
                raise UsageError(f"invalid escape '\\{escaped}' in a pattern")
            pieces[-1].append(re.escape(escaped))
        else:
            pieces[-1].append(re.escape(character))
    return pieces
