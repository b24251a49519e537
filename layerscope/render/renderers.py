"""All formats of a report, by the name that ``-f`` takes."""

from collections.abc import Callable

from layerscope.model.report import Report
from layerscope.render.csv import csv
from layerscope.render.cyclonedx import cyclonedx
from layerscope.render.gitlab import gitlab
from layerscope.render.html import html
from layerscope.render.json import lines
from layerscope.render.jsonl import jsonl
from layerscope.render.junit import junit
from layerscope.render.markdown import markdown
from layerscope.render.sarif import sarif
from layerscope.render.spdx import spdx
from layerscope.render.text import TextOptions, text

Renderer = Callable[[Report, TextOptions], str]
"""Pure: the same report and options give the same text, which ends with a line end."""


def json(report: Report, options: TextOptions) -> str:
    """The document of ``layerscope/schema/report-1.0.json``; bytes are integers whatever the units."""
    return lines(report)


RENDERERS: dict[str, Renderer] = {
    "table": text,
    "json": json,
    "jsonl": jsonl,
    "csv": csv,
    "markdown": markdown,
    "html": html,
    "sarif": sarif,
    "junit": junit,
    "gitlab": gitlab,
    "cyclonedx": cyclonedx,
    "spdx": spdx,
}
