"""The loop over all paths of an image, compiled from _select.c where there was a compiler."""

from collections.abc import Callable, Iterable
from typing import TypeAlias

_Sets: TypeAlias = tuple[int, ...]

def select(
    paths: Iterable[str],
    parents: Iterable[str],
    directories: dict[str, _Sets],
    directory: Callable[[str], _Sets],
    named: set[str],
    by_name: Callable[[str, str], _Sets],
    suffixes: dict[str, dict[str, _Sets]],
) -> tuple[list[int], list[_Sets]]: ...
