"""What the parser of the command line refuses, in the words of all other errors and with what was probably meant."""

import re
import shlex
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from layerscope.cli.help import choices_of, examples, listed
from layerscope.cli.image_hints import missing_hint
from layerscope.errors import UsageError
from layerscope.model.nearest import did_you_mean, nearest
from layerscope.model.patterns import pattern

_ELSEWHERE = {
    "analyze": "report",
    "compare": "diff",
    "config": "inspect",
    "dive": "explore",
    "export": "extract",
    "image": "report",
    "images": "scan",
    "linter": "rules",
    "ls": "files",
    "rule": "rules",
    "sbom": "report IMAGE -f cyclonedx",
    "secrets": "findings IMAGE --kind secret",
    "stat": "report",
    "tree": "files",
    "tui": "explore",
    "waste": "findings IMAGE --kind waste",
}
"""Commands of other programs, and ours that do the same."""
_OPTIONS_ELSEWHERE = {
    "--ci": "layerscope check compares an image with thresholds and exits with 1",
    "--exit-code": "layerscope check exits with 1 if a threshold is exceeded",
    "--fix": "layerscope fix prints a patch of the Dockerfile",
    "--ignore": "findings are ignored by [[ignore]] in .layerscope.toml",
    "--input": "name the archive without an option: layerscope report image.tar",
    "--json": "use -f json",
    "--no-color": "use --color never",
    "--output-format": "use --format",
    "--select": "use layerscope findings IMAGE --rule RULE",
    "--source": "name the archive without an option: layerscope report image.tar",
}
"""Options of other programs, and what to do instead."""
_QUOTED = pattern(r"'(.*)' is not|(\S+) is not in the range", re.DOTALL)
_EXTRA = pattern(r"extra argument\(?s?\)? \((.*)\)", re.DOTALL)
_Load = Callable[[str], Any]


def unknown_command(name: str, rest: Sequence[str], commands: Sequence[str]) -> UsageError:
    """The error for a first argument that is neither a command nor an image."""
    meant = _ELSEWHERE.get(name.lower(), "") or nearest(name.lower(), commands)
    if meant:
        words = shlex.join(rest) or "IMAGE"
        hint = f"did you mean layerscope {meant.replace('IMAGE', words) if ' ' in meant else f'{meant} {words}'}?"
    else:
        hint = missing_hint(name) or "layerscope --help lists the commands"
    return UsageError(f"there is no command or file {name}", hint=hint)


def usage_error(error: Any, commands: Sequence[str], load: _Load) -> UsageError:
    """Return our error for one of the parser's; ``load`` returns a command by its name."""
    kind, context = type(error).__name__, error.ctx
    if kind == "BadOptionUsage":  # It does not know the command.
        return UsageError(f"{error.option_name} {'takes no' if 'not take' in error.message else 'needs a'} value")
    if context is None:
        return UsageError(error.format_message())
    name = context.command_path.removeprefix("layerscope ")
    if kind == "NoSuchOption":
        return _unknown_option(error.option_name, context, commands, load)
    if kind == "MissingParameter":
        example = next(examples(context.command.help), f"{context.command_path} --help")
        return UsageError(f"{name} needs {error.param.metavar.rstrip('.')}", hint=f"for example: {example}")
    if getattr(error, "param", None) is not None:
        return _bad_value(error, load)
    extra = _EXTRA.search(error.message)
    return _extra(extra[1], name, context.command) if extra else UsageError(error.format_message())


def _unknown_option(option: str, context: Any, commands: Sequence[str], load: _Load) -> UsageError:
    others = [f"layerscope {one}" for one in commands if option in _names(load(one))]
    if context.parent is not None and option in _names(context.parent.command):
        hint = f"it precedes the command: layerscope {option} ... {context.info_name}"
        return UsageError(f"{context.info_name} has no option {option}", hint=hint)
    if context.parent is None:
        hint = f"it follows the command: {others[0]} IMAGE {option}" if others else ""
        return UsageError(f"unknown option {option}", hint=hint or _meant(option, context))
    hint = f"{listed(others[:3], 'and')} {'has' if len(others) == 1 else 'have'} it" if others else ""
    if option in ("-o", "--output"):
        hint = f"redirect the output: layerscope {context.info_name} ... > FILE"
    return UsageError(f"{context.info_name} has no option {option}", hint=hint or _meant(option, context))


def _meant(option: str, context: Any) -> str:
    """What to use instead of an option that no command has."""
    for argument in (one.metavar for one in context.command.params if one.param_type_name == "argument"):
        if argument.strip("[].") == option.lstrip("-").upper():
            return f"it is an argument: {context.command_path} {_arguments(context.command)}"
    known = _names(context.command) if option.startswith("--") else ()
    other = did_you_mean(option, known, f"{context.command_path} --help lists the options")
    return _OPTIONS_ELSEWHERE.get(option, other)


def _arguments(command: Any) -> str:
    return " ".join(one.metavar for one in command.params if one.param_type_name == "argument")


def _bad_value(error: Any, load: _Load) -> UsageError:
    """The error for a value that an option or argument does not accept."""
    found = _QUOTED.search(error.message)
    value = found[1] or found[2] if found else ""
    choices = choices_of(error.param)
    given = _given(error, value)
    if choices:
        hint = did_you_mean(value.lower(), choices)
        if "," in value and error.param.multiple:
            parts = [part.strip().lower() for part in value.split(",")]
            hint = f"repeat the option: {' '.join(f'{error.param.opts[-1]} {part}' for part in parts)}"
        elif not hint and "--format" in error.param.opts and value in _choices(load("report"), "--format"):
            hint = f"layerscope report -f {value} writes it"
        return UsageError(f"{given}: expected {listed(choices)}", hint=hint)
    least = getattr(error.param.type, "min", None)
    if error.param.type.name == "boolean":
        return UsageError(f"{given}: expected true or false")
    if error.param.type.name.startswith("int"):
        number = {None: "an integer", 0: "a non-negative integer", 1: "a positive integer"}.get(least, "an integer")
        return UsageError(f"{given}: expected {number}")
    return UsageError(f"{given}: {error.message}")


def _given(error: Any, value: str) -> str:
    """A value and the option, argument or variable that it is from."""
    source = error.ctx.get_parameter_source(error.param.name)
    if getattr(source, "name", "") == "ENVIRONMENT":
        return f"{error.param.envvar}={value}"
    name = error.param.metavar if error.param.param_type_name == "argument" else error.param.opts[-1]
    return f"{name} {value}".rstrip()


def _extra(words: str, name: str, command: Any) -> UsageError:
    """The error for arguments that are too many."""
    hint = f"for example: {next(examples(command.help), f'layerscope {name}')}"
    arguments = [one.metavar for one in command.params if one.param_type_name == "argument"]
    if arguments == ["IMAGE"]:
        hint = "layerscope scan reads several images, layerscope diff compares two"
        if words.startswith("/"):
            hint = f"for a part of the image: layerscope files IMAGE {words}"
    return UsageError(f"{name} takes no other argument: {words}", hint=hint)


def _choices(command: Any, option: str) -> list[str]:
    return next((choices_of(one) for one in command.params if option in one.opts), [])


def _names(command: Any) -> Iterator[str]:
    for parameter in command.params:
        if parameter.param_type_name == "option" and not parameter.hidden:
            yield from (*parameter.opts, *parameter.secondary_opts)
