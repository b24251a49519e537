"""The build arguments that a builder recorded before the command of a RUN: ``|2 A=1 B=two words /bin/sh -c make``."""

import re
from itertools import islice

from layerscope.dockerfile.shells import later_shell
from layerscope.model.patterns import pattern

_COUNT = pattern(r"\|(\d{1,9})(?: |$)", re.ASCII)
_NAME = pattern(r"(?:^|(?<= ))([A-Za-z_][A-Za-z0-9_]*)=")


BuildArgs = tuple[tuple[str, str], ...]


def split_build_args(text: str, declared: str = "") -> tuple[BuildArgs, str]:
    """Split ``|N NAME=value ... command`` into the pairs and the command; a text of another form is all command.

    The builders quote nothing. The values end where a shell begins; without one the last value ends at a space,
    and then a value with spaces cannot be told from the command. Buildah counts the words of the values, so fewer
    than N names are not an error. ``declared`` is the SHELL in force, its arguments joined by spaces.
    """
    head = _COUNT.match(text)
    if head is None:
        return (), text
    count, rest = int(head[1]), text[head.end() :]
    if count == 0:
        return (), rest
    shell = later_shell(rest, declared)
    region = rest if shell < 0 else rest[: shell - 1]
    names = list(islice(_NAME.finditer(region), count))
    if not names or names[0].start() != 0:
        return (), rest
    if shell < 0:
        end = region.find(" ", names[-1].end())
        region = region if end < 0 else region[:end]
        shell = len(region) + 1
    ends = [name.start() - 1 for name in names[1:]] + [len(region)]
    pairs = tuple((name[1], region[name.end() : end]) for name, end in zip(names, ends, strict=True))
    return pairs, rest[shell:]
