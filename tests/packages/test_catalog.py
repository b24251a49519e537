"""Which versions belong to a package."""

from array import array

from layerscope.model.package import Package
from layerscope.packages.catalog import Catalog


def test_a_package_has_its_live_files_and_a_removed_one_what_it_left() -> None:
    found = Catalog(
        packages=tuple(
            Package(type="x", name=name, version="", removed_in=gone) for name, gone in (("a", None), ("b", 1))
        ),
        owners=array("i", [-1, 0, -1, 0, 1, -1]),
        unowned_bytes=0,
        former={5: 1, 2: 1, 0: 0},
    )
    assert (list(found.files(0)), list(found.files(1))) == ([1, 3], [2, 5])
    assert found.unowned == bytes([1, 0, 1, 0, 0, 1])
