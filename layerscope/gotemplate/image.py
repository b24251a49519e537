"""The struct behind ``docker image inspect``: its fields in order, by the engine's API and the OCI image spec.

A document is read lazily, field by field, as Go's JSON decoder reads it into that struct: a field that the JSON omits
has its zero value. Keys that are not in the struct can be used too.
"""

from collections.abc import Collection, Iterator
from typing import TypeVar

import msgspec

from layerscope.gotemplate.values import NIL, Duration, Map, NilList

T = TypeVar("T")

_SCALARS: dict[str, tuple[type, object]] = {
    "text": (str, ""),
    "number": (int, 0),
    "duration": (int, Duration(0)),
    "flag": (bool, False),
}


class ShapeMismatch(Exception):
    """The document has another type than the engine's struct."""


class Member(msgspec.Struct, frozen=True):
    """A field: its name in templates, its kind, its name in JSON where that differs, and whether JSON shows a zero."""

    name: str
    kind: "str | Shape"
    json_name: str = ""
    always: bool = False

    @property
    def key(self) -> str:
        return self.json_name or self.name


class Shape(msgspec.Struct, frozen=True):
    """A struct, or with ``pointer`` a pointer to one, which is nil where the JSON has none."""

    members: tuple[Member, ...]
    pointer: bool = False


class Record:
    """A document read by a shape."""

    def __init__(self, shape: Shape, document: dict[str, object]) -> None:
        self.pointer = shape.pointer
        self._members = {member.name: member for member in shape.members}
        self._document = document
        known = {member.key for member in shape.members}
        self._extra = {key: value for key, value in document.items() if key not in known}

    def __contains__(self, name: str) -> bool:
        return name in self._members or name in self._extra

    def __getitem__(self, name: str) -> object:
        member = self._members.get(name)
        return self._extra[name] if member is None else read(member.kind, self._document.get(member.key))

    def values(self) -> Collection[object]:
        """The values of the document."""
        return self._document.values()

    def fields(self) -> Iterator[tuple[str, object]]:
        """The fields of the struct, in order, with their names in templates."""
        return ((name, self[name]) for name in self._members)

    def json_fields(self) -> Iterator[tuple[str, object]]:
        """What the JSON of the struct shows, and the keys beyond it."""
        for member in self._members.values():
            value = self[member.name]
            if value or member.always:
                yield member.key, value
        yield from self._extra.items()


def read(shape: str | Shape, value: object) -> object:
    """Return the value of a field of this kind; None is one that is absent. Raises ShapeMismatch for another type."""
    if isinstance(shape, Shape):
        if value is None and shape.pointer:
            return NIL
        return Record(shape, _typed(dict, value, shape) or {})
    if shape == "any":
        return value
    if shape == "texts":
        texts = _typed(list, value, shape)
        return NilList() if texts is None else [read("text", item) for item in texts]
    if shape in ("text map", "names"):
        item_kind = "text" if shape == "text map" else _EMPTY
        items = _typed(dict, value, shape)
        found = Map((key, read(item_kind, item)) for key, item in (items or {}).items())
        found.zero = read(item_kind, None)
        found.is_nil = items is None
        return found
    python_type, zero = _SCALARS[shape]
    typed = _typed(python_type, value, shape)
    return zero if typed is None else Duration(typed) if shape == "duration" else typed


def _typed(wanted: type[T], value: object, shape: object) -> T | None:
    if value is not None and (not isinstance(value, wanted) or (wanted is int and isinstance(value, bool))):
        raise ShapeMismatch(f"{type(value).__name__} for {shape}")
    return value


_EMPTY = Shape(())
_HEALTHCHECK = Shape(
    (
        Member("Test", "texts"), Member("Interval", "duration"), Member("Timeout", "duration"),
        Member("StartPeriod", "duration"), Member("StartInterval", "duration"), Member("Retries", "number"),
    ),
    pointer=True,
)  # fmt: skip
_CONFIG = Shape(
    (
        Member("User", "text"), Member("ExposedPorts", "names"), Member("Env", "texts"), Member("Entrypoint", "texts"),
        Member("Cmd", "texts"), Member("Volumes", "names"), Member("WorkingDir", "text"), Member("Labels", "text map"),
        Member("StopSignal", "text"), Member("ArgsEscaped", "flag"), Member("Healthcheck", _HEALTHCHECK),
        Member("OnBuild", "texts"), Member("Shell", "texts"),
    ),
    pointer=True,
)  # fmt: skip
_GRAPH_DRIVER = Shape((Member("Data", "text map", always=True), Member("Name", "text", always=True)), pointer=True)
_PLATFORM = Shape(
    (
        Member("Architecture", "text", "architecture", always=True), Member("OS", "text", "os", always=True),
        Member("OSVersion", "text", "os.version"), Member("OSFeatures", "texts", "os.features"),
        Member("Variant", "text", "variant"),
    ),
    pointer=True,
)  # fmt: skip
_DESCRIPTOR = Shape(
    (
        Member("MediaType", "text", "mediaType", always=True), Member("Digest", "text", "digest", always=True),
        Member("Size", "number", "size", always=True), Member("URLs", "texts", "urls"),
        Member("Annotations", "text map", "annotations"), Member("Data", "any", "data"),
        Member("Platform", _PLATFORM, "platform"), Member("ArtifactType", "text", "artifactType"),
    ),
    pointer=True,
)  # fmt: skip
_ROOT_FS = Shape((Member("Type", "text"), Member("Layers", "texts")))
IMAGE = Shape(
    (
        Member("ID", "text", "Id", always=True), Member("RepoTags", "texts", always=True),
        Member("RepoDigests", "texts", always=True), Member("Comment", "text"), Member("Created", "text"),
        Member("Author", "text"), Member("Config", _CONFIG, always=True), Member("Architecture", "text", always=True),
        Member("Variant", "text"), Member("Os", "text", always=True), Member("OsVersion", "text"),
        Member("Size", "number", always=True), Member("GraphDriver", _GRAPH_DRIVER),
        Member("RootFS", _ROOT_FS, always=True), Member("Metadata", "any"), Member("Descriptor", _DESCRIPTOR),
        Member("Manifests", "any"), Member("Identity", "any"),
    )
)  # fmt: skip
