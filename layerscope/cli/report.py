"""``layerscope report``: where an image's bytes come from, and which are needless."""

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
from layerscope.cli.outputs import FormatOption, OutputOption, outputs, write_report


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
    report_format: FormatOption = None,
    output: OutputOption = None,
    units: UnitsOption = UnitsName.SI,
) -> None:
    """Tell where an image's bytes come from and which of them are needless.

    layerscope report image.tar

    docker save app:latest | layerscope report -

    layerscope report app.tar --base python.tar -f json > report.json

    layerscope report app.tar --dockerfile Dockerfile --stage builder=builder.tar

    layerscope report app.tar -o report.html -o sarif=findings.json -o -
    """
    from layerscope.analysis.analyse import WANTED, analyse
    from layerscope.analysis.report import report as make_report
    from layerscope.cli.build import fingerprint, question
    from layerscope.cli.reading import opened

    targets = outputs(output or (), report_format)
    with (
        question(build, reading, duplicates=duplicates) as asked,
        opened(image, reading, wanted=WANTED, fingerprint=fingerprint(build), silent=True) as opened_image,
    ):
        made = make_report(analyse(opened_image, asked))
    write_report(made, targets, units=units.value, top=top, dockerfile=build.dockerfile)
