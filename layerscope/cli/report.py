"""``layerscope report``: where an image's bytes come from, and which are needless."""

from enum import StrEnum
from typing import Annotated

import typer

from layerscope.cli.options import ImagePath, ReadOptions, UnitsName, UnitsOption, reading_options


class ReportFormat(StrEnum):
    """The formats of a report."""

    TABLE = "table"
    JSON = "json"


@reading_options
def report(
    image: ImagePath,
    reading: ReadOptions,
    base: Annotated[
        str, typer.Option("--base", metavar="IMAGE", help="The base image's archive, to know its layers for certain.")
    ] = "",
    duplicates: Annotated[
        bool, typer.Option("--duplicates/--no-duplicates", help="Look for equal contents at different paths.")
    ] = True,
    top: Annotated[int, typer.Option("--top", min=0, help="Rows in each list; 0 for the usual number.")] = 0,
    report_format: Annotated[ReportFormat, typer.Option("-f", "--format", help="How to print.")] = ReportFormat.TABLE,
    units: UnitsOption = UnitsName.SI,
) -> None:
    """Tell where an image's bytes come from and which of them are needless.

    layerscope report image.tar

    docker save app:latest | layerscope report -

    layerscope report app.tar --base python.tar -f json > report.json
    """
    from layerscope.analysis.analyse import WANTED, Question, analyse
    from layerscope.analysis.report import report as make_report
    from layerscope.cli.output import terminal_width, write
    from layerscope.cli.reading import opened

    base_diff_ids = None
    if base:
        with opened(base, ReadOptions(quiet=reading.quiet)) as base_image:
            base_diff_ids = base_image.config.diff_ids
    with opened(image, reading, wanted=WANTED, silent=True) as opened_image:
        made = make_report(analyse(opened_image, Question(base=base_diff_ids, duplicates=duplicates)))
    if report_format == ReportFormat.JSON:
        from layerscope.render.json import lines

        write(lines(made))
        return
    from layerscope.render.text import TextOptions, text
    from layerscope.render.units import units as units_named

    write(text(made, TextOptions(units=units_named(units.value), top=top, width=terminal_width())))
