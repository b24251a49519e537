"""Settings from files: flag > LAYERSCOPE_* > the project's file (for limits else its .dive-ci) > the user's file.

The project's file is ``.layerscope.toml``, or ``pyproject.toml`` with a table ``tool.layerscope``, in the current
directory or the nearest one above it, as far as the root of the repository. The command line library asks the files
for what neither a flag nor a variable gave, so each setting is one option of a command.
"""

import os
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import typer
from msgspec import Struct, field

from layerscope.analysis.ignore import Ignore, unmatched
from layerscope.cli.failure import say
from layerscope.cli.user_files import read_whole
from layerscope.errors import UsageError
from layerscope.model.report import Report

_APPLICATION = "layerscope"
_LONGEST = 1 << 20
_OWN_FILE, _PYPROJECT, _DIVE = ".layerscope.toml", "pyproject.toml", ".dive-ci"


class Configuration(Struct, frozen=True, kw_only=True):
    """What the files say: ``settings`` and ``check`` by the names of options, the findings to ignore, the files."""

    settings: Mapping[str, Any] = field(default_factory=dict)
    check: Mapping[str, Any] = field(default_factory=dict)
    ignores: tuple[Ignore, ...] = ()
    files: tuple[str, ...] = ()

    def over(self, lower: "Configuration") -> "Configuration":
        """This configuration, and ``lower`` where it is silent; a list replaces a list."""
        return Configuration(
            settings={**lower.settings, **self.settings},
            check={**lower.check, **self.check},
            ignores=self.ignores or lower.ignores,
            files=self.files + lower.files,
        )

    def defaults(self, commands: Iterable[str]) -> dict[str, Any]:
        """The values for the options of each command."""
        return {name: {**self.settings, **(self.check if name == "check" else {})} for name in commands}


class Call(Struct, frozen=True, kw_only=True):
    """One call of the program; what is in ``kept`` stays in memory until the process ends."""

    configuration: Configuration
    kept: list[object]


def configure(context: typer.Context, commands: Iterable[str], file: str = "") -> None:
    """Read the files, once, before a command of the application runs; ``file`` replaces all that would be found."""
    found = read_file(Path(file)) if file else discovered(Path.cwd())
    context.default_map = found.defaults(commands)
    context.obj = Call(configuration=found, kept=context.obj)


def call_of(context: typer.Context) -> Call:
    """The call that a command belongs to."""
    call: Call = context.obj
    return call


def ignores_of(context: typer.Context) -> tuple[Ignore, ...]:
    """The findings that the configuration ignores."""
    return call_of(context).configuration.ignores


def tell_unmatched(context: typer.Context, report: Report) -> None:
    """Say on stderr which ignores of the configuration the image has nothing for; it may be that of several images."""
    for sentence in unmatched(report, ignores_of(context)):
        say(sentence)


def today() -> date:
    """The day on which ignores expire or not, the same all over the world."""
    return datetime.now(UTC).date()


def discovered(start: Path) -> Configuration:
    """What the files say to somebody who stands in ``start``; a project with limits of its own needs none of dive's."""
    project, found = _project(start), _user()
    if not project.check:
        dive = next((place / _DIVE for place in _upwards(start) if (place / _DIVE).is_file()), None)
        found = found if dive is None else _dive(dive).over(found)
    return project.over(found)


def read_file(path: Path) -> Configuration:
    """What one file says; raises UsageError for a key or a value that means nothing."""
    # Most calls find no file.
    from layerscope.cli.settings import checks, document_of, ignores, settings

    document = document_of(path, read_whole(path, _LONGEST))
    if path.name == _PYPROJECT:
        document = _table(_table(document, "tool", path).get("tool", {}), _APPLICATION, path).get(_APPLICATION, {})
    return Configuration(
        settings=settings(document, path),
        check=checks(document, path),
        ignores=ignores(document, path),
        files=(str(path),),
    )


def _upwards(start: Path) -> Iterable[Path]:
    """The directory, and those above it as far as the repository goes; outside of one, the directory alone."""
    chain = [start, *start.parents]
    root = next((index for index, place in enumerate(chain) if (place / ".git").exists()), 0)
    return chain[: root + 1]


def _project(start: Path) -> Configuration:
    """The nearest project file; the tool's own comes before the table in pyproject.toml beside it."""
    for place in _upwards(start):
        if (place / _OWN_FILE).is_file():
            return read_file(place / _OWN_FILE)
        shared = place / _PYPROJECT
        if shared.is_file() and b"layerscope" in read_whole(shared, _LONGEST):
            found = read_file(shared)
            if found.settings or found.check or found.ignores:
                return found
    return Configuration()


def _user() -> Configuration:
    path = Path(typer.get_app_dir(_APPLICATION)) / "config.toml"
    return read_file(path) if path.is_file() else Configuration()


def _dive(path: Path) -> Configuration:
    from layerscope.analysis.dive_ci import dive_limits

    limits = dive_limits(read_whole(path, _LONGEST).decode("utf-8", "replace"), str(path))
    return Configuration(check=limits, files=(str(path),))


def _table(document: dict[str, Any], key: str, path: Path) -> dict[str, Any]:
    """The document, whose member ``key`` is a table where it is there at all."""
    if not isinstance(document.get(key, {}), dict):
        raise UsageError(f"{path}: {key} is no table")
    return document


def is_help_wanted(arguments: Iterable[str]) -> bool:
    """Whether a call only asks for help, which must not fail on account of a file."""
    return not {"-h", "--help"}.isdisjoint(arguments) or "_LAYERSCOPE_COMPLETE" in os.environ
