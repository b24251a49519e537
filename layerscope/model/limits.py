"""Limits that guard against hostile input; no real image reaches the defaults."""

import json
from typing import Any

from msgspec import Struct

MOST_VALUES = 300_000


def values_in(text: bytes | str) -> int:
    """Return an upper bound of the number of values in a document, by the characters that separate them."""
    if isinstance(text, bytes):
        return sum(map(text.count, (b",", b"[", b"{")))
    return sum(map(text.count, (",", "[", "{")))


def loads(text: bytes | str) -> Any:
    """Parse a document; raises ValueError for invalid JSON and for too many values, RecursionError for deep nesting."""
    if len(text) > MOST_VALUES and values_in(text) > MOST_VALUES:  # Every value takes a character.
        raise ValueError(f"over {MOST_VALUES:,} values")
    return json.loads(text)


KIB, MIB, GIB = 1 << 10, 1 << 20, 1 << 30
DIRECTORY_CHARACTERS, CHARACTERS_A_DIRECTORY = 24 * MIB, 256
"""The length of all directory names together, and how much of it each directory adds: a path of n components stands
for n directories, each with a longer name."""


class Limits(Struct, frozen=True, kw_only=True):
    """How much of anything one image may hold, in bytes unless the name says otherwise.

    ``ratio`` bounds the expansion of a compressed stream, but only beyond ``ratio_from`` expanded bytes, since a
    small file of zeros compresses a thousandfold and does no harm. ``sparse_bytes`` bounds the maps of a layer's
    sparse files, of which GNU tar needs 24 for each stretch of data. ``path_bytes`` bounds a path, and the target of
    a link; ``text_bytes`` the memory that the long ones of all entries take, extended attributes included.
    ``captured_bytes`` bounds the contents that later steps ask for by the names of one layer's files, and the longest
    file that is put aside to learn which ranges of it to keep; what exceeds it is not looked at, also in a plain
    layer, which is read only when it is asked for. ``json_values`` bounds a document's values, ``history`` the steps
    of a config's history. ``expanded_bytes``, ``ratio``, ``entries`` and ``text_bytes`` also bound what all layers of
    an image take together.
    """

    expanded_bytes: int = 512 * GIB
    ratio: int = 200
    ratio_from: int = 4 * GIB
    entries: int = 20_000_000
    path_bytes: int = 8 * KIB
    text_bytes: int = 32 * MIB
    json_bytes: int = 8 * MIB
    json_depth: int = 100
    json_values: int = 120_000
    pax_bytes: int = 4 * MIB
    sparse_bytes: int = 8 * MIB
    captured_bytes: int = 1 * GIB
    layers: int = 20_000
    history: int = 20_000
