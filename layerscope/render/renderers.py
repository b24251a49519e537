"""All formats of a report, by the name that ``-f`` takes."""

from collections.abc import Callable
from importlib import import_module

from layerscope.model.report import Report
from layerscope.render.options import TextOptions

Renderer = Callable[[Report, TextOptions], str]
"""Pure: the same report and options give the same text, which ends with a line end."""


def _from(module: str) -> Renderer:
    """The function that has the name of its module; what one format needs is loaded when it is asked for."""

    def render(report: Report, options: TextOptions) -> str:
        found: Renderer = getattr(import_module(f"layerscope.render.{module}"), module)
        return found(report, options)

    return render


def _json(report: Report, options: TextOptions) -> str:
    """The document of ``layerscope/schema/report-2.0.json``; bytes are integers whatever the units."""
    from layerscope.render.json import lines

    return lines(report)


RENDERERS: dict[str, Renderer] = {
    "table": _from("text"),
    "json": _json,
    "jsonl": _from("jsonl"),
    "csv": _from("csv"),
    "markdown": _from("markdown"),
    "html": _from("html"),
    "sarif": _from("sarif"),
    "junit": _from("junit"),
    "gitlab": _from("gitlab"),
    "cyclonedx": _from("cyclonedx"),
    "spdx": _from("spdx"),
}
