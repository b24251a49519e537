"""JSON and TOML documents of an image: empty if they cannot be parsed."""

from itertools import islice
from typing import Any

from layerscope.model.limits import loads
from layerscope.model.patterns import pattern

_SMALL, _MOST_VALUES = 1 << 16, 250_000
_MANY = 4096
_PIECES = pattern(rb"[^\"']+|\"(?:[^\"\\\n]|\\.)*+\"|'[^'\n]*+'|.")
"""Strings, and what stands between them."""
_LONG_KEY = pattern(r"(?<![\w\"'-])(?:[\w\"'-]++[ \t]*+\.[ \t]*+){200}")


def json_object(data: bytes | str) -> dict[str, Any]:
    """A JSON object; empty for anything else."""
    try:
        document = loads(data)
    except (ValueError, RecursionError):
        return {}
    return document if isinstance(document, dict) else {}


def toml_values(data: bytes) -> int:
    """What a TOML document takes to parse, in values; a table or a part of a dotted key is as much as six of them."""
    pieces = (one[0] for one in _PIECES.finditer(data))
    outside = (piece for piece in pieces if piece[:1] not in b"\"'")
    values = 0
    while bare := b"".join(islice(outside, _MANY)):
        values += sum(map(bare.count, (b"\n", b",", b"{", b"["))) + 6 * (bare.count(b"\n[") + bare.count(b"."))
    return values


def toml_object(data: bytes) -> dict[str, Any]:
    """A TOML document; empty for anything else, for one of too many values, and for a key of very many parts.

    The latter is what tomllib reads in square time.
    """
    import tomllib

    try:
        if len(data) > _SMALL and toml_values(data) > _MOST_VALUES:
            return {}
        text = data.decode("utf-8")
        return {} if _LONG_KEY.search(text) else tomllib.loads(text)
    except (ValueError, RecursionError):
        return {}
