"""The part of Go's text/template that people write for ``docker inspect -f``: ``inspect --format``."""

from layerscope.errors import UsageError
from layerscope.gotemplate.evaluate import Run
from layerscope.gotemplate.image import IMAGE, ShapeMismatch, read
from layerscope.gotemplate.parser import Parser


def render(template: str, document: object) -> str:
    """Return the output of a template over a JSON-like document.

    Raises UsageError with Go's message for a template that does not parse, a missing key and a value that a function
    cannot take, and for a template that exceeds the limits of text, steps or nesting.
    """
    return _rendered(template, document, by_struct=False)


def render_image(template: str, document: object) -> str:
    """Return the output of a template over a document of ``docker image inspect``, read as the engine's client does.

    The first run uses the fields of its struct: one that the JSON omits has its zero value, a missing label prints
    ``<no value>``. If that fails, a second run uses the plain JSON, and its error is raised. Keys that are not in the
    struct work in both. Raises UsageError as ``render`` does.
    """
    return _rendered(template, document, by_struct=True)


def _rendered(template: str, document: object, *, by_struct: bool) -> str:
    try:
        nodes = Parser(template).parse()
        if by_struct:
            try:
                return Run(template, read(IMAGE, document), strict=False).text(nodes)
            except (UsageError, ShapeMismatch):
                pass
        return Run(template, document, strict=True).text(nodes)
    except RecursionError:
        raise UsageError("template: the template or the document is nested too deeply") from None
