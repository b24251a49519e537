"""``layerscope files``: the files of the image, of a layer, or hidden ones."""

from enum import StrEnum
from typing import Annotated

import typer

from layerscope.analysis.amounts import byte_count
from layerscope.analysis.listings.files import FileQuery, file_rows
from layerscope.cli.messages import warn
from layerscope.cli.options import (
    ImagePath,
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
from layerscope.model.paths import normal
from layerscope.packages.registry import WANTED


class Sort(StrEnum):
    """The order of a flat list."""

    SIZE = "size"
    PATH = "path"
    LAYER = "layer"


@reading_options
def files(
    image: ImagePath,
    reading: ReadArguments,
    path: Annotated[str, typer.Argument(metavar="[PATH]", help="Only this path and what is below it")] = "/",
    flat: Annotated[bool, typer.Option("--flat", help="List one file per line instead of a tree")] = False,
    depth: Annotated[int, typer.Option("--depth", min=1, help="Depth of the tree")] = 2,
    sort: Annotated[Sort, typer.Option("--sort", help="Order of a flat list")] = Sort.SIZE,
    top: TopOption = 0,
    layer: Annotated[int | None, typer.Option("--layer", help="Only what this layer holds (from 0)")] = None,
    hidden: Annotated[bool, typer.Option("--hidden", help="Only files hidden by a later layer")] = False,
    name: Annotated[
        str, typer.Option("--name", metavar="PATTERN", help="Only names that match this shell pattern")
    ] = "",
    owner: Annotated[
        str, typer.Option("--owner", metavar="PACKAGE", help="Only files of this package; - for no package")
    ] = "",
    least: Annotated[
        str, typer.Option("--min-size", metavar="BYTES", help="Only files of at least this size, for example 5kB")
    ] = "",
    row_format: RowFormatOption = RowFormat.TABLE,
    wide: WideTableOption = False,
    units: UnitsOption = UnitsName.SI,
) -> None:
    """List files with size, layer, fate and owner

    layerscope files image.tar /usr/lib --depth 1

    layerscope files image.tar --hidden --flat --top 20

    layerscope files image.tar --layer 3 --name '*.pyc' -f csv
    """
    query = FileQuery(
        path=normal(path),
        layer=layer,
        hidden=hidden,
        pattern=name,
        owner=owner,
        least_bytes=byte_count(least, "--min-size") if least else 0,
    )
    # A tree is for people; the data formats list every file.
    flat = flat or row_format not in (RowFormat.TABLE, RowFormat.MARKDOWN)
    with opened(image, reading, wanted=WANTED) as opened_image:
        rows, warnings = file_rows(opened_image, query, depth=0 if flat else depth, sort=sort.value, top=top)
    warn(warnings, quiet=reading.quiet)
    write_rows(rows, row_format, units, wide=wide, color=reading.color)
