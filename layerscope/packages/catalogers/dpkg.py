"""Debian packages: dpkg's database under ``/var/lib/dpkg``, and the one file for each package of distroless images.

``status`` lists the packages, ``info/<name>[:<arch>].list`` the paths of each, ``status.d/<name>`` and its
``.md5sums`` do both (dpkg(1), deb-control(5); dpkg, lib/dpkg/dbdir.c). opkg (OpenWrt, Yocto) has it elsewhere.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from typing import NamedTuple

from layerscope.filesystem.tree import Filesystem
from layerscope.model.entry import Kind
from layerscope.model.pathset import PathSet, Wanted
from layerscope.model.patterns import pattern
from layerscope.packages.cataloger import Cataloger, Claim
from layerscope.packages.context import Context, text_of
from layerscope.packages.database import MOST_BYTES, NAMELESS, Database, Listed, Reader, related
from layerscope.packages.relations import Relations

_SUMS = ".md5sums"
_FIELD = pattern(
    rb"^(Package|Status|Version|Architecture|Essential|(?:Pre-)?Depends|Recommends|Provides):[ \t]*([^\n]*)",
    re.MULTILINE | re.IGNORECASE,
)
_CONFFILES = pattern(rb"^Conffiles:[^\n]*((?:\n [^\n]*)*)", re.MULTILINE | re.IGNORECASE)
_WITHOUT_FILES = frozenset({b"not-installed", b"config-files"})


class _Stanza(NamedTuple):
    """One installed package; ``conffiles`` are absolute paths."""

    name: str
    arch: str
    version: str
    conffiles: tuple[str, ...]
    relations: Relations


class _Root:
    """The database in one directory."""

    def __init__(self, context: Context, root: str, database: Database) -> None:
        self._context = context
        self._live = context.filesystem.live
        self._database = database
        self._root = root
        self._links = _symlinks(context.filesystem)
        self._diversions = self._read_diversions()
        self._records: dict[str, list[str]] = {}

    def listings(self) -> Iterator[tuple[int, list[Listed]]]:
        """What each version of ``status`` and of the files in ``status.d`` lists."""
        root, path_of = self._root, self._context.filesystem.path_of
        matches = [(number, path_of(number)) for number in self._context.matches]
        self._records = self._by_stem(path for _, path in matches)
        for number, path in matches:
            if path == f"{root}/status" or (path.startswith(f"{root}/status.d/") and not path.endswith(_SUMS)):
                # A database has one version of a package for each architecture; if it lies, the last record counts.
                stanzas = {(stanza.name, stanza.arch): stanza for stanza in self._database.records(number, _parse)}
                yield number, [self._listed(stanza, path) for stanza in stanzas.values()]

    def _listed(self, stanza: _Stanza, record: str) -> Listed:
        return Listed(
            name=stanza.name,
            arch=stanza.arch,
            version=stanza.version,
            relations=stanza.relations,
            paths=partial(self._paths, stanza, record),
        )

    def _by_stem(self, paths: Iterable[str]) -> dict[str, list[str]]:
        """The files in ``info``, by ``name`` or ``name:arch``."""
        found: dict[str, list[str]] = {}
        prefix = f"{self._root}/info/"
        for path in dict.fromkeys(paths):
            if path.startswith(prefix):
                found.setdefault(path[len(prefix) :].rpartition(".")[0], []).append(path)
        return found

    def _read_diversions(self) -> dict[str, tuple[str, str]]:
        """Where a path went, and the package that may keep it; of each three lines (dpkg-divert(1))."""
        number = self._live.get(f"{self._root}/diversions")
        lines = text_of(self._database.read(number)).split("\n") if number is not None else []
        return {lines[i]: (lines[i + 1], lines[i + 2]) for i in range(0, len(lines) - 2, 3)}

    def _paths(self, stanza: _Stanza, record: str, read: Reader) -> list[str]:
        """The database's own files of a package, and what its list names."""
        stems = (f"{stanza.name}:{stanza.arch}", stanza.name)
        own = [path for stem in stems for path in self._records.get(stem, ())]
        if not record.endswith("/status"):
            own += (record, record + _SUMS)
        listing = self._first((f"{self._root}/info/{stem}.list" for stem in stems), read)
        if listing is None:
            sums = (record + _SUMS, *(f"{self._root}/info/{stem}{_SUMS}" for stem in stems))
            paths = [*stanza.conffiles, *_summed(self._first(sums, read) or b"")]
        else:
            paths = self._in_list(text_of(listing), stanza.name)
        return own + self._diverted(paths, stanza.name)

    def _first(self, paths: Iterable[str], read: Reader) -> bytes | None:
        return next((data for path in paths if (data := read(path)) is not None), None)

    def _in_list(self, text: str, name: str) -> list[str]:
        """The paths of a ``.list`` without symlinked directories; opkg adds the mode after a tab."""
        if "/../" in text:
            self._context.warn(f"{self._root}/info: the list of {name} has paths with .. in them, which are left out")
        paths = text.split("\n")
        if "\t" in text:
            paths = [path.partition("\t")[0] for path in paths]
        # Where /lib is a symlink, every package with files below lists it as a directory, and none owns it.
        if self._links.isdisjoint(paths):
            return paths
        parents = {path.rpartition("/")[0] for path in paths} & self._links
        return [path for path in paths if path not in parents]

    def _diverted(self, paths: list[str], name: str) -> list[str]:
        """The paths as they lie on the disk: what another package diverted has moved."""
        diversions = self._diversions
        if diversions.keys().isdisjoint(paths):
            return paths
        moved = {path: to for path, (to, by) in diversions.items() if by != name}
        return [moved.get(path, path) for path in paths]


def _parse(raw: bytes) -> _Stanza | None:
    """A record of ``status``; None for one without files on the disk."""
    fields = {name.lower(): value.strip() for name, value in _FIELD.findall(raw)}
    # The third word is the state; records of removed packages, and of wishes, stay in the database.
    if fields.get(b"status", b"").split()[-1:] in ([state] for state in _WITHOUT_FILES):
        return None
    name, arch, version = (text_of(fields.get(key, b"")) for key in (b"package", b"architecture", b"version"))
    if not name or not version:
        raise ValueError(NAMELESS)
    return _Stanza(name, arch, version, _conffiles(raw), _relations(fields))


def _relations(fields: Mapping[bytes, bytes]) -> Relations:
    return Relations(
        needs=_names(fields.get(b"pre-depends", b"") + b"," + fields.get(b"depends", b"")),
        recommends=_names(fields.get(b"recommends", b"")),
        provides=_names(fields.get(b"provides", b"")),
        is_essential=fields.get(b"essential", b"").lower() == b"yes",
    )


def _names(field: bytes) -> tuple[str, ...]:
    """Commas separate needs and bars alternatives; versions are in parentheses (Debian Policy, 7.1)."""
    needs = related(text_of(field)).replace("|", ",").split(",")
    return tuple(dict.fromkeys(name for need in needs if (name := need.partition("(")[0].partition(":")[0].strip())))


def _summed(data: bytes) -> list[str]:
    """The paths of an ``.md5sums``: 32 digits, two characters, a path relative to the root."""
    return [f"/{line[34:]}" for line in text_of(data).split("\n")]


def _conffiles(raw: bytes) -> tuple[str, ...]:
    """Each line has a path, a digest and maybe ``obsolete``; the path may hold spaces."""
    match = _CONFFILES.search(raw) if b"conffiles:" in raw.lower() else None  # Most have none, which is seen faster so.
    if match is None:
        return ()
    paths = (line.strip().removesuffix(" obsolete").rpartition(" ")[0] for line in text_of(match[1]).split("\n"))
    return tuple(path for path in paths if path.startswith("/"))


def _symlinks(filesystem: Filesystem) -> frozenset[str]:
    """The paths of all symlinks, live and hidden."""
    kinds, paths, symlink = filesystem.kinds, filesystem.paths, Kind.SYMLINK
    found = [paths[number] for number, kind in enumerate(kinds) if kind == symlink]
    return frozenset(
        found
        + [paths[link] for one in filesystem.hardlinks if kinds[one] == symlink for link in filesystem.hardlinks[one]]
    )


def control_cataloger(name: str, roots: tuple[str, ...], *, namespace: str) -> Cataloger:
    """A cataloger for databases of dpkg's form; ``namespace`` stands in where the image does not say its own."""

    def catalog(context: Context) -> Iterator[Claim]:
        if not context.matches:
            return
        database = Database(context, name, namespace=namespace)
        for root in roots:
            yield from database.claims(_Root(context, root, database).listings())

    wanted = Wanted(paths=PathSet(trees=roots), head=MOST_BYTES)
    return Cataloger(name=name, wanted=wanted, catalog=catalog, is_os=True)


DPKG = control_cataloger("deb", ("/var/lib/dpkg",), namespace="debian")


OPKG = control_cataloger("opkg", ("/usr/lib/opkg", "/var/lib/opkg", "/opt/lib/opkg"), namespace="openwrt")
