"""Findings as HTML: each opens to its paths, its packages and its fix."""

from collections.abc import Iterator, Sequence

from msgspec import Struct

from layerscope.model.finding import Finding
from layerscope.model.report import Report
from layerscope.model.source import is_reclaimable
from layerscope.render.finding_summary import FindingSummary, finding_summaries
from layerscope.render.html_parts import MOST_FINDINGS, Markup, Part, layer_link, line_code, prose, size, table, text
from layerscope.render.units import Units
from layerscope.render.words import copied_from, counted, fate_words, layer_words

_MOST_PATHS = 200
"""Paths that one finding lists; a page with a million of them opens nowhere."""
_MOST_ROWS = 4_000
"""Paths that all findings list together."""
_MOST_PACKAGES = 20


class _Room(Struct):
    """How many paths can still be listed."""

    rows: int = _MOST_ROWS


def findings(report: Report, units: Units) -> Iterator[Part]:
    """Own findings, trades, and those that the base image brought, as parts of a page."""
    every = list(enumerate(finding_summaries(report)))
    groups = (
        ("findings", "Findings", "", [(n, one) for n, one in every if is_reclaimable(one.finding)]),
        ("trades", "Trades", "", [(n, one) for n, one in every if one.finding.trade and not one.is_inherited]),
        ("inherited", "Inherited from the base image", "Inherited", [(n, one) for n, one in every if one.is_inherited]),
    )
    room = _Room()
    for anchor, title, short, found in groups:
        yield Part(anchor=anchor, title=title, short=short, lines=tuple(_list(found, report, room, units)))


def _list(found: Sequence[tuple[int, FindingSummary]], report: Report, room: _Room, units: Units) -> Iterator[str]:
    if found:
        yield '<div data-list="findings">'
        for place, one in found[:MOST_FINDINGS]:
            yield "".join(_finding(place, one, report, room, units))
        yield "</div>"
    if len(found) > MOST_FINDINGS:
        yield f"<p>and {counted(len(found) - MOST_FINDINGS, 'more finding')}: layerscope findings</p>"


def _finding(place: int, one: FindingSummary, report: Report, room: _Room, units: Units) -> Iterator[str]:
    finding = one.finding
    weight = finding.severity.value
    figure = units(finding.content_bytes) if finding.content_bytes else ""
    where = (one.place or finding.detail or finding.title) + one.more_places
    yield (
        f'<details class="finding" id="finding-{place}"><summary class="row">'
        f'<span class="severity {weight}">{weight}</span><span class="size">{figure}</span>'
        f'<code>{text(finding.rule)}</code><span class="words">{text(where)}</span></summary>'
    )
    facts = ", ".join(filter(None, (finding.title, copied_from(finding), layer_words(finding.layers))))
    line = f" {line_code(report, one.line)}".rstrip()
    lit = f' data-findings="{place}" data-what="{text(finding.rule)}"' if finding.content_bytes else ""
    yield f"<p{lit}>{text(facts)} ({finding.kind.value}, {finding.evidence.value}){line}</p>"
    if finding.detail:
        yield f"<p>{text(finding.detail)}</p>"
    yield f"<p><b>Fix:</b> {prose(finding.fix)}</p>"
    if finding.packages:
        most = [f"{name} {units(content_bytes)}" for name, content_bytes in finding.packages[:_MOST_PACKAGES]]
        left = len(finding.packages) - _MOST_PACKAGES
        more = f" and {left:,} more" if left > 0 else ""
        yield f"<p><b>Packages:</b> {text(', '.join(most) + more)}</p>"
    yield from _paths(finding, report, room, units)
    yield "</details>"


def _paths(finding: Finding, report: Report, room: _Room, units: Units) -> Iterator[str]:
    most = min(_MOST_PATHS, room.rows)
    shown = finding.paths[:most]
    room.rows -= len(shown)
    if shown:
        rows = (
            (
                size(path.content_bytes, units),
                Markup(layer_link(path.layer, str(path.layer), report)),
                fate_words(path.fate),
                path.path,
            )
            for path in shown
        )
        yield from table("paths", ("Size", "Layer", "Fate", "Path"), "nn-p", rows)
    if len(finding.paths) > len(shown):
        yield f"<p>and {len(finding.paths) - len(shown):,} more: use -f json for all of them</p>"
