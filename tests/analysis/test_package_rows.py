"""The order in which packages are listed."""

import pytest

from layerscope.analysis.listings.packages import PackageQuery, package_rows
from layerscope.model.package import Package

PACKAGES = tuple(
    Package(type="deb", name=name, version="1", layer=layer, content_bytes=content_bytes)
    for name, layer, content_bytes in (("d", 0, 5), ("a", 1, 1), ("c", None, 9), ("b", 0, 5))
)


@pytest.mark.parametrize(
    ("sort", "names"),
    [
        pytest.param("size", "cbda", id="by size, the biggest first"),
        pytest.param("name", "abcd", id="by name"),
        pytest.param("layer", "bdac", id="by layer, those of none last"),
    ],
)
def test_packages_that_are_alike_are_sorted_by_name(sort: str, names: str) -> None:
    found = package_rows(PACKAGES, PackageQuery(), sort=sort, top=0, with_purl=False)
    at = [column.name for column in found.columns].index("name")
    assert "".join(str(row[at]) for row in found.rows) == names


@pytest.mark.parametrize(("with_purl", "purl"), [(True, "pkg:deb/d@1"), (False, "")])
def test_package_urls_are_only_listed_where_they_are_wanted(with_purl: bool, purl: str) -> None:
    found = package_rows(PACKAGES[:1], PackageQuery(), sort="name", top=0, with_purl=with_purl)
    at = [column.name for column in found.columns].index("purl")
    assert [row[at] for row in found.rows] == [purl]
