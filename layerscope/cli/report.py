"""``layerscope report``: where an image's bytes come from, and which are needless."""

from enum import StrEnum
from typing import Annotated

import typer

from layerscope.cli.options import (
    BuildOptions,
    ImagePath,
    ReadOptions,
    UnitsName,
    UnitsOption,
    build_options,
    reading_options,
)


class ReportFormat(StrEnum):
    """The formats of a report."""

    TABLE = "table"
    JSON = "json"


@reading_options
@build_options
def report(
    image: ImagePath,
    reading: ReadOptions,
    build: BuildOptions,
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

    layerscope report app.tar --dockerfile Dockerfile --stage builder=builder.tar
    """
    from layerscope.analysis.analyse import WANTED, analyse
    from layerscope.analysis.report import report as make_report
    from layerscope.cli.build import fingerprint, question
    from layerscope.cli.output import terminal_width, write
    from layerscope.cli.reading import opened

    with (
        question(build, reading, duplicates=duplicates) as asked,
        opened(image, reading, wanted=WANTED, fingerprint=fingerprint(build), silent=True) as opened_image,
    ):
        made = make_report(analyse(opened_image, asked))
    if report_format == ReportFormat.JSON:
        from layerscope.render.json import lines

        write(lines(made))
        return
    from layerscope.render.text import TextOptions, text
    from layerscope.render.units import units as units_named

    write(text(made, TextOptions(units=units_named(units.value), top=top, width=terminal_width())))
