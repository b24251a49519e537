"""Two images side by side: what ``layerscope diff`` compares."""

import gc
from contextlib import ExitStack

from msgspec import Struct
from msgspec.structs import replace

from layerscope.analysis.amounts import Amount
from layerscope.analysis.diff import DiffSide, difference, side_of
from layerscope.analysis.live_files import LiveFiles
from layerscope.cli.messages import hinting
from layerscope.cli.options import ReadArguments
from layerscope.cli.source import ReportOptions, Source, opened_source
from layerscope.errors import UsageError
from layerscope.model.diff import Diff
from layerscope.model.report import Report
from layerscope.model.size_map import SizeMap


class DiffInput(Struct, frozen=True, kw_only=True):
    """One of the two images, and what applies to it alone; it wins over what applies to both."""

    path: str
    image_name: str = ""
    platform: str = ""
    dockerfile: str = ""
    base: str = ""
    stages: tuple[str, ...] = ()


class Compared(Struct, frozen=True, kw_only=True):
    """A diff, and for a page of it both reports with the sizes that their maps show, where both are of archives."""

    diff: Diff
    sides: tuple[tuple[Report, SizeMap], tuple[Report, SizeMap]] | None = None


def comparison(
    before: DiffInput,
    after: DiffInput,
    reading: ReadArguments,
    options: ReportOptions,
    *,
    max_growth: Amount | None = None,
) -> Diff:
    """Return the difference of two archives or saved reports; ``options`` are those of both."""
    return compared(before, after, reading, options, max_growth=max_growth).diff


def compared(
    before: DiffInput,
    after: DiffInput,
    reading: ReadArguments,
    options: ReportOptions,
    *,
    max_growth: Amount | None = None,
) -> Compared:
    """Return the difference, with ``options.sizes`` also what maps of both images show."""
    if before.path == after.path == "-":
        raise UsageError("only one of the two images can be read from stdin")
    needs_dockerfile = bool(before.dockerfile or after.dockerfile)
    first, second = (
        _options(replace(options, sizes=False), side, needs_dockerfile=needs_dockerfile) for side in (before, after)
    )
    if first.build.stage or second.build.stage:  # Both need the same digests, or equal files differ.
        first, second = (replace(side, fingerprint="sha256") for side in (first, second))
    with ExitStack() as stack:
        with hinting(image="--before-image", platform="--before-platform", dockerfile="--before-dockerfile"):
            one = _read(before, _only(reading, before), first, stack, sizes=options.sizes)
        with hinting(image="--after-image", platform="--after-platform", dockerfile="--after-dockerfile"):
            other = _read(after, _only(reading, after), second, stack, sizes=options.sizes)
        made = difference(one.side, other.side, max_growth=max_growth)
        return Compared(diff=made, sides=_sides(one.source, other.source))


class _Read(Struct, frozen=True, kw_only=True):
    """What is kept of one image while the other one is read; for a page with maps that is everything."""

    side: DiffSide
    source: Source | None = None


def _read(image: DiffInput, reading: ReadArguments, options: ReportOptions, stack: ExitStack, *, sizes: bool) -> _Read:
    source = stack.enter_context(opened_source(image.path, reading, options))
    files = LiveFiles(source.filesystem) if source.filesystem is not None else None
    made = _Read(side=side_of(source.report, files), source=source if sizes else None)
    del source
    if files is not None:
        gc.collect()  # What advice is made of refers to itself.
    return made


def _sides(one: Source | None, other: Source | None) -> tuple[tuple[Report, SizeMap], tuple[Report, SizeMap]] | None:
    if one is None or other is None or one.analysis is None or other.analysis is None:
        return None
    from layerscope.analysis.size_map import size_maps  # Loads the analysis, which saved reports do without.

    before, after = size_maps((one.analysis, one.report), (other.analysis, other.report))
    return (one.report, before), (other.report, after)


def _only(reading: ReadArguments, side: DiffInput) -> ReadArguments:
    return replace(
        reading, image_name=side.image_name or reading.image_name, platform=side.platform or reading.platform
    )


def _options(options: ReportOptions, side: DiffInput, *, needs_dockerfile: bool) -> ReportOptions:
    """The options of one side: a side without a Dockerfile has no target.

    If neither has one, the target stays and is refused as in other commands.
    """
    own = {stage.partition("=")[0] for stage in side.stages}
    both = [stage for stage in options.build.stage or () if stage.partition("=")[0] not in own]
    build = replace(
        options.build,
        dockerfile=side.dockerfile,
        base=side.base or options.build.base,
        stage=[*both, *side.stages],
    )
    if needs_dockerfile and not side.dockerfile:
        build = replace(build, target="", build_arg=None)
    return replace(options, build=build)
