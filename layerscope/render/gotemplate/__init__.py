"""Go's text/template with the functions of the engine's command line, over plain data: ``inspect --format``."""

_TOO_DEEP = "template: the template or the document is nested too deeply"


def render(template: str, document: object) -> str:
    """The output of a template over a JSON-like document (dict, list, str, int, float, bool, None).

    Raises UsageError with Go's message for a template that does not parse, a key that is not there and a value that a
    function cannot take, and where the template asks for more text, steps or nesting than is sane.
    """
    from layerscope.errors import UsageError
    from layerscope.render.gotemplate.evaluate import execute
    from layerscope.render.gotemplate.functions import FUNCTIONS
    from layerscope.render.gotemplate.parser import parse
    from layerscope.render.gotemplate.values import from_json

    try:
        return execute(template, parse(template, FUNCTIONS), from_json(document), strict=True)
    except RecursionError:
        raise UsageError(_TOO_DEEP) from None


def render_image(template: str, document: object) -> str:
    """The output of a template over a document of ``docker image inspect``, read as the engine's command line does.

    That is first by the fields of its struct: one that the JSON leaves out reads as its zero value, a missing label as
    ``<no value>``. A template that fails so is run again over the plain JSON, and it is the error of that run that
    counts. Keys that the struct does not have can be used in both. Raises UsageError as ``render`` does.
    """
    from layerscope.errors import UsageError
    from layerscope.render.gotemplate.evaluate import execute
    from layerscope.render.gotemplate.functions import FUNCTIONS
    from layerscope.render.gotemplate.image_shape import IMAGE
    from layerscope.render.gotemplate.parser import parse
    from layerscope.render.gotemplate.shapes import ShapeMismatch, read
    from layerscope.render.gotemplate.values import from_json

    try:
        templates = parse(template, FUNCTIONS)
        try:
            return execute(template, templates, read(IMAGE, document), strict=False)
        except (UsageError, ShapeMismatch):
            return execute(template, templates, from_json(document, text_lists=False), strict=True)
    except RecursionError:
        raise UsageError(_TOO_DEEP) from None
