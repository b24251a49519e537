"""The words of a shell command: their text without quotes, and the program that they run."""

import re

from msgspec import Struct

from layerscope.model.patterns import pattern

_EXPANSION = pattern(r"[$`]|[<>]\(")
_ASSIGNMENT = pattern(r"[A-Za-z_][A-Za-z0-9_]*=")
_WRAPPERS = {
    "sudo": frozenset({"-u", "-g", "-p", "-C", "-c", "-h", "-r", "-t", "-T", "-U", "-D", "-R"}),
    "env": frozenset({"-u", "-C"}),
    "exec": frozenset({"-a"}),
    "command": frozenset[str](),
    "time": frozenset({"-f", "-o"}),
}
"""Programs that run another one, and their options that take a value of their own."""
_NO_PROGRAM = {"command": ("-v", "-V"), "env": ("-S", "--split-string"), "sudo": ("-l", "-v", "-e", "-i", "-s")}
"""Options with which the words behind them are not a program with its arguments."""


class ShellWord(Struct, frozen=True, kw_only=True):
    """A word: ``text`` without quotes, None where it holds an expansion, and ``source`` as written."""

    text: str | None
    source: str
    start: int
    end: int


def literal(source: str) -> str | None:
    """A word without its quotes (POSIX shell, "Quoting"); None where it holds an expansion.

    Wildcards are left as they are, whether they are quoted or not.
    """
    parts: list[str] = []
    at = 0
    while at < len(source):
        character = source[at]
        if character == "'":
            end = source.find("'", at + 1)
            if end < 0:
                return None
            parts.append(source[at + 1 : end])
            at = end + 1
        elif character == '"':
            quoted = re.compile(r'[^"\\$`]*(?:\\.[^"\\$`]*)*', re.DOTALL).match(source, at + 1)
            if quoted is None or source[quoted.end() : quoted.end() + 1] != '"':
                return None
            parts.append(re.sub(r'\\(?:\n|([$`"\\]))', r"\1", quoted[0]))
            at = quoted.end() + 1
        elif character == "\\":
            parts.append("" if source[at + 1 : at + 2] == "\n" else source[at + 1 : at + 2])
            at += 2
        elif _EXPANSION.match(source, at):
            return None
        else:
            parts.append(character)
            at += 1
    return "".join(parts)


def find_name(texts: list[str | None]) -> tuple[tuple[tuple[str, str | None], ...], int]:
    """The assignments that ``env`` and ``sudo`` take, and the index of the program; past the end where none is run."""
    environment: list[tuple[str, str | None]] = []
    at = 0
    while at < len(texts):
        program = (texts[at] or "").rpartition("/")[2]
        if program not in _WRAPPERS:
            return tuple(environment), at
        wrapper, at = at, at + 1
        while at < len(texts):
            text = texts[at] or ""
            if text in _NO_PROGRAM.get(program, ()):
                return tuple(environment), wrapper
            if program in ("env", "sudo") and _ASSIGNMENT.match(text):
                name, _, value = text.partition("=")
                environment.append((name, value))
            elif text in _WRAPPERS[program]:
                at += 1
            elif not text.startswith("-"):
                break
            at += 1
        if at >= len(texts):
            return tuple(environment), wrapper
    return tuple(environment), at
