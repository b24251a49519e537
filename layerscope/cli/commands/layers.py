"""``layerscope layers`` and ``layerscope history``: the layers of an image and the steps of its build."""

from layerscope.analysis.listings.layers import history_rows, layer_rows
from layerscope.cli.messages import warn
from layerscope.cli.options import (
    ImagePath,
    ReadArguments,
    RowFormat,
    RowFormatOption,
    UnitsName,
    UnitsOption,
    WideTableOption,
    reading_options,
)
from layerscope.cli.output import write_rows
from layerscope.cli.reading import opened


@reading_options
def layers(
    image: ImagePath,
    reading: ReadArguments,
    row_format: RowFormatOption = RowFormat.TABLE,
    wide: WideTableOption = False,
    units: UnitsOption = UnitsName.SI,
) -> None:
    """List layers and their sizes, lowest first

    layerscope layers image.tar

    layerscope layers -f csv image.tar > layers.csv
    """
    with opened(image, reading) as opened_image:
        rows = layer_rows(opened_image)
    write_rows(rows, row_format, units, wide=wide, color=reading.color)


@reading_options
def history(
    image: ImagePath,
    reading: ReadArguments,
    row_format: RowFormatOption = RowFormat.TABLE,
    wide: WideTableOption = False,
    units: UnitsOption = UnitsName.SI,
) -> None:
    """List build steps and their bytes, first to last

    layerscope history image.tar

    layerscope history -f json image.tar
    """
    with opened(image, reading) as opened_image:
        rows, warnings = history_rows(opened_image)
    warn(warnings, quiet=reading.quiet)
    write_rows(rows, row_format, units, wide=wide, color=reading.color)
