"""The packages of an image and who owns each byte."""

from array import array

from msgspec import Struct

from layerscope.model.masks import negative
from layerscope.model.package import Package

UNOWNED = -1


class Catalog(Struct, frozen=True, kw_only=True):
    """All packages, and the owner of each version.

    ``owners`` holds for each version number an index into ``packages``, or -1; only live versions have owners, so
    the packages' ``content_bytes`` and ``unowned_bytes`` add up to the live bytes.
    """

    packages: tuple[Package, ...]
    owners: "array[int]"
    unowned_bytes: int
    warnings: tuple[str, ...] = ()

    @property
    def unowned(self) -> bytes:
        """For each version 1 where no package owns it, 0 where one does; for ``itertools.compress``."""
        return negative(self.owners)
