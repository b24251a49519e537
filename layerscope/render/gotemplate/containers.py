"""The functions of templates that look into strings, lists and maps: index, slice, len and join."""

from layerscope.render.gotemplate.compare import CallFault
from layerscope.render.gotemplate.limits import within_limit
from layerscope.render.gotemplate.literals import to_bytes, to_text
from layerscope.render.gotemplate.printing import sprint
from layerscope.render.gotemplate.values import (
    Boxed,
    NilPointer,
    TypedList,
    TypedMap,
    Uint8,
    element,
    type_name,
    unbox,
)


def _position(value: object, top: int) -> int:
    """An index up to and including ``top``; a boxed one is refused, as Go's slice looks into no interface."""
    if value is None:
        raise CallFault("cannot index slice/array with nil")
    if isinstance(value, bool) or not isinstance(value, int):
        raise CallFault(f"cannot index slice/array with type {type_name(value)}")
    if not 0 <= value <= top:
        raise CallFault(f"index out of range: {value}")
    return int(value)


def index(item: object, *keys: object) -> object:
    """``index x 1 "a"`` is ``x[1]["a"]``; a key that a map does not have gives the zero of its elements."""
    if unbox(item) is None:
        raise CallFault("index of untyped nil")
    for key in keys:
        item = _at(unbox(item), unbox(key))
    return item


def _at(item: object, key: object) -> object:
    match item:
        case None | NilPointer():
            raise CallFault("index of nil pointer")
        case str():
            data = to_bytes(item)
            return Uint8(data[_existing(key, len(data), "string")])
        case list():
            found = item[_existing(key, len(item), "slice")]
            return found if isinstance(item, TypedList) else Boxed(found)
        case dict():
            return _lookup(item, key)
    raise CallFault(f"can't index item of type {type_name(item)}")


def _existing(key: object, size: int, kind: str) -> int:
    position = _position(key, size)
    if position == size:
        raise CallFault(f"reflect: {kind} index out of range")
    return position


def _lookup(item: dict[str, object], key: object) -> object:
    if key is None:
        raise CallFault("value is nil; should be of type string")
    if not isinstance(key, str):
        raise CallFault(f"value has type {type_name(key)}; should be string")
    if key in item:
        return element(item, key)
    return item.zero if isinstance(item, TypedMap) else Boxed(None)


def slice_of(item: object, *bounds: object) -> object:
    """``slice x 1 2`` is ``x[1:2]``; strings are cut between bytes."""
    item = unbox(item)
    if item is None:
        raise CallFault("slice of untyped nil")
    if len(bounds) > 3:
        raise CallFault(f"too many slice indexes: {len(bounds)}")
    if isinstance(item, str):
        if len(bounds) == 3:
            raise CallFault("cannot 3-index slice a string")
        data = to_bytes(item)
        begin, end = _bounds(bounds, len(data))
        return to_text(data[begin:end])
    if not isinstance(item, list):
        raise CallFault(f"can't slice item of type {type_name(item)}")
    begin, end = _bounds(bounds, len(item))
    return type(item)(item[begin:end])


def _bounds(bounds: tuple[object, ...], size: int) -> tuple[int, int]:
    found = [_position(bound, size) for bound in bounds]
    begin, end = (found + [0, size][len(found) :])[:2]
    if begin > end:
        raise CallFault(f"invalid slice index: {begin} > {end}")
    if len(found) == 3 and end > found[2]:
        raise CallFault(f"invalid slice index: {end} > {found[2]}")
    return begin, end


def length(item: object) -> int:
    """The number of bytes, elements or keys."""
    if isinstance(item, Boxed) and item.value is None:
        raise CallFault("len of nil pointer")
    item = unbox(item)
    if item is None:
        raise CallFault("reflect: call of reflect.Value.Type on zero Value")
    if isinstance(item, str):
        return len(to_bytes(item))
    if isinstance(item, (list, dict)):
        return len(item)
    raise CallFault(f"len of type {type_name(item)}")


def join(items: object, separator: str) -> str:
    """The elements as text with the separator between; of a map, its values, sorted as text."""
    items = unbox(items)
    if items is None:
        return ""
    if isinstance(items, list):
        return within_limit(separator, (sprint((item,)) for item in items))
    if isinstance(items, dict):
        return within_limit(separator, sorted(sprint((item,)) for item in items.values()))
    raise CallFault(f"expected slice, got {type_name(items)}")
