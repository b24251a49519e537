"""Markdown as GitHub shows it: text that stays text, tables, and the size of a step summary."""

from collections.abc import Iterable, Sequence

from layerscope.render.escape import printable

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
