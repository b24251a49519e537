"""Settings from files: flag > LAYERSCOPE_* > project file (thresholds: else .dive-ci) > user file.

The project file is ``.layerscope.toml``, or ``pyproject.toml`` with a table ``tool.layerscope``, in the current
directory or the nearest one above it, up to the root of the repository. Settings become the defaults of options.
"""

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import typer
from msgspec import Struct, field

from layerscope.analysis.ignore import Ignore, unmatched
from layerscope.cli.messages import say
from layerscope.cli.user_files import read_whole
from layerscope.model.report import Report

_APPLICATION = "layerscope"
_MOST_BYTES = 1 << 20
_OWN_FILE, _PYPROJECT, _DIVE = ".layerscope.toml", "pyproject.toml", ".dive-ci"


class Configuration(Struct, frozen=True, kw_only=True):
    """Defaults for the options of every command and of ``check``, findings to ignore, and the files they are from."""

    settings: Mapping[str, Any] = field(default_factory=dict)
    check: Mapping[str, Any] = field(default_factory=dict)
    ignores: tuple[Ignore, ...] = ()
    files: tuple[str, ...] = ()

    def over(self, lower: "Configuration") -> "Configuration":
        """Return this configuration with the settings of ``lower`` that it lacks; lists are not merged."""
        return Configuration(
            settings={**lower.settings, **self.settings},
            check={**lower.check, **self.check},
            ignores=self.ignores or lower.ignores,
            files=self.files + lower.files,
        )

    def defaults(self, commands: Iterable[str]) -> dict[str, Any]:
        """The defaults of each command's options."""
        return {name: {**self.settings, **(self.check if name == "check" else {})} for name in commands}


class Call(Struct, frozen=True, kw_only=True):
    """One call of the program; values in ``kept`` are never freed, which takes long for large images."""

    configuration: Configuration
    kept: list[object]


def configure(context: typer.Context, commands: Iterable[str], file: str, given: Mapping[str, Any]) -> None:
    """Read the files before a command runs; ``file`` replaces all that would be found.

    ``given`` are the options before the command, which become defaults of its own.
    """
    found = read_file(Path(file)) if file else discovered(Path.cwd())
    context.default_map = {name: {**values, **given} for name, values in found.defaults(commands).items()}
    context.obj = Call(configuration=found, kept=context.obj)


def call_of(context: typer.Context) -> Call:
    """The call that runs a command."""
    call: Call = context.obj
    return call


def ignores_of(context: typer.Context) -> tuple[Ignore, ...]:
    """The findings that the configuration ignores."""
    return call_of(context).configuration.ignores


def warn_unmatched(context: typer.Context, report: Report) -> None:
    """Print the ignores that match no finding; they may be meant for another image."""
    for sentence in unmatched(report, ignores_of(context)):
        say(sentence)


def discovered(start: Path) -> Configuration:
    """Return the configuration of a directory; ``.dive-ci`` counts if the project file has no thresholds."""
    project, found = _project(start), _user()
    if not project.check:
        dive = next((place / _DIVE for place in _upwards(start) if (place / _DIVE).is_file()), None)
        found = found if dive is None else _dive(dive).over(found)
    return project.over(found)


def read_file(path: Path) -> Configuration:
    """Return the configuration in one file; raises UsageError for an unknown key or a bad value."""
    # Most calls find no file.
    from layerscope.cli.settings import parse

    tables = ("tool", _APPLICATION) if path.name == _PYPROJECT else ()
    settings, check, ignores = parse(path, read_whole(path, _MOST_BYTES), tables)
    return Configuration(settings=settings, check=check, ignores=ignores, files=(str(path),))


def _upwards(start: Path) -> Iterable[Path]:
    """The directory and those above it in its repository; outside of a repository, the directory alone."""
    chain = [start, *start.parents]
    root = next((index for index, place in enumerate(chain) if (place / ".git").exists()), 0)
    return chain[: root + 1]


def _project(start: Path) -> Configuration:
    """The nearest project file; ``.layerscope.toml`` comes before ``pyproject.toml`` beside it."""
    for place in _upwards(start):
        if (place / _OWN_FILE).is_file():
            return read_file(place / _OWN_FILE)
        shared = place / _PYPROJECT
        if shared.is_file() and b"layerscope" in read_whole(shared, _MOST_BYTES):
            found = read_file(shared)
            if found.settings or found.check or found.ignores:
                return found
    return Configuration()


def _user() -> Configuration:
    path = Path(typer.get_app_dir(_APPLICATION)) / "config.toml"
    return read_file(path) if path.is_file() else Configuration()


def _dive(path: Path) -> Configuration:
    from layerscope.analysis.dive_ci import dive_limits

    limits = dive_limits(read_whole(path, _MOST_BYTES).decode("utf-8", "replace"), str(path))
    return Configuration(check=limits, files=(str(path),))


def is_help_wanted(arguments: Iterable[str]) -> bool:
    """Whether a call only asks for help or completion, which must not fail because of a file."""
    return (
        not {"-h", "--help"}.isdisjoint(arguments)
        or list(arguments)[1:2] == ["help"]
        or "_LAYERSCOPE_COMPLETE" in os.environ
    )
