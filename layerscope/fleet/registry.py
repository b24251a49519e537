"""The storage tree of the Distribution registry, which Harbor and GitLab keep too (registry/storage/paths.go)."""

import os
from collections.abc import Callable, Iterator
from contextlib import suppress

from layerscope.errors import ArchiveError, Damaged
from layerscope.fleet.listing import listed
from layerscope.fleet.values import Name, Problem
from layerscope.image.content import Storage, StorageKind, json_blob
from layerscope.model.image import Digest
from layerscope.model.limits import Limits

_TREE = ("docker", "registry", "v2")
_LONGEST_LINK = 200


def registry_in(directory: str) -> Storage | None:
    """The storage of a registry whose root directory, or whose innermost one, this is; None for others."""
    for root in (os.path.join(directory, *_TREE), directory):
        if all(os.path.isdir(os.path.join(root, name)) for name in ("repositories", "blobs")):
            return Storage(kind=StorageKind.REGISTRY, root=root, place=directory)
    return None


def registry_manifests(
    storage: Storage, limits: Limits, on_problem: Callable[[Problem], None], *, untagged: bool
) -> Iterator[tuple[Name, Digest]]:
    """Each tag, and the digest of its manifest or index; with ``untagged`` also the revisions that have no tag.

    What is left of a tag that was deleted is a problem.
    """

    def fail(error: ArchiveError, name: Name | None = None, digest: str = "") -> None:
        on_problem(Problem.of(error, storage.place, name, digest))

    for repository, manifests in _repositories(os.path.join(storage.root, "repositories"), fail):
        tagged = set[Digest]()
        for tag in listed(os.path.join(manifests, "tags"), fail, optional=True):
            name = Name(repository, tag.name)
            try:
                digest = _link(os.path.join(tag.path, "current", "link"))
            except ArchiveError as error:
                fail(ArchiveError(f"{storage.place}: tag {name}: {error.message}"), name)
                continue
            if not os.path.isfile(_revision(manifests, digest)):
                message = f"{storage.place}: tag {name} leads to {digest}, which was deleted from the repository"
                fail(ArchiveError(message), name, str(digest))
                continue
            tagged.add(digest)
            yield name, digest
        if untagged:
            for digest in _untagged(storage, manifests, tagged, limits, fail):
                yield Name(repository, digest=str(digest)), digest


def _repositories(root: str, fail: Callable[[ArchiveError], None]) -> Iterator[tuple[str, str]]:
    """Each repository by name, and its directory of manifests; names may be nested."""
    left = [entry.path for entry in reversed(listed(root, fail))]
    while left:
        path = left.pop()
        entries = listed(path, fail)
        if any(entry.name == "_manifests" for entry in entries):
            yield os.path.relpath(path, root).replace(os.sep, "/"), os.path.join(path, "_manifests")
        # A component of a name begins with a letter or a digit, so the others are the registry's own.
        left += [entry.path for entry in reversed(entries) if not entry.name.startswith("_") and entry.is_directory]


def _untagged(
    storage: Storage, manifests: str, tagged: set[Digest], limits: Limits, fail: Callable[[ArchiveError], None]
) -> Iterator[Digest]:
    """The revisions without a tag that no index of the repository names, as its platforms and attestations are."""
    every, named = list(_revisions(manifests, fail)), set[Digest]()
    for digest in every:
        document = json_blob(storage.blob(digest), limits)
        if document is not None and "manifests" in document:
            with suppress(Damaged):
                named.update(child["digest"].digest() for child in document["manifests"])
    yield from (digest for digest in every if digest not in tagged and digest not in named)


def _revisions(manifests: str, fail: Callable[[ArchiveError], None]) -> Iterator[Digest]:
    for algorithm in listed(os.path.join(manifests, "revisions"), fail, optional=True):
        for revision in listed(algorithm.path, fail):
            try:
                digest = Digest.parse(f"{algorithm.name}:{revision.name}")
            except Damaged:
                continue
            if os.path.isfile(_revision(manifests, digest)):
                yield digest


def _revision(manifests: str, digest: Digest) -> str:
    return os.path.join(manifests, "revisions", digest.algorithm, digest.encoded, "link")


def _link(path: str) -> Digest:
    """The digest that a link holds; raises ArchiveError."""
    try:
        with open(path, "rb") as file:
            return Digest.parse(file.read(_LONGEST_LINK).decode("ascii", "replace").strip())
    except FileNotFoundError:
        raise ArchiveError("it has no current/link, as a tag that was deleted in part") from None
    except OSError as error:
        raise ArchiveError(f"its link cannot be read: {error.strerror or error}") from None
