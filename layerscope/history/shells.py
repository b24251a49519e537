"""The shell and the build arguments that builders write before the command of a RUN."""

import re
from itertools import islice

from layerscope.model.patterns import pattern

_OPTION = r"(?: (?:-[A-Za-z]{0,8}o [a-z]{1,20}|--?[A-Za-z][A-Za-z-]{0,20}))"
_UNIX = rf"(?:(?:/[\w.+-]{{1,40}}){{0,6}}/)?(?:busybox )?(?:ba|da|a|z|k)?sh{_OPTION}{{0,8}}? -[A-Za-z]{{0,8}}c"
_CMD = r"(?:[A-Za-z]:(?:\\[\w.-]{1,40}){1,6}\\)?(?i:cmd)(?:\.exe)?(?: /[A-Za-z]){0,4}? /[CcKk]"
_POWERSHELL = r"(?i:powershell|pwsh)(?:\.exe)?(?: -[A-Za-z]{1,20}(?: [A-Za-z]{1,20})?){0,6}? -[Cc](?:ommand)?"
# Every repetition is bounded, so a search costs a constant for each character of a hostile text.
_SHELL = pattern(rf"(?:{_UNIX}|{_CMD}|{_POWERSHELL})(?: |$)", re.ASCII)
_LATER_SHELL = pattern(rf"(?<= )(?:{_UNIX}|{_CMD}|{_POWERSHELL}) ", re.ASCII)
_SHELL_ALONE = pattern(
    r"(?:(?:/[\w.+-]{1,40}){0,6}/)?(?:(?:ba|da|a|z|k)?sh|(?i:cmd|powershell|pwsh)(?:\.exe)?)(?: --?[a-z]{1,10}){0,3}",
    re.ASCII,
)
_COUNT = pattern(r"\|(\d{1,9})(?: |$)", re.ASCII)
_NAME = pattern(r"(?:^|(?<= ))([A-Za-z_][A-Za-z0-9_]*)=")
_NOP = "#(nop)"
_NOP_WITHIN = 1000

BuildArgs = tuple[tuple[str, str], ...]


def without_shell(text: str, declared: str = "") -> str | None:
    """The command behind the shell that ``text`` begins with, or None where it begins with none.

    ``declared`` is the last SHELL of the history, its arguments joined by spaces; it may be anything.
    """
    if declared and text.startswith(declared + " "):
        return text[len(declared) + 1 :]
    shell = _SHELL.match(text)
    return text[shell.end() :] if shell else None


def is_shell_alone(text: str) -> bool:
    """Whether the text is a shell without a command, as started to work in a container by hand."""
    return _SHELL_ALONE.fullmatch(text) is not None


def no_operation(text: str, declared: str = "") -> str | None:
    """The text after ``#(nop)``, the legacy builder's mark of a step that ran nothing; None without the mark.

    The mark counts only right behind a shell, so that a command which mentions it stays a command.
    """
    place = text.find(_NOP, 0, _NOP_WITHIN)
    if place < 0:
        return None
    shell, rest = text[:place].strip(), text[place + len(_NOP) :].lstrip()
    # The step that declares a shell is already written with it, and PowerShell's runs on into statements.
    declares = bool(shell) and rest.startswith(f"SHELL [{shell}")
    if not (declares or shell == declared or is_shell_alone(shell)):
        behind = without_shell(shell)
        if behind is None or (behind and not behind.endswith(";")):
            return None
    return rest


def split_build_args(text: str, declared: str = "") -> tuple[BuildArgs, str]:
    """Split ``|2 A=1 B=two words /bin/sh -c make`` into the pairs and the command; other texts are all command.

    The builders quote nothing. The values end where a shell begins; without one the last value ends at a space,
    and a value with spaces is then cut. Buildah counts the words of the values, so fewer than N names are not an error.
    ``declared`` is the SHELL in force, its arguments joined by spaces.
    """
    head = _COUNT.match(text)
    if head is None:
        return (), text
    count, rest = int(head[1]), text[head.end() :]
    if count == 0:
        return (), rest
    shell = _later_shell(rest, declared)
    region = rest if shell < 0 else rest[: shell - 1]
    names = list(islice(_NAME.finditer(region), count))
    if not names or names[0].start() != 0:
        return (), rest
    if shell < 0:
        end = region.find(" ", names[-1].end())
        region = region if end < 0 else region[:end]
        shell = len(region) + 1
    ends = [name.start() - 1 for name in names[1:]] + [len(region)]
    pairs = tuple((name[1], region[name.end() : end]) for name, end in zip(names, ends, strict=True))
    return pairs, rest[shell:]


def _later_shell(text: str, declared: str = "") -> int:
    """Where the first shell after a space begins, or -1."""
    if declared and (place := text.find(f" {declared} ")) >= 0:
        return place + 1
    shell = _LATER_SHELL.search(text)
    return shell.start() if shell else -1
