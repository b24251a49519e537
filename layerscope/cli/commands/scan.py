"""``layerscope scan``: a row for each of many images."""

from enum import StrEnum
from typing import Annotated

import typer

from layerscope.analysis.listings.scan import scan_rows, scanned, sums
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
    output_option,
    reading_option,
    reading_options,
)
from layerscope.cli.output import write, write_rows
from layerscope.fleet.plan import Choice
from layerscope.render.units import RenderOptions
from layerscope.render.units import units as units_named
from layerscope.render.words import counted


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
    top: TopOption = 0,
    scan_format: Annotated[ScanFormat, output_option("-f", "--format", help="Output format")] = ScanFormat.TABLE,
    units: UnitsOption = UnitsName.SI,
    jobs: Annotated[
        int, reading_option("--jobs", metavar="N", help="Processes that read (0: one for each core)", variable=True)
    ] = 0,
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

    layerscope scan images/ -f html > images.html

    layerscope scan app.tar worker.tar base.tar --sort size -f csv
    """
    options = ScanOptions(jobs=jobs, state=state_dir, choice=Choice(all_platforms=all_platforms, untagged=untagged))
    images = ImageScan(reading, ignores_of(context), print_error, options)
    found = [scanned(image.report, image.source, map(str, image.names)) for image in images.images(places)]
    if scan_format == ScanFormat.HTML:
        from layerscope.render.html_scan import html  # A page is asked for less often than the others.

        write(html(scan_summary(found), RenderOptions(units=units_named(units.value), top=top)))
    else:
        write_rows(scan_rows(found, sort=sort.value, top=top), RowFormat(scan_format.value), units)
    if scan_format == ScanFormat.TABLE and len(found) > 1:
        total, form = sums(found), units_named(units.value)
        part = f" ({total.incomplete:,} incomplete)" if total.incomplete else ""
        write(
            f"\n{counted(total.images, 'image')}{part} of {form(total.content_bytes)};"
            f" {form(total.distinct_bytes)} with each layer counted once,"
            f" at most {form(total.reclaimable_bytes)} of it reclaimable\n"
        )
    if images.failed:
        raise typer.Exit(3)
