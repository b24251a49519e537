"""The packages of an image as rows."""

from collections.abc import Iterable
from fnmatch import fnmatchcase

from msgspec import Struct

from layerscope.analysis.lookup import check_layer
from layerscope.errors import UsageError
from layerscope.model.nearest import did_you_mean
from layerscope.model.package import Package
from layerscope.model.rows import Column, Rows, beyond, row
from layerscope.packages.registry import CATALOGERS

_COLUMNS = (
    Column(name="content_bytes", header="SIZE", kind="bytes"),
    Column(name="hidden_bytes", header="HIDDEN", kind="bytes", shown=False),
    Column(name="files", header="FILES", kind="number"),
    Column(name="layer", header="LAYER", kind="number"),
    Column(name="removed_in", header="REMOVED", kind="number"),
    Column(name="shared", shown=False),
    Column(name="type", header="TYPE"),
    Column(name="name", shown=False),
    Column(name="full_name", header="NAME"),
    Column(name="version", header="VERSION"),
    Column(name="namespace", shown=False),
    Column(name="location", header="LOCATION", shown=False),
    Column(name="parent", shown=False),
    Column(name="purl", shown=False),
)


class PackageQuery(Struct, frozen=True, kw_only=True):
    """Which packages to list: of these types, first listed in this layer, with a name that matches a shell pattern."""

    types: frozenset[str] = frozenset()
    layer: int | None = None
    name: str = ""

    def takes(self, package: Package) -> bool:
        """Return whether a package passes all filters."""
        return (
            (not self.types or package.type in self.types)
            and (self.layer is None or package.layer == self.layer)
            and (not self.name or fnmatchcase(package.full_name, self.name) or fnmatchcase(package.name, self.name))
        )


def check_query(query: PackageQuery, packages: Iterable[Package], layer_count: int) -> None:
    """Raise UsageError for a layer that the image does not have, and for an unknown type of packages."""
    if query.layer is not None:
        check_layer(query.layer, layer_count)
    here = {package.type for package in packages}
    unknown = query.types - here.union(cataloger.name for cataloger in CATALOGERS)
    if unknown:
        has = f"the image has packages of type {', '.join(sorted(here))}" if here else ""
        hint = did_you_mean(min(unknown), here, has)
        raise UsageError(f"unknown type of packages: {min(unknown)}", hint=hint)


def package_rows(packages: Iterable[Package], query: PackageQuery, *, sort: str, top: int, with_purl: bool) -> Rows:
    """Return the packages of a query, sorted by ``size`` (biggest first), ``name`` or ``layer``; ``top`` 0 is all.

    Package URLs take longer than the whole rest, and are left out without ``with_purl``.
    """
    found = sorted(filter(query.takes, packages), key=lambda one: (one.full_name, one.version, one.type, one.location))
    if sort == "size":
        found.sort(key=lambda one: -one.content_bytes)
    elif sort == "layer":
        found.sort(key=lambda one: (one.layer is None, one.layer or 0))
    rows = tuple(row(_COLUMNS, one, purl=one.purl if with_purl else "") for one in found[: top or None])
    return Rows(columns=_COLUMNS, rows=rows, left_out=beyond(len(found), top))
