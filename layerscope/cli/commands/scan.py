"""``layerscope scan``: many images, a row for each."""

import os
from collections.abc import Iterator
from enum import StrEnum
from typing import Annotated

import typer
from msgspec.structs import replace

from layerscope.analysis.listings.scan import Scanned, scan_rows, scanned, sums
from layerscope.cli.configuration import ignores_of
from layerscope.cli.failure import tell
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
from layerscope.cli.places import sources
from layerscope.cli.reading import reading_of, warn
from layerscope.cli.saved_reports import is_saved
from layerscope.cli.sources import Asked, report_of
from layerscope.errors import AmbiguousImage, ArchiveError, LayerscopeError, NotAnImage, UsageError
from layerscope.render.units import units as units_named
from layerscope.render.words import counted


class ScanOrder(StrEnum):
    """What images are sorted by."""

    CAN_GO = "can-go"
    SIZE = "size"
    NAME = "name"


@reading_options
def scan(
    context: typer.Context,
    places: Annotated[
        list[str], typer.Argument(metavar="PLACE...", help="Image archives, OCI layouts, and directories of them.")
    ],
    reading: ReadArguments,
    sort: Annotated[ScanOrder, typer.Option("--sort", help="What comes first.")] = ScanOrder.CAN_GO,
    top: TopOption = 0,
    row_format: RowFormatOption = RowFormat.TABLE,
    units: UnitsOption = UnitsName.SI,
) -> None:
    """Compare many images: what each takes, and what they share.

    Where most can be had back comes first. Of an archive with several images each is a row. In directories whatever is
    no image is passed over.

    layerscope scan images/

    layerscope scan app.tar worker.tar base.tar --sort size -f csv
    """
    if "-" in places:
        raise UsageError("scan cannot read an image from a pipe", hint="layerscope report - reads one")
    reading_of(reading)  # A wrong option is told once, and not of each archive.
    run = _Run(reading, Asked(ignores=ignores_of(context)))
    found = list(run.images(places))
    if not found and not run.failed:
        raise NotAnImage(f"there is no image in {', '.join(places)}")
    write_rows(scan_rows(found, sort=sort.value, top=top), row_format, units)
    if row_format == RowFormat.TABLE and len(found) > 1:
        all_of_it, form = sums(found), units_named(units.value)
        part = f" ({all_of_it.incomplete:,} incomplete)" if all_of_it.incomplete else ""
        write(
            f"\n{counted(all_of_it.images, 'image')}{part} of {form(all_of_it.content_bytes)};"
            f" {form(all_of_it.distinct_bytes)} with each layer counted once,"
            f" of which at most {form(all_of_it.reclaimable_bytes)} can be had back\n"
        )
    if run.failed:
        raise typer.Exit(3)


class _Run:
    """Reads one image after another; what cannot be read is said, and does not keep the others from being read."""

    def __init__(self, reading: ReadArguments, asked: Asked) -> None:
        self._reading = reading
        self._asked = asked
        self._told: set[str] = set()

    @property
    def failed(self) -> bool:
        """Whether anything could not be read."""
        return bool(self._told)

    def images(self, places: list[str]) -> Iterator[Scanned]:
        """Each image, in the order of the places and of the names in them."""
        passed_over = []
        for place, is_named in sources(places, self._fail):
            if not is_named and is_saved(place):
                passed_over.append(place)
                continue
            try:
                yield from self._images(place, self._reading, is_named=is_named)
            except LayerscopeError as error:
                if isinstance(error, NotAnImage) and not is_named:
                    passed_over.append(place)
                else:
                    self._fail(error)
        if self._reading.verbose:
            warn(tuple(f"{place} is no image" for place in passed_over), quiet=self._reading.quiet)

    def _images(self, place: str, reading: ReadArguments, *, is_named: bool) -> Iterator[Scanned]:
        """What is kept of each image in an archive; its report is gone before the next one is made."""
        try:
            report = report_of(place, reading, self._asked)
        except AmbiguousImage as several:
            if not os.path.isfile(place) and not os.path.isdir(place):
                hint = "save them to a file, or pick one with --image"
                message = f"{place} is a pipe with several images, which can be read once only:"
                raise ArchiveError(message, hint=hint, listing=several.listing) from None
            for choice in several.choices:
                try:
                    yield from self._images(place, replace(reading, image_name=choice), is_named=is_named)
                except LayerscopeError as error:
                    self._fail(error)
            return
        if report.image.format == "rootfs" and not is_named:
            raise NotAnImage(f"{place} may be any tar")
        if not report.complete:
            warn(tuple(f"{place}: {text}" for text in report.warnings), quiet=reading.quiet)
        yield scanned(report, place)

    def _fail(self, error: LayerscopeError) -> None:
        if error.message not in self._told:  # Each image of an archive may lack what was asked for.
            tell(error)
        self._told.add(error.message)
