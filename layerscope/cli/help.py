"""What ``--help`` prints: a summary, examples as they are typed, and options by panel."""

import inspect
import shutil
from collections.abc import Iterable, Iterator, Sequence
from textwrap import wrap
from typing import Any

OWN_PANEL = "Options"
THRESHOLDS_PANEL = "Thresholds"
OUTPUT_PANEL = "Output"
BUILD_PANEL = "How the image was built"
READING_PANEL = "Reading the archive"
OTHER_PANEL = "Other options"
_ORDER = (OWN_PANEL, THRESHOLDS_PANEL, OUTPUT_PANEL, BUILD_PANEL, READING_PANEL, OTHER_PANEL)
_WIDEST = 100
_NARROWEST = 50
_LABELS = 30
"""The longest label that has its meaning beside it, not below."""
_VARIABLES = "Options can be set by LAYERSCOPE_* variables and in .layerscope.toml (see docs/configuration.md)."
_IMPLIED = "layerscope [OPTIONS] IMAGE is the same as layerscope report IMAGE."
_Row = tuple[str, str]
_HELP = ("-h, --help", "Print this help and exit")


def command_help(command: Any, path: str) -> str:
    """The help of one command."""
    arguments = [one for one in command.params if one.param_type_name == "argument"]
    usage = " ".join([path, *(one.metavar for one in arguments), "[OPTIONS]"])
    summary, *paragraphs = inspect.cleandoc(command.help or "").split("\n\n")
    typed = list(examples(command.help))
    panels = _panels(command.params)
    label = _label_width(row for rows in panels.values() for row in rows)
    lines = [f"Usage: {usage}", "", *_prose(summary)]
    for paragraph in paragraphs:
        if not is_example(paragraph):
            lines += ["", *_prose(paragraph)]
    if typed:
        lines += ["", "Examples:", *(f"  {one}" for one in typed)]
    if arguments:
        lines += _section("Arguments", [(one.metavar, one.help or "") for one in arguments], label)
    for name, rows in panels.items():
        lines += _section(name, rows, label)
    return "\n".join(lines)


def program_help(program: Any, commands: Sequence[_Row], path: str) -> str:
    """The help of the program: its commands, and the options of all of them."""
    rows = list(_rows(program.params))
    lines = [f"Usage: {path} [OPTIONS] COMMAND ...", "", *_prose(program.help), "", *_prose(_IMPLIED)]
    lines += _section("Commands", commands, _label_width(commands))
    lines += _section("Options", [*rows, _HELP], _label_width(rows))
    return "\n".join([*lines, "", *_prose(_VARIABLES)])


def examples(text: str | None) -> Iterator[str]:
    """The commands to type in a help text, a line each."""
    return (" ".join(one.split()) for one in (text or "").split("\n\n") if is_example(one.strip()))


def listed(names: Sequence[str], word: str = "or") -> str:
    """``json, csv or html``."""
    return f" {word} ".join(filter(None, (", ".join(names[:-1]), names[-1])))


def is_example(paragraph: str) -> bool:
    """Whether a paragraph of a help text is a command to type."""
    return paragraph.startswith("layerscope ") or "| layerscope " in paragraph


def choices_of(parameter: Any) -> list[str]:
    """The values that an option accepts, if they are few."""
    return [str(getattr(choice, "value", choice)) for choice in getattr(parameter.type, "choices", None) or ()]


def _panels(parameters: Iterable[Any]) -> dict[str, list[_Row]]:
    """The rows of each panel."""
    panels: dict[str, list[_Row]] = {}
    for one in parameters:
        if one.param_type_name == "option" and not one.hidden:
            panels.setdefault(one.rich_help_panel or OWN_PANEL, []).extend(_rows([one]))
    panels.setdefault(OTHER_PANEL, []).append(_HELP)
    return {name: panels[name] for name in sorted(panels, key=_ORDER.index)}


def _rows(parameters: Iterable[Any]) -> Iterator[_Row]:
    for one in parameters:
        names = ", ".join(sorted(one.secondary_opts if _is_on(one) else one.opts, key=len))
        choices = choices_of(one)
        value = "" if one.is_flag else f" {one.metavar or (one.opts[-1].lstrip('-').upper() if choices else 'N')}"
        yield names + value, _meaning(one, choices)


def _meaning(one: Any, choices: Sequence[str]) -> str:
    """The help of an option, its choices if it does not name them, and its default."""
    words = (one.help or "").removesuffix(".") if not (one.help or "").endswith("...") else one.help
    if choices and not all(choice in words for choice in choices):
        words += f": {listed(choices)}"
    if _is_on(one):
        return f"Do not {words[:1].lower()}{words[1:]}"
    default = getattr(one.default, "value", one.default)
    if default in (None, "", False, 0) or isinstance(default, bool | list | tuple) or "default" in words:
        return words
    return f"{words} (default: {default})"


def _is_on(one: Any) -> bool:
    """Whether an option is a switch that is on without it; its other name, which turns it off, is the one to know."""
    return one.default is True and bool(one.secondary_opts)


def _label_width(rows: Iterable[_Row]) -> int:
    return max((len(label) for label, _ in rows if len(label) <= _LABELS), default=0)


def _section(name: str, rows: Iterable[_Row], label_width: int) -> Iterator[str]:
    yield from ("", f"{name}:")
    indent = " " * (label_width + 4)
    for label, meaning in rows:
        lines = wrap(meaning, max(_width() - len(indent), 20), break_on_hyphens=False) or [""]
        if len(label) > label_width:
            yield f"  {label}"
        else:
            yield f"  {label:{label_width}}  {lines.pop(0)}".rstrip()
        yield from (indent + line for line in lines)


def _prose(text: str) -> list[str]:
    return wrap(" ".join(text.split()), _width(), break_on_hyphens=False)


def _width() -> int:
    return max(min(shutil.get_terminal_size((80, 24)).columns, _WIDEST), _NARROWEST)
