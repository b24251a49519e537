"""``layerscope explore``: the report in a terminal UI."""

import os
import sys
from importlib.util import find_spec

import typer

from layerscope.analysis.browse import Browser
from layerscope.cli.configuration import ignores_of
from layerscope.cli.options import (
    BuildOptions,
    DuplicatesOption,
    ImagePath,
    ReadArguments,
    UnitsName,
    UnitsOption,
    build_options,
    reading_options,
)
from layerscope.cli.source import ReportOptions, opened_source
from layerscope.errors import MissingExtra, UsageError
from layerscope.render.units import RenderOptions
from layerscope.render.units import units as units_named


@reading_options
@build_options
def explore(
    context: typer.Context,
    image: ImagePath,
    reading: ReadArguments,
    build: BuildOptions,
    duplicates: DuplicatesOption = True,
    units: UnitsOption = UnitsName.SI,
) -> None:
    """Browse an image in the terminal

    Shows files, layers, findings and packages, and why each file is there.

    layerscope explore image.tar

    layerscope explore app.tar --dockerfile Dockerfile --stage builder=builder.tar
    """
    _check(image)
    # The help must work without this extra.
    from layerscope.explore.app import explore as run

    options = ReportOptions(build=build, duplicates=duplicates, ignores=ignores_of(context))
    with opened_source(image, reading, options) as source:
        if source.analysis is None:
            raise UsageError(f"{image} is a saved report, which does not list all files", hint="name the image archive")
        browser = Browser(source.analysis, source.report)
    # All that is shown is in memory: the archive may be rewritten meanwhile.
    run(source.report, browser, RenderOptions(units=units_named(units.value)))


def _check(image: str) -> None:
    """Raise, before anything is read, if there is no terminal or the extra is missing."""
    if image == "-":
        hint = "save the image to a file: stdin is needed for keys"
        raise UsageError("explore cannot read the image from stdin", hint=hint)
    if not (sys.stdin.isatty() and sys.stdout.isatty()) or os.environ.get("TERM") == "dumb":
        raise UsageError("explore needs a terminal", hint="use layerscope report for files and pipes")
    if find_spec("textual") is None:
        raise MissingExtra("explore", "explore")
