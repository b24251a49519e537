"""``layerscope scan``: many images, a row for each."""

import os
from collections.abc import Callable, Iterator
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from msgspec.structs import replace

from layerscope.cli.failure import tell
from layerscope.cli.options import (
    ReadOptions,
    RowFormat,
    RowFormatOption,
    TopOption,
    UnitsName,
    UnitsOption,
    reading_options,
)
from layerscope.errors import AmbiguousImage, ArchiveError, LayerscopeError, NotAnImage, UsageError

if TYPE_CHECKING:
    from layerscope.cli.sources import Asked
    from layerscope.model.report import Report


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
    reading: ReadOptions,
    sort: Annotated[ScanOrder, typer.Option("--sort", help="What comes first.")] = ScanOrder.CAN_GO,
    top: TopOption = 0,
    row_format: RowFormatOption = RowFormat.TABLE,
    units: UnitsOption = UnitsName.SI,
) -> None:
    """Compare many images: what each takes, what they share, and where most can be had back.

    Of an archive with several images each is a row. In directories whatever is no image is passed over.

    layerscope scan images/

    layerscope scan app.tar worker.tar base.tar --sort size -f csv
    """
    from layerscope.analysis.scan import scan_rows, scanned, sums
    from layerscope.cli.configuration import ignores_of
    from layerscope.cli.output import write, write_rows
    from layerscope.cli.sources import Asked
    from layerscope.render.text import counted
    from layerscope.render.units import units as units_named

    asked = Asked(ignores=ignores_of(context))
    run = _Run(reading, asked)
    found = [scanned(report, source) for source, report in run.reports(places)]
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

    def __init__(self, reading: ReadOptions, asked: "Asked") -> None:
        self._reading = reading
        self._asked = asked
        self.failed = False

    def reports(self, places: list[str]) -> Iterator[tuple[str, "Report"]]:
        """Each image with the place that holds it, in the order of the places and of their names."""
        from layerscope.cli.reading import warn
        from layerscope.cli.sources import is_saved

        passed_over = []
        for place, is_named in _sources(places, self._fail):
            if not is_named and is_saved(place):
                passed_over.append(place)
                continue
            try:
                for report in self._images(place, self._reading):
                    if report.image.format == "rootfs" and not is_named:
                        passed_over.append(place)  # It may be any tar.
                        continue
                    if not report.complete:
                        warn(tuple(f"{place}: {text}" for text in report.warnings), quiet=self._reading.quiet)
                    yield place, report
            except LayerscopeError as error:
                if isinstance(error, NotAnImage) and not is_named:
                    passed_over.append(place)
                else:
                    self._fail(error)
        if self._reading.verbose:
            warn(tuple(f"{place} is no image" for place in passed_over), quiet=self._reading.quiet)

    def _images(self, place: str, reading: ReadOptions) -> Iterator["Report"]:
        """The report of each image in an archive."""
        from layerscope.cli.sources import report_of

        try:
            report = report_of(place, reading, self._asked)
        except AmbiguousImage as several:
            for choice in several.choices:
                try:
                    yield from self._images(place, replace(reading, image_name=choice))
                except LayerscopeError as error:
                    self._fail(error)
            return
        yield report

    def _fail(self, error: LayerscopeError) -> None:
        self.failed = True
        tell(error)


def _sources(places: list[str], failed: Callable[[LayerscopeError], None]) -> Iterator[tuple[str, bool]]:
    """Files and OCI layouts, and whether the user named each; what several places hold comes once."""
    seen = set()
    for place in places:
        path = Path(place)
        if place == "-":
            raise UsageError("scan cannot read an image from a pipe", hint="layerscope report - reads one")
        is_named = not path.is_dir() or _is_layout(path)
        for source in (place,) if is_named else _inside(path, failed):
            real = os.path.realpath(source)
            if real not in seen:
                seen.add(real)
                yield source, is_named


def _inside(root: Path, failed: Callable[[LayerscopeError], None]) -> Iterator[str]:
    """The files and layouts in a directory and those below it; links are not followed."""

    def refused(error: OSError) -> None:
        failed(ArchiveError(f"{error.filename} cannot be read: {error.strerror or error}"))

    for folder, folders, files in os.walk(root, onerror=refused):
        folders.sort()
        layouts = [name for name in folders if _is_layout(Path(folder, name))]
        folders[:] = [name for name in folders if name not in layouts]
        for name in sorted([*files, *layouts]):
            inside = os.path.join(folder, name)
            if not os.path.islink(inside) and (name in layouts or os.path.isfile(inside)):
                yield inside


def _is_layout(path: Path) -> bool:
    """Whether a directory holds an image; one that may not be looked into is told of where it is listed."""
    return any(os.path.isfile(path / name) for name in ("index.json", "manifest.json"))
