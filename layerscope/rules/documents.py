"""JSON and TOML documents of an image: empty if they cannot be parsed."""

from typing import Any

from layerscope.model.limits import loads
from layerscope.model.patterns import pattern

_LONG_KEY = pattern(r"(?<![\w\"'-])(?:[\w\"'-]++[ \t]*+\.[ \t]*+){200}")


def json_object(data: bytes | str) -> dict[str, Any]:
    """A JSON object; empty for anything else."""
    try:
        document = loads(data)
    except (ValueError, RecursionError):
        return {}
    return document if isinstance(document, dict) else {}


def toml_object(data: bytes) -> dict[str, Any]:
    """A TOML document; empty for anything else, or for a key of very many parts, which tomllib reads in square time."""
    import tomllib

    try:
        text = data.decode("utf-8")
        return {} if _LONG_KEY.search(text) else tomllib.loads(text)
    except (ValueError, RecursionError):
        return {}
