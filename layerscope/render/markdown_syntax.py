"""Markdown as GitHub and GitLab show it: text that stays text, code, tables, and comments that are not too long."""

from collections.abc import Iterable, Iterator, Sequence

from layerscope.model.patterns import pattern
from layerscope.model.rows import TEXT_KINDS
from layerscope.render.escape import printable

LIMIT = 65_000
"""Bytes: GitHub refuses a comment of more than 65,536 characters."""
_NOTE = 200
"""Bytes for the words about what was left out."""
_UNSAFE_IN_CODE = frozenset("`|\\<>")
_TICKS = pattern("`+")
DETAILS_END = "</details>"


def markdown_text(text: str) -> str:
    """Text that stays text: no markup, no HTML, no end of a cell, no link to a person, an issue or a page."""
    escaped = "".join("\\" + c if c in "\\`*_{}[]()#+!|~" else c for c in printable(text))
    escaped = escaped.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return escaped.replace("@", "&#64;").replace("://", "&#58;//")


def markdown_code(text: str) -> str:
    """Text as code, in a table too; as an element where a code span cannot hold a character of it."""
    shown = printable(text)
    if not shown.strip() or _UNSAFE_IN_CODE & set(shown) or shown != shown.strip():
        return f"<code>{markdown_text(text)}</code>" if text else ""
    return f"`{shown}`"


def markdown_sentence(text: str) -> str:
    """A sentence whose quotes in backticks are code."""
    parts = text.split("`")
    if len(parts) % 2 == 0 or not all(parts[1::2]):
        return markdown_text(text)
    return "".join(markdown_code(part) if index % 2 else markdown_text(part) for index, part in enumerate(parts))


def markdown_table(headers: Iterable[str], sides: Iterable[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """The lines of a table of escaped cells; columns whose side is not ``text`` are aligned at the right."""
    marks = ["---" if side in TEXT_KINDS else "---:" for side in sides]
    return [f"| {' | '.join(row)} |" for row in (list(headers), marks, *rows)]


def fenced(language: str, lines: Sequence[str], indent: str = "") -> str:
    """Lines as they are, in a fence longer than any in them; in one piece, which a page that is too long omits."""
    ticks = "`" * max(3, 1 + max((len(run) for line in lines for run in _TICKS.findall(line)), default=0))
    return "\n".join(f"{indent}{line}" for line in (f"{ticks}{language}", *lines, ticks))


def details(summary: str, lines: Iterable[str]) -> Iterator[str]:
    """Lines that a reader unfolds; the summary is HTML, and holds no name of an image."""
    yield f"<details><summary>{summary}</summary>"
    yield ""
    yield from lines
    yield ""
    yield DETAILS_END


def within_limit(blocks: Iterable[Iterable[str]]) -> str:
    """Blocks of lines, an empty line apart; the end of one that is too long is left out, and a last line says so.

    Blocks after it are kept as far as there is room.
    """
    kept, left_out, room = list[str](), 0, LIMIT - _NOTE
    for block in blocks:
        lines = _without_end(block)
        sizes = [_size(line) for line in lines]
        if sum(sizes) + 1 > room:
            lines, cut = _cut(lines, sizes, room - 1)
            left_out += cut
        if lines:
            kept += [*lines, ""]
            room -= sum(map(_size, lines)) + 1
    if left_out:
        kept.append(f"**{left_out:,} lines omitted to stay below 65,536 characters; `-f json` has all of them.**")
    return "\n".join(kept).rstrip("\n") + "\n"


def _without_end(block: Iterable[str]) -> list[str]:
    lines = list(block)
    while lines and not lines[-1]:
        lines.pop()
    return lines


def _size(line: str) -> int:
    return len(line.encode("utf-8", "replace")) + 1


def _cut(lines: list[str], sizes: list[int], room: int) -> tuple[list[str], int]:
    """The lines that fit, and how many do not; what was unfolded is closed again."""
    end = [DETAILS_END] if lines[-1] == DETAILS_END else []
    room -= _size("") + _size(DETAILS_END) if end else 0
    count = 0
    while count < len(lines) and sizes[count] <= room:
        room -= sizes[count]
        count += 1
    if count <= _LEAST_LINES:
        return [], len(list(filter(None, lines)))
    return [*lines[:count], *(["", *end] if end else [])], len(list(filter(None, lines[count:]))) - len(end)


_LEAST_LINES = 5
"""Lines of a block that say nothing yet: its title and the head of its table."""
