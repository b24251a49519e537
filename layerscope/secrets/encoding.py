"""Decodes what hides a secret from a search and from nobody else: UTF-16, as Windows writes it, and base64."""

import binascii
from collections.abc import Iterator

from layerscope.model.patterns import pattern

_MARKS = ((b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"))
_HEAD = 128
_BASE64 = pattern(
    r"(?<![A-Za-z0-9+/])(?:(?:(?:[A-Za-z0-9+/]{64}|[A-Za-z0-9+/]{76})(?:\\n|\r?\n))+[A-Za-z0-9+/]{0,76}={0,2}"
    r"|[A-Za-z0-9+/]{20,}={0,2})"
)
"""A word of base64, or several lines of the length that programs write, whose ends may be escaped."""
_LINE_ENDS = pattern(r"\\n|\r?\n")
_MOST = 1 << 17
"""Characters of a word that are decoded; a key is shorter."""


def as_utf8(data: bytes) -> bytes:
    """Return UTF-16 text, with or without a byte order mark, as UTF-8, and anything else unchanged."""
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return _recoded(data[2:], encoding)
    head = data[:_HEAD]
    if b"\0" in head and len(head) >= 8:
        # Nearly all characters of a key or a name are ASCII, so that every other byte is zero.
        for encoding, zeros, others in (("utf-16-le", head[1::2], head[::2]), ("utf-16-be", head[::2], head[1::2])):
            if not any(zeros) and all(others):
                return _recoded(data, encoding)
    return data


def _recoded(data: bytes, encoding: str) -> bytes:
    return data[: len(data) & ~1].decode(encoding, "replace").encode("utf-8", "replace")


def decoded_words(text: str) -> Iterator[tuple[bytes, int, int]]:
    """Yield what each word of base64 decodes to, and where the word begins and ends."""
    for word in _BASE64.finditer(text):
        characters = _LINE_ENDS.sub("", word[0][:_MOST]).rstrip("=")
        if len(characters) % 4 != 1:
            yield binascii.a2b_base64(characters + "=" * (-len(characters) % 4)), *word.span()
