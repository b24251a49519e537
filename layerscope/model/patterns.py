"""Regular expressions that are compiled at their first use: compiling all of them took an eighth of a small run."""

import re
from typing import AnyStr, cast


def pattern(source: AnyStr, flags: int = 0) -> "re.Pattern[AnyStr]":
    """Return what ``re.compile`` does, compiled when one of its methods is first called."""
    return cast("re.Pattern[AnyStr]", _Pattern(source, flags))


class _Pattern:
    """Stands for a compiled expression, whose methods it takes over at their first use."""

    def __init__(self, source: str | bytes, flags: int) -> None:
        self._source = source
        self._flags = flags

    def __getattr__(self, name: str) -> object:
        method: object = getattr(re.compile(self._source, self._flags), name)
        setattr(self, name, method)
        return method
