"""The formats of a report, and the files that ``-o`` names: written whole or not at all."""

import os
import re
import stat
from collections.abc import Iterable, Sequence
from contextlib import suppress
from enum import StrEnum
from pathlib import Path
from typing import Annotated, TypeAlias

import typer
from msgspec import Struct

from layerscope.cli.destination import NEW, umask
from layerscope.cli.output import terminal_width, write
from layerscope.errors import LayerscopeError, UsageError
from layerscope.model.patterns import pattern
from layerscope.model.report import Report
from layerscope.render.escape import without_commands
from layerscope.render.options import RenderOptions
from layerscope.render.renderers import RENDERERS, require
from layerscope.render.units import units as units_named


class ReportFormat(StrEnum):
    """The formats of a report; the keys of render.renderers.RENDERERS."""

    TABLE = "table"
    JSON = "json"
    JSONL = "jsonl"
    CSV = "csv"
    MARKDOWN = "markdown"
    HTML = "html"
    SARIF = "sarif"
    JUNIT = "junit"
    GITLAB = "gitlab"
    CYCLONEDX = "cyclonedx"
    SPDX = "spdx"


_SUFFIXES = (
    (".cdx.json", ReportFormat.CYCLONEDX),
    (".spdx.json", ReportFormat.SPDX),
    (".sarif.json", ReportFormat.SARIF),
    (".sarif", ReportFormat.SARIF),
    (".jsonl", ReportFormat.JSONL),
    (".ndjson", ReportFormat.JSONL),
    (".json", ReportFormat.JSON),
    (".csv", ReportFormat.CSV),
    (".md", ReportFormat.MARKDOWN),
    (".markdown", ReportFormat.MARKDOWN),
    (".html", ReportFormat.HTML),
    (".htm", ReportFormat.HTML),
    (".xml", ReportFormat.JUNIT),
)
"""What a file's name says of its format; the longest ending comes first."""
_TEXTS = frozenset({"", ".txt", ".text", ".log"})
"""The endings of files that a table is written to when nobody names a format."""
_NAMED = pattern(r"([A-Za-z0-9_-]+)=(.*)\Z", re.DOTALL)
STDOUT = "-"


class Output(Struct, frozen=True, kw_only=True):
    """One report to write; ``path`` is ``-`` for stdout."""

    format: ReportFormat
    path: str


FormatOption: TypeAlias = Annotated[
    ReportFormat | None,
    typer.Option("-f", "--format", help="How to print; table unless -o tells.", rich_help_panel="Output"),
]
OutputOption: TypeAlias = Annotated[
    list[str] | None,
    typer.Option(
        "-o",
        "--output",
        metavar="[FORMAT=]PATH",
        help="Write there instead of to stdout; can be given several times. PATH - is stdout.",
        rich_help_panel="Output",
    ),
]


def outputs(settings: Sequence[str], chosen: ReportFormat | None, inputs: Iterable[str] = ()) -> tuple[Output, ...]:
    """What ``-f`` and ``-o`` ask for; raises UsageError for what cannot be, before anything is read.

    A path's format is the one before its ``=``, else that of ``-f``, else what its ending says; without an ending, or
    with that of a text, it is the table. None of the ``inputs`` may be written to.
    """
    found = tuple(_output(setting, chosen) for setting in settings)
    paths = [output.path for output in found]
    twice = next((path for path in paths if paths.count(path) > 1), None)
    if twice is not None:
        raise UsageError(f"-o names {twice} twice")
    for path in paths:
        if path != STDOUT and any(_is_same(path, one) for one in inputs):
            raise UsageError(f"-o {path}: it is to be read, and would be replaced")
    asked = found or (Output(format=chosen or ReportFormat.TABLE, path=STDOUT),)
    for output in asked:
        require(output.format.value)
    return asked


def _output(setting: str, chosen: ReportFormat | None) -> Output:
    named = _NAMED.match(setting)
    path = named[2] if named else setting
    if not path:
        raise UsageError(f"-o {setting}: the path is missing")
    if named:
        known = {one.value: one for one in ReportFormat}
        if named[1] not in known:
            hint = f"the formats are {', '.join(known)}; write ./{setting} for a file of that name"
            raise UsageError(f"-o {setting}: there is no format {named[1]}", hint=hint)
        return Output(format=known[named[1]], path=path)
    ending = next((made for suffix, made in _SUFFIXES if path.lower().endswith(suffix)), None)
    if chosen is None and ending is None and os.path.splitext(path)[1].lower() not in _TEXTS:
        raise UsageError(f"-o {path}: its ending is that of no format", hint=f"name the format, as in table={path}")
    return Output(format=chosen or ending or ReportFormat.TABLE, path=path)


def _is_same(path: str, other: str) -> bool:
    """Whether two paths lead to one regular file, or to one that is there."""
    try:
        return os.path.isfile(path) and os.path.samefile(path, other)
    except OSError:
        return False


def write_report(report: Report, asked: Sequence[Output], *, units: str, top: int, dockerfile: str = "") -> None:
    """Render the report in each format that was asked for, and put it where it belongs."""
    placed = _placed(dockerfile) if dockerfile else ""
    for output in asked:
        width = terminal_width() if output.path == STDOUT else None
        options = RenderOptions(units=units_named(units), top=top, width=width, dockerfile=placed)
        text = RENDERERS[output.format.value](report, options)
        if output.path == STDOUT:
            write(text)
        else:
            write_file(output.path, text)


def _placed(dockerfile: str) -> str:
    """The Dockerfile's path as a repository has it: from the working directory, where it lies below that."""
    path = os.path.join(dockerfile, "Dockerfile") if os.path.isdir(dockerfile) else dockerfile
    inside = os.path.relpath(path) if not os.path.isabs(path) or path.startswith(os.getcwd() + os.sep) else path
    return inside.replace(os.sep, "/")


def write_file(path: str, text: str) -> None:
    """Write a whole file or leave what was there; a device or a pipe is written to as it is.

    Raises LayerscopeError with the system's reason.
    """
    data = without_commands(text).encode("utf-8", "backslashreplace")
    try:
        # Asked by its own name: the real one of /dev/stdout may be no path at all.
        if os.path.exists(path) and not os.path.isfile(path):
            Path(path).write_bytes(data)  # A directory raises the right error by itself.
        else:
            _replace(Path(os.path.realpath(path)), data)
    except OSError as error:
        raise LayerscopeError(f"cannot write {path}: {error.strerror or error}") from None


def _replace(target: Path, data: bytes) -> None:
    """By a file beside it and a rename, so that no reader ever sees a part."""
    # Named before it is there, so that an interrupt never leaves one that nobody knows.
    temporary = target.with_name(f".layerscope-{os.urandom(8).hex()}.part")
    try:
        with open(os.open(temporary, NEW, 0o600), "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(temporary, _mode(target))
        os.replace(temporary, target)
    except BaseException:
        with suppress(OSError):
            os.unlink(temporary)
        raise


def _mode(target: Path) -> int:
    """The mode that the file has, or that a new one would get."""
    try:
        return stat.S_IMODE(target.stat().st_mode)
    except FileNotFoundError:
        return 0o666 & ~umask()
