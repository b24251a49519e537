"""Where results go: stdout, as wide as the terminal, or as it comes where it is piped."""

import os
import shutil
import sys

from layerscope.cli.failure import writing
from layerscope.cli.options import RowFormat, UnitsName
from layerscope.model.rows import Rows
from layerscope.render.escape import printable_lines, without_commands
from layerscope.render.units import units


def terminal_width() -> int | None:
    """The width to fit tables in, the terminal's or what COLUMNS says; None for a pipe, where nothing is cut."""
    if sys.stdout.isatty() or os.environ.get("COLUMNS", "").isdigit():
        return shutil.get_terminal_size((100, 24)).columns
    return None


def write(text: str) -> None:
    """Print a result; characters that the terminal's encoding lacks are escaped, and commands of GitHub's runner.

    Raises BrokenPipeError where the reader has closed the pipe: nobody wants the rest. Raises LayerscopeError where
    it cannot be written.
    """
    _write(without_commands(text))


def _write(text: str) -> None:
    if not text.isascii():
        encoding = sys.stdout.encoding or "utf-8"
        text = text.encode(encoding, "backslashreplace").decode(encoding)
    with writing():
        sys.stdout.write(text)


def write_foreign(text: str) -> None:
    """Print what an image says in its own words: to a pipe as it is, to a terminal nothing that moves its cursor.

    In a job of GitHub's, a pipe is a log, too.
    """
    if sys.stdout.isatty():
        write(printable_lines(text))
    elif os.environ.get("GITHUB_ACTIONS") == "true":
        write(text.replace("\r", "\\r"))
    else:
        _write(text)


def write_rows(rows: Rows, row_format: RowFormat, unit_name: UnitsName) -> None:
    # A report is no table of rows.
    from layerscope.render.rows import ROW_RENDERERS

    for piece in ROW_RENDERERS[row_format.value](rows, units(unit_name.value), terminal_width()):
        write(piece)
