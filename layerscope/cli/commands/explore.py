"""``layerscope explore``: the report in a terminal UI."""

import os
import sys
import threading
from collections.abc import Mapping
from functools import partial
from importlib import import_module
from importlib.util import find_spec

import typer

from layerscope.analysis.browse import Browser
from layerscope.analysis.extract import ExtractQuery, plan_of
from layerscope.cli.configuration import call_of, ignores_of
from layerscope.cli.messages import say
from layerscope.cli.options import (
    BuildOptions,
    DuplicatesOption,
    ImagePath,
    OntoOption,
    ReadArguments,
    UnitsName,
    UnitsOption,
    build_options,
    reading_options,
)
from layerscope.cli.reading import limits
from layerscope.cli.source import ReportOptions, opened_source
from layerscope.cli.unpack import unpacked
from layerscope.errors import Damaged, LayerscopeError, MissingExtra, UsageError
from layerscope.filesystem.tree import Filesystem
from layerscope.render.escape import printable
from layerscope.render.units import RenderOptions
from layerscope.render.units import units as units_named
from layerscope.render.words import counted

_INTERFACE = "layerscope.explore.app"
_LOADING = 0.1
"""Seconds until the interface is loaded."""


@reading_options
@build_options
def explore(
    context: typer.Context,
    image: ImagePath,
    reading: ReadArguments,
    build: BuildOptions,
    duplicates: DuplicatesOption = True,
    onto: OntoOption = None,
    units: UnitsOption = UnitsName.SI,
) -> None:
    """Browse an image in the terminal

    Shows layers and what each did, steps, findings, packages and stages, and why each file is there; ? lists all keys.

    layerscope explore image.tar

    layerscope explore app.tar --dockerfile Dockerfile --stage builder=builder.tar
    """
    _check(image)
    # The interface takes half a second to load: beside reading, but behind the line that says what is read.
    loading = threading.Timer(_LOADING, import_module, (_INTERFACE,))
    loading.daemon = True
    loading.start()
    options = ReportOptions(build=build, duplicates=duplicates, ignores=ignores_of(context), onto=tuple(onto or ()))
    has_ended = False
    try:
        with opened_source(image, reading, options) as source:
            if source.analysis is None:
                raise UsageError(
                    f"{image} is a saved report, which does not list all files", hint="name the image archive"
                )
            call_of(context).kept.append(source)
            browser = Browser(source.analysis, source.report)
            extract = partial(_extracted, source.analysis.filesystem, limits(reading.limit or ()).expanded_bytes)
            # The help must work without this extra.
            from layerscope.explore.app import explore as run

            run(source.report, browser, RenderOptions(units=units_named(units.value)), extract)
            has_ended = True
    except Damaged:
        # The figures are of the archive as it was; only what was viewed last may be another one's.
        if not has_ended:
            raise
        say(f"{image} changed while it was explored", "warning: ")


def _extracted(filesystem: Filesystem, most: int, versions: Mapping[str, int], path: str, directory: str) -> str:
    """Write versions to a directory; return what was written, or why nothing was."""
    try:
        planned = plan_of(filesystem, ExtractQuery(path=path), versions)
        if planned.content_bytes > most:
            return f"not extracted: {planned.content_bytes:,} bytes exceed --limit expanded_bytes"
        unpacker = unpacked(filesystem, planned, directory, force=False)
    except LayerscopeError as error:
        return f"not extracted: {error}"
    # What options of the command line would do is of no use here.
    reasons = ((note.path, note.reason.partition(" (--")[0]) for note in (*unpacker.notes, *planned.notes))
    notes = [f"{printable(name)}: {printable(reason)}" for name, reason in reasons]
    left = f"; {notes[0]}" if notes else ""
    more = f" and {counted(len(notes) - 1, 'more note')}" if len(notes) > 1 else ""
    return f"wrote {unpacker.counts} to {printable(directory)}{left}{more}"


def _check(image: str) -> None:
    """Raise, before anything is read, if there is no terminal or the extra is missing."""
    if image == "-":
        hint = "save the image to a file: stdin is needed for keys"
        raise UsageError("explore cannot read the image from stdin", hint=hint)
    if not (sys.stdin.isatty() and sys.stdout.isatty()) or os.environ.get("TERM") == "dumb":
        raise UsageError("explore needs a terminal", hint="use layerscope report for files and pipes")
    if find_spec("textual") is None:
        raise MissingExtra("explore", "explore")
