"""``layerscope scan``: a row for each of many images."""

import os
from collections.abc import Callable, Iterator
from enum import StrEnum
from typing import Annotated

import typer
from msgspec.structs import replace

from layerscope.analysis.listings.scan import Scanned, scan_rows, scanned, sums
from layerscope.cli.configuration import ignores_of
from layerscope.cli.messages import print_error, warn
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
from layerscope.cli.reading import read_options
from layerscope.cli.source import ReportOptions, report_of
from layerscope.cli.user_files import is_saved_report
from layerscope.errors import AmbiguousImage, ArchiveError, LayerscopeError, NotAnImage, UsageError
from layerscope.image.layouts import is_image
from layerscope.render.units import units as units_named
from layerscope.render.words import counted

_Failed = Callable[[ArchiveError], None]


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
    if "-" in places:
        raise UsageError("scan cannot read an image from stdin", hint="use layerscope report -")
    read_options(reading)  # Raises for a wrong option once, not for each archive.
    run = _Run(reading, ReportOptions(ignores=ignores_of(context)))
    found = list(run.images(places))
    if not found and not run.failed:
        raise NotAnImage(f"no image found in {', '.join(places)}")
    write_rows(scan_rows(found, sort=sort.value, top=top), row_format, units)
    if row_format == RowFormat.TABLE and len(found) > 1:
        total, form = sums(found), units_named(units.value)
        part = f" ({total.incomplete:,} incomplete)" if total.incomplete else ""
        write(
            f"\n{counted(total.images, 'image')}{part} of {form(total.content_bytes)};"
            f" {form(total.distinct_bytes)} with each layer counted once,"
            f" at most {form(total.reclaimable_bytes)} of it reclaimable\n"
        )
    if run.failed:
        raise typer.Exit(3)


class _Run:
    """Reads one image after another; prints an error for one that cannot be read and goes on."""

    def __init__(self, reading: ReadArguments, options: ReportOptions) -> None:
        self._reading = reading
        self._options = options
        self._errors: set[str] = set()

    @property
    def failed(self) -> bool:
        """Whether an image could not be read."""
        return bool(self._errors)

    def images(self, places: list[str]) -> Iterator[Scanned]:
        """Each image, by place and then by name."""
        skipped = []
        for place, is_named in _sources(places, self._fail):
            if not is_named and is_saved_report(place):
                skipped.append(place)
                continue
            try:
                yield from self._images(place, self._reading, is_named=is_named)
            except LayerscopeError as error:
                if isinstance(error, NotAnImage) and not is_named:
                    skipped.append(place)
                else:
                    self._fail(error)
        if self._reading.verbose:
            warn(tuple(f"{place} is not an image" for place in skipped), quiet=self._reading.quiet)

    def _images(self, place: str, reading: ReadArguments, *, is_named: bool) -> Iterator[Scanned]:
        """The row of each image in an archive; its report is freed before the next one is made."""
        try:
            report = report_of(place, reading, self._options)
        except AmbiguousImage as several:
            if not os.path.isfile(place) and not os.path.isdir(place):
                hint = "save it to a file, or pick one with --image"
                message = f"{place} is a pipe that holds several images:"
                raise ArchiveError(message, hint=hint, listing=several.listing) from None
            for choice in several.choices:
                try:
                    yield from self._images(place, replace(reading, image_name=choice), is_named=is_named)
                except LayerscopeError as error:
                    self._fail(error)
            return
        if report.image.format == "rootfs" and not is_named:
            raise NotAnImage(f"{place} could be any tar")
        if not report.complete:
            warn(tuple(f"{place}: {text}" for text in report.warnings), quiet=reading.quiet)
        yield scanned(report, place)

    def _fail(self, error: LayerscopeError) -> None:
        if error.message not in self._errors:  # Each image of an archive may raise the same.
            print_error(error)
        self._errors.add(error.message)


def _sources(places: list[str], failed: _Failed) -> Iterator[tuple[str, bool]]:
    """Files and image directories, each once, and whether the user named it."""
    kinds = [(place, not os.path.isdir(place) or is_image(place)) for place in places]
    named = {os.path.realpath(place) for place, is_named in kinds if is_named}
    seen = set()
    for place, is_named in kinds:
        for source in (place,) if is_named else _inside(place, failed):
            real = os.path.realpath(source)
            if real not in seen and (is_named or real not in named):
                seen.add(real)
                yield source, is_named


def _inside(root: str, failed: _Failed) -> Iterator[str]:
    """The files and image directories below a directory, by name; symlinks are not followed."""
    left = _listed(root, failed)
    while left:
        path, is_directory = left.pop()
        if is_directory and not is_image(path):
            left += _listed(path, failed)
        else:
            yield path


def _listed(directory: str, failed: _Failed) -> list[tuple[str, bool]]:
    """The files and directories in a directory, last name first, and whether each is a directory."""
    try:
        # Listing the dot needs the right to enter the directory, too.
        with os.scandir(os.path.join(directory, os.curdir)) as entries:
            found = [
                (os.path.join(directory, entry.name), entry.is_dir(follow_symlinks=False))
                for entry in entries
                if entry.is_dir(follow_symlinks=False) or entry.is_file(follow_symlinks=False)
            ]
    except OSError as error:
        failed(ArchiveError(f"cannot read {directory}: {error.strerror or error}"))
        return []
    return sorted(found, reverse=True)
