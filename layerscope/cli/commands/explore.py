"""``layerscope explore``: the report, to walk through in a terminal."""

import os
import sys
from importlib.util import find_spec
from typing import Annotated

import typer

from layerscope.analysis.browse import Browser
from layerscope.cli.configuration import ignores_of
from layerscope.cli.options import (
    BuildOptions,
    ImagePath,
    ReadArguments,
    UnitsName,
    UnitsOption,
    build_options,
    reading_options,
)
from layerscope.cli.sources import Asked, subject
from layerscope.errors import MissingExtra, UsageError
from layerscope.render.options import RenderOptions
from layerscope.render.units import units as units_named


@reading_options
@build_options
def explore(
    context: typer.Context,
    image: ImagePath,
    reading: ReadArguments,
    build: BuildOptions,
    duplicates: Annotated[
        bool, typer.Option("--duplicates/--no-duplicates", help="Look for equal contents at different paths.")
    ] = True,
    units: UnitsOption = UnitsName.SI,
) -> None:
    """Walk through an image in the terminal.

    Files, layers, findings and packages, and why each file is there.

    layerscope explore image.tar

    layerscope explore app.tar --dockerfile Dockerfile --stage builder=builder.tar
    """
    _check(image)
    # Its library is an extra, and the help must not need it.
    from layerscope.explore.app import explore as walk

    asked = Asked(build=build, duplicates=duplicates, ignores=ignores_of(context))
    with subject(image, reading, asked) as one:
        if one.analysis is None:
            raise UsageError(
                f"{image} is a saved report, which does not hold all files", hint="name the image's archive"
            )
        browser = Browser(one.analysis, one.report)
    # What is shown is all in memory: the archive may be written anew while somebody looks.
    walk(one.report, browser, RenderOptions(units=units_named(units.value)))


def _check(image: str) -> None:
    """Raise before anything is read where there is nobody to look, or nothing to look with."""
    if image == "-":
        hint = "save the image to a file and name that; keys come from standard input"
        raise UsageError("explore cannot read the image from a pipe", hint=hint)
    if not (sys.stdin.isatty() and sys.stdout.isatty()) or os.environ.get("TERM") == "dumb":
        raise UsageError("explore needs a terminal", hint="layerscope report prints the same to a file or a pipe")
    if find_spec("textual") is None:
        raise MissingExtra("explore", "explore")
