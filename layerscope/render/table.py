"""Tables for a terminal: tabulate aligns them, and the widest text column is cut to fit."""

from collections.abc import Sequence

from layerscope.model.rows import Rows
from layerscope.render.escape import printable
from layerscope.render.style import with_marks, with_sequences
from layerscope.render.units import Units
from layerscope.render.width import shortened, shortened_path, width_of


def cell(value: object, kind: str, units: Units) -> str:
    """A value as a person reads it."""
    if value is None or value == "":
        return ""
    if kind == "bytes" and isinstance(value, int):
        return units(value)
    if isinstance(value, tuple | list):
        return ", ".join(printable(str(one)) for one in value)
    if kind == "number" and isinstance(value, int):
        return f"{value:,}"
    return printable(str(value))


def table(data: Rows, units: Units, width: int | None) -> str:
    """The shown columns; ``width`` is the terminal's, None where nothing may be cut."""
    shown = [index for index, column in enumerate(data.columns) if column.shown]
    columns = [data.columns[index] for index in shown]
    cells = [[cell(row[index], data.columns[index].kind, units) for index in shown] for row in data.rows]
    return aligned([column.header or column.name for column in columns], cells, [c.kind for c in columns], width)


def aligned(headers: Sequence[str], cells: list[list[str]], kinds: Sequence[str], width: int | None) -> str:
    """Cells in columns two spaces apart, numbers aligned at the right; the widest text column is cut to ``width``.

    A cell may have several lines.
    """
    if not cells:
        return ""
    if width is not None:
        cells = _fitted(headers, cells, kinds, width)
    import tabulate  # Heavy, and only tables need it.

    tabulate.MIN_PADDING = 0  # It would make each column two wider than its header.
    text = tabulate.tabulate(
        [list(map(with_sequences, row)) for row in cells],
        headers=list(map(with_sequences, headers)) if any(headers) else (),
        tablefmt="plain",
        disable_numparse=True,
        colalign=["left" if kind == "text" else "right" for kind in kinds],
        preserve_whitespace=True,
    )
    return "\n".join(shortened(line.rstrip(), width) for line in with_marks(text).split("\n"))


def _widest(cell: str) -> int:
    return max(map(width_of, cell.split("\n"))) if "\n" in cell else width_of(cell)


def _fitted(headers: Sequence[str], cells: list[list[str]], kinds: Sequence[str], width: int) -> list[list[str]]:
    """Shorten the widest text column until the lines fit, but to no less than twenty columns."""
    widths = [max(width_of(headers[i]), *(_widest(row[i]) for row in cells)) for i in range(len(headers))]
    over = sum(widths) + 2 * (len(widths) - 1) - width
    texts = [index for index, kind in enumerate(kinds) if kind == "text"]
    if over <= 0 or not texts:
        return cells
    widest = max(texts, key=lambda index: widths[index])
    limit = max(20, widths[widest] - over)
    return [[shortened_path(text, limit) if i == widest else text for i, text in enumerate(row)] for row in cells]
