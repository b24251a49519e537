"""The programs that a shell script calls, and which of them it cannot do without."""

from collections.abc import Iterator, Sequence

from msgspec import Struct

from layerscope.advice.runs import commands as roughly
from layerscope.edit.commands import Syntax, parse_script
from layerscope.errors import EditError, MissingExtra

SHELLS = frozenset({"sh", "bash", "ash", "dash", "ksh", "zsh"})
_BUILTINS = frozenset(
    {
        ".", ":", "[", "[[", "alias", "bg", "bind", "break", "builtin", "caller", "cd", "command", "compgen",
        "complete", "continue", "declare", "dirs", "disown", "echo", "enable", "eval", "exec", "exit",
        "export", "false", "fc", "fg", "getopts", "hash", "help", "history", "jobs", "kill", "let", "local",
        "logout", "mapfile", "popd", "printf", "pushd", "pwd", "read", "readarray", "readonly", "return",
        "set", "shift", "shopt", "source", "suspend", "test", "time", "times", "trap", "true", "type",
        "typeset", "ulimit", "umask", "unalias", "unset", "wait",
    }
)  # fmt: skip
"""What a shell does itself."""
_MARKS = frozenset("|&;<>()$`\"'{}\n*?[#~=%")
_INSTALLS = {
    "apt-get": "install", "apt": "install", "apk": "add", "dnf": "install", "microdnf": "install", "yum": "install",
    "zypper": "install", "tdnf": "install",
}  # fmt: skip
"""Package managers, and the word with which they install."""
_ARGUMENTS = frozenset({'"$@"', "$@", '"${@}"', "$*"})


class Call(Struct, frozen=True, kw_only=True):
    """A command of a script: its ``words``, None for one that is not known before it runs.

    It ``is_needed`` where the script does not go on without it. ``runs_arguments``: it is ``exec "$@"``, which starts
    the command that the script was given.
    """

    words: tuple[str | None, ...]
    is_needed: bool
    runs_arguments: bool = False

    @property
    def program(self) -> str:
        return (self.words[0] if self.words else "") or ""


def calls(text: str, *, exits_on_error: bool = False) -> Iterator[Call]:
    """The commands of a script, builtins and functions left out.

    One that cannot be parsed is read roughly, and none of its commands counts as needed; a single command without any
    syntax of the shell needs no parser.
    """
    if _MARKS.isdisjoint(text.strip()):
        words = tuple(text.split())
        if words[:1] == ("exec",):
            words = words[1:]
        if words and words[0] not in _BUILTINS:
            yield Call(words=words, is_needed=True)
        return
    try:
        syntax = parse_script(_without_first_line(text))
    except (EditError, MissingExtra):
        for found in roughly(text):
            words = tuple(word.strip("'\"") for word in found)
            if words[0] not in _BUILTINS and _MARKS.isdisjoint(words[0]):
                yield Call(words=words, is_needed=False)
        return
    yield from _calls(syntax, exits_on_error=exits_on_error)


def installed_packages(text: str) -> Iterator[str]:
    """The packages of the system that a script installs, by name."""
    for call in calls(text):
        words = [word for word in call.words[1:] if word]
        if _INSTALLS.get(call.program.rpartition("/")[2], "") in words:
            yield from (word.partition("=")[0] for word in words if not word.startswith("-"))


def _without_first_line(text: str) -> str:
    return text.partition("\n")[2] if text.startswith("#!") else text


def _calls(syntax: Syntax, *, exits_on_error: bool) -> Iterator[Call]:
    last = len(syntax.elements) - 1
    while last > 0 and syntax.elements[last].joiner == "&&":
        last -= 1  # Where one of these fails, the last command does not run.
    for command in syntax.commands:
        exits_on_error = exits_on_error or (command.top_level and _sets_errexit(command.texts))
        replaces = command.texts[:1] == ("exec",)
        is_needed = command.top_level and (exits_on_error or replaces or command.position >= last)
        sources = [word.source for word in command.words[command.name_index :]]
        if (command.words and sources[:1] and sources[0] in _ARGUMENTS) or (
            replaces and len(command.words) > 1 and command.words[1].source in _ARGUMENTS
        ):
            yield Call(words=(), is_needed=is_needed, runs_arguments=True)
        elif command.name and command.name not in _BUILTINS and command.name not in syntax.functions:
            words = tuple(word.text for word in command.words[command.name_index :])
            yield Call(words=words, is_needed=is_needed)


def _sets_errexit(texts: Sequence[str | None]) -> bool:
    """Whether ``set -e`` ends the script at the first command that fails."""
    if texts[:1] != ("set",):
        return False
    return any(text is not None and text.startswith("-") and "e" in text.partition("o")[0] for text in texts[1:])
