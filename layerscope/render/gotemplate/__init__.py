"""Go's text/template with the functions of the engine's command line, over plain data, as ``inspect --format`` has it."""


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
        templates = parse(template, FUNCTIONS)
        return execute(template, templates, from_json(document), strict=True)
    except RecursionError:
        raise UsageError("template: the template or the document is nested too deeply") from None
