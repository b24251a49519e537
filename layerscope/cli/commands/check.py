"""``layerscope check``: the gate for CI, which ends with 1 when a limit is passed."""

from contextlib import suppress
from enum import StrEnum
from typing import Annotated

import typer

from layerscope.analysis.policy import evaluate
from layerscope.cli.configuration import call_of, ignores_of, tell_unmatched
from layerscope.cli.limits import LimitOptions, limit_options
from layerscope.cli.options import (
    BuildOptions,
    ImageOrReport,
    ReadArguments,
    UnitsName,
    UnitsOption,
    build_options,
    reading_options,
)
from layerscope.cli.output import terminal_width, write
from layerscope.cli.reading import given, picking, warn
from layerscope.cli.sources import Asked, report_of
from layerscope.model.check import CheckReport
from layerscope.model.report import Report
from layerscope.render.check import markdown, text
from layerscope.render.json import lines
from layerscope.render.units import units as units_named


class CheckFormat(StrEnum):
    """The formats of the checks."""

    TABLE = "table"
    JSON = "json"
    MARKDOWN = "markdown"


@reading_options
@build_options
@limit_options
def check(
    context: typer.Context,
    image: ImageOrReport,
    reading: ReadArguments,
    build: BuildOptions,
    limits: LimitOptions,
    check_format: Annotated[CheckFormat, typer.Option("-f", "--format", help="How to print.")] = CheckFormat.TABLE,
    units: UnitsOption = UnitsName.SI,
) -> None:
    """Hold an image against limits, and end with 1 when one is passed.

    Limits are options, LAYERSCOPE_* variables, the table [check] of .layerscope.toml, [tool.layerscope.check] of
    pyproject.toml, or an existing .dive-ci.

    layerscope check app.tar --max-size 500MB --min-efficiency 95%

    layerscope check app.tar --fail-on high --fail-on-rule private-key

    layerscope check app.tar --baseline released.json --max-growth 5%
    """
    policy = limits.policy()
    before = _baseline(limits, reading) if limits.baseline else None
    made = report_of(image, reading, Asked(build=build, ignores=ignores_of(context)), call_of(context).kept)
    warn(made.warnings, quiet=reading.quiet)
    if reading.verbose:
        tell_unmatched(context, made)
    checked = evaluate(made, policy, before)
    with suppress(BrokenPipeError):  # The result stands, though nobody reads it.
        _print(checked, check_format, units)
    if not checked.passed:
        raise typer.Exit(1)


def _baseline(limits: LimitOptions, reading: ReadArguments) -> Report:
    """What growth is measured from. Its platform is that of the image: sizes for two of them do not compare."""
    with given("--baseline"), picking(image="--baseline-image", platform="--platform"):
        return report_of(limits.baseline, reading.beside(limits.baseline_image), Asked())


def _print(checked: CheckReport, check_format: CheckFormat, unit_name: UnitsName) -> None:
    if check_format == CheckFormat.JSON:
        write(lines({key: getattr(checked, key) for key in ("name", "passed", "ignored", "checks")}))
    elif check_format == CheckFormat.MARKDOWN:
        write(markdown(checked, units_named(unit_name.value)))
    else:
        write(text(checked, units_named(unit_name.value), terminal_width()))
