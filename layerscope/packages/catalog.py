"""The packages of an image and the owner of each byte."""

from array import array
from collections.abc import Iterable, Mapping

from msgspec import Struct, field

from layerscope.model.entry import negative
from layerscope.model.package import Package
from layerscope.packages.relations import Relations

UNOWNED = -1


class Catalog(Struct, frozen=True, kw_only=True):
    """All packages, and the owner of each version.

    ``owners`` holds for each version number an index into ``packages``, or -1; only live versions have owners, so
    the packages' ``content_bytes`` and ``unowned_bytes`` add up to the live bytes. ``former`` holds such an index for
    each hidden version that a removed package owned, which add up to its ``hidden_bytes``. ``relations`` holds by index
    what the packages need of each other, where their database says so.
    """

    packages: tuple[Package, ...]
    owners: "array[int]"
    unowned_bytes: int
    former: Mapping[int, int] = field(default_factory=dict)
    relations: Mapping[int, Relations] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()

    @property
    def unowned(self) -> bytes:
        """For each version 1 where no package owns it, 0 where one does; for ``itertools.compress``."""
        return negative(self.owners)

    def files(self, package: int) -> Iterable[int]:
        """The versions of one package, in their order; of a removed one those that were hidden with it."""
        if self.packages[package].removed_in is not None:
            return sorted(number for number, owner in self.former.items() if owner == package)
        return (number for number, owner in enumerate(self.owners) if owner == package)
