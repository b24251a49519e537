"""All formats of a report, by the name that ``-f`` takes."""

from collections.abc import Callable, Iterable
from importlib import import_module
from importlib.util import find_spec

from layerscope.errors import MissingExtra
from layerscope.model.report import Report
from layerscope.render.units import RenderOptions

Renderer = Callable[[Report, RenderOptions], str]
"""Pure: the same report and options give the same text, which ends with a line end."""
_LIBRARIES = {"cyclonedx": "cyclonedx", "spdx": "spdx_tools"}
"""The library that a format needs; it comes with the optional extra of the same name as the format."""


def require(name: str) -> None:
    """Raise MissingExtra if the library of a format is not installed; most formats need none."""
    if name in _LIBRARIES and find_spec(_LIBRARIES[name]) is None:
        raise MissingExtra(f"the format {name}", name)


def _from(module: str, name: str = "") -> Renderer:
    """The function of a module, by default the one of the same name; a module is loaded when its format is used."""

    def render(report: Report, options: RenderOptions) -> str:
        require(module)
        found: Renderer = getattr(import_module(f"layerscope.render.{module}"), name or module)
        return found(report, options)

    return render


RENDERERS: dict[str, Renderer] = {
    "table": _from("text"),
    "json": _from("json", "report_json"),
    "jsonl": _from("json", "jsonl"),
    "csv": _from("rows", "findings_csv"),
    "markdown": _from("markdown"),
    "html": _from("html"),
    "sarif": _from("sarif"),
    "junit": _from("junit"),
    "gitlab": _from("gitlab"),
    "cyclonedx": _from("cyclonedx"),
    "spdx": _from("spdx"),
}


def in_pieces(name: str, report: Report, options: RenderOptions) -> Iterable[str]:
    """The text of a format in pieces to write: a long JSON document is never in memory as a whole."""
    if name == "json":
        pieces: Iterable[str] = import_module("layerscope.render.json").pieces(report)
        return pieces
    return (RENDERERS[name](report, options),)
