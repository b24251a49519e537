"""The image on other base images, as HTML."""

from collections.abc import Iterator

from layerscope.model.onto import Onto
from layerscope.model.report import Report
from layerscope.render.html_parts import Cell, count, prose, size, table, text
from layerscope.render.onto import HEADERS, missing_counts, saved, sentences, size_sentence
from layerscope.render.units import Units

_MOST = 20


def other_bases(report: Report, units: Units) -> Iterator[str]:
    """A table of the candidates, and what is to say of each; nothing where none was given."""
    if not report.onto:
        return
    yield from table("other-bases", HEADERS, "wnnnnn", (_row(one, report, units) for one in report.onto))
    for one in report.onto:
        yield f"<h3>{text(one.name)}</h3>\n<p>{text(size_sentence(one, report, units))}</p>\n<ul>"
        yield from (f"<li><b>{label}:</b> {prose(words)}</li>" for label, words in sentences(one, report, units, _MOST))
        yield "</ul>"


def _row(one: Onto, report: Report, units: Units) -> tuple[Cell, ...]:
    sizes = (size(one.content_bytes, units), size(saved(one, report), units))
    return one.name, *sizes, *map(count, missing_counts(one))
