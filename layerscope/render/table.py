"""Tables: tabulate aligns them for a terminal, where the widest text is cut to fit; and Markdown as GitHub shows it."""

from collections.abc import Iterable, Sequence
from textwrap import wrap

from layerscope.model.rows import Rows
from layerscope.render.escape import printable
from layerscope.render.units import Units


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
    """Cells in columns two spaces apart, numbers aligned at the right; the widest text column is cut to ``width``."""
    if not cells:
        return ""
    import tabulate  # Heavy, and only tables need it.

    tabulate.MIN_PADDING = 0  # It would make each column two wider than its header.
    if width is not None:
        cells = _fitted(headers, cells, kinds, width)
    text = tabulate.tabulate(
        cells,
        headers=headers if any(headers) else (),
        tablefmt="plain",
        disable_numparse=True,
        colalign=["left" if kind == "text" else "right" for kind in kinds],
        preserve_whitespace=True,
    )
    return "\n".join(shortened(line.rstrip(), width) for line in text.split("\n"))


def _fitted(headers: Sequence[str], cells: list[list[str]], kinds: Sequence[str], width: int) -> list[list[str]]:
    """Shorten the widest text column until the lines fit, but to no less than twenty characters."""
    widths = [max(len(headers[i]), *(len(row[i]) for row in cells)) for i in range(len(headers))]
    over = sum(widths) + 2 * (len(widths) - 1) - width
    texts = [index for index, kind in enumerate(kinds) if kind == "text"]
    if over <= 0 or not texts:
        return cells
    widest = max(texts, key=lambda index: widths[index])
    limit = max(20, widths[widest] - over)
    return [[shortened_path(text, limit) if i == widest else text for i, text in enumerate(row)] for row in cells]


def shortened_path(text: str, limit: int) -> str:
    """A path with its middle cut out where it is too long, any other text with its end cut off."""
    if len(text) <= limit or not text.startswith("/") or " " in text:
        return shortened(text, limit)
    kept = limit // 3
    return f"{text[:kept]}…{text[kept + 1 - limit :]}"


def shortened(text: str, limit: int | None) -> str:
    """``text`` with its end cut off where it is too long; no limit cuts nothing."""
    return text if limit is None or len(text) <= limit else text[: limit - 1] + "…"


def wrapped(text: str, limit: int, most: int) -> str:
    """``text`` over at most ``most`` lines, broken between words; the rest is cut off."""
    limit = max(20, limit)
    lines = wrap(text, limit, break_on_hyphens=False)
    if len(lines) > most:
        lines[most - 1 :] = [shortened(" ".join(lines[most - 1 :]), limit)]
    return "\n".join(lines)


LIMIT = 1_000_000
"""Bytes: GitHub refuses a step summary of more than 1 MiB, and other steps may write to the same job."""


def markdown_text(text: str) -> str:
    """Text that stays text: no markup, no HTML, no end of a cell, no link to a person, an issue or a page."""
    escaped = "".join("\\" + c if c in "\\`*_{}[]()#+!|~" else c for c in printable(text))
    escaped = escaped.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return escaped.replace("@", "&#64;").replace("://", "&#58;//")


def markdown_table(headers: Iterable[str], sides: Iterable[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """The lines of a table of escaped cells; columns whose side is not ``text`` are aligned at the right."""
    marks = ["---" if side == "text" else "---:" for side in sides]
    return [f"| {' | '.join(row)} |" for row in (list(headers), marks, *rows)]


def within_limit(lines: Iterable[str]) -> str:
    """The lines joined, without those that would exceed the limit; a last line counts them."""
    kept, left_out, room = list[str](), 0, LIMIT - 200
    for line in lines:
        room -= len(line.encode("utf-8", "replace")) + 1
        if room < 0:
            left_out += 1
        else:
            kept.append(line)
    if left_out:
        kept += ["", f"**{left_out:,} lines omitted to stay under 1 MiB; `-f json` has all of them.**"]
    return "\n".join(kept).rstrip("\n") + "\n"
