"""What the catalogers of whole systems share: from the packages that a database lists to claims on versions."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeAlias

from msgspec import Struct

from layerscope.model.entry import Kind
from layerscope.model.json_text import loads
from layerscope.packages.cataloger import Claim, Evidence
from layerscope.packages.context import A_LINE
from layerscope.packages.locator import Locator
from layerscope.packages.os_release import distribution
from layerscope.packages.presence import Past, Presence, presence

_MOST_LINES = 1_000_000
MOST_BYTES = 64 << 20
"""As much of a database file as is read; the largest real one of text is a tenth of that."""

_MOST_LIST_BYTES = 256 << 20
"""As much as is read of all lists of one database; many packages may lie that one long list is theirs."""

Reader: TypeAlias = Callable[[str], bytes | None]
"""Reads a file by path as it was when the package was last installed; None where there was none."""

Paths: TypeAlias = Callable[[Reader], Iterable[str]]
"""Names the absolute paths of a package: its files, and what of the database is about it alone."""


class Listed(Struct, frozen=True, kw_only=True):
    """A package as one version of a database lists it; ``paths`` is called once, for the last of these versions.

    ``namespace`` and ``qualifiers`` are for its package URL, besides those that the whole database has; ``place``
    tells apart the same package in several prefixes.
    """

    name: str
    version: str
    arch: str = ""
    place: str = ""
    namespace: str = ""
    qualifiers: tuple[tuple[str, str], ...] = ()
    paths: Paths


_Key: TypeAlias = tuple[str, str, str, str]


class Database:
    """One package manager's database, through all layers.

    ``namespace`` stands in the package URLs where the image does not say which distribution it is; None is for
    managers that belong to no distribution.
    """

    def __init__(self, evidence: Evidence, purl_type: str, *, namespace: str | None = None) -> None:
        self._filesystem = evidence.filesystem
        self._read, self._spend = evidence.context.read, evidence.context.spend
        self._warn = evidence.warn
        self._type = purl_type
        distributor, self._distro = ("", "") if namespace is None else distribution(evidence.filesystem)
        self._namespace = distributor or namespace or ""
        self._locator = Locator(evidence.filesystem)
        self._past = Past(evidence.filesystem, self._locator)
        self._list_bytes = 0

    def read(self, number: int, most_bytes: int = MOST_BYTES, *, is_text: bool = True) -> bytes | None:
        """The content of a regular file; None, and a warning, where it is too long or was not kept."""
        filesystem = self._filesystem
        carrier = filesystem.carrier(number)
        if filesystem.kind_of(carrier) != Kind.FILE:
            return None
        content_bytes = filesystem.content_bytes(carrier)
        path = filesystem.path_of(number)
        if content_bytes > most_bytes:
            self._warn(f"{path}: {content_bytes:,} bytes are more than any database of its kind has; it is not read")
            return None
        data = self._read(number, 0, content_bytes)
        if data is None or len(data) < content_bytes:
            self._warn(f"{path}: its content was not kept")
            return None
        lines = data.count(b"\n") if is_text else 0
        if lines > _MOST_LINES:
            self._warn(f"{path}: {lines:,} lines are more than any database of its kind has; it is not read")
            return None
        self._spend(A_LINE * lines)
        return data

    def claims(self, listings: Iterable[tuple[int, Iterable[Listed]]]) -> Iterator[Claim]:
        """A claim for each installed package, and for each that a layer took away.

        ``listings`` are all versions of the database, or of the files of one that has a file for each package, lowest
        layer first, each with the packages that it lists.
        """
        packages: dict[_Key, Listed] = {}
        keys = []
        for number, listed in listings:
            found = {(package.name, package.arch, package.version, package.place): package for package in listed}
            packages |= found
            keys.append((number, tuple(found)))
        for key, present in presence(self._filesystem, keys).items():
            yield self._claim(packages[key], present)

    def _claim(self, package: Listed, present: Presence) -> Claim:
        paths = list(package.paths(lambda path: self._read_at(path, present)))
        removed_in = present.removed_in
        versions = self._locator.find_all(paths) if removed_in is None else self._past.versions(paths, present)
        if removed_in is not None:
            left = self._left_behind(paths, present, removed_in)
            records = self._filesystem.path_of(present.record).rpartition("/")[0]
            gone = [number for number in versions if not self._filesystem.path_of(number).startswith(f"{records}/")]
            if len(left) > len(gone):
                removed_in, versions = None, left
        qualifiers = (("arch", package.arch), *package.qualifiers, ("distro", self._distro))
        return Claim(
            type=self._type,
            namespace=package.namespace or self._namespace,
            name=package.name,
            version=package.version,
            qualifiers=tuple((key, value) for key, value in qualifiers if value),
            versions=versions,
            layer=present.layer,
            removed_in=removed_in,
            location=self._filesystem.path_of(present.record),
        )

    def _left_behind(self, paths: list[str], present: Presence, removed_in: int) -> tuple[int, ...]:
        """The files that are still there when the database itself was deleted, as some do to make images small."""
        filesystem = self._filesystem
        if filesystem.path_of(present.record) in filesystem.live:
            return ()
        return tuple(
            number
            for number in self._locator.find_all(paths)
            if filesystem.layer_of(number) < removed_in and filesystem.kind_of(number) != Kind.DIRECTORY
        )

    def _read_at(self, path: str, present: Presence) -> bytes | None:
        if present.removed_in is None:
            number = self._locator.find(path)
        else:
            number = next(reversed(self._past.of(path, present)), None)
        data = None if number is None or self._list_bytes > _MOST_LIST_BYTES else self.read(number)
        if data is not None:
            self._list_bytes += len(data)
            if self._list_bytes > _MOST_LIST_BYTES:
                self._warn(f"{path}: the lists of files are longer than {_MOST_LIST_BYTES:,} bytes; no more are read")
        return data


def parse_json(data: bytes | None, path: str, warn: Callable[[str], None]) -> Any:
    """A JSON document; None, and a warning, where it is none or is nested without end."""
    if data is None:
        return None
    try:
        return loads(data)
    except (ValueError, RecursionError) as problem:
        warn(f"{path}: not JSON that can be read: {problem}")
        return None


def text_of(raw: bytes) -> str:
    """Text as a database writes it; bytes that are no UTF-8 are surrogate escapes."""
    return raw.decode("utf-8", "surrogateescape")
