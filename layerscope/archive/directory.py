"""Whether a directory is an image: many another one has an ``index.json`` or a ``manifest.json``."""

import os

from layerscope.archive import docker_save, oci
from layerscope.archive.document import parse
from layerscope.errors import ArchiveError
from layerscope.model.limits import Limits


def is_image(directory: str) -> bool:
    """Whether it is an OCI layout, a damaged one too, or what an archive of docker save was unpacked to."""
    if all(os.path.isfile(os.path.join(directory, name)) for name in (oci.LAYOUT, oci.INDEX)):
        return True
    index, manifest = (_document(os.path.join(directory, name)) for name in (oci.INDEX, docker_save.MANIFEST))
    descriptors = index.get("manifests") if isinstance(index, dict) else None
    return _all_have(descriptors, {"digest"}) or _all_have(manifest, {"Config", "Layers"})


def _document(path: str) -> object:
    """The JSON in a file; None where there is no file, or it holds something else or more than metadata may."""
    limits = Limits()
    try:
        if os.path.isfile(path) and os.path.getsize(path) <= limits.json_bytes:
            with open(path, "rb") as file:
                return parse(file.read(limits.json_bytes), path, limits).value
    except (OSError, ArchiveError):
        pass  # Whoever reads the files of the directory tells what is wrong with this one.
    return None


def _all_have(value: object, keys: set[str]) -> bool:
    """Whether a value is an array of objects, one at least, that have these members."""
    return isinstance(value, list) and bool(value) and all(isinstance(one, dict) and keys <= set(one) for one in value)
