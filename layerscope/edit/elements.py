"""The list at the top of a shell script (POSIX shell, "Lists").

Tree-sitter binds ``a && b > f | c`` the wrong way round, so the list is grouped again from its operators.
"""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from msgspec import Struct

from layerscope.errors import EditError

if TYPE_CHECKING:
    from tree_sitter import Node

AND_OR = ("&&", "||")
REDIRECTS = frozenset({"file_redirect", "herestring_redirect"})
_GROUPS = frozenset({"program", "list", "pipeline", "redirected_statement", "negated_command"})
_JOINERS = frozenset({"&&", "||", ";", "&"})


class Element(Struct, frozen=True, kw_only=True):
    """A pipeline of the top-level list; ``joiner`` stands before it, empty before the first, a newline as ``\\n``.

    ``kinds`` are the types of its parts (``command``, ``if_statement``, ...), more than one in a real pipeline.
    """

    start: int
    end: int
    joiner: str
    joiner_start: int
    kinds: tuple[str, ...]
    negated: bool = False


class _Open:
    """An element that may go on; ``waits`` behind a ``|``, ``closed`` behind an operator that ends it."""

    def __init__(self, start: int, joiner: str, joiner_start: int) -> None:
        self.start = self.end = start
        self.joiner, self.joiner_start = joiner, joiner_start
        self.kinds: list[str] = []
        self.waits, self.closed, self.negated = True, False, False

    def element(self) -> Element:
        return Element(
            start=self.start,
            end=self.end,
            joiner=self.joiner,
            joiner_start=self.joiner_start,
            kinds=tuple(self.kinds),
            negated=self.negated,
        )


def top_level_list(root: "Node", text: str) -> tuple[tuple[Element, ...], str]:
    """The elements of a script, and the operator behind the last; raises EditError where they are not clear."""
    found: list[_Open] = []
    joiner, joiner_start = "", 0
    for node in _flat(root):
        kind, start = node.type, node.start_byte
        last = found[-1] if found and not found[-1].closed else None
        if kind in _JOINERS:
            joiner, joiner_start = kind, start
            if last:
                last.closed = True
            continue
        if kind in ("|", "|&"):
            if last:
                last.waits = True
            continue
        if kind in REDIRECTS:
            if not last:
                raise EditError("the script holds a redirection without a command")
            last.end = node.end_byte
            continue
        if last and not last.waits:
            if "\n" not in text[last.end : start]:
                raise EditError("the shell script cannot be parsed")
            joiner, joiner_start, last = "\n", text.index("\n", last.end), None
        if not last:
            last = _Open(start, joiner, joiner_start)
            found.append(last)
            joiner = ""
        if kind == "!":
            last.negated = True
        elif node.is_named:
            last.kinds.append(kind)
            last.end, last.waits = node.end_byte, False
        else:
            raise EditError("the shell script cannot be parsed")
    return tuple(each.element() for each in found), joiner


def conditional(elements: Sequence[Element]) -> frozenset[int]:
    """The positions of elements whose and-or list holds ``||``."""
    found: set[int] = set()
    first = 0
    for position, element in enumerate(elements):
        if element.joiner not in AND_OR:
            first = position
        is_last = position + 1 == len(elements) or elements[position + 1].joiner not in AND_OR
        if is_last and any(each.joiner == "||" for each in elements[first + 1 : position + 1]):
            found.update(range(first, position + 1))
    return frozenset(found)


def _flat(root: "Node") -> Iterator["Node"]:
    """The parts of the top-level list and the operators between them, in order."""
    stack = [root]
    while stack:
        node = stack.pop()
        if node.type in _GROUPS:
            stack.extend(reversed(node.children))
        elif node.type not in ("\n", "comment"):
            yield node
