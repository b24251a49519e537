"""The call as it was typed, to be proposed again with a change."""

import shlex
import sys
from collections.abc import Sequence


def called_with(source: str, other: str) -> str:
    """The call with another image in the place of ``source``, to be run as it stands."""
    words = (word.removesuffix(source) + other if word.endswith(f"={source}") else word for word in sys.argv[1:])
    return _line([other if word == source else word for word in words])


def called_without_limit() -> str:
    """The call without its ``--top``; empty where it reads stdin, which it cannot read again."""
    words = sys.argv[1:]
    if "-" in words:
        return ""
    if "--top" in words:
        place = words.index("--top")
        words = words[:place] + words[place + 2 :]
    # A variable or a file may set it, too.
    return _line([*(word for word in words if not word.startswith("--top=")), "--top", "0"])


def _line(words: Sequence[str]) -> str:
    return shlex.join(["layerscope", *words])
