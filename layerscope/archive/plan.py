"""How much of each file the one pass over a layer is to keep."""

from collections.abc import Sequence
from typing import TypeAlias

from layerscope.model.pathset import Selector, Wanted

Marks: TypeAlias = tuple[tuple[bytes, int], ...]
"""What to look for in a file, and how many bytes to keep from there on."""
Share: TypeAlias = tuple[int, int, Marks]
"""Bytes to keep from the head and from the tail of a file, and the marks to look for."""


class Planner:
    """Tells by path, length and mode what somebody asked for."""

    def __init__(self, wanted: Sequence[Wanted]) -> None:
        self._wanted = wanted
        self._selector = Selector([want.paths for want in wanted])
        self._small = max((want.small for want in wanted), default=0)
        executables = [want for want in wanted if want.executables]
        self._executable_from = min((want.executables for want in executables), default=0)
        self._executable: Share = (
            max((want.head for want in executables), default=0),
            max((want.tail for want in executables), default=0),
            tuple((want.mark, want.marked) for want in executables if want.mark),
        )

    def __call__(self, path: str, length: int, mode: int) -> Share | None:
        """What to keep of one file; None for nothing."""
        return self.share(self._selector(path), length, mode)

    def named(self, paths: Sequence[str], directories: Sequence[str]) -> dict[int, tuple[int, ...]]:
        """By place in ``paths`` what is asked for by path, for ``share``."""
        return dict(self._selector.scan(paths, directories))

    def share(self, named: tuple[int, ...], length: int, mode: int) -> Share | None:
        """What to keep of a file of which ``named`` are asked for by path; None for nothing."""
        head, tail, marks = length if length <= self._small else 0, 0, Marks()
        for number in named:
            head = max(head, self._wanted[number].head)
            tail = max(tail, self._wanted[number].tail)
        if mode & 0o111 and self._executable_from and length >= self._executable_from:
            head, tail, marks = max(head, self._executable[0]), max(tail, self._executable[1]), self._executable[2]
        return (head, tail, marks) if head or tail or marks else None
