"""Which directories say most."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from layerscope.analysis.directories import DirectorySums, biggest_directories
from layerscope.model.report import PathBytes


def rows_of(files: dict[str, int], count: int) -> tuple[PathBytes, ...]:
    return biggest_directories(((path.rpartition("/")[0], size) for path, size in files.items()), count)


def told(files: dict[str, int], count: int = 5) -> dict[str, int]:
    return {row.path: row.content_bytes for row in rows_of(files, count)}


def test_a_directory_gives_way_to_what_fills_it() -> None:
    assert told({"/usr/lib/a": 60, "/usr/bin/b": 30, "/etc/c": 10}) == {"/usr/lib": 60, "/usr/bin": 30, "/etc": 10}


def test_what_lies_directly_in_a_directory_stays_under_its_name() -> None:
    assert told({"/usr/a": 10, "/usr/lib/b": 90}) == {"/usr": 10, "/usr/lib": 90}


def test_many_small_ones_stay_together() -> None:
    assert told({f"/node_modules/{name}/index.js": 1 for name in range(100)}) == {"/node_modules": 100}


def test_files_in_the_root_are_the_roots() -> None:
    assert told({"/app": 7}) == {"/": 7}


def test_nothing_is_nothing() -> None:
    assert told({}) == {}


PARTS = st.lists(st.sampled_from("abcd"), min_size=1, max_size=5).map(lambda parts: "/" + "/".join(parts))


@given(st.dictionaries(PARTS, st.integers(0, 1000), max_size=40), st.integers(1, 12))
def test_every_byte_is_in_one_of_them(files: dict[str, int], count: int) -> None:
    rows = rows_of(files, count)
    assert sum(row.content_bytes for row in rows) == sum(files.values())
    assert len({row.path for row in rows}) == len(rows) <= count + 1


@pytest.mark.parametrize(
    ("files", "count", "rows"),
    [
        pytest.param({"/a/x": 98, "/b/y": 2}, 5, [("/a", 98, 1), ("/b", 2, 1)], id="two of a hundred"),
        pytest.param({"/a/x": 99, "/b/y": 1}, 5, [("/a", 99, 1), ("/", 1, 1)], id="one of a hundred"),
        pytest.param({"/a/x": 9, "/b/y": 1, "/c/z": 0}, 5, [("/a", 9, 1), ("/b", 1, 1)], id="a byte of few, and none"),
        pytest.param(
            {"/a/x": 5, "/a/y": 5, "/a/s/z": 20, "/b": 3}, 5, [("/a/s", 20, 1), ("/a", 10, 2), ("/", 3, 1)], id="rests"
        ),
        pytest.param({"/a/s/x": 5, "/a/y": 6}, 5, [("/a", 11, 2)], id="less than half lies in a directory of it"),
        pytest.param({"/a/s/x": 5, "/a/y": 5}, 5, [("/a", 5, 1), ("/a/s", 5, 1)], id="half of it does"),
        pytest.param({"/a/x": 5, "/b/y": 4, "/c/z": 3}, 1, [("/", 12, 3)], id="a row alone"),
        pytest.param({"/a/x": 5, "/b/y": 4, "/c/z": 3}, 3, [("/a", 5, 1), ("/b", 4, 1), ("/c", 3, 1)], id="three"),
        pytest.param(
            {"/a/p/x": 6, "/a/q/y": 4, "/b/r/z": 3, "/b/s/w": 2},
            3,
            [("/a/p", 6, 1), ("/b", 5, 2), ("/a/q", 4, 1)],
            id="the biggest gives way first, as long as there is room",
        ),
        pytest.param({"/b/y": 5, "/a/x": 5}, 2, [("/a", 5, 1), ("/b", 5, 1)], id="as big ones by name"),
        pytest.param({"/a/b/c/d/x": 5}, 4, [("/a/b/c/d", 5, 1)], id="one within another"),
    ],
)
def test_rows_have_their_bytes_and_files(files: dict[str, int], count: int, rows: list[tuple[str, int, int]]) -> None:
    assert [(row.path, row.content_bytes, row.files) for row in rows_of(files, count)] == rows


def test_each_directory_has_its_own_sums_and_those_with_all_below() -> None:
    sums = DirectorySums([("/a", 1), ("/a", 2), ("/a/b/c", 30), ("", 400), ("/a", 5)])
    assert list(sums.own()) == [("/a", 8), ("/a/b/c", 30), ("", 400)]
    places, total, files = sums.totals()
    assert {path: (total[place], files[place]) for path, place in places.items()} == {
        "": (438, 5),
        "/a": (38, 4),
        "/a/b": (30, 1),
        "/a/b/c": (30, 1),
    }
