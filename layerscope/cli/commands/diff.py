"""``layerscope diff``: what changed between two images."""

from contextlib import ExitStack, suppress
from enum import StrEnum
from typing import Annotated

import typer
from msgspec.structs import replace

from layerscope.analysis.amounts import amount
from layerscope.analysis.diff import diff as make_diff
from layerscope.cli.configuration import ignores_of
from layerscope.cli.messages import hinting
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
from layerscope.cli.source import ReportOptions, opened_source
from layerscope.errors import UsageError
from layerscope.model.check import Outcome
from layerscope.model.diff import Diff
from layerscope.render.diff import text
from layerscope.render.diff_markdown import markdown
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
    dockerfile: Annotated[
        str, building_option("--dockerfile", metavar="FILE", help="Dockerfile of both images, or its directory")
    ] = "",
    before_dockerfile: Annotated[
        str, building_option("--before-dockerfile", metavar="FILE", help="Dockerfile of BEFORE only")
    ] = "",
    after_dockerfile: Annotated[
        str, building_option("--after-dockerfile", metavar="FILE", help="Dockerfile of AFTER only")
    ] = "",
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

    layerscope diff released.json app.tar --dockerfile Dockerfile --max-growth 5% -f markdown > comment.md

    layerscope diff several.tar several.tar --before-image app:1 --after-image app:2

    layerscope diff before.tar after.tar -f json | jq '.paths.paths[:20]'
    """
    if before == after == "-":
        raise UsageError("only one of the two images can be read from stdin")
    limit = amount(max_growth, "--max-growth") if max_growth else None
    ignores = ignores_of(context)
    paths = (before_dockerfile or dockerfile, after_dockerfile or dockerfile)
    # A side without a Dockerfile has no target; if neither has one, --target is refused as in other commands.
    builds = [
        ReportOptions(
            build=BuildOptions(dockerfile=path, target=target, build_arg=build_arg)
            if path or not any(paths)
            else BuildOptions(),
            ignores=ignores,
        )
        for path in paths
    ]
    with ExitStack() as stack:
        with hinting(image="--before-image", platform="--before-platform", dockerfile="--before-dockerfile"):
            one = stack.enter_context(opened_source(before, _only(reading, before_image, before_platform), builds[0]))
        with hinting(image="--after-image", platform="--after-platform", dockerfile="--after-dockerfile"):
            other = stack.enter_context(opened_source(after, _only(reading, after_image, after_platform), builds[1]))
        made = make_diff(
            one.report, other.report, before_files=one.filesystem, after_files=other.filesystem, max_growth=limit
        )
    with suppress(BrokenPipeError):  # The exit code counts even if nobody reads the output.
        color = use_color(reading.color)
        shown = RenderOptions(units=units_named(units.value), top=top, width=terminal_width(), color=color)
        _print(made, diff_format, shown)
    if made.growth is not None and made.growth.outcome == Outcome.FAIL:
        raise typer.Exit(1)


def _print(made: Diff, diff_format: DiffFormat, options: RenderOptions) -> None:
    if diff_format == DiffFormat.JSON:
        write(lines(made))
        return
    render = markdown if diff_format == DiffFormat.MARKDOWN else text
    write(render(made, options))


def _only(reading: ReadArguments, image: str, platform: str) -> ReadArguments:
    """The arguments for one side; options for that side win."""
    return replace(reading, image_name=image or reading.image_name, platform=platform or reading.platform)
