"""Listing files, as rows and as a tree."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from layerscope.analysis.analyse import WANTED, AnalysisInputs, analyse
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
        pytest.param({"pattern": "first"}, {"/etc/first"}, id="a pattern for the whole name"),
        pytest.param({"pattern": "etc"}, set(), id="a directory's name is none"),
        pytest.param({"path": "/srv/"}, {"/srv/deep/down/file"}, id="below a path with a slash"),
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


def _rows(
    image: Image, depth: int = 0, sort: str = "path", top: int = 0, **query: Any
) -> tuple[list[tuple[object, ...]], int]:
    found, _ = file_rows(image, FileQuery(**query), depth=depth, sort=sort, top=top)
    return list(found.rows), found.left_out


@pytest.mark.parametrize(
    ("sort", "paths"),
    [
        ("size", ["/etc/first", "/etc/second", "/srv/deep/down/file", "/etc/link"]),
        ("path", ["/etc/first", "/etc/link", "/etc/second", "/srv/deep/down/file"]),
        ("layer", ["/etc/second", "/etc/link", "/etc/first", "/srv/deep/down/file"]),
    ],
)
@pytest.mark.parametrize("top", [0, 1, 3, 4, 9])
def test_a_list_is_sorted_and_says_how_many_it_leaves_out(image: Image, sort: str, paths: list[str], top: int) -> None:
    rows, left_out = _rows(image, sort=sort, top=top)
    assert [row[-2] for row in rows] == paths[: top or 4]
    # One in the order of the layers is not counted unless it is cut.
    assert left_out == (max(0, 4 - top) if top else 0)


@pytest.mark.parametrize(("top", "left_out"), [(0, 0), (1, 2), (2, 1), (3, 0), (4, 0)])
def test_a_tree_says_how_many_rows_it_leaves_out(image: Image, top: int, left_out: int) -> None:
    whole = [(155, 4, "/"), (150, 3, "  etc/"), (5, 1, "  srv/")]
    assert _rows(image, depth=1, top=top) == (whole[: top or 3], left_out)


@pytest.mark.parametrize(
    ("path", "depth", "rows"),
    [
        (
            "/",
            2,
            [
                (155, 4, "/"),
                (150, 3, "  etc/"),
                (80, 1, "    first"),
                (70, 1, "    second"),
                (0, 1, "    link"),
                (5, 1, "  srv/"),
                (5, 1, "    deep/"),
            ],
        ),
        ("/srv", 1, [(5, 1, "/srv"), (5, 1, "  deep/")]),
        ("/srv/", 3, [(5, 1, "/srv"), (5, 1, "  deep/"), (5, 1, "    down/"), (5, 1, "      file")]),
        ("/srv", 9, [(5, 1, "/srv"), (5, 1, "  deep/"), (5, 1, "    down/"), (5, 1, "      file")]),
    ],
)
def test_a_tree_has_so_many_levels(image: Image, path: str, depth: int, rows: list[tuple[object, ...]]) -> None:
    assert _rows(image, depth=depth, path=path)[0] == rows


def test_a_tree_of_nothing_has_no_rows(image: Image) -> None:
    assert _rows(image, depth=2, pattern="none") == ([], 0)


def test_rows_of_a_layer_have_its_own_names_and_fates(image: Image) -> None:
    rows, _ = _rows(image, layer=0)
    assert [(row[0], row[2], row[3], row[4], row[7], row[8], row[10], row[11]) for row in rows] == [
        (70, 0, "file", "0644", "live", 1, "/etc/first", ""),
        (0, 0, "symlink", "0777", "live", None, "/etc/link", "first"),
        (50, 0, "file", "0600", "deleted", 1, "/etc/old", ""),
        (0, 0, "hardlink", "0644", "live", None, "/etc/second", "/etc/first"),
    ]


@pytest.mark.parametrize(
    ("least", "paths"),
    [
        (80, {"/etc/first"}),
        (81, set()),
        (70, {"/etc/first", "/etc/second"}),
        (0, {"/etc/first", "/etc/second", "/etc/link", "/srv/deep/down/file"}),
    ],
)
def test_files_of_a_least_size_are_listed(image: Image, least: int, paths: set[str]) -> None:
    assert set(listed(image, least_bytes=least)) == paths


def test_files_are_listed_by_their_owner_with_its_version(tmp_path: Path) -> None:
    status = b"Package: tool\nVersion: 1\n\nPackage: other\nVersion: 2\n"
    info = "var/lib/dpkg/info"
    path = tmp_path / "image.tar"
    members = (
        file("usr/tool", b"12345"),
        file("usr/other", b"1"),
        file("usr/none", b"22"),
        file("var/lib/dpkg/status", status),
        file(f"{info}/tool.list", b"/usr/tool\n"),
        file(f"{info}/other.list", b"/usr/other\n"),
    )
    path.write_bytes(docker_legacy(ImageSpec(layers=(layer(*members),))))
    with open_image(str(path), ReadOptions(wanted=WANTED)) as opened:
        rows, _ = _rows(opened, path="/usr", sort="layer")
        assert [(row[2], row[9], row[10]) for row in rows] == [
            (0, "tool 1", "/usr/tool"),
            (0, "other 2", "/usr/other"),
            (0, "", "/usr/none"),
        ]
        assert set(listed(opened, owner="tool")) == {"/usr/tool", f"/{info}/tool.list"}
        assert set(listed(opened, owner="-", path="/usr")) == {"/usr/none"}
        assert set(listed(opened, package=1)) == {"/usr/other", f"/{info}/other.list"}
        with pytest.raises(UsageError, match="the image has no package toll") as caught:
            listed(opened, owner="toll")
        assert caught.value.hint == "did you mean tool?"
        with pytest.raises(UsageError) as caught:
            listed(opened, owner="quite-another")
        assert caught.value.hint == "layerscope packages IMAGE lists the names"


def test_a_hardlink_that_took_over_its_carriers_name_is_listed_once(tmp_path: Path) -> None:
    path = tmp_path / "image.tar"
    lower = layer(file("a", b"123"), hardlink("b", "a"), hardlink("c", "a"))
    path.write_bytes(docker_legacy(ImageSpec(layers=(lower, layer(whiteout("a"))))))
    with open_image(str(path), ReadOptions()) as opened:
        assert listed(opened) == {"/b": 3, "/c": 0}
        assert listed(opened, layer=0) == {"/a": 3, "/b": 0, "/c": 0}


def test_a_name_may_end_with_a_control_character(tmp_path: Path) -> None:
    path = tmp_path / "image.tar"
    path.write_bytes(docker_legacy(ImageSpec(layers=(layer(file("a\x01/b\x01/c\x01", b"1"), file("a/b", b"22")),))))
    with open_image(str(path), ReadOptions()) as opened:
        assert listed(opened, path="/a\x01/b\x01") == {"/a\x01/b\x01/c\x01": 1}
        assert _rows(opened, path="/a\x01", depth=2)[0] == [(1, 1, "/a\x01"), (1, 1, "  b\x01/"), (1, 1, "    c\x01")]
