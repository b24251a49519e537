"""The owners of versions: each live version has one or none, and the sums add up by construction."""

from array import array
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import compress
from typing import TypeAlias

from layerscope.filesystem.tree import Filesystem
from layerscope.model.entry import IS_LIVE, Fate, Kind, both
from layerscope.model.package import Package
from layerscope.packages.catalog import UNOWNED, Catalog
from layerscope.packages.cataloger import Claim

_CACHE_DIRECTORY = "/__pycache__"

_IS_NO_DIRECTORY = bytes(kind != Kind.DIRECTORY for kind in range(256))

_Identity: TypeAlias = tuple[tuple[str, ...], tuple[tuple[str, str], ...], int | None]


class Ledger:
    """Takes claims in order of precedence, and gives each version to the first that claims it."""

    def __init__(self, filesystem: Filesystem) -> None:
        self._filesystem = filesystem
        self._owners = array("i", [UNOWNED]) * len(filesystem)
        self._ownable = _ownable(filesystem)
        # What can be owned and is not yet.
        self._free = bytearray(self._ownable)
        self._claims: list[Claim] = []
        self._is_os: list[bool] = []
        # By the hash of what identifies a claim, since 40,000 of these would take as much memory as the packages.
        self._indexes: dict[int, int] = {}
        self._shared: set[int] = set()
        self._former: dict[int, int] = {}

    def add(self, claim: Claim, *, is_os: bool, is_guess: bool = False) -> None:
        """Add a claim; a second record of the same package at the same place adds to the first."""
        files = self._files(claim) if is_guess else ()
        if files and all(self._owners[number] != UNOWNED for number in files):
            return  # A package owns the program already, under its own name.
        index = self._index(claim)
        if index == len(self._claims):
            self._claims.append(claim)
            self._is_os.append(is_os)
        if claim.removed_in is not None:
            self._take_hidden(claim, index)
        elif is_os:
            self._take(claim, index)
        else:
            self._take_unless_shared(claim, index)

    def _index(self, claim: Claim) -> int:
        """The index of an earlier claim of the same package at the same place, else the next one."""
        identity, count = _identity(claim), len(self._claims)
        place = hash(identity)
        while (index := self._indexes.setdefault(place, count)) != count and _identity(self._claims[index]) != identity:
            place += 1
        return index

    def close(self, warnings: tuple[str, ...]) -> Catalog:
        """Return the packages with their sums; no claim can be added afterwards."""
        self._indexes.clear()
        self._give_bytecode_to_its_source()
        files = array("i", [0]) * len(self._claims)
        for owner, count in Counter(self._owners).items():
            if owner != UNOWNED:
                files[owner] = count
        self._give_carriers_to_their_links()
        nothing: dict[int, int] = {}  # For the many that own none.
        by_layer = [nothing] * len(self._claims)
        filesystem = self._filesystem
        live_bytes = 0
        for layer in filesystem.layers:
            numbers = filesystem.numbers(layer.index)
            sizes, owners = layer.changeset.sizes, self._owners[numbers.start : numbers.stop]
            live_bytes += sum(compress(sizes, filesystem.fates[numbers.start : numbers.stop].translate(IS_LIVE)))
            sums: dict[int, int] = {}
            for owner, content_bytes in compress(zip(owners, sizes, strict=True), sizes):
                sums[owner] = sums.get(owner, 0) + content_bytes
            sums.pop(UNOWNED, None)
            for owner, content_bytes in sums.items():
                if by_layer[owner] is nothing:
                    by_layer[owner] = {}
                by_layer[owner][layer.index] = content_bytes
        unowned = live_bytes - sum(sum(layers.values()) for layers in by_layer)
        self._give_hidden_carriers_to_their_links()
        hidden: Counter[int] = Counter()
        for number, index in self._former.items():
            hidden[index] += filesystem.content_bytes(number)
        relations = {i: claim.relations for i, claim in enumerate(self._claims) if claim.relations is not None}
        packages = tuple(
            self._package(claim, index, files=files[index], layers=by_layer[index], hidden_bytes=hidden[index])
            for index, claim in enumerate(self._released())
        )
        return Catalog(
            packages=packages,
            owners=self._owners,
            unowned_bytes=unowned,
            former=self._former,
            relations=relations,
            warnings=warnings,
        )

    def _released(self) -> Iterator[Claim]:
        """The claims in order; each is let go of, so that they and the packages are never in memory together."""
        self._claims.reverse()
        while self._claims:
            yield self._claims.pop()

    def _files(self, claim: Claim) -> tuple[int, ...]:
        """The claimed versions that can be owned: live, and not directories."""
        ownable = self._ownable
        return tuple([number for number in self._known(claim) if ownable[number]])

    def _known(self, claim: Claim) -> tuple[int, ...]:
        """The claimed versions that exist."""
        versions, count = claim.versions, len(self._owners)
        if versions and (min(versions) < 0 or max(versions) >= count):
            return tuple(number for number in versions if 0 <= number < count)
        return versions

    def _take(self, claim: Claim, index: int) -> None:
        self._give(self._known(claim), index)

    def _give(self, versions: Iterable[int], index: int) -> None:
        owners, free = self._owners, self._free
        for number in versions:
            if free[number]:
                owners[number], free[number] = index, 0

    def _take_unless_shared(self, claim: Claim, index: int) -> None:
        """Where an OS package owns most of the files, it gets the rest too: what its scripts made beside them."""
        files, owners = self._files(claim), self._owners
        by_os = Counter(owners[number] for number in files if owners[number] != UNOWNED and self._is_os[owners[number]])
        if 2 * by_os.total() > len(files):
            self._shared.add(index)
            index = by_os.most_common(1)[0][0]
        self._give(files, index)

    def _take_hidden(self, claim: Claim, index: int) -> None:
        fates = self._filesystem.fates
        for number in self._known(claim):
            if fates[number] not in (Fate.LIVE, Fate.MARKER):
                self._former.setdefault(number, index)

    def _give_bytecode_to_its_source(self) -> None:
        """Running or installing Python's sources writes caches beside them, and no package lists them all."""
        live, owners = self._filesystem.live, self._owners
        paths, directories = self._filesystem.paths, self._filesystem.directories
        for number in compress(range(len(owners)), self._free):
            path = paths[number]
            if not path.endswith(".pyc") or live.get(path) != number:
                continue
            directory, name = directories[number], path.rpartition("/")[2]
            directory = directory.removesuffix(_CACHE_DIRECTORY)
            source = live.get(f"{directory}/{name.partition('.')[0]}.py")
            if source is not None:
                owners[number] = owners[source]

    def _give_carriers_to_their_links(self) -> None:
        """The bytes of hardlinks belong to their carrier, whose own name may not have been claimed."""
        filesystem, owners = self._filesystem, self._owners
        for carrier, links in filesystem.hardlinks.items():
            if owners[carrier] == UNOWNED and filesystem.fates[carrier] == Fate.LIVE:
                owners[carrier] = min((owners[link] for link in links if owners[link] != UNOWNED), default=UNOWNED)

    def _give_hidden_carriers_to_their_links(self) -> None:
        filesystem, former = self._filesystem, self._former
        for number, index in tuple(former.items()):
            carrier = filesystem.carrier(number)
            if filesystem.fates[carrier] != Fate.LIVE:
                former.setdefault(carrier, index)

    def _package(self, claim: Claim, index: int, *, files: int, layers: dict[int, int], hidden_bytes: int) -> Package:
        return Package(
            type=claim.type,
            name=claim.name,
            version=claim.version,
            namespace=claim.namespace,
            qualifiers=claim.qualifiers,
            content_bytes=sum(layers.values()),
            hidden_bytes=hidden_bytes,
            files=files,
            shared=index in self._shared,
            layer=self._first_layer(claim),
            removed_in=claim.removed_in,
            layers=layers,
            parent=claim.parent,
            location=claim.location,
        )

    def _first_layer(self, claim: Claim) -> int | None:
        """The layer that the claim names, else the lowest that holds any of its files, or its record."""
        if claim.layer is not None:
            return claim.layer
        filesystem = self._filesystem
        files = self._files(claim)
        if files:
            return filesystem.layer_of(min(files))
        record = filesystem.live.get(claim.location)
        return None if record is None else filesystem.layer_of(record)


def _ownable(filesystem: Filesystem) -> bytes:
    """For each version whether it is live and not a directory."""
    fates = filesystem.fates.translate(IS_LIVE)
    kinds = filesystem.kinds.translate(_IS_NO_DIRECTORY)
    return both(fates, kinds)


def _identity(claim: Claim) -> _Identity:
    package = (claim.type, claim.namespace, claim.name, claim.version, claim.location, claim.parent)
    return package, claim.qualifiers, claim.removed_in
