"""Two RUN instructions as one.

In one RUN the second script runs in the shell of the first. Whatever a script can leave behind in its shell is looked
for in the first: its directory is set back, and on nothing else may the second depend.
"""

import re
import shlex

from layerscope.dockerfile.expansion import BLANKS
from layerscope.edit.list_edits import check_end, joiner_after, place_after
from layerscope.edit.script import ScriptText
from layerscope.errors import EditError
from layerscope.model.patterns import pattern

_DIRECTORY = frozenset({"cd", "pushd", "popd"})
_LASTING = frozenset(
    {
        ".", "alias", "declare", "eval", "exec", "export", "getopts", "local", "mapfile", "read", "readarray",
        "readonly", "shopt", "source", "trap", "typeset", "ulimit", "umask", "unalias", "unset", "wait",
    }
)  # fmt: skip
"""Builtins with an effect on what the same shell runs later (bash manual, "Shell Builtin Commands")."""
_HARMLESS = frozenset({"e", "x", "v", "errexit", "xtrace", "verbose"})
_UNSET = frozenset({"u", "nounset"})
_HARMLESS_WITHOUT_EXPANSIONS = frozenset({*_HARMLESS, *_UNSET, "o", "pipefail"})
_SETTINGS = pattern(r"(?:PATH|HOME|SHELL|LANG|TZ|IFS|ENV|BASH_ENV|TMPDIR|PS[0-9]|(?:LC|LD|PIP|NPM|DEB).*)\Z")


def joined(first: ScriptText, second: ScriptText, *, directory: str = "") -> str:
    """The source of one RUN that does what two do; raises EditError where the first would change the second."""
    if first.in_heredoc or second.in_heredoc:
        raise EditError("a here-document is not joined with another RUN")
    if (first.flags, first.shell, first.escape) != (second.flags, second.shell, second.escape):
        raise EditError("the two RUNs have other flags or another shell")
    back = _way_back(first, directory)
    _check_state(first, second)
    check_end(first)
    last = len(first.elements) - 1
    joiner = joiner_after(first, last)
    reset = _reset(first, second, joiner)
    text = "".join(f"{command} && " for command in (back, reset) if command)
    # Between RUN and its first command only comments can have lines of their own.
    lines = second.source[: second.start].split("\n")[1:-1]
    comments = "".join(f"{line}\n" for line in lines if line.lstrip(BLANKS).startswith("#"))
    written = text + second.source[second.start :].rstrip(" \t")
    source, at = place_after(first, last, joiner, written, comments=comments)
    return first.checked(source, (at, at, f"{joiner} {text}{second.text}"))


def _way_back(first: ScriptText, directory: str) -> str:
    """The command that sets the directory back, empty where the first script stays in it."""
    if not any(each.name in _DIRECTORY for each in first.commands):
        return ""
    if not directory.startswith("/"):
        raise EditError("the first RUN changes the directory")
    return f"cd {shlex.quote(directory)}"


def _check_state(first: ScriptText, second: ScriptText) -> None:
    names = {each.name for each in first.commands}
    if lasting := sorted(names & _LASTING):
        raise EditError(f"{lasting[0]} in the first RUN may change the second")
    if "" in names or re.search(r"\$\{\w+:?=", first.text):
        raise EditError("the first RUN runs a command or sets a variable that is not known")
    if first.syntax.functions & {each.name for each in second.commands}:
        raise EditError("the second RUN calls a function of the first")
    for name in first.syntax.assigned:
        if _SETTINGS.match(name) or re.search(rf"\b{re.escape(name)}\b", second.text):
            raise EditError(f"the variable {name} of the first RUN may change the second")


def _reset(first: ScriptText, second: ScriptText, joiner: str) -> str:
    """What sets options of the first back, so that each failure of one ends the build as before, and no other does.

    Empty where nothing has to be; raises EditError where that is not enough.
    """
    one_list = all(each.joiner in ("", "&&") for each in second.elements)
    if second.syntax.trailing == "&" or any(each.joiner == "&" for each in second.elements):
        raise EditError("the second RUN runs a command in the background")
    if joiner == "&&" and not one_list:
        raise EditError("a failure of the first RUN could be ignored by the second")
    options = [each for each in first.commands if each.name == "set"]
    own = [each for each in second.commands if each.name == "set" and each.position == 0 and each.top_level]
    if not options or (own and own[0].texts == options[-1].texts and len(options) == 1):
        return ""
    words = [text or "$" for each in options for text in each.texts[1:]]
    set_options = {option for text in words for option in (text[1:] if text.startswith("-") else (text,))}
    simple = all(each.kinds == ("command",) and not each.negated for each in second.elements)
    expands = bool(set("$`") & set(second.text))
    harmful = set_options - (_HARMLESS if expands else _HARMLESS_WITHOUT_EXPANSIONS)
    if not one_list or not simple or not harmful <= _UNSET:
        raise EditError("the options that the first RUN sets may change the second")
    return "set +u" if harmful else ""
