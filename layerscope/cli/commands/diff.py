"""``layerscope diff``: what changed between two images."""

from collections.abc import Iterable
from contextlib import suppress
from enum import StrEnum
from typing import Annotated

import typer

from layerscope.analysis.amounts import amount
from layerscope.cli.comparison import Compared, DiffInput, compared
from layerscope.cli.configuration import ignores_of
from layerscope.cli.options import (
    BuildOptions,
    ReadArguments,
    TopOption,
    UnitsName,
    UnitsOption,
    building_option,
    output_option,
    reading_option,
    reading_options,
)
from layerscope.cli.output import terminal_width, use_color, write
from layerscope.cli.source import ReportOptions
from layerscope.model.check import Outcome
from layerscope.render.diff import text
from layerscope.render.diff_markdown import markdown
from layerscope.render.json import pieces
from layerscope.render.units import RenderOptions
from layerscope.render.units import units as units_named

_SIDE = "Image archive, or report saved with -f json"


class DiffFormat(StrEnum):
    """The formats of a diff."""

    TABLE = "table"
    JSON = "json"
    MARKDOWN = "markdown"
    HTML = "html"


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
    dockerfile: Annotated[
        str, building_option("--dockerfile", metavar="FILE", help="Dockerfile of both images, or its directory")
    ] = "",
    before_dockerfile: Annotated[
        str, building_option("--before-dockerfile", metavar="FILE", help="Dockerfile of BEFORE only")
    ] = "",
    after_dockerfile: Annotated[
        str, building_option("--after-dockerfile", metavar="FILE", help="Dockerfile of AFTER only")
    ] = "",
    base: Annotated[str, building_option("--base", metavar="IMAGE", help="Archive of both images' base image")] = "",
    before_base: Annotated[
        str, building_option("--before-base", metavar="IMAGE", help="Archive of BEFORE's base image")
    ] = "",
    after_base: Annotated[
        str, building_option("--after-base", metavar="IMAGE", help="Archive of AFTER's base image")
    ] = "",
    stage: Annotated[
        list[str] | None,
        building_option("--stage", metavar="NAME=IMAGE", help="Archive of a build stage of both images"),
    ] = None,
    before_stage: Annotated[
        list[str] | None,
        building_option("--before-stage", metavar="NAME=IMAGE", help="Archive of a build stage of BEFORE"),
    ] = None,
    after_stage: Annotated[
        list[str] | None,
        building_option("--after-stage", metavar="NAME=IMAGE", help="Archive of a build stage of AFTER"),
    ] = None,
    target: Annotated[
        str, building_option("--target", metavar="STAGE", help="Stage that was built, if not the last")
    ] = "",
    build_arg: Annotated[list[str] | None, building_option("--build-arg", metavar="K=V", help="Build argument")] = None,
    max_growth: Annotated[
        str, typer.Option("--max-growth", metavar="BYTES|%", help="Exit 1 if AFTER is bigger than BEFORE by more")
    ] = "",
    top: TopOption = 0,
    diff_format: Annotated[DiffFormat, output_option("-f", "--format", help="Output format")] = DiffFormat.TABLE,
    units: UnitsOption = UnitsName.SI,
) -> None:
    """Compare two images

    Shows which line of the Dockerfile added how much, and layers, directories, packages, build stages, findings and
    paths that differ.

    layerscope diff before.tar after.tar

    layerscope diff before.tar after.tar --before-dockerfile old/Dockerfile --after-dockerfile Dockerfile

    layerscope diff old.tar new.tar --dockerfile Dockerfile --before-stage build=1.tar --after-stage build=2.tar

    layerscope diff released.json app.tar --dockerfile Dockerfile --max-growth 5% -f markdown > comment.md

    layerscope diff before.tar after.tar -f html > diff.html

    layerscope diff several.tar several.tar --before-image app:1 --after-image app:2

    layerscope diff before.tar after.tar -f json | jq '.paths.paths[:20]'
    """
    limit = amount(max_growth, "--max-growth") if max_growth else None
    options = ReportOptions(
        build=BuildOptions(base=base, stage=stage, target=target, build_arg=build_arg),
        ignores=ignores_of(context),
        sizes=diff_format == DiffFormat.HTML,
    )
    made = compared(
        DiffInput(
            path=before,
            image_name=before_image,
            platform=before_platform,
            dockerfile=before_dockerfile or dockerfile,
            base=before_base,
            stages=tuple(before_stage or ()),
        ),
        DiffInput(
            path=after,
            image_name=after_image,
            platform=after_platform,
            dockerfile=after_dockerfile or dockerfile,
            base=after_base,
            stages=tuple(after_stage or ()),
        ),
        reading,
        options,
        max_growth=limit,
    )
    with suppress(BrokenPipeError):  # The exit code counts even if nobody reads the output.
        color = use_color(reading.color)
        shown = RenderOptions(units=units_named(units.value), top=top, width=terminal_width(), color=color)
        for piece in _rendered(made, diff_format, shown):
            write(piece)
    growth = made.diff.growth
    if growth is not None and growth.outcome == Outcome.FAIL:
        raise typer.Exit(1)


def _rendered(made: Compared, diff_format: DiffFormat, options: RenderOptions) -> Iterable[str]:
    if diff_format == DiffFormat.JSON:
        return pieces(made.diff)
    if diff_format == DiffFormat.HTML:
        from layerscope.render.html_diff import html  # A page is asked for less often than the others.

        return (html(made.diff, options, made.sides),)
    return ((markdown if diff_format == DiffFormat.MARKDOWN else text)(made.diff, options),)
