"""The part of Go's text/template that people write for ``docker inspect -f``: ``inspect --format``."""

from layerscope.errors import UsageError
from layerscope.gotemplate.evaluate import Run
from layerscope.gotemplate.image import IMAGE, ShapeMismatch, read
from layerscope.gotemplate.parser import Parser


def render(template: str, document: object) -> str:
    """Return the output of a template over a JSON-like document.

    Raises UsageError with Go's message for a template that does not parse, a key that is not there and a value that a
    function cannot take, and where the template asks for more text, steps or nesting than is sane.
    """
    return _rendered(template, document, by_struct=False)


def render_image(template: str, document: object) -> str:
    """Return the output of a template over a document of ``docker image inspect``, read as the engine's client does.

    That is first by the fields of its struct: one that the JSON leaves out reads as its zero value, a missing label as
    ``<no value>``. A template that fails so is run again over the plain JSON, and it is the error of that run that
    counts. Keys that the struct does not have can be used in both. Raises UsageError as ``render`` does.
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
