"""Which directories say most."""

from hypothesis import given
from hypothesis import strategies as st

from layerscope.analysis.directories import biggest_directories
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
