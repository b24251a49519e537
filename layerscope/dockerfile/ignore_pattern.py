"""Patterns of .dockerignore, as moby's patternmatcher reads them.

Unlike those of COPY (``glob.py``), ``**`` counts beside other characters as well: ``**/`` is any number of directories,
``**`` at the end is all that follows, and ``**x`` alone is any path that ends in x.
"""

import posixpath
import re
from collections.abc import Iterator

from msgspec import Struct

from layerscope.dockerfile.expansion import BLANKS
from layerscope.dockerfile.glob import MAX_PATTERN, bracket
from layerscope.errors import LimitExceeded, UsageError

_ANY = "."
_ANY_BUT_SLASH = "[^/]"


class _State(Struct, frozen=True, kw_only=True):
    """One step of a pattern: the characters that lead on, those that stay, and the states reached for nothing."""

    leads: str = ""
    stays: str = ""
    skips: tuple[int, ...] = ()


_STAR = (_State(stays=_ANY_BUT_SLASH, skips=(1,)),)
_REST = (_State(stays=_ANY, skips=(1,)),)
_DIRECTORIES = (_State(skips=(1, 2)), _State(leads="/", stays=_ANY))


class IgnorePattern:
    """One pattern; ``is_exception``: it began with ``!``.

    It is an automaton whose states are the bits of an integer, so that no path takes more than one pass.
    """

    def __init__(self, text: str, *, is_exception: bool) -> None:
        self.text = text
        self.is_exception = is_exception
        self._states = tuple(_states(text))
        self._skips = [sum(1 << at for at, state in enumerate(self._states) if step in state.skips) for step in (1, 2)]
        self._masks: dict[str, tuple[int, int]] = {}

    @classmethod
    def parse(cls, line: str) -> "IgnorePattern | None":
        """The pattern of a line; None for an empty line and a comment.

        Raises UsageError for what the builder refuses and for an escape that it reads in a way of its own,
        LimitExceeded for more than MAX_PATTERN characters.
        """
        if len(line) > MAX_PATTERN:
            raise LimitExceeded(f"an ignore pattern is longer than {MAX_PATTERN:,} characters")
        text = line.strip(BLANKS)
        if line.startswith("#") or not text:
            return None
        is_exception = text.startswith("!")
        text = text.removeprefix("!").strip(BLANKS)
        if not text:
            raise UsageError('illegal exclusion pattern: "!"')
        cleaned = posixpath.normpath(re.sub("^/+", "/", text))
        return cls(cleaned if cleaned == "/" else cleaned.removeprefix("/"), is_exception=is_exception)

    @property
    def is_literal(self) -> bool:
        """Whether it names one path, and with it all that is below."""
        return not re.search(r"[*?\[\]\\]", self.text)

    def matches(self, path: str) -> bool:
        """Whether it matches a path (``a/b``) or one of its parents, which counts as much."""
        states = self._closed(1)
        for character in path:
            if character == "/" and self._accepts(states):
                return True
            states = self._next(states, character)
        return self._accepts(states)

    def may_match_below(self, path: str) -> bool:
        """Whether it matches a path or one of its parents, or may match anything below it."""
        states = self._closed(1)
        for character in f"{path}/":
            if character == "/" and self._accepts(states):
                return True
            states = self._next(states, character)
        return bool(states)

    def _accepts(self, states: int) -> bool:
        return bool(states >> len(self._states) & 1)

    def _next(self, states: int, character: str) -> int:
        masks = self._masks.get(character)
        if masks is None:
            masks = self._masks[character] = self._masks_of(character)
        stays, leads = masks
        return self._closed(states & stays | (states & leads) << 1)

    def _masks_of(self, character: str) -> tuple[int, int]:
        stays = leads = 0
        for at, state in enumerate(self._states):
            if state.stays and (state.stays == _ANY or character != "/"):
                stays |= 1 << at
            if state.leads == character or (len(state.leads) > 1 and re.fullmatch(state.leads, character, re.DOTALL)):
                leads |= 1 << at
        return stays, leads

    def _closed(self, states: int) -> int:
        """The states with all that are reached from them for nothing."""
        one, two = self._skips
        while (more := states | (states & one) << 1 | (states & two) << 2) != states:
            states = more
        return states


def _states(text: str) -> Iterator[_State]:
    """The steps of a pattern; moby compares those without wildcards as text, and so do they in effect."""
    if text.startswith("**") and not re.search(r"[*?\[\]\\]", text[2:]):
        # Moby compares the end of the path, at any character unless a slash comes first.
        yield from _DIRECTORIES if text[2:3] == "/" else _REST
        yield from (_State(leads=character) for character in text[2:].removeprefix("/"))
        return
    at = 0
    while at < len(text):
        character = text[at]
        if text.startswith("**", at):
            at += 3 if text.startswith("/", at + 2) else 2
            yield from _DIRECTORIES if at < len(text) else _REST
        elif character == "*":
            at += 1
            yield from _STAR
        elif character == "?":
            at += 1
            yield _State(leads=_ANY_BUT_SLASH)
        elif character == "[":
            expression, _, end = bracket(text, at + 1)
            if re.search(r"[*?]|\\[A-Za-z0-9]", text[at:end]):
                raise UsageError(f"pattern {text[:100]!r} has a class that is read in two ways")
            at = end
            yield _State(leads=f"(?:{expression})")
        elif character == "\\" and at + 1 < len(text):
            if text[at + 1].isalnum():
                raise UsageError(f"pattern {text[:100]!r} has an escape that is read in two ways")
            yield _State(leads=text[at + 1])
            at += 2
        else:
            at += 1
            yield _State(leads=character)
