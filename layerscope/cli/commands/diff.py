"""``layerscope diff``: what changed between two images."""

from contextlib import ExitStack
from enum import StrEnum
from typing import Annotated

import typer
from msgspec.structs import replace

from layerscope.analysis.diff import diff as make_diff
from layerscope.cli.configuration import ignores_of
from layerscope.cli.messages import hinting
from layerscope.cli.options import (
    ReadArguments,
    TopOption,
    UnitsName,
    UnitsOption,
    output_option,
    reading_option,
    reading_options,
)
from layerscope.cli.output import terminal_width, use_color, write
from layerscope.cli.source import ReportOptions, opened_source
from layerscope.errors import UsageError
from layerscope.render.diff import markdown, text
from layerscope.render.json import lines
from layerscope.render.units import RenderOptions
from layerscope.render.units import units as units_named

_SIDE = "Image archive, or report saved with -f json"


class DiffFormat(StrEnum):
    """The formats of a diff."""

    TABLE = "table"
    JSON = "json"
    MARKDOWN = "markdown"


@reading_options
def diff(
    context: typer.Context,
    before: Annotated[str, typer.Argument(metavar="BEFORE", help=_SIDE)],
    after: Annotated[str, typer.Argument(metavar="AFTER", help=_SIDE)],
    reading: ReadArguments,
    before_image: Annotated[
        str, reading_option("--before-image", metavar="NAME|INDEX", help="Image of BEFORE only")
    ] = "",
    after_image: Annotated[str, reading_option("--after-image", metavar="NAME|INDEX", help="Image of AFTER only")] = "",
    before_platform: Annotated[
        str, reading_option("--before-platform", metavar="OS/ARCH", help="Platform of BEFORE only")
    ] = "",
    after_platform: Annotated[
        str, reading_option("--after-platform", metavar="OS/ARCH", help="Platform of AFTER only")
    ] = "",
    top: TopOption = 0,
    diff_format: Annotated[DiffFormat, output_option("-f", "--format", help="Output format")] = DiffFormat.TABLE,
    units: UnitsOption = UnitsName.SI,
) -> None:
    """Compare two images

    Shows layers, steps, directories, packages, build stages, findings and paths that differ.

    layerscope diff before.tar after.tar

    layerscope diff released.json app.tar -f markdown >> "$GITHUB_STEP_SUMMARY"

    layerscope diff several.tar several.tar --before-image app:1 --after-image app:2

    layerscope diff before.tar after.tar -f json | jq '.paths.paths[:20]'
    """
    if before == after == "-":
        raise UsageError("only one of the two images can be read from stdin")
    options = ReportOptions(ignores=ignores_of(context))
    with ExitStack() as stack:
        with hinting(image="--before-image", platform="--before-platform"):
            one = stack.enter_context(opened_source(before, _only(reading, before_image, before_platform), options))
        with hinting(image="--after-image", platform="--after-platform"):
            other = stack.enter_context(opened_source(after, _only(reading, after_image, after_platform), options))
        made = make_diff(one.report, other.report, before_files=one.filesystem, after_files=other.filesystem)
    if diff_format == DiffFormat.JSON:
        write(lines(made))
        return
    render = markdown if diff_format == DiffFormat.MARKDOWN else text
    shown = RenderOptions(
        units=units_named(units.value), top=top, width=terminal_width(), color=use_color(reading.color)
    )
    write(render(made, shown))


def _only(reading: ReadArguments, image: str, platform: str) -> ReadArguments:
    """The arguments for one side; options for that side win."""
    return replace(reading, image_name=image or reading.image_name, platform=platform or reading.platform)
