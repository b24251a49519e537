"""Secrets in the text of an instruction: assignments, options, headers, URLs, tokens with a known shape."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from layerscope.model.finding import Severity
from layerscope.model.patterns import pattern
from layerscope.secrets.masks import is_placeholder, mask
from layerscope.secrets.names import is_secret, url_credentials
from layerscope.secrets.tokens import tokens_in


class TextSecret(NamedTuple):
    """A secret, what it is called, and where its value stands in the text."""

    name: str
    value: str
    start: int
    end: int
    severity: Severity = Severity.HIGH


_ASSIGNMENT = pattern(
    r"(?<![\w$.\-])(-{0,2})([A-Za-z_][\w.\-]{1,80})[\"']?(?: ?= ?|: ?| )[\"']?([^\s\"'`;|&<>()\[\]{}\\*^]{5,500})"
)
_AUTHORIZATION = pattern(r"authorization: ?(?:bearer|basic|token) ([^\s\"'`$\\]{8,2000})", re.IGNORECASE)
_CURL_USER = pattern(r"(?<=\s)(?:-u|--user)[ =][\"']?([\w.@\-]{1,80}):([^\s\"'`$:/]{5,200})")
_ESCAPES = "nrt"


def secrets_in(text: str) -> tuple[TextSecret, ...]:
    """All secrets of a text, in order, none within another."""
    found: list[TextSecret] = []
    last = 0
    for secret in sorted(_all(text), key=lambda one: (one.start, -one.end)):
        if secret.start >= last:
            found.append(secret)
            last = secret.end
    return tuple(found)


def redacted(text: str) -> str:
    """The text with a mask in the place of each secret, so that a report can quote an instruction."""
    pieces, last = [], 0
    for secret in secrets_in(text):
        pieces += [text[last : secret.start], mask(secret.value)]
        last = secret.end
    return "".join((*pieces, text[last:]))


def quoted(text: str, longest: int | None = None) -> str:
    """The text as it is quoted: on one line, its secrets masked before anything is cut off, as half of one is none.

    Of more than ``longest`` characters the beginning is left.
    """
    line = " ".join(redacted(text).split())
    return line if longest is None or len(line) <= longest else f"{line[: longest - 3]}..."


def _all(text: str) -> Iterator[TextSecret]:
    # One byte for each character keeps the places equal; tokens are ASCII.
    for token in tokens_in(text.encode("latin-1", "replace")):
        yield TextSecret(f"token of {token.issuer}", token.value, token.start, token.end, token.severity)
    for url in url_credentials(text):
        yield TextSecret(f"password for {url.host}", url.value, url.start, url.end)
    for match in _AUTHORIZATION.finditer(text):
        if not is_placeholder(match[1]):
            yield TextSecret("Authorization", match[1], match.start(1), match.end(1))
    if "curl" in text:
        for match in _CURL_USER.finditer(text):
            if not is_placeholder(match[2]) and not match[2].isdigit():
                yield TextSecret(f"password of {match[1]}", match[2], match.start(2), match.end(2))
    yield from _assignments(text)


def _assignments(text: str) -> Iterator[TextSecret]:
    """``NAME=value``, ``name: value`` and ``--name value`` for names that speak of a secret.

    What looks like a value may be the next name, so the search goes on right behind a name that is not secret.
    """
    position = 0
    while match := _ASSIGNMENT.search(text, position):
        position = match.end(2)
        dashes, name, value = match.groups()
        if match.start(2) and text[match.start(2) - 1] == "\\" and name[0] in _ESCAPES:
            name = name[1:]
        by_space = text[match.end(2) : match.start(3)].strip("\"' ") == ""
        if value.startswith(("-", ",", ".", "/")) or (
            by_space and (dashes != "--" or not any(map(str.isdigit, value)))
        ):
            continue
        if is_secret(name, value):
            position = match.end(3)
            yield TextSecret(name, value, match.start(3), match.end(3))
