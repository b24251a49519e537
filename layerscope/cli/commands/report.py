"""``layerscope report``: where an image's bytes come from, and which are needless."""

from typing import Annotated

import typer

from layerscope.cli.configuration import call_of, ignores_of, tell_unmatched
from layerscope.cli.options import (
    BuildOptions,
    ImageOrReport,
    ReadArguments,
    TopOption,
    UnitsName,
    UnitsOption,
    build_options,
    reading_options,
)
from layerscope.cli.outputs import FormatOption, OutputOption, outputs, write_report
from layerscope.cli.sources import Asked, report_of


@reading_options
@build_options
def report(
    context: typer.Context,
    image: ImageOrReport,
    reading: ReadArguments,
    build: BuildOptions,
    duplicates: Annotated[
        bool, typer.Option("--duplicates/--no-duplicates", help="Look for equal contents at different paths.")
    ] = True,
    top: TopOption = 0,
    report_format: FormatOption = None,
    output: OutputOption = None,
    units: UnitsOption = UnitsName.SI,
) -> None:
    """Tell where an image's bytes come from, and which are needless.

    layerscope report image.tar

    docker save app:latest | layerscope report -

    layerscope report app.tar --base python.tar -f json > report.json

    layerscope report app.tar --dockerfile Dockerfile --stage builder=builder.tar

    layerscope report app.tar -o report.html -o sarif=findings.json -o -

    layerscope report report.json -f html > report.html
    """
    stages = (stage.partition("=")[2] for stage in build.stage or ())
    targets = outputs(output or (), report_format, (image, build.base, build.dockerfile, *stages))
    asked = Asked(build=build, duplicates=duplicates, ignores=ignores_of(context))
    made = report_of(image, reading, asked, call_of(context).kept)
    if reading.verbose:
        tell_unmatched(context, made)
    write_report(made, targets, units=units.value, top=top, dockerfile=build.dockerfile)
