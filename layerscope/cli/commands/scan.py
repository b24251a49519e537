"""``layerscope scan``: a row for each of many images."""

from enum import StrEnum
from typing import Annotated

import typer

from layerscope.analysis.listings.scan import scan_rows, sums
from layerscope.cli.configuration import ignores_of
from layerscope.cli.image_scan import ImageScan
from layerscope.cli.messages import print_error
from layerscope.cli.options import (
    ReadArguments,
    RowFormat,
    RowFormatOption,
    TopOption,
    UnitsName,
    UnitsOption,
    reading_options,
)
from layerscope.cli.output import write, write_rows
from layerscope.cli.source import ReportOptions
from layerscope.render.units import units as units_named
from layerscope.render.words import counted


class ScanOrder(StrEnum):
    """The order of the images."""

    RECLAIMABLE = "reclaimable"
    SIZE = "size"
    NAME = "name"


@reading_options
def scan(
    context: typer.Context,
    places: Annotated[
        list[str], typer.Argument(metavar="PLACE...", help="Image archives, OCI layouts, and directories of them")
    ],
    reading: ReadArguments,
    sort: Annotated[ScanOrder, typer.Option("--sort", help="Order of the images")] = ScanOrder.RECLAIMABLE,
    top: TopOption = 0,
    row_format: RowFormatOption = RowFormat.TABLE,
    units: UnitsOption = UnitsName.SI,
) -> None:
    """Compare many images: sizes, shared layers, reclaimable bytes

    Each image of an archive is a row. In directories, files that are not images are skipped.

    layerscope scan images/

    layerscope scan app.tar worker.tar base.tar --sort size -f csv
    """
    images = ImageScan(reading, ReportOptions(ignores=ignores_of(context)), print_error)
    found = list(images.images(places))
    write_rows(scan_rows(found, sort=sort.value, top=top), row_format, units)
    if row_format == RowFormat.TABLE and len(found) > 1:
        total, form = sums(found), units_named(units.value)
        part = f" ({total.incomplete:,} incomplete)" if total.incomplete else ""
        write(
            f"\n{counted(total.images, 'image')}{part} of {form(total.content_bytes)};"
            f" {form(total.distinct_bytes)} with each layer counted once,"
            f" at most {form(total.reclaimable_bytes)} of it reclaimable\n"
        )
    if images.failed:
        raise typer.Exit(3)
