"""What all pages are made of: the frame with its style and script, and tables, bars and commands as HTML."""

import base64
import hashlib
import pkgutil
from collections.abc import Iterator, Sequence
from functools import cache
from html import escape

from msgspec import Struct

from layerscope.model.patterns import pattern
from layerscope.model.report import Report
from layerscope.render.escape import printable
from layerscope.render.units import Units
from layerscope.render.words import dockerfile_name

MOST_LAYERS, MOST_FINDINGS = 500, 400
"""Layers, and findings of each kind, that a page lists."""
_CODE = pattern(r"`([^`]+)`")


class Part(Struct, frozen=True, kw_only=True):
    """A section of a page: its anchor, its title, and its lines; it is left out where there are none.

    ``short`` is its title in the navigation, where that is another. One that ``needs_script`` is shown by the script.
    """

    anchor: str
    title: str
    lines: tuple[str, ...]
    short: str = ""
    needs_script: bool = False


class Number(Struct, frozen=True):
    """A figure in a table: as people read it, and the value that sorts."""

    shown: str
    value: int


class Markup(Struct, frozen=True):
    """HTML that is ready."""

    html: str


Cell = str | Number | Markup
"""What a table holds: text is escaped."""


def page(title: str, head: Iterator[str], parts: Sequence[Part], data: str = "") -> str:
    """A whole page, which needs nothing else. ``data`` is JSON in ASCII for the script."""
    style, script = _own("page.css"), _own("page.js")
    policy = (
        f"default-src 'none'; style-src '{_hash(style)}'; script-src '{_hash(script)}'; base-uri 'none';"
        " form-action 'none'"
    )
    shown = [part for part in parts if part.lines]
    links = '<li><a href="#top">Overview</a></li>' + "".join(
        f'<li{" hidden" if part.needs_script else ""}><a href="#{part.anchor}">{part.short or part.title}</a></li>'
        for part in shown
    )
    # An escape for each lower than sign, so that no name can end the element.
    safe = data.replace("<", r"\u003c")
    holder = f'<script type="application/json" id="data">{safe}</script>\n' if data else ""
    body = "\n".join(line for lines in (head, *map(_section, shown)) for line in lines)
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{text(title)} - layerscope</title>\n<style>{style}</style>\n</head>\n<body>\n"
        f'<nav class="parts" aria-label="Parts of the page"><ul>{links}</ul></nav>\n'
        f'<main id="top">\n{body}\n</main>\n{holder}<script>{script}</script>\n</body>\n</html>\n'
    )


def _section(part: Part) -> Iterator[str]:
    hidden = " hidden" if part.needs_script else ""
    yield f'<section id="{part.anchor}" aria-labelledby="{part.anchor}-title"{hidden}>'
    yield f'<h2 id="{part.anchor}-title">{part.title}</h2>'
    yield from part.lines
    yield "</section>"


@cache
def _own(name: str) -> str:
    """A file of this package, also from a zip."""
    data = pkgutil.get_data(__package__, name)
    assert data is not None
    return data.decode("ascii")


def _hash(content: str) -> str:
    digest = base64.b64encode(hashlib.sha256(content.encode("ascii")).digest()).decode("ascii")
    return f"sha256-{digest}"


def text(words: str) -> str:
    """Text as HTML; what could reorder or hide it is printed as an escape."""
    return escape(printable(words), quote=True)


def prose(words: str) -> str:
    """A sentence as HTML, in which what is between backticks is code."""
    return _CODE.sub(r"<code>\1</code>", text(words))


def size(content_bytes: int, units: Units) -> Number:
    """Bytes in a table, nothing for none."""
    return Number(units(content_bytes) if content_bytes else "", content_bytes)


def count(number: int) -> Number:
    return Number(f"{number:,}", number)


def bar(parts: Sequence[tuple[str, int, int]], whole: int, name: str = "", *, tall: bool = False) -> str:
    """Stretches of a bar, each a class, where it starts and how long it is; a drawing, as styles are not allowed.

    What is there at all is a pixel or two wide.
    """
    if not whole:
        return ""
    share = 100 / whole
    rects = "".join(
        f'<rect class="{kind}" x="{share * start:.3f}%" width="{max(share * length, 0.25):.3f}%" height="100%"/>'
        for kind, start, length in parts
        if length > 0
    )
    label = f' role="img" aria-label="{text(name)}"' if name else ' aria-hidden="true"'
    return f'<svg class="bar{" tall" if tall else ""}"{label}>{rects}</svg>'


def stacked(parts: Sequence[tuple[str, int]], start: int = 0) -> Iterator[tuple[str, int, int]]:
    """Stretches one after the other, for ``bar``."""
    for kind, length in parts:
        yield kind, start, length
        start += length


def line_code(report: Report, line: int | None) -> str:
    """``Dockerfile:14`` as code with a blank behind it; nothing where no line is known."""
    return f"<code>{text(dockerfile_name(report))}:{line}</code> " if line else ""


def finding_link(place: int, words: str, report: Report) -> str:
    """Words as a link to a finding, where the page lists all of them."""
    shown = text(words)
    return shown if len(report.findings) > MOST_FINDINGS else f'<a href="#finding-{place}">{shown}</a>'


def layer_link(index: int, words: str, report: Report) -> str:
    """Words as a link to a layer, where the page lists all of them."""
    return words if len(report.layers) > MOST_LAYERS else f'<a href="#layer-{index}">{words}</a>'


def command(line: str) -> str:
    """A command line that can be copied."""
    return f'<span class="command"><code data-copy>{text(line)}</code></span>'


def table(name: str, headers: Sequence[str], kinds: str, rows: Iterator[Sequence[Cell]]) -> Iterator[str]:
    """A table that the script sorts and filters; ``kinds`` has n for numbers, p for paths, c for bars, w for words."""
    classes = [
        {"n": ' class="n"', "p": ' class="path"', "c": ' class="chart"', "w": ' class="words"'}.get(kind, "")
        for kind in kinds
    ]
    heads = "".join(f'<th scope="col"{style}>{title}</th>' for title, style in zip(headers, classes, strict=True))
    yield f'<div class="scroll"><table class="rows" data-name="{name}">\n<thead><tr>{heads}</tr></thead>\n<tbody>'
    for row in rows:
        yield f"<tr>{''.join(_cell(cell, style) for cell, style in zip(row, classes, strict=True))}</tr>"
    yield "</tbody></table></div>"


def _cell(cell: Cell, style: str) -> str:
    if isinstance(cell, Number):
        return f'<td{style} data-v="{cell.value}">{text(cell.shown)}</td>'
    return f"<td{style}>{text(cell) if isinstance(cell, str) else cell.html}</td>"
