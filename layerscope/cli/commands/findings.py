"""``layerscope findings`` and ``layerscope leaks``: every finding, complete."""

from collections.abc import Iterable
from typing import Annotated

import typer
from msgspec import Struct

from layerscope.analysis.listings.findings import FindingQuery, finding_rows
from layerscope.cli.configuration import call_of, ignores_of, warn_unmatched
from layerscope.cli.messages import warn
from layerscope.cli.options import (
    BuildOptions,
    Command,
    DuplicatesOption,
    ImageOrReport,
    ReadArguments,
    RowFormat,
    RowFormatOption,
    UnitsName,
    UnitsOption,
    WideTableOption,
    build_options,
    grouped,
    reading_options,
    rule_name,
)
from layerscope.cli.output import write_rows
from layerscope.cli.source import ReportOptions, report_of
from layerscope.model.finding import FindingKind, Severity


class ListOptions(Struct, frozen=True, kw_only=True):
    """Which findings to list, and how."""

    rule: Annotated[list[str] | None, typer.Option("--rule", metavar="RULE", help="Only findings of this rule")] = None
    severity: Annotated[list[Severity] | None, typer.Option("--severity", help="Only findings of this severity")] = None
    every_path: Annotated[bool, typer.Option("--all", help="List every path, not the main directories")] = False
    ignored: Annotated[bool, typer.Option("--ignored", help="List the ignored findings and why")] = False
    duplicates: DuplicatesOption = True
    row_format: RowFormatOption = RowFormat.TABLE
    wide: WideTableOption = False
    units: UnitsOption = UnitsName.SI


def _list_options(command: Command) -> Command:
    return grouped(command, ListOptions, "options")


@reading_options
@build_options
@_list_options
def findings(
    context: typer.Context,
    image: ImageOrReport,
    reading: ReadArguments,
    build: BuildOptions,
    options: ListOptions,
    kind: Annotated[list[FindingKind] | None, typer.Option("--kind", help="Only findings of this kind")] = None,
) -> None:
    """List findings: secrets, leaks, waste and inherited files

    layerscope findings app.tar

    layerscope findings app.tar --severity critical --severity high --all

    layerscope findings app.tar --rule vcs-metadata --kind leak -f jsonl
    """
    _list(context, image, reading, build, options, kind or ())


@reading_options
@build_options
@_list_options
def leaks(
    context: typer.Context, image: ImageOrReport, reading: ReadArguments, build: BuildOptions, options: ListOptions
) -> None:
    """List leaks: the same as findings --kind leak

    layerscope leaks app.tar --dockerfile Dockerfile --stage builder=builder.tar
    """
    _list(context, image, reading, build, options, (FindingKind.LEAK,))


def _list(
    context: typer.Context,
    image: str,
    reading: ReadArguments,
    build: BuildOptions,
    options: ListOptions,
    kinds: Iterable[FindingKind],
) -> None:
    """Print the findings; raises UsageError for a rule that does not exist."""
    query = FindingQuery(
        rules=frozenset(rule_name(name, "--rule") for name in options.rule or ()),
        severities=frozenset(options.severity or ()),
        kinds=frozenset(kinds),
        every_path=options.every_path,
        is_brief=options.row_format == RowFormat.TABLE and not options.wide,
        with_reasons=options.ignored,
    )
    how = ReportOptions(build=build, duplicates=options.duplicates, ignores=ignores_of(context))
    report = report_of(image, reading, how, call_of(context).kept)
    warn(report.warnings, quiet=reading.quiet)
    if reading.verbose:
        warn_unmatched(context, report)
    listed = report.ignored if options.ignored else report.findings
    rows = finding_rows(listed, query)
    write_rows(rows, options.row_format, options.units, wide=options.wide, color=reading.color)
