"""Results on stdout: fitted to a terminal's width, and in its colors."""

import os
import shutil
import sys

from layerscope.cli.invocation import called_without_limit
from layerscope.cli.messages import writing
from layerscope.cli.options import ColorChoice, RowFormat, UnitsName
from layerscope.model.rows import Rows
from layerscope.render.escape import printable, printable_lines, without_commands
from layerscope.render.units import RenderOptions, units

WIDTH_OF_FILES = 120
"""Columns of a report in a file or a pipe."""


_LEAST_COLUMNS = 20
"""Narrower lines are no longer read."""


def terminal_width() -> int | None:
    """The width of the terminal, or COLUMNS; None for a pipe."""
    if sys.stdout.isatty() or os.environ.get("COLUMNS", "").isdigit():
        return shutil.get_terminal_size((100, 24)).columns
    return None


def message_width() -> int:
    """The width of the terminal that shows stderr, or COLUMNS; 80 for a pipe."""
    if os.environ.get("COLUMNS", "").isdigit():
        return max(int(os.environ["COLUMNS"]), _LEAST_COLUMNS)
    try:
        return max(os.get_terminal_size(sys.stderr.fileno()).columns, _LEAST_COLUMNS)
    except (OSError, ValueError):
        return 80


def use_color(choice: ColorChoice) -> bool:
    """Whether to print colors: by the option, else on a terminal that has them (no-color.org)."""
    if choice != ColorChoice.AUTO:
        return choice == ColorChoice.ALWAYS
    if not sys.stdout.isatty() or os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        return False
    return os.name != "nt" or "WT_SESSION" in os.environ  # The old console of Windows prints the codes.


def write(text: str) -> None:
    """Print a result; commands of GitHub's runner and characters that the encoding lacks are escaped.

    Raises BrokenPipeError if the reader closed the pipe, LayerscopeError if it cannot be written.
    """
    _write(without_commands(text))


def _write(text: str) -> None:
    if not text.isascii():
        encoding = sys.stdout.encoding or "utf-8"
        text = text.encode(encoding, "backslashreplace").decode(encoding)
    with writing():
        sys.stdout.write(text)


def write_exactly(data: bytes) -> None:
    """Print bytes as they are to a pipe or file, and without control characters to a terminal."""
    if sys.stdout.isatty():
        write(printable_lines(data.decode("utf-8", "surrogateescape")))
        return
    with writing():
        sys.stdout.flush()
        sys.stdout.buffer.write(data)


def write_foreign(text: str) -> None:
    """Print text of the image: unchanged to a pipe, without control characters to a terminal.

    In GitHub Actions a pipe is the log, so commands are escaped.
    """
    if sys.stdout.isatty():
        write(printable_lines(text))
    elif os.environ.get("GITHUB_ACTIONS") == "true":
        write(text.replace("\r", "\\r"))
    else:
        _write(text)


def write_rows(
    rows: Rows,
    row_format: RowFormat,
    unit_name: UnitsName = UnitsName.SI,
    *,
    wide: bool = False,
    color: ColorChoice = ColorChoice.NEVER,
) -> None:
    """Print a listing in one of its formats; a pipe gets whole lines, for grep and awk."""
    # report imports this module and needs none of these formats.
    from layerscope.render.rows import ROW_RENDERERS

    width = None if wide else terminal_width()
    options = RenderOptions(units=units(unit_name.value), width=width, color=use_color(color))
    for piece in ROW_RENDERERS[row_format.value](rows, options):
        write(piece)
    if rows.left_out and row_format in (RowFormat.TABLE, RowFormat.MARKDOWN):
        in_markdown = row_format == RowFormat.MARKDOWN
        write(("\n" if in_markdown else "") + _more(rows.left_out, in_markdown=in_markdown))


def _more(count: int, *, in_markdown: bool) -> str:
    """How many rows were left out, and how to list them."""
    from layerscope.render.markdown_syntax import markdown_text
    from layerscope.secrets.text import redacted

    command = printable(redacted(called_without_limit()))
    if not command:
        return f"and {count:,} more (--top 0 lists all)\n"
    return f"and {count:,} more: {f'<code>{markdown_text(command)}</code>' if in_markdown else command}\n"
