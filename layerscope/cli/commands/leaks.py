"""``layerscope leaks``: every finding, complete."""

from collections.abc import Iterable
from typing import Annotated

import typer

from layerscope.analysis.listings.findings import FindingQuery, finding_rows
from layerscope.cli.configuration import call_of, ignores_of, tell_unmatched
from layerscope.cli.options import (
    BuildOptions,
    ImageOrReport,
    ReadArguments,
    RowFormat,
    RowFormatOption,
    UnitsName,
    UnitsOption,
    build_options,
    reading_options,
)
from layerscope.cli.output import write_rows
from layerscope.cli.reading import warn
from layerscope.cli.sources import Asked, report_of
from layerscope.model.finding import FindingKind, Severity
from layerscope.rules.names import rule_name


@reading_options
@build_options
def leaks(
    context: typer.Context,
    image: ImageOrReport,
    reading: ReadArguments,
    build: BuildOptions,
    rule: Annotated[list[str] | None, typer.Option("--rule", metavar="RULE", help="Only what this rule found.")] = None,
    severity: Annotated[
        list[Severity] | None, typer.Option("--severity", help="Only findings of this severity.")
    ] = None,
    kind: Annotated[
        list[FindingKind] | None,
        typer.Option("--kind", help="Only what build stages, the final stage or the base brought."),
    ] = None,
    every_path: Annotated[bool, typer.Option("--all", help="Every path, not the directories that say most.")] = False,
    ignored: Annotated[bool, typer.Option("--ignored", help="The ignored findings instead, each with why.")] = False,
    duplicates: Annotated[
        bool, typer.Option("--duplicates/--no-duplicates", help="Look for equal contents at different paths.")
    ] = True,
    row_format: RowFormatOption = RowFormat.TABLE,
    units: UnitsOption = UnitsName.SI,
) -> None:
    """List what the rules found needless: paths, layers and bytes.

    layerscope leaks app.tar

    layerscope leaks app.tar --severity critical --severity high --all

    layerscope leaks app.tar --rule vcs-metadata --kind leak -f jsonl
    """
    query = _query(rule, severity, kind, every_path=every_path, with_reasons=ignored)
    asked = Asked(build=build, duplicates=duplicates, ignores=ignores_of(context))
    made = report_of(image, reading, asked, call_of(context).kept)
    warn(made.warnings, quiet=reading.quiet)
    if reading.verbose:
        tell_unmatched(context, made)
    write_rows(finding_rows(made.ignored if ignored else made.findings, query), row_format, units)


def _query(
    rules: Iterable[str] | None,
    severities: Iterable[Severity] | None,
    kinds: Iterable[FindingKind] | None,
    *,
    every_path: bool,
    with_reasons: bool,
) -> FindingQuery:
    """What the options ask for; raises UsageError for a rule that does not exist."""
    return FindingQuery(
        rules=frozenset(rule_name(name, "--rule") for name in rules or ()),
        severities=frozenset(severities or ()),
        kinds=frozenset(kinds or ()),
        every_path=every_path,
        with_reasons=with_reasons,
    )
