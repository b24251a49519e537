"""What Go's reflection knows of a value and Python's types do not.

None, bool, str, int (Go's ``int``) and float stand for themselves. A list is ``[]interface {}``, a dict is
``map[string]interface {}``; the subclasses here are the other types that occur in an inspected image.
"""

from collections.abc import Iterator

import msgspec
from msgspec.structs import replace

from layerscope.render.gotemplate.literals import to_bytes, to_text


class Int64(int):
    """A number of the document; constants of a template are plain ints."""


class Uint8(int):
    """A byte of a string."""


class TypedList(list[object]):
    """A slice with elements of type ``element``; ``is_nil`` tells a missing one from an empty one."""

    element = "string"
    is_nil = False


class TypedMap(dict[str, object]):
    """A map from string to ``element``; a missing key is no error and has the value ``zero``."""

    element = "string"
    zero: object = ""
    is_nil = False


class Duration(Int64):
    """A time in nanoseconds, which prints as ``1m30s``."""

    def __str__(self) -> str:
        """Go's time.Duration.String."""
        nanoseconds = abs(int(self))
        sign = "-" if self < 0 else ""
        if nanoseconds < 1_000_000_000:
            for unit, scale in (("ms", 6), ("\u00b5s", 3), ("ns", 0)):
                if nanoseconds >= 10**scale:
                    return f"{sign}{_decimal(nanoseconds, scale)}{unit}"
            return "0s"
        minutes, rest = divmod(nanoseconds, 60_000_000_000)
        hours, minutes = divmod(minutes, 60)
        shown = f"{hours}h{minutes}m" if hours else f"{minutes}m" if minutes else ""
        return f"{sign}{shown}{_decimal(rest, 9)}s"


def _decimal(number: int, places: int) -> str:
    """The number divided by a power of ten, without zeros at the end."""
    whole, fraction = divmod(number, 10**places)
    digits = f"{fraction:0{places}d}".rstrip("0") if places else ""
    return f"{whole}.{digits}" if digits else str(whole)


class NilPointer(msgspec.Struct, frozen=True):
    """A pointer to nothing, which is false and prints as ``<nil>``."""

    target: str

    def __bool__(self) -> bool:
        return False


class Struct(msgspec.Struct, frozen=True, kw_only=True):
    """A struct, or with ``pointer`` a pointer to one.

    ``fields`` are by Go name, in order; those of the ``embedded`` ones can be reached without naming these. ``extra``
    can be reached but does not print. ``json_fields`` is what its JSON shows.
    """

    go_type: str
    pointer: bool
    fields: dict[str, object]
    embedded: tuple[str, ...]
    extra: dict[str, object]
    json_fields: tuple[tuple[str, object], ...]

    def members(self) -> dict[str, object]:
        """All that a template can name."""
        found = dict(self.extra)
        for name in self.embedded:
            inner = self.fields[name]
            if isinstance(inner, Struct):
                found.update(inner.members())
        return found | self.fields


class Boxed(msgspec.Struct, frozen=True):
    """A value that Go holds in an ``interface {}``, such as an element of a list of mixed types."""

    value: object


def unbox(value: object) -> object:
    """The value inside; the value itself where it is not boxed."""
    return value.value if isinstance(value, Boxed) else value


def type_name(value: object) -> str:
    """The Go type, as ``%T`` prints it."""
    match value:
        case None:
            return "<nil>"
        case Boxed():
            return "interface {}"
        case TypedList():
            return f"[]{value.element}"
        case TypedMap():
            return f"map[string]{value.element}"
        case Struct():
            return "*" * value.pointer + value.go_type
        case NilPointer():
            return f"*{value.target}"
        case Duration():
            return "time.Duration"
        case Int64():
            return "int64"
        case Uint8():
            return "uint8"
        case bool() | str() | int() | float():
            return {"bool": "bool", "str": "string", "int": "int", "float": "float64"}[type(value).__name__]
        case list():
            return "[]interface {}"
        case _:
            return "map[string]interface {}"


def is_true(value: object) -> bool:
    """The truth that if, with, and, or and not see: all but false, zero, nil and the empty; structs are always true."""
    value = unbox(value)
    return bool(value)


def is_nil(value: object) -> bool:
    """Whether the value is nil, of whatever type."""
    value = unbox(value)
    return value is None or isinstance(value, NilPointer) or (isinstance(value, (TypedList, TypedMap)) and value.is_nil)


def printable(value: object) -> object:
    """What to print for the value of an action: what a pointer points to, and words for nil."""
    value = unbox(value)
    if isinstance(value, Struct) and value.pointer:
        return replace(value, pointer=False)
    return "<no value>" if value is None else value


def elements(value: list[object]) -> Iterator[object]:
    """The elements, boxed where the list's type says so."""
    return iter(value) if isinstance(value, TypedList) else (Boxed(item) for item in value)


def element(container: dict[str, object], key: str) -> object:
    """The value at a key that is there, boxed where the map's type says so."""
    value = container[key]
    return value if isinstance(container, TypedMap) else Boxed(value)


def from_json(value: object, *, text_lists: bool = True) -> object:
    """A JSON document as template values: integers become int64.

    With ``text_lists``, a list of nothing but strings is ``[]string``, else all are ``[]interface {}``.
    """
    if isinstance(value, dict):
        return {str(from_json(key)): from_json(item, text_lists=text_lists) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        items = [from_json(item, text_lists=text_lists) for item in value]
        return TypedList(items) if text_lists and all(isinstance(item, str) for item in items) else items
    if isinstance(value, int) and not isinstance(value, bool):
        return Int64(value)
    return to_text(to_bytes(value)) if isinstance(value, str) and not value.isascii() else value
