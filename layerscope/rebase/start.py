"""What runs when a container starts: the command of the config, and what that is known to start in turn.

Followed are programs that start another one (``tini``, ``gosu``, ``env``, ...), the interpreters of scripts, the
commands of shell scripts, and the libraries of every program on the way; not what code of other languages imports.
"""

from collections import deque
from collections.abc import Sequence

from msgspec import Struct

from layerscope.rebase.loader import Lack, Loader
from layerscope.rebase.shell import SHELLS, calls
from layerscope.rebase.system import System

_MOST_COMMANDS = 500
_WITHOUT_VALUE = frozenset(
    {"tini", "tini-static", "dumb-init", "catatonit", "docker-init", "nohup", "exec", "setsid", "command"}
)
_SKIPPED_WORDS = {"gosu": 1, "su-exec": 1, "setuidgid": 1, "timeout": 1}
"""Programs that start another one, and how many words stand before it."""
_VALUES = frozenset({"-p", "-e", "-r", "-n", "-u", "-C", "-k", "-s"})
"""Options of such programs with a value of their own."""


class Call(Struct, frozen=True, kw_only=True):
    """A command: its words, the file or setting that it stands in, and whether the start stops without it."""

    words: tuple[str | None, ...]
    by: str
    is_needed: bool


class Unmet(Struct, frozen=True, kw_only=True):
    """A program or interpreter that is not there; ``number`` is the script that names it, None for a setting."""

    what: str
    by: str
    is_needed: bool
    is_interpreter: bool = False
    number: int | None = None


class Start:
    """What a command reaches in one image.

    ``reached`` are the files that the start needs, ``pythons`` the paths by which it calls Python. ``unmet`` are the
    programs that are not there, ``lacks`` what the loader does not find. ``called`` counts commands; ``is_followed`` is
    false where the limit of these ended the search.
    """

    def __init__(self, system: System, loader: Loader) -> None:
        self._system, self._loader = system, loader
        self.reached, self.pythons = set[int](), set[str]()
        self.unmet, self.lacks = list[Unmet](), list[Lack]()
        self.called, self.is_followed = 0, True
        self._seen = set[tuple[int, bool]]()
        self._scripts = set[tuple[int, bool]]()
        self._todo: deque[tuple[Call, int | None]] = deque()

    def run(self, words: Sequence[str], by: str, *, is_needed: bool = True) -> None:
        """Follow a command and all that it starts."""
        self._todo.append((Call(words=tuple(words), by=by, is_needed=is_needed), None))
        while self._todo:
            call, number = self._todo.popleft()
            self.called += 1
            if self.called > _MOST_COMMANDS:
                self.is_followed = False
                return
            self._call(call, number)

    def _call(self, call: Call, script: int | None) -> None:
        word = call.words[0] if call.words else None
        if not word:
            return
        number = self._system.program(word)
        if number is None:
            self.unmet.append(Unmet(what=word, by=call.by, is_needed=call.is_needed, number=script))
            return
        path = self._system.program_path(word)
        self._reach(number, path, is_needed=call.is_needed)
        name, rest = word.rpartition("/")[2], call.words[1:]
        if name in SHELLS:
            self._shell(rest, call, script)
        elif name == "env" or name in _WITHOUT_VALUE or name in _SKIPPED_WORDS:
            self._todo.append((Call(words=_behind(name, rest), by=call.by, is_needed=call.is_needed), script))
        else:
            self._script(number, path, rest, is_needed=call.is_needed)

    def _reach(self, number: int, path: str, *, is_needed: bool) -> None:
        """Take a program with its libraries."""
        if path.rpartition("/")[2].startswith(("python", "pypy")) and is_needed:
            self.pythons.add(path)
        if (number, is_needed) in self._seen:
            return
        self._seen.add((number, is_needed))
        loaded, lacks = self._loader.load(number)
        if is_needed:
            self.reached |= {number, *loaded}
            self.lacks += lacks

    def _shell(self, words: Sequence[str | None], call: Call, script: int | None) -> None:
        """``sh -c TEXT ARGUMENTS`` or ``sh FILE ARGUMENTS``."""
        options = 0
        while options < len(words) and (words[options] or "").startswith("-"):
            options += 1
        flags = "".join(word or "" for word in words[:options])
        rest = words[options:]
        if not rest or rest[0] is None:
            return
        if "c" in flags.replace("--", ""):
            self._commands(rest[0], rest[2:], call.by, script, is_needed=call.is_needed, exits="e" in flags)
        elif (number := self._system.program(rest[0] if "/" in rest[0] else f"./{rest[0]}")) is not None:
            text = self._system.script(number)
            self._commands(
                text,
                rest[1:],
                self._system.filesystem.path_of(number),
                number,
                is_needed=call.is_needed,
                exits="e" in flags,
            )

    def _script(self, number: int, path: str, arguments: Sequence[str | None], *, is_needed: bool) -> None:
        """The interpreter of a script, and the commands of a shell script."""
        line = self._system.first_line(number)
        if not line:
            return
        interpreter, words = interpreter_of(line)
        by = self._system.filesystem.path_of(number)
        found = self._system.program(interpreter)
        if found is None:
            self.unmet.append(Unmet(what=interpreter, by=by, is_needed=is_needed, is_interpreter=True, number=number))
            return
        self._reach(found, self._system.program_path(interpreter), is_needed=is_needed)
        if interpreter.rpartition("/")[2] in SHELLS and (number, is_needed) not in self._scripts:
            self._scripts.add((number, is_needed))
            exits = any(word.startswith("-") and "e" in word for word in words)
            self._commands(self._system.script(number), arguments, by, number, is_needed=is_needed, exits=exits)
        if is_needed:
            self.reached.add(number)

    def _commands(
        self, text: str, arguments: Sequence[str | None], by: str, number: int | None, *, is_needed: bool, exits: bool
    ) -> None:
        for call in calls(text, exits_on_error=exits):
            words = tuple(arguments) if call.runs_arguments else call.words
            needed = is_needed and (call.is_needed or call.runs_arguments)
            self._todo.append((Call(words=words, by=by, is_needed=needed), number))


def interpreter_of(line: str) -> tuple[str, tuple[str, ...]]:
    """The program that runs a script, and its arguments, from the line behind ``#!``; that of ``env`` is looked up."""
    path, _, argument = line.partition(" ")
    words = argument.split()
    if path.rpartition("/")[2] != "env" or not words:
        return path, tuple(words)
    left = list(_behind("env", words))
    return (left[0] or path, tuple(word or "" for word in left[1:])) if left else (path, ())


def _behind(name: str, words: Sequence[str | None]) -> tuple[str | None, ...]:
    """The words of the program that another one starts."""
    at = 0
    while at < len(words):
        word = words[at] or ""
        if word == "--":
            at += 1
            break
        if word in ("-S", "--split-string") and name == "env":
            rest = " ".join(each or "" for each in words[at + 1 :])
            return _behind(name, rest.split())
        if name == "env" and "=" in word and not word.startswith("-"):
            at += 1
        elif word.startswith("-"):
            at += 2 if word in _VALUES else 1
        else:
            break
    return tuple(words[at + _SKIPPED_WORDS.get(name, 0) :])
