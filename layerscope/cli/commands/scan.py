"""``layerscope scan``: many images, a row for each, or for what they have in common."""

import gc
from collections.abc import Sequence
from contextlib import ExitStack, closing
from enum import StrEnum
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from layerscope.analysis.listings.scan import Scanned, scan_rows, scanned, sums
from layerscope.analysis.listings.scan_summary import scan_summary
from layerscope.cli.configuration import ignores_of
from layerscope.cli.image_scan import ImageScan, ScanOptions
from layerscope.cli.messages import print_error
from layerscope.cli.options import (
    ReadArguments,
    RowFormat,
    TopOption,
    UnitsName,
    UnitsOption,
    WideTableOption,
    output_option,
    reading_option,
    reading_options,
)
from layerscope.cli.output import terminal_width, write, write_rows
from layerscope.errors import MissingExtra, UsageError
from layerscope.fleet.grouping import GROUPINGS, Grouped
from layerscope.fleet.plan import Choice
from layerscope.render.units import RenderOptions
from layerscope.render.units import units as units_named
from layerscope.render.width import wrap_words
from layerscope.render.words import counted

if TYPE_CHECKING:
    from layerscope.fleet.parquet import Datasets


class ScanOrder(StrEnum):
    """The order of the images."""

    RECLAIMABLE = "reclaimable"
    SIZE = "size"
    NAME = "name"


class ScanFormat(StrEnum):
    """The formats of a scan: those of every listing, and a page."""

    TABLE = "table"
    JSON = "json"
    JSONL = "jsonl"
    CSV = "csv"
    MARKDOWN = "markdown"
    HTML = "html"


class ScanBy(StrEnum):
    """What a row stands for: an image, or what many have in common (``fleet.grouping.GROUPINGS``)."""

    IMAGE = "image"
    BASE = "base"
    LAYER = "layer"
    PACKAGE = "package"
    FINDING = "finding"
    DIRECTORY = "directory"


@reading_options
def scan(
    context: typer.Context,
    places: Annotated[
        list[str],
        typer.Argument(
            metavar="PLACE...", help="Archives, OCI layouts, storages of registries, and directories of them"
        ),
    ],
    reading: ReadArguments,
    sort: Annotated[ScanOrder, typer.Option("--sort", help="Order of the images")] = ScanOrder.RECLAIMABLE,
    by: Annotated[ScanBy, output_option("--by", help="What a row stands for; shared layers count once")] = ScanBy.IMAGE,
    top: TopOption = 0,
    output: Annotated[
        str, output_option("-o", "--output", metavar="parquet=DIR", help="Write Parquet files for a database, too")
    ] = "",
    scan_format: Annotated[ScanFormat, output_option("-f", "--format", help="Output format")] = ScanFormat.TABLE,
    wide: WideTableOption = False,
    units: UnitsOption = UnitsName.SI,
    jobs: Annotated[
        int, reading_option("--jobs", metavar="N", help="Processes that read (0: one for each core)", variable=True)
    ] = 0,
    scheduler: Annotated[
        str,
        reading_option(
            "--scheduler",
            metavar="ADDRESS",
            help="Dask scheduler whose workers read, instead of processes",
            variable=True,
        ),
    ] = "",
    state_dir: Annotated[
        str,
        reading_option(
            "--state", metavar="DIR", help="Where results are kept for the next scan (default: the user's cache)"
        ),
    ] = "",
    all_platforms: Annotated[
        bool, reading_option("--all-platforms", help="Read every platform of a multi-platform image")
    ] = False,
    untagged: Annotated[
        bool, reading_option("--untagged", help="Read images of a registry without a tag, too")
    ] = False,
) -> None:
    """Compare many images: sizes, shared layers, reclaimable bytes

    Each image is a row. A PLACE is an image archive, an OCI layout, the storage of a registry (Distribution, Harbor,
    GitLab, Zot), containerd's content store, or a directory of these, in which files that are not images are skipped.
    In storages a layer is read once, whichever images share it, and the next scan reads only new layers.

    layerscope scan images/

    layerscope scan /var/lib/registry --jobs 8

    layerscope scan /var/lib/registry --by base --top 10

    layerscope scan /var/lib/registry -o parquet=fleet/

    layerscope scan images/ -f html > images.html

    layerscope scan app.tar worker.tar base.tar --sort size -f csv
    """
    gc.enable()  # The tasks of a long scan leave cycles behind, which one report does not.
    grouping = next((one for one in GROUPINGS if one.name == by.value), None)
    directory = _directory(output)
    options = ScanOptions(
        jobs=jobs,
        scheduler=scheduler,
        state=state_dir,
        choice=Choice(all_platforms=all_platforms, untagged=untagged),
        contents=directory is not None or (grouping is not None and grouping.needs_contents),
    )
    found, grouped = list[Scanned](), Grouped(grouping) if grouping is not None else None
    with ExitStack() as stack:
        datasets = stack.enter_context(_datasets(directory)) if directory is not None else None
        on_problem = datasets.add_problem if datasets is not None else lambda _: None
        images = ImageScan(reading, ignores_of(context), print_error, options, on_problem)
        # Whatever ends the scan ends its workers.
        for image in stack.enter_context(closing(images.images(places))):
            if grouped is None:
                found.append(scanned(image.report, image.source, map(str, image.names)))
            else:
                grouped.add(image)
            if datasets is not None:
                datasets.add(image)
    if scan_format == ScanFormat.HTML:
        from layerscope.render.html_scan import html, rows_html  # A page is asked for less often than the others.

        shown = RenderOptions(units=units_named(units.value), top=top)
        title = f"Images by {by.value}"
        write(html(scan_summary(found), shown) if grouped is None else rows_html(title, grouped.rows(top), shown))
    else:
        rows = scan_rows(found, sort=sort.value, top=top) if grouped is None else grouped.rows(top)
        write_rows(rows, RowFormat(scan_format.value), units, wide=wide, color=reading.color)
    if scan_format == ScanFormat.TABLE and len(found) > 1:
        write("\n" + "".join(f"{line}\n" for line in wrap_words(_summary(found, units), terminal_width())))
    if images.failed:
        raise typer.Exit(3)


def _directory(output: str) -> Path | None:
    """Where datasets go; raises UsageError for another format, and where pyarrow is missing."""
    if not output:
        return None
    form, _, directory = output.partition("=")
    if form != "parquet" or not directory:
        raise UsageError(f"scan cannot write {output}", hint="-o parquet=DIR writes datasets, -f the other formats")
    if find_spec("pyarrow") is None:
        raise MissingExtra("the format parquet", "fleet")
    return Path(directory)


def _datasets(directory: Path) -> "Datasets":
    from layerscope.fleet.parquet import Datasets  # Heavy, and of an extra.

    return Datasets(directory)


def _summary(found: Sequence[Scanned], units: UnitsName) -> str:
    total, form = sums(found), units_named(units.value)
    part = f" ({total.incomplete:,} incomplete)" if total.incomplete else ""
    return (
        f"{counted(total.images, 'image')}{part} of {form(total.content_bytes)};"
        f" {form(total.distinct_bytes)} with each layer counted once,"
        f" at most {form(total.reclaimable_bytes)} of it reclaimable"
    )
