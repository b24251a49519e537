"""The content store of containerd: blobs by digest, without names (containerd, docs/content-flow.md)."""

import os
from collections.abc import Callable, Iterator

from layerscope.errors import ArchiveError, Damaged
from layerscope.fleet.listing import listed
from layerscope.fleet.values import Problem
from layerscope.image.content import Storage, StorageKind, json_blob
from layerscope.model.image import Digest
from layerscope.model.limits import Limits

_NAME = "io.containerd.content.v1.content"


def content_store_in(directory: str) -> Storage | None:
    """The content store that a directory is, or holds as containerd's root does; None for others."""
    for root in (os.path.join(directory, _NAME), directory):
        is_named = os.path.basename(root) == _NAME or os.path.isdir(os.path.join(root, "ingest"))
        if is_named and os.path.isdir(os.path.join(root, "blobs")):
            return Storage(kind=StorageKind.CONTAINERD, root=root, place=directory)
    return None


def content_roots(storage: Storage, limits: Limits, on_problem: Callable[[Problem], None]) -> Iterator[Digest]:
    """The manifests and indexes that no other index names, by digest; what else is JSON is no image."""

    def fail(error: ArchiveError) -> None:
        on_problem(Problem.of(error, storage.place))

    found, named = list[Digest](), set[Digest]()
    for algorithm in listed(os.path.join(storage.root, "blobs"), fail):
        for entry in listed(algorithm.path, fail):
            try:
                digest = Digest.parse(f"{algorithm.name}:{entry.name}")
            except Damaged:
                continue
            document = json_blob(entry.path, limits)
            if document is None:
                continue
            try:
                if "manifests" in document:
                    found.append(digest)
                    named.update(child["digest"].digest() for child in document["manifests"])
                elif "layers" in document and "config" in document:
                    found.append(digest)
            except Damaged as error:
                on_problem(Problem.of(error, storage.place, digest=str(digest)))
    yield from (digest for digest in found if digest not in named)
