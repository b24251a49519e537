"""From places to tasks: which images there are, and which layers have to be read for them."""

import os
from collections.abc import Callable, Iterator, Sequence

from msgspec import Struct
from msgspec.structs import replace

from layerscope.errors import AmbiguousImage, LayerscopeError, NotAnImage
from layerscope.fleet.containerd import content_roots
from layerscope.fleet.inventory import KEPT, MISSING, READ, Blob, Inventory, Job
from layerscope.fleet.places import Place
from layerscope.fleet.registry import registry_manifests
from layerscope.fleet.values import Name, Problem
from layerscope.image.candidate import Candidate, LayerBlob, answering, choose
from layerscope.image.content import Storage, StorageKind, config_platform, images_in
from layerscope.image.layer_results import has_result
from layerscope.image.options import ReadOptions
from layerscope.model.image import Digest


class Choice(Struct, frozen=True, kw_only=True):
    """Which images of a storage to scan; ``reading`` has the name and the platform that were asked for."""

    all_platforms: bool = False
    untagged: bool = False


class Planner:
    """Adds the images of one place after the other to an inventory."""

    def __init__(
        self,
        inventory: Inventory,
        reading: ReadOptions,
        choice: Choice,
        on_problem: Callable[[Problem], None],
        on_skip: Callable[[str], None],
    ) -> None:
        self._inventory = inventory
        self._reading = reading
        self._choice = choice
        self._on_problem = on_problem
        self._on_skip = on_skip

    def add(self, place: Place) -> None:
        """Add the images of a place, and their layers; what cannot be read is a problem."""
        if place.storage is None:
            length = os.path.getsize(place.path) if os.path.isfile(place.path) else 0
            self._inventory.add_job(Job(path=place.path, is_named=place.is_named), length)
            return
        number = self._inventory.add_storage(place.storage)
        if place.storage.kind == StorageKind.LAYOUT:
            self._add_layout(place, place.storage, number)
            return
        for name, digest in self._roots(place.storage):
            self._inventory.add_root(number, digest, name)
        for digest, names in self._inventory.roots(number):
            self._add_root(place.storage, number, digest, names)

    def _roots(self, storage: Storage) -> Iterator[tuple[Name, Digest]]:
        limits = self._reading.limits
        if storage.kind == StorageKind.REGISTRY:
            yield from registry_manifests(storage, limits, self._on_problem, untagged=self._choice.untagged)
        else:
            for digest in content_roots(storage, limits, self._on_problem):
                yield Name(), digest

    def _add_root(self, storage: Storage, number: int, digest: Digest, names: tuple[Name, ...]) -> None:
        """Add the images of a manifest or index, under all its names."""
        tags = tuple(str(name) for name in names if str(name))
        try:
            found = [replace(one, tags=tags) for one in images_in(storage, self._reading.limits, digest)]
            for candidate in self._chosen(storage, found):
                self._add_image(storage, number, candidate, names)
        except NotAnImage as error:
            self._on_skip(f"{storage.place}: {' '.join(tags) or digest}: {error.message}")
        except LayerscopeError as error:
            for name in names:
                problem = Problem.of(error, storage.place, name, str(digest))
                message = f"{storage.place}: {str(name) or digest}: {error.message}"
                self._on_problem(replace(problem, message=message))

    def _add_layout(self, place: Place, storage: Storage, number: int) -> None:
        """Add the images of an OCI layout; in a tree of them, as Zot writes it, its path is the repository."""
        try:
            groups: dict[str, list[Candidate]] = {}
            for candidate in images_in(storage, self._reading.limits):
                groups.setdefault(candidate.group, []).append(candidate)
        except NotAnImage as error:
            if place.is_named:
                self._on_problem(Problem.of(error, place.path))
            else:
                self._on_skip(f"{place.path}: {error.message}")
            return
        except LayerscopeError as error:
            error.message = f"{place.path}: {error.message}"
            self._on_problem(Problem.of(error, place.path))
            return
        for group in groups.values():
            try:
                for candidate in self._chosen(storage, group):
                    names = tuple(_name(tag, place.repository) for tag in candidate.tags)
                    named = replace(candidate, tags=tuple(map(str, names)))
                    self._add_image(storage, number, named, names)
            except LayerscopeError as error:
                error.message = f"{place.path}: {error.message}"
                self._on_problem(Problem.of(error, place.path, digest=group[0].manifest_digest))

    def _chosen(self, storage: Storage, group: Sequence[Candidate]) -> Sequence[Candidate]:
        """The manifests of one image to scan: for the platform that was asked for, or else suits, or all."""
        image, platform = self._reading.image, self._reading.platform
        wanted = answering(list(group), image) if image else group
        if not wanted:
            return ()
        if platform is not None:
            found = [(one.platform or config_platform(storage, one, self._reading.limits), one) for one in wanted]
            wanted = [one for own, one in found if own is None or platform.accepts(own)]
            if not wanted:
                self._on_skip(f"{storage.place}: {' '.join(group[0].tags)} is not for {platform}")
                return ()
        if self._choice.all_platforms:
            return [one for one in wanted if not one.missing] or [choose(wanted, "", None)]
        try:
            return [choose(wanted, "", platform)]
        except AmbiguousImage:
            return [one for one in wanted if not one.missing]

    def _add_image(self, storage: Storage, number: int, candidate: Candidate, names: tuple[Name, ...]) -> None:
        states = [self._add_layer(storage, number, layer) for layer in candidate.layers]
        names = names or (Name(),)
        job = Job(path=storage.place, storage=number, candidate=candidate, names=names, whole=MISSING not in states)
        self._inventory.add_job(job)

    def _add_layer(self, storage: Storage, number: int, layer: LayerBlob) -> str:
        """The state of a layer, which is added where no other image has it."""
        digest = layer.digest
        try:
            length = os.stat(storage.blob(digest)).st_size if digest is not None else 0
        except OSError:
            return MISSING
        if digest is None or digest.algorithm != "sha256":
            return KEPT  # The image reads it itself: results are found by SHA-256 alone.
        if state := self._inventory.blob_state(str(digest)):
            return state
        is_known = length == layer.stored_bytes and has_result(digest, self._reading)
        state = KEPT if is_known and not self._reading.verify else READ
        self._inventory.add_blob(Blob(digest=str(digest), storage=number, stored_bytes=length), state)
        return state


def _name(tag: str, repository: str) -> Name:
    """The name for a reference of a layout, which is a tag alone or a whole name."""
    if repository and not {"/", ":"} & set(tag):
        return Name(repository, tag)
    return Name.parse(tag)
