"""The commands that a RUN, or another instruction, calls: enough to know what the rest of a build needs.

This looks at text and errs on the side of a call. What edits a RUN parses it.
"""

import posixpath
import re
import shlex
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import dropwhile

from layerscope.advice.timeline import Site
from layerscope.advice.word_edit import plain
from layerscope.model.patterns import pattern

_BETWEEN = r"(?:\s+-\S+(?:\s+[^\s-]\S*=\S*)?)*\s+"
"""Options between two words of a command, such as ``-o Name=value``."""

_SEPARATORS = pattern(r"&&|\|\||[;|\n&()]|(?<![^\s;&|(])\{(?=\s)|(?<![^\s;&|)])\}")
"""Braces are some only where they group commands: those of ``${NAME}`` and ``{a,b}`` are part of a word."""
_ASSIGNMENT = pattern(r"[A-Za-z_]\w*=")
_KEYWORDS = frozenset({"then", "do", "else", "if", "while", "!", "sudo", "env", "exec", "command", "time", "-E"})
_SHELLS = frozenset({"sh", "bash", "ash", "dash", "source", "."})
_PROGRAM = pattern(
    r"/(?:[^/]+/)*s?bin/[^/]+|(?:.*/)?(?:[Cc]onfigure|config|autogen\.sh|gradlew|mvnw|manage\.py|node_modules/\.bin/[^/]+)"
)
"""Paths of programs, and of scripts that are known to install nothing."""


@lru_cache(maxsize=256)
def _pattern(command: str) -> re.Pattern[str]:
    words = (re.escape(word) for word in command.split())
    return re.compile(rf"(?<![\w.-]){_BETWEEN.join(words)}(?![\w-])")


def calls(text: str, *commands: str) -> bool:
    """Whether a text calls one of the commands, such as ``apt-get install``; options may stand between the words."""
    return any(_pattern(command).search(text) for command in commands)


def script_of(site: Site) -> str:
    """The script of a RUN, its here-documents included."""
    return _with_heredocs(site, site.text)


def body(site: Site) -> str:
    """What an instruction says, its here-documents included."""
    return _with_heredocs(site, str(site))


def _with_heredocs(site: Site, text: str) -> str:
    heredocs = site.resolved.instruction.heredocs if site.resolved is not None else ()
    return "\n".join((text, *(one.content for one in heredocs)))


def mentioning(sites: Iterable[Site], *words: str) -> Iterator[Site]:
    """The sites that contain one of the words, in whatever sense."""
    return (site for site in sites if any(word in body(site) for word in words if word))


def commands(script: str) -> Iterator[list[str]]:
    """The words of each command of a script, without what stands before the program: assignments, ``sudo``, keywords.

    A comment is none.
    """
    lines = (line for line in script.split("\n") if not line.lstrip().startswith("#"))
    for part in _SEPARATORS.split("\n".join(lines)):
        words = list(dropwhile(lambda word: word in _KEYWORDS or _ASSIGNMENT.match(word), part.split()))
        if words:
            yield words


def plain_commands(site: Site) -> Iterator[list[str]]:
    """The commands of a RUN without quotes and redirections."""
    return (words for one in commands(script_of(site)) if (words := plain(one)))


def made_and_called(site: Site) -> tuple[list[str], list[list[str]]]:
    """The directories that a RUN without flags makes first (``mkdir -p``), and the words of its other commands.

    Empty where a shell would not read them as they stand.
    """
    try:
        found = [shlex.split(part) for part in re.split(r"&&|\n", site.text)]
    except ValueError:
        found = []
    if site.kind != "RUN" or site.has_flags or not found:
        return [], []
    made = list(map(site.path_of, found.pop(0)[2:])) if found[0][:2] == ["mkdir", "-p"] else []
    return made, found


def scripts(text: str) -> list[str]:
    """The files that a script calls and that may call anything: scripts of the project, or copied in."""
    found = []
    for words in commands(text):
        program, *arguments = (word.strip("'\"") for word in words)
        if posixpath.basename(program) in _SHELLS:
            options = "".join(word for word in arguments if word.startswith("-"))
            files = [word for word in arguments if not word.startswith(("-", "<"))]
            found += files[:1] if not set("cs") & set(options) else []
        elif ("/" in program or program.endswith((".sh", ".bash"))) and not _PROGRAM.fullmatch(program):
            found.append(program)
    return found


def only_finds(words: Sequence[str]) -> bool:
    """Whether a command is a ``find`` that lists or deletes, and neither runs a program nor reads contents."""
    return posixpath.basename(words[0]) == "find" and not any(word.startswith(("-exec", "-ok")) for word in words)
