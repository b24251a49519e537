"""Writes layerscope.1 and the variables of configuration.md from the commands; ``--check`` only lists what is stale."""

import inspect
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from typer.main import get_command

from layerscope.cli.app import COMMANDS, load, make_app
from layerscope.cli.help import is_example

PAGE = Path(__file__).parent / "layerscope.1"
CONFIGURATION = Path(__file__).parent / "configuration.md"
_MARKED = re.compile(r"(?<=<!-- variables -->\n).*(?=<!-- end of variables -->)", re.DOTALL)
_VARIABLES = (
    ("NO_COLOR", "If set, explore shows no colours"),
    ("LAYERSCOPE_DEBUG", "If set, an unexpected error prints a traceback"),
)
_EXITS = (
    ("0", "Success."),
    ("1", "layerscope check: a threshold is exceeded."),
    ("2", "Wrong usage: an option, a name, a template."),
    ("3", "The archive cannot be read, or layerscope failed."),
    ("129, 130, 143", "Ended by SIGHUP, SIGINT or SIGTERM. No file is left half written."),
)
_FILES = (
    (".layerscope.toml", "Settings of a project, in the current directory or above it in the repository."),
    ("pyproject.toml", "The same, in the table tool.layerscope."),
    ("~/.cache/layerscope", "Cache of decompressed layers; it can be deleted at any time."),
    (".dive-ci", "Thresholds for layerscope check, if the project file has none."),
)


def page() -> str:
    """The whole page in the macros of man(7), the same on every day."""
    return "\n".join(_lines()) + "\n"


def variables() -> dict[str, str]:
    """Every environment variable and the option that it sets."""
    found: dict[str, str] = {}
    for command in _commands():
        for parameter in command.params:
            for name in _listed(getattr(parameter, "envvar", None)):
                found.setdefault(name, f"Sets {parameter.opts[0]}: {parameter.help}")
    found |= {name: f"Sets {option}: {text}" for name, option, text in _group_variables() if name not in found}
    return dict(sorted(found.items())) | dict(_VARIABLES)


def _lines() -> Iterator[str]:
    root: Any = get_command(make_app())
    yield '.TH LAYERSCOPE 1 "" layerscope "User Commands"'
    yield from _section("NAME", ["layerscope \\- show where the bytes of a container image come from"])
    yield from _section("SYNOPSIS", [".B layerscope", ".I COMMAND", "[\\fIOPTION\\fR]... [\\fIARGUMENT\\fR]..."])
    yield from _section("DESCRIPTION", _prose(root.help))
    yield ".SH OPTIONS"
    for parameter in root.params:
        yield from _parameter(parameter)
    yield ".SH COMMANDS"
    for command in _commands():
        yield from _command(command)
    yield from _table("EXIT STATUS", _EXITS)
    yield from _table("ENVIRONMENT", tuple(variables().items()))
    yield from _table("FILES", _FILES)


def _commands() -> tuple[Any, ...]:
    return tuple(map(load, COMMANDS))


def _group_variables() -> Iterator[tuple[str, str, str]]:
    root: Any = get_command(make_app())
    for parameter in root.params:
        for name in _listed(parameter.envvar):
            yield name, parameter.opts[0], parameter.help


def _listed(names: Any) -> list[str]:
    return [names] if isinstance(names, str) else list(names or ())


def _command(command: Any) -> Iterator[str]:
    arguments = [one for one in command.params if one.param_type_name == "argument"]
    options = [one for one in command.params if one.param_type_name == "option" and not one.hidden]
    names = " ".join(f"\\fI{_text(one.metavar or one.name.upper())}\\fR" for one in arguments)
    yield f".SS layerscope {_text(command.name)} {names} [\\fIOPTION\\fR]..."
    yield from _prose(command.help)
    for one in (*arguments, *options):
        yield from _parameter(one)


def _parameter(one: Any) -> Iterator[str]:
    if one.param_type_name == "argument":
        label = f"\\fI{_text(one.metavar or one.name.upper())}\\fR"
    else:
        names = [f"\\fB{_text(name)}\\fR" for name in (*one.opts, *one.secondary_opts)]
        value = "" if one.is_flag else f" \\fI{_text(one.metavar or _kind(one))}\\fR"
        label = ", ".join(names) + value
    yield ".TP"
    yield label
    yield _line(one.help or "")


def _kind(one: Any) -> str:
    choices = getattr(one.type, "choices", None)
    if choices:
        return "|".join(str(getattr(choice, "value", choice)) for choice in choices)
    return "N" if one.type.name.startswith("int") else str(one.type.name).upper()


def _prose(text: str | None) -> Iterator[str]:
    """Paragraphs; those that begin with the program's name are examples and keep their line breaks."""
    for number, paragraph in enumerate(inspect.cleandoc(text or "").split("\n\n")):
        example = is_example(paragraph)
        yield ".PP" if number or example else '.\\"'
        if example:
            yield from (".RS 4", ".nf", *map(_line, paragraph.split("\n")), ".fi", ".RE")
        else:
            yield _line(" ".join(paragraph.split()))


def _section(name: str, lines: Any) -> Iterator[str]:
    yield f".SH {name}"
    yield from lines


def _table(name: str, rows: tuple[tuple[str, str], ...]) -> Iterator[str]:
    yield f".SH {name}"
    for label, text in rows:
        yield from (".TP", f"\\fB{_text(label)}\\fR", _line(text))


def _line(text: str) -> str:
    """A line of text; a leading dot or apostrophe would be a request."""
    made = _text(text)
    return f"\\&{made}" if made[:1] in (".", "'") else made


def _text(text: str) -> str:
    return (
        text.replace("\\", "\\e").replace("-", "\\-").replace("'", "\\(aq").replace("`", "\\(ga").replace("~", "\\(ti")
    )


def refreshed(text: str) -> str:
    """Return docs/configuration.md with a fresh table of variables."""
    rows = [f"| `{name}` | {meaning.removeprefix('Sets ')} |" for name, meaning in variables().items()]
    table = "\n".join(["", "| variable | option |", "| --- | --- |", *rows, "", ""])
    return _MARKED.sub(lambda _: table, text)


def stale() -> dict[Path, str]:
    """The stale files and their fresh contents."""
    fresh = {PAGE: page(), CONFIGURATION: refreshed(CONFIGURATION.read_text(encoding="utf-8"))}
    return {path: text for path, text in fresh.items() if not path.exists() or path.read_text(encoding="utf-8") != text}


def main() -> int:
    """Write what is stale, or list it."""
    found = stale()
    check = "--check" in sys.argv
    for path, text in found.items():
        print(f"{'stale' if check else 'refreshed'}: {path.name}")
        if not check:
            path.write_text(text, encoding="utf-8")
    return 1 if found and check else 0


if __name__ == "__main__":
    sys.exit(main())
