"""JSON of which nobody knows who wrote it: a value takes many times the memory of its text."""

import json
from typing import Any

MOST_VALUES = 300_000


def values_in(text: bytes | str) -> int:
    """At least as many values as a document can hold, by the signs that separate them."""
    if isinstance(text, bytes):
        return sum(map(text.count, (b",", b"[", b"{")))
    return sum(map(text.count, (",", "[", "{")))


def loads(text: bytes | str) -> Any:
    """The value of a document; raises ValueError where it is none or has too many values, RecursionError where deep."""
    if values_in(text) > MOST_VALUES:
        raise ValueError(f"over {MOST_VALUES:,} values")
    return json.loads(text)
