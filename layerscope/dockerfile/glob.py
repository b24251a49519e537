"""Path patterns of COPY, ADD and --exclude: Go's filepath.Match for each component, ``**`` for any number of them.

Dockerfile reference, "Pattern matching" and "COPY --parents". A ``**`` beside other characters in one component
counts as ``*``.
"""

import re

from msgspec import Struct

from layerscope.dockerfile.shell_pattern import ShellPattern
from layerscope.errors import LimitExceeded, UsageError
from layerscope.model.patterns import pattern

MAX_PATTERN = 1 << 14
"""The longest pattern that is taken; a path of Linux has 4,096 bytes at most."""
_SPECIAL = pattern(r"[*?\[\\]")


class Component(Struct, frozen=True):
    """One component of a pattern; ``literal`` is the only name that it matches, None where there are others."""

    literal: str | None
    pattern: ShellPattern | None = None
    any_depth: bool = False

    def matches(self, name: str) -> bool:
        """Whether one name of a path matches."""
        return name == self.literal if self.pattern is None else self.pattern.matches(name)


class PathPattern(Struct, frozen=True):
    """A pattern for a whole path, component by component."""

    text: str
    components: tuple[Component, ...]

    @classmethod
    def parse(cls, text: str) -> "PathPattern":
        """Compile a pattern, slashes at its ends and empty components left out.

        Raises UsageError for a ``[`` that stays open, LimitExceeded for more than MAX_PATTERN characters.
        """
        if len(text) > MAX_PATTERN:
            raise LimitExceeded(f"a path pattern is longer than {MAX_PATTERN:,} characters")
        names = [name for name in text.split("/") if name not in ("", ".")]
        names = [name for number, name in enumerate(names) if name != "**" or names[number - 1 : number] != ["**"]]
        return cls(text, tuple(_component(name) for name in names))

    @property
    def literal(self) -> str | None:
        """The only path that matches, from the root; None where there may be others."""
        names = [each.literal for each in self.components]
        return None if None in names else "/" + "/".join(name or "" for name in names)

    def matches(self, path: str, *, prefixes: bool = False) -> bool:
        """Whether ``path`` matches; with ``prefixes`` also a path below a match, or one that leads to a match."""
        names = [name for name in path.split("/") if name]
        reached = self._closure({0})
        for name in names:
            if prefixes and len(self.components) in reached:
                return True
            reached = self._closure(self._step(reached, name))
        return len(self.components) in reached or (prefixes and bool(reached))

    def _step(self, reached: set[int], name: str) -> set[int]:
        """The positions in the pattern after one more name."""
        following: set[int] = set()
        for position in reached:
            if position == len(self.components):
                continue
            component = self.components[position]
            if component.any_depth:
                following.add(position)
            elif component.matches(name):
                following.add(position + 1)
        return following

    def _closure(self, reached: set[int]) -> set[int]:
        """``**`` may match nothing: the positions behind it are reached too."""
        closed = set(reached)
        for position in reached:
            if position < len(self.components) and self.components[position].any_depth:
                closed.add(position + 1)
        return closed


def excluded(path: str, patterns: tuple[PathPattern, ...]) -> bool:
    """Whether ``--exclude`` takes a path away, as .dockerignore would: parents count, ``!`` takes it back."""
    result = False
    for each in patterns:
        negated = each.text.startswith("!")
        if negated == result and _or_parent(path, each):
            result = not negated
    return result


def parse_excludes(texts: tuple[str, ...]) -> tuple[PathPattern, ...]:
    """Compile the values of ``--exclude``; the ``!`` stays in the text only."""
    return tuple(PathPattern(text, PathPattern.parse(text.removeprefix("!")).components) for text in texts)


def _or_parent(path: str, pattern: PathPattern) -> bool:
    names = [name for name in path.split("/") if name]
    return any(pattern.matches("/".join(names[:count])) for count in range(1, len(names) + 1))


def _component(text: str) -> Component:
    if not _SPECIAL.search(text):
        return Component(text)
    if text == "**":
        return Component(None, ShellPattern.of([[], []]), any_depth=True)
    pieces: list[list[str]] = [[]]
    literal: list[str] = []
    only = True
    at = 0
    while at < len(text):
        if text[at] == "*":
            pieces.append([])
            only, at = False, at + 1
            continue
        expression, name, at = _one(text, at)
        pieces[-1].append(expression)
        literal.append(name)
        only = only and bool(name)
    return Component("".join(literal) if only else None, ShellPattern.of(pieces))


def _one(text: str, at: int) -> tuple[str, str, int]:
    """A regular expression for one character, that character where no other matches, and where the next begins."""
    if text[at] == "?":
        return ".", "", at + 1
    if text[at] == "[":
        return bracket(text, at + 1)
    if text[at] == "\\" and at + 1 < len(text):
        at += 1
    return re.escape(text[at]), text[at], at + 1


def bracket(text: str, at: int) -> tuple[str, str, int]:
    """A character class; ``[`` stands for itself inside of one."""
    negated = text.startswith("^", at)
    at += negated
    ranges: list[tuple[str, str]] = []
    while at < len(text) and (text[at] != "]" or not ranges):
        low, at = _bracket_character(text, at)
        high = low
        if text.startswith("-", at):
            high, at = _bracket_character(text, at + 1)
        ranges.append((low, high))
    if at >= len(text):
        raise UsageError(f"syntax error in pattern {text[:100]!r}: '[' is not closed")
    inside = "".join(re.escape(low) + "-" + re.escape(high) for low, high in ranges if low <= high)
    single = ranges[0][0] if len(ranges) == 1 and ranges[0][0] == ranges[0][1] and not negated else ""
    nothing = "." if negated else "(?!)."
    return (f"[{'^' if negated else ''}{inside}]" if inside else nothing), single, at + 1


def _bracket_character(text: str, at: int) -> tuple[str, int]:
    at += text.startswith("\\", at)
    if at >= len(text):
        raise UsageError(f"syntax error in pattern {text[:100]!r}: '[' is not closed")
    return text[at], at + 1
