"""Descriptions of Go structs, and documents read by them as Go's JSON decoder reads into a struct."""

from collections.abc import Iterator

import msgspec

from layerscope.render.gotemplate.values import (
    Duration,
    Int64,
    NilPointer,
    Struct,
    TypedList,
    TypedMap,
    from_json,
    is_true,
)


class ShapeMismatch(Exception):
    """The document has another type than the struct where the message says."""


class Scalar(msgspec.Struct, frozen=True):
    """A string, number or bool; ``go_type`` names it, ``zero`` is what an absent one reads as."""

    go_type: str
    zero: object


class Opaque(msgspec.Struct, frozen=True):
    """A part that is kept as the generic maps and lists of its JSON."""


class ListOf(msgspec.Struct, frozen=True):
    """A slice; ``go_type`` is that of its elements."""

    item: "Shape"
    go_type: str


class MapOf(msgspec.Struct, frozen=True):
    """A map from string; ``go_type`` is that of its elements."""

    item: "Shape"
    go_type: str


class Member(msgspec.Struct, frozen=True, kw_only=True):
    """A field: its name in templates, in JSON (empty for an embedded struct), and whether JSON leaves out a zero."""

    name: str
    json_name: str
    shape: "Shape"
    omits_zero: bool = True


class StructOf(msgspec.Struct, frozen=True, kw_only=True):
    """A struct, or with ``pointer`` a pointer to one, which an absent key leaves nil."""

    go_type: str
    members: tuple[Member, ...]
    pointer: bool = False

    def json_names(self) -> Iterator[str]:
        """The keys of JSON that this struct takes, those of embedded structs included."""
        for member in self.members:
            if member.json_name:
                yield member.json_name
            elif isinstance(member.shape, StructOf):
                yield from member.shape.json_names()


Shape = Scalar | Opaque | ListOf | MapOf | StructOf

TEXT = Scalar("string", "")
INT64 = Scalar("int64", Int64(0))
INT = Scalar("int", 0)
DURATION = Scalar("time.Duration", Duration(0))
FLAG = Scalar("bool", False)
TEXTS = ListOf(TEXT, "string")
TEXT_MAP = MapOf(TEXT, "string")
EMPTY_STRUCT = StructOf(go_type="struct {}", members=())
NAMES = MapOf(EMPTY_STRUCT, "struct {}")


def read(shape: Shape, value: object) -> object:
    """The document as a value of this shape; None is an absent one. Raises ShapeMismatch where it is another type."""
    match shape:
        case Scalar():
            return _scalar(shape, value)
        case Opaque():
            return from_json(value)
        case ListOf():
            return _list(shape, value)
        case MapOf():
            return _map(shape, value)
        case StructOf():
            return _struct(shape, value)


def _scalar(shape: Scalar, value: object) -> object:
    if value is None:
        return shape.zero
    kind = {"string": str, "bool": bool}.get(shape.go_type, int)
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        raise ShapeMismatch(f"{type(value).__name__} for {shape.go_type}")
    if isinstance(value, str):
        return from_json(value)
    return type(shape.zero)(value)  # type: ignore[call-arg]


def _list(shape: ListOf, value: object) -> TypedList:
    if not isinstance(value, (list, tuple, type(None))):
        raise ShapeMismatch(f"{type(value).__name__} for a list")
    found = TypedList(read(shape.item, item) for item in value or ())
    found.element = shape.go_type
    found.is_nil = value is None
    return found


def _map(shape: MapOf, value: object) -> TypedMap:
    if not isinstance(value, (dict, type(None))):
        raise ShapeMismatch(f"{type(value).__name__} for a map")
    found = TypedMap((str(from_json(key)), read(shape.item, item)) for key, item in (value or {}).items())
    found.element = shape.go_type
    found.zero = read(shape.item, None)
    found.is_nil = value is None
    return found


def _struct(shape: StructOf, value: object) -> Struct | NilPointer:
    if value is None and shape.pointer:
        return NilPointer(shape.go_type)
    if not isinstance(value, (dict, type(None))):
        raise ShapeMismatch(f"{type(value).__name__} for a struct")
    document = value or {}
    fields: dict[str, object] = {}
    shown: list[tuple[str, object]] = []
    for member in shape.members:
        if member.json_name:
            fields[member.name] = field = read(member.shape, document.get(member.json_name))
            if is_true(field) or not member.omits_zero:
                shown.append((member.json_name, field))
        elif isinstance(member.shape, StructOf):
            names = set(member.shape.json_names())
            inner = read(member.shape, {name: item for name, item in document.items() if name in names})
            if isinstance(inner, Struct):
                fields[member.name] = inner
                shown.extend(inner.json_fields)
    known = set(shape.json_names())
    # Go drops what a struct has no field for; kept here, as what is counted beyond the engine's document stands there.
    extra = {str(from_json(name)): from_json(item) for name, item in document.items() if name not in known}
    return Struct(
        go_type=shape.go_type,
        pointer=shape.pointer,
        fields=fields,
        embedded=tuple(member.name for member in shape.members if not member.json_name),
        extra=extra,
        json_fields=(*shown, *extra.items()),
    )
