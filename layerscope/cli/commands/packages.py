"""``layerscope packages``: installed packages and the bytes they own."""

from enum import StrEnum
from typing import Annotated

import typer

from layerscope.analysis.listings.files import FileQuery, file_rows
from layerscope.analysis.listings.packages import PackageQuery, check_query, package_rows
from layerscope.cli.messages import warn
from layerscope.cli.options import (
    ImageOrReport,
    ReadArguments,
    RowFormat,
    RowFormatOption,
    TopOption,
    UnitsName,
    UnitsOption,
    WideTableOption,
    reading_options,
)
from layerscope.cli.output import write_rows
from layerscope.cli.reading import opened
from layerscope.cli.source import saved_report
from layerscope.cli.user_files import is_saved_report
from layerscope.errors import UsageError
from layerscope.filesystem.tree import Filesystem
from layerscope.model.package import Package
from layerscope.model.rows import Rows
from layerscope.packages.inventory import catalog
from layerscope.packages.registry import WANTED


class PackageSort(StrEnum):
    """The order of the packages."""

    SIZE = "size"
    NAME = "name"
    LAYER = "layer"


@reading_options
def packages(
    image: ImageOrReport,
    reading: ReadArguments,
    sort: Annotated[PackageSort, typer.Option("--sort", help="Order of packages")] = PackageSort.SIZE,
    top: TopOption = 0,
    package_type: Annotated[
        list[str] | None, typer.Option("--type", metavar="TYPE", help="Only this type: deb, rpm, apk, pypi, npm, ...")
    ] = None,
    layer: Annotated[int | None, typer.Option("--layer", help="Only packages added by this layer (from 0)")] = None,
    name: Annotated[
        str, typer.Option("--name", metavar="PATTERN", help="Only names that match this shell pattern")
    ] = "",
    files: Annotated[str, typer.Option("--files", metavar="NAME", help="List the files of this package")] = "",
    row_format: RowFormatOption = RowFormat.TABLE,
    wide: WideTableOption = False,
    units: UnitsOption = UnitsName.SI,
) -> None:
    """List packages and the bytes they own

    With the bytes not owned by a package, they add up to the live bytes.

    layerscope packages app.tar --top 20

    layerscope packages app.tar --type pypi --sort name -f csv

    layerscope packages app.tar --files gcc-12
    """
    if files:
        write_rows(_files(image, reading, files, top), row_format, units, wide=wide, color=reading.color)
        return
    query = PackageQuery(types=frozenset(package_type or ()), layer=layer, name=name)
    # Tables have no room for package URLs.
    with_purl = row_format not in (RowFormat.TABLE, RowFormat.MARKDOWN)
    found, layer_count = _packages(image, reading)
    check_query(query, found, layer_count)
    write_rows(
        package_rows(found, query, sort=sort.value, top=top, with_purl=with_purl),
        row_format,
        units,
        wide=wide,
        color=reading.color,
    )


def _packages(source: str, reading: ReadArguments) -> tuple[tuple[Package, ...], int]:
    """Return the packages, without running any rules, and the number of layers."""
    if is_saved_report(source):
        report = saved_report(source)
        return report.packages, len(report.layers)
    with opened(source, reading, wanted=WANTED) as image:
        found = catalog(Filesystem(image.layers))
    warn(found.warnings, quiet=reading.quiet)
    return found.packages, len(image.layers)


def _files(source: str, reading: ReadArguments, owner: str, top: int) -> Rows:
    """Return the files of a package; raises UsageError for an unknown one or a saved report."""
    if is_saved_report(source):
        raise UsageError(f"{source} is a saved report, which does not list the files of packages")
    with opened(source, reading, wanted=WANTED) as image:
        found, warnings = file_rows(image, FileQuery(owner=owner), depth=0, sort="size", top=top)
    warn(warnings, quiet=reading.quiet)
    rows = tuple(found.rows)
    if not rows:
        raise UsageError(f"no files of a package {owner}", hint="layerscope packages IMAGE lists the names")
    return Rows(columns=found.columns, rows=rows, left_out=found.left_out)
