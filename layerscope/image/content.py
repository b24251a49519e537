"""Blobs by digest on a disk: the storage of a registry, an OCI layout, the content store of containerd."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from enum import StrEnum
from pathlib import Path
from typing import Self

from msgspec import Struct, field

from layerscope.errors import ArchiveError, Damaged
from layerscope.image.assemble import from_candidate
from layerscope.image.cached_layers import StoredBlob, read_blob
from layerscope.image.candidate import Candidate
from layerscope.image.document import Node, parse
from layerscope.image.images import images, images_of, platform_of_config
from layerscope.image.layer import LayerData
from layerscope.image.layer_results import result_of
from layerscope.image.options import ReadOptions
from layerscope.image.store import WithData, too_long
from layerscope.model.image import Digest, Image
from layerscope.model.limits import Limits
from layerscope.model.platform import Platform
from layerscope.tar.positional import PositionalFile

_BLOBS = "blobs/"


class StorageKind(StrEnum):
    """Who wrote a storage; the values are the formats of its images."""

    REGISTRY = "registry"
    """Distribution: ``blobs/ALGORITHM/XX/DIGEST/data`` beside ``repositories``."""
    LAYOUT = "oci-layout"
    """OCI image-layout.md: ``blobs/ALGORITHM/DIGEST`` beside ``index.json``."""
    CONTAINERD = "containerd"
    """containerd, content/local: ``blobs/ALGORITHM/DIGEST``; names are in a database elsewhere."""


class Storage(Struct, frozen=True, kw_only=True):
    """A directory with ``blobs`` in it; ``place`` is what the user calls it."""

    kind: StorageKind
    root: str
    place: str

    def blob(self, digest: Digest) -> str:
        """The file of a blob, whether it is there or not."""
        parts = [self.root, "blobs", digest.algorithm]
        if self.kind == StorageKind.REGISTRY:
            return os.path.join(*parts, digest.encoded[:2], digest.encoded, "data")
        return os.path.join(*parts, digest.encoded)


class KnownLayers(Struct, frozen=True, kw_only=True):
    """What is known of the layers of a storage that are not what their names say.

    ``errors`` are those of layers that could not be read, ``digests`` the digests of the blobs that have another than
    their name; both by the digest in the name.
    """

    errors: Mapping[str, ArchiveError] = field(default_factory=dict)
    digests: Mapping[str, str] = field(default_factory=dict)


class ContentStore:
    """The blobs of a storage under the names that OCI layouts give them."""

    def __init__(self, storage: Storage, limits: Limits, known: KnownLayers | None = None) -> None:
        self._storage = storage
        self._limits = limits
        self._known = known or KnownLayers()
        self._open: list[PositionalFile] = []
        self.read_layers = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for file in self._open:
            file.close()

    def has(self, name: str) -> bool:
        return os.path.isfile(self._path(name))

    def file_of(self, name: str) -> object:
        return name

    def length(self, name: str) -> int:
        with suppress(OSError):
            return os.stat(self._path(name)).st_size
        return 0

    def document(self, name: str) -> bytes:
        path = Path(self._path(name))
        try:
            length = path.stat().st_size
            if length > self._limits.json_bytes:
                raise too_long(name, length)
            return path.read_bytes()
        except FileNotFoundError:
            raise ArchiveError(f"{name} is not there") from None
        except OSError as error:
            raise ArchiveError(f"{name} cannot be read: {error.strerror or error}") from None

    def layer(self, name: str, where: str, reading: ReadOptions) -> LayerData:
        """The layer from its result, if it was read before, else from its blob."""
        digest = _digest(name)
        if digest is not None and (error := self._known.errors.get(str(digest))) is not None:
            error.message = error.message.replace(name, where, 1)
            raise error
        blob = stored_blob(self._path(name), name, where)
        self._open.append(blob.file)
        if digest is not None and reading.cache is not None:
            proven = self._known.digests.get(str(digest))
            found = result_of(Digest.parse(proven) if proven else digest, blob, reading)
            if found is not None:
                return found
        self.read_layers += 1
        return read_blob(blob, reading)

    def folders(self) -> Iterator[str]:
        return iter(())

    def _path(self, name: str) -> str:
        """The file of that name; blobs are the only ones with a digest in it, and no name leads out of the storage."""
        digest = _digest(name)
        return (
            os.path.join(self._storage.root, os.path.basename(name)) if digest is None else self._storage.blob(digest)
        )


def stored_blob(path: str, name: str, where: str) -> StoredBlob:
    """The blob in a file of its own, open; raises ArchiveError."""
    try:
        file = PositionalFile(open(path, "rb"))  # noqa: SIM115
    except OSError as error:
        raise ArchiveError(f"{name} cannot be read: {error.strerror or error}") from None
    return StoredBlob(file, 0, file.length, name, where)


def images_in(storage: Storage, limits: Limits, root: Digest | None = None) -> tuple[Candidate, ...]:
    """The images that the storage's ``index.json`` leads to or, with ``root``, that manifest or index.

    Raises the errors of layerscope.errors.
    """
    store = WithData(ContentStore(storage, limits), limits)
    if root is None:
        return images(store, limits)
    name = blob_name(root)
    if not store.has(name):
        raise ArchiveError(f"its manifest {root} is not in the storage")
    return images_of(Node({"manifests": [{"digest": str(root)}]}, name), store, limits, name)


def config_platform(storage: Storage, candidate: Candidate, limits: Limits) -> Platform | None:
    """The platform that an image's config names; None also where it cannot be read, which is an error later."""
    return platform_of_config(candidate.config, ContentStore(storage, limits), limits)


def json_blob(path: str, limits: Limits) -> Node | None:
    """The JSON object in a blob; None for what is none, as a layer is."""
    try:
        with open(path, "rb") as file:
            if file.read(1) != b"{" or os.fstat(file.fileno()).st_size > limits.json_bytes:
                return None
            found = parse(b"{" + file.read(), path, limits)
    except (OSError, Damaged):
        return None
    return found if isinstance(found.value, dict) else None


@contextmanager
def open_stored(
    storage: Storage, candidate: Candidate, source: str, reading: ReadOptions, known: KnownLayers
) -> Iterator[tuple[Image, ContentStore]]:
    """One image of a storage; its layers come from the results that ``reading.cache`` has of them.

    Raises the errors of layerscope.errors.
    """
    with ContentStore(storage, reading.limits, known) as store:
        whole = WithData(store, reading.limits)
        yield from_candidate(candidate, whole, source, reading, layout=storage.kind), store


def blob_name(digest: Digest) -> str:
    """The name of a blob in an OCI layout (image-layout.md)."""
    return f"{_BLOBS}{digest.algorithm}/{digest.encoded}"


def _digest(name: str) -> Digest | None:
    """The digest in the name of a blob; None for other names."""
    algorithm, _, encoded = name.removeprefix(_BLOBS).partition("/")
    try:
        return Digest.parse(f"{algorithm}:{encoded}") if name.startswith(_BLOBS) else None
    except Damaged:
        return None
