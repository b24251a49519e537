"""Where images are: files, storages of many images, and directories of them."""

import os
from collections.abc import Callable, Iterator, Sequence

from msgspec import Struct

from layerscope.errors import ArchiveError
from layerscope.fleet.containerd import content_store_in
from layerscope.fleet.listing import listed
from layerscope.fleet.registry import registry_in
from layerscope.image.content import Storage, StorageKind
from layerscope.image.layouts import is_image

ErrorHandler = Callable[[ArchiveError], None]


class Place(Struct, frozen=True, kw_only=True):
    """A file, an unpacked archive or, with ``storage``, many images.

    ``repository`` is the path below the directory that the user named, empty for what the user named itself.
    """

    path: str
    is_named: bool
    repository: str = ""
    storage: Storage | None = None


def places_in(names: Sequence[str], failed: ErrorHandler) -> Iterator[Place]:
    """What the names stand for, each once, in the order of the names and then of the paths."""
    found = [(name, _place(name, is_named=True) if os.path.isdir(name) else None) for name in names]
    named = {os.path.realpath(name) for name, place in found if place is not None or not os.path.isdir(name)}
    seen = set()
    for name, place in found:
        is_named = place is not None or not os.path.isdir(name)
        inside = (place or Place(path=name, is_named=True),) if is_named else _inside(name, failed)
        for one in inside:
            real = os.path.realpath(one.path)
            if real not in seen and (one.is_named or real not in named):
                seen.add(real)
                yield one


def _place(directory: str, *, is_named: bool, repository: str = "") -> Place | None:
    """A directory as one place; None for one whose entries have to be looked at."""
    storage = registry_in(directory)
    if storage is None and is_image(directory):
        is_layout = os.path.isdir(os.path.join(directory, "blobs")) and not _has(directory, "manifest.json")
        if is_layout and _has(directory, "index.json"):
            storage = Storage(kind=StorageKind.LAYOUT, root=directory, place=directory)
    elif storage is None:
        storage = content_store_in(directory)
        if storage is None:
            return None
    return Place(path=directory, is_named=is_named, repository=repository, storage=storage)


def _has(directory: str, name: str) -> bool:
    return os.path.isfile(os.path.join(directory, name))


def _inside(root: str, failed: ErrorHandler) -> Iterator[Place]:
    """The files and storages below a directory, by name; symlinks are not followed."""
    left = listed(root, failed)[::-1]
    while left:
        entry = left.pop()
        repository = os.path.relpath(entry.path, root).replace(os.sep, "/")
        if not entry.is_directory:
            yield Place(path=entry.path, is_named=False, repository=repository)
        elif (place := _place(entry.path, is_named=False, repository=repository)) is not None:
            yield place
        else:
            left += listed(entry.path, failed)[::-1]
