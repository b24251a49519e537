"""The functions that a template can call: those of Go's text/template, and those the engine's command line adds."""

import re
from collections.abc import Callable

import msgspec

from layerscope.gotemplate.printing import print_values, printf, println, to_json
from layerscope.gotemplate.values import (
    MAX_CHARACTERS,
    Fault,
    Map,
    a_kind,
    is_nil,
    joined,
    kind,
    to_bytes,
    to_text,
)

_WORD_START = re.compile(r"(?<!\w)\w")
_RAW_BYTE = re.compile("[\udc80-\udcff]")


class Function(msgspec.Struct, frozen=True):
    """``parameters`` has a letter for each: s takes a string, i an integer, v any value; ``*`` repeats the last."""

    call: Callable[..., object]
    parameters: str


def index(item: object, *keys: object) -> object:
    """Return ``x[1]["a"]`` for ``index x 1 "a"``; a key that a map does not have gives the zero of its elements."""
    if item is None:
        raise Fault("index of untyped nil")
    for key in keys:
        item = _at(item, key)
    return item


def _at(item: object, key: object) -> object:
    match item:
        case list():
            position = _position(key, len(item))
            if position == len(item):
                raise Fault("reflect: slice index out of range")
            return item[position]
        case dict():
            if not isinstance(key, str):
                raise Fault(f"key is {a_kind(key)}; should be string")
            if key in item:
                return item[key]
            return item.zero if isinstance(item, Map) else None
        case _ if is_nil(item):
            raise Fault("index of nil pointer")
    raise Fault(f"can't index {a_kind(item)}")


def _position(value: object, top: int) -> int:
    """Return an index up to and including ``top``."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise Fault(f"index is {a_kind(value)}; should be a number")
    if not 0 <= value <= top:
        raise Fault(f"index out of range: {value}")
    return value


def slice_of(item: object, *bounds: object) -> object:
    """Return ``x[1:2]`` for ``slice x 1 2``; strings are cut between bytes."""
    if item is None:
        raise Fault("slice of untyped nil")
    if len(bounds) > 2:
        raise Fault("a third bound is not supported")
    if not isinstance(item, (str, list)):
        raise Fault(f"can't slice {a_kind(item)}")
    data = to_bytes(item) if isinstance(item, str) else item
    found = [_position(bound, len(data)) for bound in bounds]
    begin, end = (found + [0, len(data)][len(found) :])[:2]
    if begin > end:
        raise Fault(f"invalid slice index: {begin} > {end}")
    cut = data[begin:end]
    return to_text(cut) if isinstance(cut, bytes) else cut


def length(item: object) -> int:
    """Return the number of bytes, elements or keys."""
    if isinstance(item, str):
        return len(to_bytes(item))
    if isinstance(item, (list, dict)):
        return len(item)
    raise Fault("len of nil pointer" if is_nil(item) else f"len of {a_kind(item)}")


def join(items: object, separator: str) -> str:
    """Return the elements as text with the separator between; of a map, its values, sorted as text."""
    if is_nil(items):
        return ""
    if isinstance(items, list):
        return joined(separator, map(print_values, items))
    if isinstance(items, dict):
        return joined(separator, sorted(map(print_values, items.values())))
    raise Fault(f"expected slice, got {kind(items)}")


def split(text: str, separator: str) -> list[str]:
    """Return the parts between the separators; an empty separator splits into characters."""
    return text.split(separator) if separator else list(text)


def eq(first: object, *others: object) -> bool:
    """Return whether the first equals any of the others."""
    if not others:
        raise Fault("missing argument for comparison")
    return any(_equal(first, other) for other in others)


def _equal(left: object, right: object) -> bool:
    if is_nil(left) or is_nil(right):
        return is_nil(left) and is_nil(right)
    if kind(left) != kind(right):
        raise _incompatible(left, right)
    if not isinstance(left, (bool, int, float, str)):
        raise Fault(f"can't compare {a_kind(left)}")
    return left == right


def _incompatible(left: object, right: object) -> Fault:
    return Fault(f"incompatible types for comparison: {kind(left)} and {kind(right)}")


def lt(left: object, right: object) -> bool:
    """Return whether the left is less; strings by their bytes."""
    if isinstance(left, str) and isinstance(right, str):
        return to_bytes(left) < to_bytes(right)
    if kind(left) == kind(right) == "number" and isinstance(left, (int, float)) and isinstance(right, (int, float)):
        return left < right
    if kind(left) == kind(right) or is_nil(left) or is_nil(right):
        raise Fault("invalid type for comparison")
    raise _incompatible(left, right)


def _by_character(change: Callable[[str], str]) -> Callable[[str], str]:
    """A change of case as Go makes it: character by character; what is not UTF-8 becomes U+FFFD."""

    def changed(text: str) -> str:
        found = ((char, change(char)) for char in _RAW_BYTE.sub("\ufffd", text))
        return "".join(new if len(new) == 1 else char for char, new in found)

    return changed


def title(text: str) -> str:
    """Return the text with the first letter of each word in upper case."""
    return _WORD_START.sub(lambda found: _by_character(str.title)(found[0]), _RAW_BYTE.sub("\ufffd", text))


def pad(text: str, before: int, after: int) -> str:
    """Return the text with this many spaces before and after it; an empty text stays empty."""
    if before < 0 or after < 0:
        raise Fault("strings: negative Repeat count")
    if before + after > MAX_CHARACTERS:
        raise Fault(f"text exceeds {MAX_CHARACTERS:,} characters")
    return text and " " * before + text + " " * after


def truncate(text: str, size: int) -> str:
    """Return the first bytes of the text."""
    if size < 0:
        raise Fault(f"runtime error: slice bounds out of range [:{size}]")
    return to_text(to_bytes(text)[:size])


def _chosen(*values: object) -> object:
    """Return the last value: and/or, whose arguments the evaluator reads one by one until one of them decides."""
    return values[-1]


FUNCTIONS: dict[str, Function] = {
    "and": Function(_chosen, "vv*"),
    "or": Function(_chosen, "vv*"),
    "not": Function(lambda value: not value, "v"),
    "index": Function(index, "vv*"),
    "slice": Function(slice_of, "vv*"),
    "len": Function(length, "v"),
    "print": Function(print_values, "v*"),
    "printf": Function(printf, "sv*"),
    "println": Function(println, "v*"),
    "eq": Function(eq, "vv*"),
    "ne": Function(lambda left, right: not _equal(left, right), "vv"),
    "lt": Function(lt, "vv"),
    "le": Function(lambda left, right: lt(left, right) or _equal(left, right), "vv"),
    "gt": Function(lambda left, right: not (lt(left, right) or _equal(left, right)), "vv"),
    "ge": Function(lambda left, right: not lt(left, right), "vv"),
    "json": Function(to_json, "v"),
    "split": Function(split, "ss"),
    "join": Function(join, "vs"),
    "title": Function(title, "s"),
    "lower": Function(_by_character(str.lower), "s"),
    "upper": Function(_by_character(str.upper), "s"),
    "pad": Function(pad, "sii"),
    "truncate": Function(truncate, "si"),
}
DROPPED = frozenset(("call", "html", "js", "urlquery"))
"""Functions of Go that templates over images do not need."""
