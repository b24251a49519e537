"""The comparisons of templates: eq, ne, lt, le, gt and ge."""

from layerscope.render.gotemplate.literals import to_bytes
from layerscope.render.gotemplate.values import Struct, is_nil, type_name, unbox
from layerscope.render.gotemplate.verbs import show


class CallFault(Exception):
    """A function refuses its arguments; the message is that of Go's function."""


def _kind(value: object) -> str:
    """The family within which values compare; empty for those that have no order."""
    match value:
        case bool():
            return "bool"
        case int():
            return "int"
        case float():
            return "float"
        case str():
            return "string"
    return ""


def eq(first: object, *others: object) -> bool:
    """Whether the first equals any of the others; numbers of different kinds do not compare."""
    if not others:
        raise CallFault("missing argument for comparison")
    return any(_equal(unbox(first), unbox(other)) for other in others)


def _equal(left: object, right: object) -> bool:
    kind = _kind(left)
    if kind != _kind(right):
        if left is not None and right is not None:
            raise CallFault(f"incompatible types for comparison: {type_name(left)} and {type_name(right)}")
        return False
    if kind:
        return left == right
    if is_nil(left) or is_nil(right):
        return is_nil(left) and is_nil(right)
    if isinstance(left, list) != isinstance(right, list) or isinstance(left, Struct) != isinstance(right, Struct):
        shown = f"{_bare(left)}: {type_name(left)}, {type_name(right)}: {show(right, 'v')}"
        raise CallFault(f"non-comparable types {shown}")
    raise CallFault(f"non-comparable type {_bare(right)}: {type_name(right)}")


def _bare(value: object) -> str:
    """A value as Go's ``%s`` shows it in that message, which is by the verbs of fmt."""
    return show(value, "s")


def ne(left: object, right: object) -> bool:
    """The opposite of eq."""
    return not eq(left, right)


def lt(left: object, right: object) -> bool:
    """Whether left is less; strings by their bytes."""
    left, right = unbox(left), unbox(right)
    kinds = _kind(left), _kind(right)
    if not all(kinds):
        raise CallFault("invalid type for comparison")
    if kinds[0] != kinds[1]:
        raise CallFault(f"incompatible types for comparison: {type_name(left)} and {type_name(right)}")
    if isinstance(left, str) and isinstance(right, str):
        return to_bytes(left) < to_bytes(right)
    if isinstance(left, (int, float)) and isinstance(right, (int, float)) and kinds[0] != "bool":
        return left < right
    raise CallFault("invalid type for comparison")


def le(left: object, right: object) -> bool:
    """Less or equal."""
    return lt(left, right) or eq(left, right)


def gt(left: object, right: object) -> bool:
    """The opposite of le."""
    return not le(left, right)


def ge(left: object, right: object) -> bool:
    """The opposite of lt."""
    return not lt(left, right)
