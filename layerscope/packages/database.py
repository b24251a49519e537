"""What the catalogers of whole systems share: from the packages that a database lists to claims on versions."""

from collections.abc import Callable, Hashable, Iterable, Iterator
from functools import cached_property
from typing import Any, TypeAlias, TypeVar

from msgspec import Struct

from layerscope.filesystem.tree import Filesystem
from layerscope.model.entry import Fate, Kind
from layerscope.packages.cataloger import Claim
from layerscope.packages.context import Context
from layerscope.packages.os_release import distribution
from layerscope.packages.relations import Relations

NAMELESS = "names no package, or no version of it"
"""What is wrong with a record that many databases may have."""

_MOST_LINES = 1_000_000
MOST_BYTES = 16 << 20
"""As much of a database file as is read; the largest real one of text is a third of that."""
_MOST_RELATED = 1 << 16
"""Characters of a field that names what a package needs; the longest real one has a tenth of that."""

_MOST_LIST_BYTES = 256 << 20
"""As much as is read of all lists of one database; many packages may claim one long list."""


def related(field: str) -> str:
    """A field that names what a package needs or provides; raises ValueError where it is too long."""
    if len(field) > _MOST_RELATED:
        raise ValueError(f"has a field of {len(field):,} characters")
    return field


Reader: TypeAlias = Callable[[str], bytes | None]
"""Reads a file by path as it was when the package was last installed; None where there was none."""

Paths: TypeAlias = Callable[[Reader], Iterable[str]]
"""Returns the absolute paths of a package: its files, and what in the database is about it alone."""

Key = TypeVar("Key", bound=Hashable)
Parsed = TypeVar("Parsed")


class Listed(Struct, frozen=True, kw_only=True):
    """A package as one version of a database lists it; ``paths`` is called once, for the last of these versions.

    ``namespace`` and ``qualifiers`` are for its package URL, besides those that the whole database has; ``place``
    distinguishes the same package in several prefixes.
    """

    name: str
    version: str
    arch: str = ""
    place: str = ""
    namespace: str = ""
    qualifiers: tuple[tuple[str, str], ...] = ()
    relations: Relations | None = None
    paths: Paths


class Presence(Struct, frozen=True, kw_only=True):
    """The last unbroken run of layers in which a package is listed.

    ``layer`` is the first of them, ``removed_in`` the layer whose database no longer lists it, None for an installed
    package. ``record`` is the number of the last version of the database, or of the record, that lists it.
    """

    layer: int
    removed_in: int | None
    record: int


class Database:
    """One package manager's database, through all layers.

    ``namespace`` stands in the package URLs where the image does not say which distribution it is; None is for
    managers that belong to no distribution.
    """

    def __init__(self, context: Context, purl_type: str, *, namespace: str | None = None) -> None:
        self._context = context
        self._filesystem = context.filesystem
        self._type = purl_type
        self._namespace = namespace
        self._list_bytes = 0
        self._parsed: dict[bytes, Any] = {}
        # Most packages of a database have the same ones.
        self._qualifiers: dict[tuple[tuple[str, str], ...], tuple[tuple[str, str], ...]] = {}

    def claims(self, listings: Iterable[tuple[int, Iterable[Listed]]]) -> Iterator[Claim]:
        """A claim for each installed package, and for each that a layer removed.

        ``listings`` are all versions of the database, or of the files of one that has a file for each package, lowest
        layer first, each with the packages that it lists.
        """
        packages: dict[tuple[str, str, str, str], Listed] = {}
        keys = []
        for number, listed in listings:
            found = {(package.name, package.arch, package.version, package.place): package for package in listed}
            packages |= found
            keys.append((number, tuple(found)))
            del found
        self._parsed.clear()
        for key, present in presence(self._filesystem, keys).items():
            # What is listed is let go of, so that it and its claims are never in memory together.
            yield self._claim(packages.pop(key), present)

    def read(self, number: int) -> bytes:
        """Return all of a text of the database; empty, with a warning, where it cannot be read."""
        return self._context.read_all(number, MOST_BYTES, _MOST_LINES) or b""

    def records(self, number: int, parse: Callable[[bytes], Parsed | None]) -> Iterator[Parsed]:
        """The records of a text in which an empty line ends each; one that many layers repeat is parsed once.

        ``parse`` returns None for a package that is not installed; where it raises ValueError, that becomes a warning.
        """
        path, known = self._filesystem.path_of(number), self._parsed
        for index, raw in enumerate(self.read(number).split(b"\n\n")):
            if raw not in known:
                try:
                    known[raw] = parse(raw) if raw.strip() else None
                except ValueError as problem:
                    self._context.warn(f"{path}: record {index} {problem}")
                    known[raw] = None
            if known[raw] is not None:
                yield known[raw]

    @cached_property
    def _distribution(self) -> tuple[str, str]:
        """Namespace and ``distro`` qualifier of the package URLs."""
        if self._namespace is None:
            return "", ""
        name, distro = distribution(self._filesystem)
        return name or self._namespace, distro

    def _claim(self, package: Listed, present: Presence) -> Claim:
        paths = list(package.paths(lambda path: self._read_at(path, present)))
        removed_in, versions = present.removed_in, tuple[int, ...]()
        if removed_in is None:
            versions = self._context.locator.find_all(paths)
        else:
            versions = tuple(number for path in dict.fromkeys(paths) for number in self._hidden_at(path, present))
            left = self._left_behind(paths, present, removed_in)
            records = self._filesystem.path_of(present.record).rpartition("/")[0]
            gone = [number for number in versions if not self._filesystem.path_of(number).startswith(f"{records}/")]
            if len(left) > len(gone):
                removed_in, versions = None, left
        namespace, distro = self._distribution
        named = (("arch", package.arch), *package.qualifiers, ("distro", distro))
        qualifiers = tuple((key, value) for key, value in named if value)
        return Claim(
            type=self._type,
            namespace=package.namespace or namespace,
            name=package.name,
            version=package.version,
            qualifiers=self._qualifiers.setdefault(qualifiers, qualifiers),
            versions=versions,
            layer=present.layer,
            removed_in=removed_in,
            location=self._filesystem.path_of(present.record),
            relations=package.relations if removed_in is None else None,
        )

    def _left_behind(self, paths: list[str], present: Presence, removed_in: int) -> tuple[int, ...]:
        """The files that are still there when the database itself was deleted, as some do to make images small."""
        filesystem = self._filesystem
        if filesystem.path_of(present.record) in filesystem.live:
            return ()
        return tuple(
            number
            for number in self._context.locator.find_all(paths)
            if filesystem.layer_of(number) < removed_in and filesystem.kind_of(number) != Kind.DIRECTORY
        )

    def _read_at(self, path: str, present: Presence) -> bytes | None:
        if present.removed_in is None:
            number = self._context.locator.find(path)
        else:
            number = next(reversed(self._hidden_at(path, present)), None)
        if number is None or self._list_bytes > _MOST_LIST_BYTES:
            return None
        data = self._context.read_all(number, MOST_BYTES, _MOST_LINES)
        self._list_bytes += len(data or b"")
        if self._list_bytes > _MOST_LIST_BYTES:
            self._context.warn(f"{path}: the lists of files exceed {_MOST_LIST_BYTES:,} bytes; no more are read")
        return data

    def _hidden_at(self, path: str, during: Presence) -> list[int]:
        """The hidden versions of one path in the layers of a presence, lowest first."""
        layer_of = self._filesystem.layer_of
        layers = range(during.layer, during.layer + 1 if during.removed_in is None else during.removed_in)
        # Symlinked directories are taken as they are at the end.
        found = self._hidden.get(path) or self._hidden.get(self._context.locator.real(path)) or []
        return [number for number in found if layer_of(number) in layers]

    @cached_property
    def _hidden(self) -> dict[str, list[int]]:
        """The hidden versions of the image, by the path that they have in their layer."""
        filesystem = self._filesystem
        found: dict[str, list[int]] = {}
        for layer in filesystem.layers:
            numbers = filesystem.numbers(layer.index)
            fates = filesystem.fates[numbers.start : numbers.stop]
            for number, fate, path in zip(numbers, fates, layer.changeset.paths, strict=True):
                if fate not in (Fate.LIVE, Fate.MARKER):
                    found.setdefault(path, []).append(number)
        return found


def presence(filesystem: Filesystem, listings: Iterable[tuple[int, Iterable[Key]]]) -> dict[Key, Presence]:
    """Return for each key when it was listed last; ``listings`` as for ``Database.claims``.

    A version counts from its own layer to the one that hides it.
    """
    spans: dict[Key, list[tuple[int, int, int]]] = {}
    never = len(filesystem.layers)
    for number, keys in listings:
        layer, hidden_by = filesystem.layer_of(number), filesystem.hidden_by[number]
        end = never if hidden_by < 0 else hidden_by
        if layer < end:
            span = (layer, end, number)
            for key in keys:
                spans.setdefault(key, []).append(span)
    return {key: _last_run(found, never) for key, found in spans.items()}


def _last_run(spans: list[tuple[int, int, int]], never: int) -> Presence:
    spans.sort()
    first, end, record = spans[0]
    for start, stop, number in spans[1:]:
        if start > end:
            first, end, record = start, stop, number
        elif stop >= end:
            end, record = stop, number
    return Presence(layer=first, removed_in=None if end >= never else end, record=record)
