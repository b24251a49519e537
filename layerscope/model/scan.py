"""Many images on one page: what each could save, and which layers they share."""

from msgspec import Struct

from layerscope.model.size_map import SizeMap
from layerscope.model.step import Step


class ScanImage(Struct, frozen=True, kw_only=True):
    """One of many images; ``step`` is the change to its build that saves most."""

    name: str
    source: str
    platform: str
    content_bytes: int
    base_bytes: int
    shared_bytes: int
    reclaimable_bytes: int
    critical: int
    high: int
    complete: bool
    step: Step | None = None


class SharedLayer(Struct, frozen=True, kw_only=True):
    """A layer of ``count`` images, of which some are named; ``repeated_bytes`` are shared by all but the first."""

    identity: str
    instruction: str
    content_bytes: int
    count: int
    images: tuple[str, ...]

    @property
    def repeated_bytes(self) -> int:
        """What the images would take more if each had the layer for itself."""
        return self.content_bytes * (self.count - 1)


class ScanSummary(Struct, frozen=True, kw_only=True):
    """All images, the most reclaimable bytes first, and the layers that more than one of them has.

    ``sizes`` is the map of all images: the names are images, the layers places in ``layer_names``. The other figures
    are those of ``scan``'s last line.
    """

    images: tuple[ScanImage, ...]
    shared: tuple[SharedLayer, ...]
    sizes: SizeMap
    layer_names: tuple[str, ...]
    incomplete: int
    content_bytes: int
    distinct_bytes: int
    reclaimable_bytes: int
