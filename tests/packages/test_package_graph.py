"""Which installed packages need which."""

from array import array

import pytest

from layerscope.model.package import Package
from layerscope.packages.catalog import Catalog
from layerscope.packages.package_graph import PackageGraph
from layerscope.packages.relations import Relations
from tests.filesystem.layers import tree

_FILES = tree(["usr/bin/tool:1", "bin -> usr/bin", "usr/bin/stray:1"])
_NAMES = ("app", "lib", "extra", "doc", "tool", "gone", "other", "silent")
_RELATIONS = {
    0: Relations(needs=("libapi", "/bin/tool", "/usr/bin/stray", "/none", "missing"), recommends=("extra",)),
    1: Relations(provides=("libapi",), needs=("app",)),
    2: Relations(needs=("other",), recommends=("lib",)),
    3: Relations(installed_with=("lib",)),
    4: Relations(),
    5: Relations(needs=("app",), provides=("libapi",)),
    6: Relations(provides=("libapi",)),
}
_CATALOG = Catalog(
    packages=tuple(
        Package(
            type="apk" if name == "other" else "deb", name=name, version="1", removed_in=1 if name == "gone" else None
        )
        for name in _NAMES
    ),
    owners=array("i", [4, -1, -1]),
    unowned_bytes=0,
    relations=_RELATIONS,
)


@pytest.fixture
def graph() -> PackageGraph:
    return PackageGraph(_FILES, _CATALOG)


def _named(found: object) -> set[str]:
    assert isinstance(found, (set, list))
    return {_NAMES[index] for index in found}


@pytest.mark.parametrize(
    ("start", "found"),
    [
        ({0}, {"app", "lib", "extra", "doc", "tool"}),
        ({1}, {"app", "lib", "extra", "doc", "tool"}),
        ({2}, {"app", "lib", "extra", "doc", "tool"}),
        ({3}, {"doc"}),
        ({4}, {"tool"}),
        ({5, 7}, set()),
        ({6}, {"other"}),
        ((), set()),
    ],
)
def test_what_is_needed_is_followed(graph: PackageGraph, start: set[int], found: set[str]) -> None:
    assert _named(graph.closure(start)) == found


def test_what_does_not_lead_on_is_found_and_not_what_it_needs(graph: PackageGraph) -> None:
    assert _named(graph.closure({0}, leads_on=lambda index: index != 1)) == {"app", "lib", "extra", "tool"}
    assert _named(graph.closure({0}, leads_on=lambda index: False)) == {"app"}


def test_what_is_only_recommended_or_brought_may_be_left_out(graph: PackageGraph) -> None:
    assert _named(graph.closure({0}, unrecommended={2})) == {"app", "lib", "doc", "tool"}
    assert _named(graph.closure({0}, unrecommended={1, 3, 4})) == {"app", "lib", "extra", "tool"}


def test_those_that_need_others_themselves_are_named(graph: PackageGraph) -> None:
    assert graph.needing([0, 1, 2, 3, 4, 6], [1]) == [0, 2]
    assert graph.needing([2, 0, 1], [0]) == [1]
    assert graph.needing([0, 1, 2], [2]) == [0]
    assert graph.needing([0, 1, 2], [6]) == []
