"""Where the files of an image lie: in a directory or in a tar, perhaps a level too deep."""

import os
from collections.abc import Callable
from pathlib import Path

from layerscope.image import docker, oci, v1
from layerscope.image.images import is_archive
from layerscope.image.store import DirectoryStore, Store
from layerscope.model.changeset import Changeset
from layerscope.model.entry import Kind
from layerscope.model.limits import Limits
from layerscope.model.paths import common_directory


def is_image(directory: str) -> bool:
    """Whether it is an OCI layout, a damaged one too, or what an image archive was unpacked to."""
    limits = Limits()
    try:
        return is_archive(DirectoryStore(Path(directory), limits), limits)
    except OSError:
        return False  # Reading the directory raises the error.


def image_in(directory: Path) -> Path:
    """The directory itself, or the one below it where the image is, if it holds nothing else on the way there."""
    place = directory
    while not is_image(str(place)):
        inside = [entry for entry in os.scandir(place) if not entry.name.startswith("._")]
        if len(inside) != 1 or not inside[0].is_dir(follow_symlinks=False):
            return directory
        place = Path(inside[0].path)
    return place


def archive_in(at: Callable[[str], Store], outer: Changeset, limits: Limits) -> Store | None:
    """The store of the archive, which ``at`` makes for a directory of the tar; None for any other tar."""
    store = at("/")
    if store.has(oci.INDEX) or store.has(docker.MANIFEST) or v1.is_archive(store):
        return store
    common = _directory_of_all(outer)
    above = common.rpartition("/")[0]  # A single layer of docker before 1.10 is a directory of its own.
    return next((store for root in (common, above) if root and is_archive(store := at(root), limits)), None)


def _directory_of_all(outer: Changeset) -> str:
    """The directory that all files lie in; empty for the root. Files that macOS adds to a tar do not count."""
    common = None
    for path, directory, kind in zip(outer.paths, outer.directories, outer.kinds, strict=True):
        if kind != Kind.DIRECTORY and not path.startswith("._", len(directory) + 1):
            common = directory if common is None else common_directory(common, directory)
            if not common:
                break
    return common or ""
