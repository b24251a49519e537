"""Debian packages: dpkg's database under ``/var/lib/dpkg``, and the one file for each package of distroless images.

``status`` lists the packages, ``info/<name>[:<arch>].list`` the paths of each, ``status.d/<name>`` and its
``.md5sums`` do both (dpkg(1), deb-control(5); dpkg, lib/dpkg/dbdir.c).
"""

from collections.abc import Iterable, Iterator
from functools import partial

from layerscope.model.pathset import PathSet, Wanted
from layerscope.packages.cataloger import Cataloger, Claim, Evidence
from layerscope.packages.database import MOST_BYTES, Database, Listed, Reader, text_of
from layerscope.packages.formats.deb822 import Control, Stanza
from layerscope.packages.locator import symlinks

_SUMS = ".md5sums"


class _Root:
    """The database in one directory."""

    def __init__(self, evidence: Evidence, root: str, database: Database) -> None:
        self._evidence = evidence
        self._live = evidence.filesystem.live
        self._database = database
        self._root = root
        self._control = Control(evidence.warn)
        self._links = symlinks(evidence.filesystem)
        self._diversions = self._read_diversions()
        self._records: dict[str, list[str]] = {}

    def listings(self) -> Iterator[tuple[int, list[Listed]]]:
        """What each version of ``status`` and of the files in ``status.d`` lists."""
        root, path_of = self._root, self._evidence.filesystem.path_of
        matches = [(number, path_of(number)) for number in self._evidence.matches]
        self._records = self._by_stem(path for _, path in matches)
        for number, path in matches:
            if path == f"{root}/status" or (path.startswith(f"{root}/status.d/") and not path.endswith(_SUMS)):
                data = self._database.read(number) or b""
                # A database has one version of a package for each architecture; if it lies, the last record counts.
                stanzas = {(stanza.name, stanza.arch): stanza for stanza in self._control.installed(data, path)}
                yield number, [self._listed(stanza, path) for stanza in stanzas.values()]

    def _listed(self, stanza: Stanza, record: str) -> Listed:
        name, arch, version, _ = stanza
        return Listed(name=name, arch=arch, version=version, paths=partial(self._paths, stanza, record))

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
        lines = text_of(self._database.read(number) or b"").split("\n") if number is not None else []
        return {lines[i]: (lines[i + 1], lines[i + 2]) for i in range(0, len(lines) - 2, 3)}

    def _paths(self, stanza: Stanza, record: str, read: Reader) -> list[str]:
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
        """The paths of a ``.list`` that are no directories in the package; opkg adds the mode behind a tab."""
        if "/../" in text:
            self._evidence.warn(f"{self._root}/info: the list of {name} has paths with .. in them, which are left out")
        paths = text.split("\n")
        if "\t" in text:
            paths = [path.partition("\t")[0] for path in paths]
        # Where /lib is a symlink, all who have files below list it as a directory; it belongs to none of them.
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


def _summed(data: bytes) -> list[str]:
    """The paths of an ``.md5sums``: 32 digits, two characters, a path relative to the root."""
    return [f"/{line[34:]}" for line in text_of(data).split("\n") if len(line) > 34]


def control_cataloger(name: str, roots: tuple[str, ...], *, namespace: str) -> Cataloger:
    """A cataloger for databases of dpkg's form; ``namespace`` stands in where the image does not say its own."""

    def catalog(evidence: Evidence) -> Iterator[Claim]:
        if not evidence.matches:
            return
        database = Database(evidence, name, namespace=namespace)
        for root in roots:
            yield from database.claims(_Root(evidence, root, database).listings())

    wanted = Wanted(paths=PathSet(trees=roots), head=MOST_BYTES)
    return Cataloger(name=name, wanted=wanted, catalog=catalog, is_os=True)


DPKG = control_cataloger("deb", ("/var/lib/dpkg",), namespace="debian")
