"""Whether a directory is an image, and where in it."""

import os
from pathlib import Path

from layerscope.image.images import is_archive
from layerscope.image.store import DirectoryStore
from layerscope.model.limits import Limits


def is_image(directory: str) -> bool:
    """Whether it is an OCI layout, a damaged one too, or what an image archive was unpacked to."""
    limits = Limits()
    try:
        return is_archive(DirectoryStore(Path(directory), limits), limits)
    except OSError:
        return False  # Whoever reads the directory tells what is wrong with it.


def image_in(directory: Path) -> Path:
    """The directory itself, or the one below it where the image is, if it holds nothing else on the way there."""
    place = directory
    while not is_image(str(place)):
        inside = [entry for entry in os.scandir(place) if not entry.name.startswith("._")]
        if len(inside) != 1 or not inside[0].is_dir(follow_symlinks=False):
            return directory
        place = Path(inside[0].path)
    return place
