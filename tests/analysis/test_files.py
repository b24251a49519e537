"""Listing files, as rows and as a tree."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from layerscope.analysis.analyse import AnalysisInputs, analyse
from layerscope.analysis.listings.files import FileQuery, file_rows
from layerscope.errors import UsageError
from layerscope.image.open import open_image
from layerscope.image.options import ReadOptions
from layerscope.model.image import Image
from tests.builder import ImageSpec, directory, docker_legacy, file, hardlink, layer, symlink, whiteout

LOWER = layer(
    directory("etc"),
    file("etc/first", b"x" * 70),
    hardlink("etc/second", "etc/first"),
    file("etc/old", b"y" * 50, mode=0o600),
    symlink("etc/link", "first"),
)
UPPER = layer(file("etc/first", b"z" * 80), whiteout("etc/old"), file("srv/deep/down/file", b"w" * 5))


@pytest.fixture
def image(tmp_path: Path) -> Iterator[Image]:
    path = tmp_path / "image.tar"
    path.write_bytes(docker_legacy(ImageSpec(layers=(LOWER, UPPER))))
    with open_image(str(path), ReadOptions()) as opened:
        yield opened


def listed(image: Image, **query: Any) -> dict[str, int]:
    rows, _ = file_rows(image, FileQuery(**query), depth=0, sort="path", top=0)
    names = [column.name for column in rows.columns]
    return {str(row[names.index("path")]): int(str(row[names.index("content_bytes")])) for row in rows.rows}


def test_live_files_are_listed_by_the_names_that_they_live_under(image: Image) -> None:
    assert listed(image) == {"/etc/first": 80, "/etc/second": 70, "/etc/link": 0, "/srv/deep/down/file": 5}


def test_hidden_ones_are_listed_on_request(image: Image) -> None:
    assert listed(image, hidden=True) == {"/etc/old": 50}


def test_a_layer_is_listed_whole(image: Image) -> None:
    assert listed(image, layer=0) == {"/etc/first": 70, "/etc/second": 0, "/etc/old": 50, "/etc/link": 0}


def test_what_is_hidden_of_a_layer_is_listed_on_request(image: Image) -> None:
    assert listed(image, layer=0, hidden=True) == {"/etc/old": 50}
    assert listed(image, layer=1, hidden=True) == {}


@pytest.mark.parametrize(
    ("query", "found"),
    [
        pytest.param({"path": "/srv"}, {"/srv/deep/down/file"}, id="below a path"),
        pytest.param({"path": "/etc/link"}, {"/etc/link"}, id="a file alone"),
        pytest.param({"pattern": "*ir*"}, {"/etc/first"}, id="a pattern for the name"),
        pytest.param({"pattern": "/srv/*"}, {"/srv/deep/down/file"}, id="a pattern for the path"),
        pytest.param({"least_bytes": 75}, {"/etc/first"}, id="a least size"),
        pytest.param({"owner": "-", "path": "/srv"}, {"/srv/deep/down/file"}, id="what no package owns"),
        pytest.param({"pattern": "nothing"}, set(), id="nothing is an answer too"),
        pytest.param({"path": "/srv", "hidden": True}, set(), id="nothing hidden below a path"),
        pytest.param({"path": "/etc/old", "hidden": True}, {"/etc/old"}, id="a path that is hidden"),
    ],
)
def test_filters(image: Image, query: dict[str, Any], found: set[str]) -> None:
    assert set(listed(image, **query)) == found


def test_a_tree_sums_directories_and_shows_the_biggest_first(image: Image) -> None:
    rows, _ = file_rows(image, FileQuery(), depth=1, sort="size", top=0)
    assert rows.rows == ((155, 4, "/"), (150, 3, "  etc/"), (5, 1, "  srv/"))


@pytest.mark.parametrize(("path", "row"), [("/etc/first", (80, 1, "/etc/first")), ("/etc/link", (0, 1, "/etc/link"))])
def test_a_tree_of_a_file_alone_counts_it_once(image: Image, path: str, row: tuple[int, int, str]) -> None:
    rows, _ = file_rows(image, FileQuery(path=path), depth=2, sort="size", top=0)
    assert rows.rows == (row,)


def test_packages_are_read_where_owners_are_told_and_what_is_wrong_with_them_is_said(tmp_path: Path) -> None:
    path = tmp_path / "image.tar"
    lower = layer(file("var/lib/dpkg/status", b"Package: nameless\n"))
    path.write_bytes(docker_legacy(ImageSpec(layers=(lower,))))
    with open_image(str(path), ReadOptions()) as opened:
        asked = ((FileQuery(), 0), (FileQuery(), 2), (FileQuery(owner="-"), 2))
        found = [file_rows(opened, query, depth=depth, sort="size", top=0)[1] for query, depth in asked]
    expected = ("/var/lib/dpkg/status: record 0 names no package, or no version of it",)
    assert found == [expected, (), expected]


def test_a_layer_that_is_not_there_is_a_wrong_question(image: Image) -> None:
    with pytest.raises(UsageError, match="no layer 2; the image has 2"):
        file_rows(image, FileQuery(layer=2), depth=0, sort="path", top=0)


@pytest.mark.parametrize(
    ("query", "told"),
    [
        pytest.param({"path": "/nope"}, "the image has no /nope", id="no path"),
        pytest.param({"path": "/et"}, "the image has no /et", id="a prefix is no parent"),
        pytest.param({"path": "/etc/old"}, "the image has no /etc/old", id="a path that is hidden"),
        pytest.param({"path": "/nope", "hidden": True}, "the image has no /nope", id="no hidden path either"),
        pytest.param({"path": "/srv", "layer": 0}, "layer 0 has no /srv", id="a path of another layer"),
        pytest.param({"path": "/etc/old", "layer": 1}, "layer 1 deletes /etc/old", id="a path that the layer deletes"),
        pytest.param({"owner": "nobody"}, "the image has no package nobody", id="no package"),
    ],
)
def test_what_is_not_there_is_a_wrong_question(image: Image, query: dict[str, Any], told: str) -> None:
    with pytest.raises(UsageError, match=told):
        listed(image, **query)


def test_a_path_through_a_symlink_leads_to_what_is_behind_it(tmp_path: Path) -> None:
    path = tmp_path / "image.tar"
    members = (directory("usr/lib"), file("usr/lib/x/y", b"1"), symlink("lib", "usr/lib"), file("usr/lib/x/z", b"2"))
    path.write_bytes(docker_legacy(ImageSpec(layers=(layer(*members),))))
    with open_image(str(path), ReadOptions()) as opened:
        assert set(listed(opened, path="/lib/x/y")) == {"/usr/lib/x/y"}
        assert set(listed(opened, path="/lib")) == {"/lib"}


def test_entries_below_a_symlink_are_told(tmp_path: Path) -> None:
    lower = layer(directory("usr"), directory("usr/lib"), symlink("lib", "usr/lib"))
    path = tmp_path / "image.tar"
    path.write_bytes(docker_legacy(ImageSpec(layers=(lower, layer(file("lib/x", b"xyz"))))))
    with open_image(str(path), ReadOptions()) as opened:
        analysis = analyse(opened, AnalysisInputs())
    (warning,) = [one for one in analysis.warnings if "symlink" in one]
    assert warning.startswith("1 entry lies below a symlink") and "/usr/lib/x" in warning
