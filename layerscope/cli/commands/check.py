"""``layerscope check``: thresholds for CI; exits with 1 if one is exceeded."""

import shlex
from collections.abc import Callable
from contextlib import suppress
from enum import StrEnum
from typing import Annotated, Any, TypeVar

import typer
from msgspec import Struct

from layerscope.analysis.amounts import amount, amounts, byte_count, share
from layerscope.analysis.diff import diff
from layerscope.analysis.policy import Policy, evaluate
from layerscope.cli.configuration import call_of, ignores_of, warn_unmatched
from layerscope.cli.help import THRESHOLDS_PANEL
from layerscope.cli.messages import hinting, naming_option, warn
from layerscope.cli.options import (
    BuildOptions,
    Command,
    ImageOrReport,
    ReadArguments,
    UnitsName,
    UnitsOption,
    build_options,
    grouped,
    output_option,
    reading_options,
    rule_name,
    words_of,
)
from layerscope.cli.output import WIDTH_OF_FILES, terminal_width, use_color, write
from layerscope.cli.source import ReportOptions, report_of
from layerscope.cli.user_files import is_saved_report
from layerscope.errors import UsageError
from layerscope.model.check import CheckReport, Outcome
from layerscope.model.finding import Severity
from layerscope.model.report import Report
from layerscope.render.check import as_json, markdown, text
from layerscope.render.failures import Growth
from layerscope.render.units import RenderOptions
from layerscope.render.units import units as units_named
from layerscope.secrets.text import redacted

T = TypeVar("T")


def _threshold(name: str, metavar: str | None, help: str, *, as_in_dive: tuple[str, ...] = ()) -> Any:
    variable = "LAYERSCOPE_" + name.removeprefix("--").upper().replace("-", "_")
    return typer.Option(
        name, *as_in_dive, metavar=metavar, help=help, rich_help_panel=THRESHOLDS_PANEL, envvar=variable
    )


def _rule_of_dive(name: str, metavar: str, help: str) -> Any:
    """An option with the name and meaning of dive's rule."""
    return typer.Option(name, metavar=metavar, help=help, rich_help_panel=THRESHOLDS_PANEL)


def _given(parse: Callable[[str, str], T], text: str, option: str) -> T | None:
    """The value of an option; None where it is not given."""
    return parse(text, option) if text else None


class ThresholdOptions(Struct, frozen=True, kw_only=True):
    """The thresholds of a check, as options, variables and settings."""

    max_size: Annotated[str, _threshold("--max-size", "BYTES", "Maximum size, as docker inspect reports it")] = ""
    max_reclaimable: Annotated[
        str, _threshold("--max-reclaimable", "BYTES|%", "Maximum reclaimable bytes; % of your own bytes")
    ] = ""
    max_hidden: Annotated[
        list[str] | None, _threshold("--max-hidden", "BYTES|%", "Maximum own bytes hidden by a later layer")
    ] = None
    min_efficiency: Annotated[
        str,
        _threshold(
            "--min-efficiency", "SHARE", "Minimum share of live bytes: 0.95 or 95%", as_in_dive=("--lowestEfficiency",)
        ),
    ] = ""
    highest_wasted_bytes: Annotated[
        str, _rule_of_dive("--highestWastedBytes", "BYTES", "As in .dive-ci: hidden bytes of all layers")
    ] = ""
    highest_user_wasted_percent: Annotated[
        str,
        _rule_of_dive("--highestUserWastedPercent", "SHARE", "As in .dive-ci: their share above the lowest layer"),
    ] = ""
    baseline: Annotated[str, _threshold("--baseline", "REPORT", "Report or image that growth is measured from")] = ""
    baseline_image: Annotated[
        str, _threshold("--baseline-image", "NAME|INDEX", "Image of the baseline if there are several")
    ] = ""
    max_growth: Annotated[str, _threshold("--max-growth", "BYTES|%", "Maximum growth in size since the baseline")] = ""
    fail_on: Annotated[
        Severity | None, _threshold("--fail-on", "SEVERITY", "Fail on findings of this severity or worse")
    ] = None
    fail_on_rule: Annotated[
        list[str] | None, _threshold("--fail-on-rule", "RULE", "Fail on any finding of this rule")
    ] = None
    include_inherited: Annotated[bool, _threshold("--include-inherited", None, "Count inherited findings too")] = False
    allow_incomplete: Annotated[
        bool, _threshold("--allow-incomplete", None, "Accept missing, damaged or mismatching layers")
    ] = False

    def policy(self) -> Policy:
        """Return the thresholds; raises UsageError for a bad value, or if there is none."""
        found = Policy(
            max_size=_given(byte_count, self.max_size, "--max-size"),
            max_reclaimable=_given(amount, self.max_reclaimable, "--max-reclaimable"),
            max_hidden=amounts(self.max_hidden or (), "--max-hidden"),
            min_efficiency=_given(share, self.min_efficiency, "--min-efficiency"),
            highest_wasted=_given(byte_count, self.highest_wasted_bytes, "--highestWastedBytes"),
            highest_user_wasted=_given(share, self.highest_user_wasted_percent, "--highestUserWastedPercent"),
            max_growth=_given(amount, self.max_growth, "--max-growth"),
            fail_on=self.fail_on,
            fail_on_rules=tuple(rule_name(name, "--fail-on-rule") for name in self.fail_on_rule or ()),
            include_inherited=self.include_inherited,
            allow_incomplete=self.allow_incomplete,
        )
        if self.baseline_image and not self.baseline:
            raise UsageError("--baseline-image needs a baseline", hint="add --baseline REPORT")
        if found.is_empty:
            example = "--max-growth 5%" if self.baseline else "--max-size 500MB or --fail-on high"
            raise UsageError("no thresholds given", hint=f"set one, for example {example}")
        if found.max_growth and not self.baseline:
            raise UsageError("--max-growth needs a baseline", hint="add --baseline REPORT")
        return found


def threshold_options(command: Command) -> Command:
    """Add the options of ThresholdOptions to a command, which gets them as its parameter ``thresholds``."""
    return grouped(command, ThresholdOptions, "thresholds")


class CheckFormat(StrEnum):
    """The formats of a check."""

    TABLE = "table"
    JSON = "json"
    MARKDOWN = "markdown"


@reading_options
@build_options
@threshold_options
def check(
    context: typer.Context,
    image: ImageOrReport,
    reading: ReadArguments,
    build: BuildOptions,
    thresholds: ThresholdOptions,
    check_format: Annotated[CheckFormat, output_option("-f", "--format", help="Output format")] = CheckFormat.TABLE,
    units: UnitsOption = UnitsName.SI,
) -> None:
    """Check an image against thresholds; exit 1 if one is exceeded

    Thresholds are options, LAYERSCOPE_* variables, the table [check] of .layerscope.toml, [tool.layerscope.check] of
    pyproject.toml, or those of a .dive-ci file.

    layerscope check app.tar --max-size 500MB --min-efficiency 95%

    layerscope check app.tar --fail-on high --fail-on-rule private-key

    layerscope check app.tar --baseline released.json --max-growth 5%
    """
    policy = thresholds.policy()
    before = _baseline(thresholds, reading) if thresholds.baseline else None
    options = ReportOptions(build=build, ignores=ignores_of(context))
    made = report_of(image, reading, options, call_of(context).kept)
    warn(made.warnings, quiet=reading.quiet)
    if reading.verbose:
        warn_unmatched(context, made)
    checked = evaluate(made, policy, before)
    with suppress(BrokenPipeError):  # The exit code counts even if nobody reads the output.
        if check_format == CheckFormat.JSON:
            write(as_json(checked, made))
        else:
            growth = _growth(before, made, checked, image, thresholds, build)
            render = markdown if check_format == CheckFormat.MARKDOWN else text
            write(render(checked, made, _render_options(image, reading, build, units), growth))
    if not checked.passed:
        raise typer.Exit(1)


def _baseline(thresholds: ThresholdOptions, reading: ReadArguments) -> Report:
    """The report that growth is measured from, for the platform of the image."""
    with naming_option("--baseline"), hinting(image="--baseline-image", platform="--platform"):
        return report_of(thresholds.baseline, reading.beside(thresholds.baseline_image), ReportOptions())


def _growth(
    before: Report | None,
    made: Report,
    checked: CheckReport,
    image: str,
    thresholds: ThresholdOptions,
    build: BuildOptions,
) -> Growth:
    """What made the image grow, where it grew by more than it may."""
    failed = any(one.rule == "max-growth" and one.outcome == Outcome.FAIL for one in checked.checks)
    if before is None or not failed:
        return Growth()
    words = ["layerscope", "diff", thresholds.baseline, "IMAGE" if image == "-" else image]
    if thresholds.baseline_image:
        words += ["--before-image", thresholds.baseline_image]
    if build.dockerfile:
        words += ["--after-dockerfile", build.dockerfile]
    return Growth(causes=diff(before, made).causes, command=redacted(shlex.join(words)))


def _render_options(image: str, reading: ReadArguments, build: BuildOptions, unit_name: UnitsName) -> RenderOptions:
    words, alone = words_of(image, reading, build), words_of(image, reading, BuildOptions())
    return RenderOptions(
        units=units_named(unit_name.value),
        width=terminal_width() or WIDTH_OF_FILES,
        color=use_color(reading.color),
        arguments=redacted(shlex.join(words)),
        image_arguments=redacted(shlex.join(alone)),
        is_saved=is_saved_report(image),
    )
