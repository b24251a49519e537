"""Debian packages: dpkg's database under ``/var/lib/dpkg``, and the one file for each package of distroless images.

``status`` lists the packages, ``info/<name>[:<arch>].list`` the paths of each, ``status.d/<name>`` and its
``.md5sums`` do both (dpkg(1), deb-control(5); dpkg, lib/dpkg/dbdir.c).
"""

from collections.abc import Iterable, Iterator

from layerscope.model.entry import Kind
from layerscope.model.pathset import PathSet, Wanted
from layerscope.packages.cataloger import Cataloger, Claim, Evidence
from layerscope.packages.control import Control, Identity, Stanza, lines
from layerscope.packages.locator import Locator, symlinks
from layerscope.packages.os_release import distribution
from layerscope.packages.presence import Past, Presence, presence

MOST_BYTES = 64 << 20
"""As much of a database file as is read; the largest real one is a tenth of that."""

_SUMS = ".md5sums"


class ControlDatabase:
    """The database of one root directory, through all layers."""

    def __init__(self, evidence: Evidence, root: str, purl_type: str, *, namespace: str, distro: str) -> None:
        self._evidence = evidence
        self._filesystem = evidence.filesystem
        self._root = root
        self._type = purl_type
        self._namespace = namespace
        self._distro = distro
        self._locator = Locator(evidence.filesystem)
        self._past = Past(evidence.filesystem, self._locator)
        self._control = Control(evidence.warn)
        self._stanzas: dict[Identity, Stanza] = {}
        self._own_files: dict[str, list[int]] = {}
        self._diversions: dict[str, tuple[str, str]] = {}
        self._links: frozenset[int] = frozenset()

    def claims(self) -> Iterator[Claim]:
        """A claim for each installed package, and for each that a layer took away."""
        found = presence(self._filesystem, list(self._listings()))
        self._own_files = self._by_stem()
        self._diversions = self._read_diversions()
        self._links = symlinks(self._filesystem)
        for identity, present in found.items():
            qualifiers = {"arch": identity.arch, "distro": self._distro}
            removed = present.removed_in is not None
            yield Claim(
                type=self._type,
                namespace=self._namespace,
                name=identity.name,
                version=identity.version,
                qualifiers=tuple((key, value) for key, value in qualifiers.items() if value),
                versions=self._hidden(identity, present) if removed else self._live(identity, present),
                layer=present.layer,
                removed_in=present.removed_in,
                location=self._filesystem.path_of(present.record),
            )

    def _listings(self) -> Iterator[tuple[int, list[Identity]]]:
        """What each version of ``status`` and of the files in ``status.d`` lists."""
        status, directory = f"{self._root}/status", f"{self._root}/status.d/"
        for number in self._evidence.matches:
            path = self._filesystem.path_of(number)
            if path == status or (path.startswith(directory) and not path.endswith(_SUMS)):
                stanzas = list(self._control.installed(self._read(number), path))
                self._stanzas.update((stanza.identity, stanza) for stanza in stanzas)
                yield number, [stanza.identity for stanza in stanzas]

    def _read(self, number: int | None) -> bytes:
        """The content of a database file, empty where it is absent or was not kept."""
        if number is None:
            return b""
        data = self._filesystem.read(number, 0, MOST_BYTES)
        if data is None:
            if self._filesystem.kind_of(number) in (Kind.FILE, Kind.HARDLINK):
                self._evidence.warn(f"{self._filesystem.path_of(number)} cannot be read")
            return b""
        if len(data) == MOST_BYTES:
            self._evidence.warn(f"{self._filesystem.path_of(number)}: only the first {MOST_BYTES:,} bytes are read")
        return data

    def _by_stem(self) -> dict[str, list[int]]:
        """The live files in ``info``, by ``name`` or ``name:arch``."""
        found: dict[str, list[int]] = {}
        prefix = f"{self._root}/info/"
        for path, number in self._live_matches():
            if path.startswith(prefix):
                found.setdefault(path[len(prefix) :].rpartition(".")[0], []).append(number)
        return found

    def _live_matches(self) -> Iterator[tuple[str, int]]:
        live = self._filesystem.live
        for number in self._evidence.matches:
            path = self._filesystem.path_of(number)
            if live.get(path) == number:
                yield path, number

    def _read_diversions(self) -> dict[str, tuple[str, str]]:
        """Where a path went, and the package that may keep it; of each three lines (dpkg-divert(1))."""
        text = lines(self._read(self._filesystem.live.get(f"{self._root}/diversions")))
        return {text[i]: (text[i + 1], text[i + 2]) for i in range(0, len(text) - 2, 3)}

    def _live(self, identity: Identity, present: Presence) -> tuple[int, ...]:
        """The database's own files of a package, and what its list names."""
        record = self._filesystem.path_of(present.record)
        own = [self._own_files.get(stem, []) for stem in (f"{identity.name}:{identity.arch}", identity.name)]
        numbers = [number for stem in own for number in stem]
        live = self._filesystem.live
        if record != f"{self._root}/status":
            numbers += [live[path] for path in (record, record + _SUMS) if path in live]
        for stem in (f"{identity.name}:{identity.arch}", identity.name):
            listing = live.get(f"{self._root}/info/{stem}.list")
            if listing is not None:
                return (*numbers, *self._listed(listing, identity.name))
        sums = live.get(record + _SUMS)
        if sums is None:
            stems = (f"{self._root}/info/{stem}{_SUMS}" for stem in (f"{identity.name}:{identity.arch}", identity.name))
            sums = next((live[path] for path in stems if path in live), None)
        paths = (*self._stanzas[identity].conffiles, *_summed(self._read(sums)))
        return (*numbers, *self._locator.find_all(self._diverted(paths, identity.name)))

    def _listed(self, listing: int, name: str) -> Iterator[int]:
        """The versions at the paths of a ``.list``."""
        data = self._read(listing)
        paths: Iterable[str] = _paths(data)
        if self._diversions:
            paths = self._diverted(paths, name)
        text = f"\n{data.decode('utf-8', 'surrogateescape')}"
        if "/../" in text:
            self._evidence.warn(f"{self._filesystem.path_of(listing)}: a path with .. in it is left out")
        for number in self._locator.find_all(paths):
            # Where /lib is a symlink, all who have files below list it as a directory; it belongs to none of them.
            if number not in self._links or f"\n{self._filesystem.path_of(number)}/" not in text:
                yield number

    def _diverted(self, paths: Iterable[str], name: str) -> Iterator[str]:
        """The paths as they lie on the disk: what another package diverted has moved."""
        for path in paths:
            to, by = self._diversions.get(path, (path, name))
            yield path if by == name else to

    def _hidden(self, identity: Identity, present: Presence) -> tuple[int, ...]:
        """The hidden versions of a removed package, by the list that it had."""
        for stem in (f"{identity.name}:{identity.arch}", identity.name):
            own = [f"{self._root}/info/{stem}{suffix}" for suffix in (".list", _SUMS)]
            found = [self._past.of(path, present) for path in own]
            if found[0]:
                paths = (*own, *_paths(self._read(found[0][-1])))
                return self._past.versions(paths, present)
        record = self._filesystem.path_of(present.record)
        sums = self._past.of(record + _SUMS, present)
        paths = (*self._stanzas[identity].conffiles, *_summed(self._read(sums[-1] if sums else None)))
        own = [] if record == f"{self._root}/status" else [record, record + _SUMS]
        return self._past.versions((*own, *paths), present)


def _paths(data: bytes) -> list[str]:
    """The paths of a ``.list``; opkg adds a tab and the mode."""
    if b"\t" in data:
        return [line.partition("\t")[0] for line in lines(data)]
    return lines(data)


def _summed(data: bytes) -> list[str]:
    """The paths of an ``.md5sums``: 32 digits, two spaces, a path relative to the root."""
    return [f"/{line[34:]}" for line in lines(data) if line[32:34] in ("  ", " *")]


def control_cataloger(name: str, roots: tuple[str, ...], *, namespace: str = "") -> Cataloger:
    """A cataloger for databases of dpkg's form; ``namespace`` stands in where the image does not say its own."""

    def catalog(evidence: Evidence) -> Iterator[Claim]:
        if not evidence.matches:
            return
        distributor, distro = distribution(evidence.filesystem)
        for root in roots:
            database = ControlDatabase(evidence, root, name, namespace=distributor or namespace, distro=distro)
            yield from database.claims()

    wanted = Wanted(paths=PathSet(trees=roots), head=MOST_BYTES)
    return Cataloger(name=name, wanted=wanted, catalog=catalog, is_os=True)


DPKG = control_cataloger("deb", ("/var/lib/dpkg",), namespace="debian")
