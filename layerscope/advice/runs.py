"""The commands that a RUN, or another instruction, calls: enough to know what the rest of a build needs.

This looks at text and errs on the side of a call. What edits a RUN parses it.
"""

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache

from layerscope.advice.timeline import Site

_BETWEEN = r"(?:\s+-\S+(?:\s+[^\s-]\S*=\S*)?)*\s+"
"""Options between two words of a command, such as ``-o Name=value``."""


@lru_cache(maxsize=256)
def _pattern(command: str) -> re.Pattern[str]:
    words = (re.escape(word) for word in command.split())
    return re.compile(rf"(?<![\w.-]){_BETWEEN.join(words)}(?![\w-])")


def calls(text: str, *commands: str) -> bool:
    """Whether a text calls one of the commands, such as ``apt-get install``; options may stand between the words."""
    return any(_pattern(command).search(text) for command in commands)


def callers(sites: Iterable[Site], *commands: str) -> Iterator[Site]:
    """The sites of RUN instructions that call one of the commands."""
    return (site for site in sites if site.kind == "RUN" and calls(body(site), *commands))


def script_of(site: Site) -> str:
    """The script of a RUN, its here-documents included."""
    heredocs = site.resolved.instruction.heredocs if site.resolved is not None else ()
    return "\n".join((site.text, *(one.content for one in heredocs)))


def body(site: Site) -> str:
    """What an instruction says, its here-documents included."""
    heredocs = site.resolved.instruction.heredocs if site.resolved is not None else ()
    return "\n".join((str(site), *(one.content for one in heredocs)))


def mentioning(sites: Iterable[Site], *words: str) -> Iterator[Site]:
    """The sites that contain one of the words, in whatever sense."""
    return (site for site in sites if any(word in body(site) for word in words if word))
