"""``layerscope report``: where an image's bytes come from and which are reclaimable, in one format or several."""

import os
import re
import shlex
from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import Annotated, TypeAlias

import typer
from msgspec import Struct
from msgspec.structs import replace

from layerscope.cli.configuration import call_of, ignores_of, warn_unmatched
from layerscope.cli.options import (
    BuildOptions,
    DuplicatesOption,
    ImageOrReport,
    OntoOption,
    ReadArguments,
    TopOption,
    UnitsName,
    UnitsOption,
    WideOption,
    build_options,
    output_option,
    reading_options,
    words_of,
)
from layerscope.cli.output import WIDTH_OF_FILES, terminal_width, use_color, write
from layerscope.cli.source import ReportOptions, Source, opened_source
from layerscope.cli.user_files import is_saved_report, write_file
from layerscope.errors import UsageError
from layerscope.model.nearest import did_you_mean
from layerscope.model.patterns import pattern
from layerscope.render.renderers import in_pieces, require
from layerscope.render.units import RenderOptions
from layerscope.render.units import units as units_named
from layerscope.secrets.text import redacted


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
"""The format of each file name's ending, longest first."""
_TEXTS = frozenset({"", ".txt", ".text", ".log"})
"""The endings of files that get a table if no format is named."""
_NAMED = pattern(r"([A-Za-z0-9_-]+)=(.*)\Z", re.DOTALL)
STDOUT = "-"


class Output(Struct, frozen=True, kw_only=True):
    """A format and a path to write it to, ``-`` for stdout."""

    format: ReportFormat
    path: str


FormatOption: TypeAlias = Annotated[
    ReportFormat | None,
    output_option("-f", "--format", help="Output format (default: table, or by the ending of -o)"),
]
OutputOption: TypeAlias = Annotated[
    list[str] | None,
    output_option("-o", "--output", metavar="[FORMAT=]PATH", help="Write to a file, or to stdout for -; repeatable"),
]
InheritedOption: TypeAlias = Annotated[
    bool,
    typer.Option("--include-inherited", help="Include inherited findings in SARIF", rich_help_panel="Output"),
]


@reading_options
@build_options
def report(
    context: typer.Context,
    image: ImageOrReport,
    reading: ReadArguments,
    build: BuildOptions,
    onto: OntoOption = None,
    duplicates: DuplicatesOption = True,
    top: TopOption = 0,
    report_format: FormatOption = None,
    output: OutputOption = None,
    wide: WideOption = False,
    units: UnitsOption = UnitsName.SI,
    inherited: InheritedOption = False,
) -> None:
    """Show where an image's bytes come from and which are reclaimable

    layerscope report image.tar

    docker save app:latest | layerscope report -

    layerscope report app.tar --base python.tar -f json > report.json

    layerscope report app.tar --dockerfile Dockerfile --stage builder=builder.tar

    layerscope report app.tar --base python.tar --onto python-slim.tar

    layerscope report app.tar -o report.html -o sarif=findings.json -o -

    layerscope report report.json -f html > report.html
    """
    stages = (stage.partition("=")[2] for stage in build.stage or ())
    others = tuple(onto or ())
    targets = outputs(output or (), report_format, (image, build.base, build.dockerfile, *stages, *others))
    sizes = any(target.format == ReportFormat.HTML for target in targets)
    options = ReportOptions(build=build, duplicates=duplicates, ignores=ignores_of(context), sizes=sizes, onto=others)
    with opened_source(image, reading, options) as source:
        call_of(context).kept.append(source)
    made = source.report
    if reading.verbose:
        warn_unmatched(context, made)
    placed = root = ""
    if build.dockerfile:
        from layerscope.cli.build import dockerfile_place  # A saved report needs nothing of the analysis.

        placed, root = dockerfile_place(build, source.analysis.files if source.analysis is not None else None)
    shown = RenderOptions(
        units=units_named(units.value),
        top=top,
        dockerfile=placed,
        root=root,
        arguments=redacted(shlex.join(words_of(image, reading, build))),
        is_saved=is_saved_report(image),
        inherited=inherited,
    )
    width = None if wide else terminal_width() or WIDTH_OF_FILES
    on_stdout = replace(shown, width=width, color=use_color(reading.color))
    _write(source, targets, on_stdout, replace(shown, width=None if wide else WIDTH_OF_FILES))


def outputs(settings: Sequence[str], chosen: ReportFormat | None, inputs: Iterable[str] = ()) -> tuple[Output, ...]:
    """Return the outputs that ``-f`` and ``-o`` name; raises UsageError, before anything is read.

    A path's format is the one before its ``=``, else that of ``-f``, else that of its ending; with no ending, or that
    of a text, it is the table. None of the ``inputs`` may be overwritten.
    """
    found = tuple(_output(setting, chosen) for setting in settings)
    paths = [output.path for output in found]
    twice = next((path for path in paths if paths.count(path) > 1), None)
    if twice is not None:
        raise UsageError(f"-o names {twice} twice")
    for path in paths:
        if path != STDOUT and any(_is_same(path, one) for one in inputs):
            raise UsageError(f"output would overwrite the input {path}")
    targets = found or (Output(format=chosen or ReportFormat.TABLE, path=STDOUT),)
    for output in targets:
        require(output.format.value)
    return targets


def _output(setting: str, chosen: ReportFormat | None) -> Output:
    named = _NAMED.match(setting)
    path = named[2] if named else setting
    if not path:
        raise UsageError(f"-o {setting}: expected a path")
    if named:
        known = {one.value: one for one in ReportFormat}
        if named[1] not in known:
            meant = did_you_mean(named[1].lower(), known, f"formats are {', '.join(known)};")
            hint = f"{meant} use ./{setting} for a file of that name"
            raise UsageError(f"-o {setting}: unknown format {named[1]}", hint=hint)
        return Output(format=known[named[1]], path=path)
    if path in list(ReportFormat):
        raise UsageError(
            f"-o {path}: {path} is a format", hint=f"use -f {path}, or -o ./{path} for a file of that name"
        )
    ending = next((made for suffix, made in _SUFFIXES if path.lower().endswith(suffix)), None)
    if chosen is None and ending is None and os.path.splitext(path)[1].lower() not in _TEXTS:
        raise UsageError(f"-o {path}: no format has this ending", hint=f"name the format, for example table={path}")
    return Output(format=chosen or ending or ReportFormat.TABLE, path=path)


def _is_same(path: str, other: str) -> bool:
    """Whether two paths name the same existing regular file."""
    try:
        return os.path.isfile(path) and os.path.samefile(path, other)
    except OSError:
        return False


def _write(source: Source, targets: Sequence[Output], on_stdout: RenderOptions, in_files: RenderOptions) -> None:
    """Render the report once for each output."""
    for output in targets:
        to_stdout = output.path == STDOUT
        pieces = _rendered(source, output.format, on_stdout if to_stdout else in_files)
        if to_stdout:
            for piece in pieces:
                write(piece)
        else:
            write_file(output.path, pieces)


def _rendered(source: Source, chosen: ReportFormat, options: RenderOptions) -> Iterable[str]:
    """The text of a format, in pieces."""
    if chosen == ReportFormat.HTML and source.sizes is not None:
        from layerscope.render.html import html  # As other formats, loaded when it is used.

        return (html(source.report, options, source.sizes),)
    return in_pieces(chosen.value, source.report, options)
