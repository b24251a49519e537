"""The directory that says most about many paths."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from layerscope.model.common_path import collapse, common
from layerscope.model.finding import FoundPath
from layerscope.model.instruction import Instruction
from layerscope.model.pathset import PathSet
from layerscope.rules.phrases import exact, filled, ignored, shortened, telling


def _groups(paths: dict[str, int], most: int = 5) -> list[tuple[str, int, int]]:
    return [(group.path, group.files, group.content_bytes) for group in collapse(paths.items(), most)]


@pytest.mark.parametrize(
    ("paths", "groups"),
    [
        pytest.param({}, [], id="nothing"),
        pytest.param({"/a/b/c": 3}, [("/a/b/c", 1, 3)], id="one file"),
        pytest.param(
            {f"/app/.git/objects/{n:02}": 1 for n in range(50)} | {"/app/.git/HEAD": 5},
            [("/app/.git", 51, 55)],
            id="a repository stays whole",
        ),
        pytest.param(
            {"/var/lib/apt/lists/a": 5, "/var/lib/apt/lists/b": 6}, [("/var/lib/apt/lists", 2, 11)], id="a telling name"
        ),
        pytest.param(
            {"/usr/bin/a": 2, "/usr/lib/x/1": 9, "/usr/lib/x/2": 1},
            [("/usr/lib/x/1", 1, 9), ("/usr/bin/a", 1, 2), ("/usr/lib/x/2", 1, 1)],
            id="a few files are named",
        ),
        pytest.param(
            {f"/srv/{n}": 1 for n in range(9)} | {"/opt/x": 2}, [("/srv", 9, 9), ("/opt/x", 1, 2)], id="many are not"
        ),
    ],
)
def test_paths_become_the_directories_that_say_most(paths: dict[str, int], groups: list[tuple[str, int, int]]) -> None:
    assert _groups(paths) == groups


@given(st.dictionaries(st.text("ab/", min_size=1, max_size=8).map(lambda text: f"/{text}"), st.integers(0, 9)))
def test_groups_hold_all_of_the_paths(paths: dict[str, int]) -> None:
    groups = collapse(paths.items())
    assert sum(group.files for group in groups) == len(paths)
    assert sum(group.content_bytes for group in groups) == sum(paths.values())
    assert len(groups) <= 5


@pytest.mark.parametrize(
    ("paths", "shared"),
    [
        pytest.param(["/a/b"], "/a/b", id="one path"),
        pytest.param(["/a/b/c", "/a/b/d"], "/a/b", id="one directory"),
        pytest.param(["/ab/c", "/a/c"], "/", id="a prefix is no parent"),
        pytest.param(["/a", "/a/b"], "/a", id="one within the other"),
    ],
)
def test_the_deepest_directory_that_paths_share(paths: list[str], shared: str) -> None:
    assert common(paths) == shared


def _found(*paths: str) -> list[FoundPath]:
    return [FoundPath(path=path, layer=0, content_bytes=index, fate="live") for index, path in enumerate(paths)]


def test_a_sentence_is_filled_with_what_it_names_and_nothing_is_looked_for_in_vain() -> None:
    meanings = {"path": lambda: "/a", "step": lambda: "`RUN make install`", "ignore": lambda: str(1 / 0)}
    assert filled(("delete {path} in {step} {other}", "{path}"), meanings) == (
        "delete /a in `RUN make install` {other}",
        "/a",
    )


def test_scattered_files_lie_most_where_the_biggest_is() -> None:
    assert telling(_found("/usr/bin/x", "/var/lib/y")) == "/var/lib/y"
    assert telling(_found("/a/b", "/a/c")) == "/a"


@pytest.mark.parametrize(
    ("paths", "whole", "told"),
    [
        pytest.param(("/a/b",), (), "/a/b", id="one file"),
        pytest.param(("/a/b", "/a/c"), ("/a",), "/a", id="nothing else is in their directory"),
        pytest.param(("/a/b", "/a/c"), (), "/a/c and 1 more", id="something else is in their directory"),
        pytest.param(("/a/x/1", "/a/x/2", "/a/y"), ("/a/x",), "/a/y and 2 more", id="the biggest first"),
        pytest.param(("/a/y", "/a/x/1", "/a/x/2"), ("/a/x",), "/a/x and 1 more", id="a whole directory among them"),
        pytest.param(("/usr/x", "/usr/y"), ("/usr",), "/usr/y and 1 more", id="never a directory of the system"),
        pytest.param((), (), "it", id="nothing"),
    ],
)
def test_what_may_be_deleted_holds_nothing_else(paths: tuple[str, ...], whole: tuple[str, ...], told: str) -> None:
    found = sorted(_found(*paths), key=lambda path: -path.content_bytes)
    assert exact(found, whole.__contains__) == told


def test_patterns_for_the_build_context_are_those_that_a_rule_looks_for() -> None:
    wanted = PathSet(names=("Dockerfile", "a.iml"), suffixes=(".iml",), trees=(".idea", "/abs/tree"))
    paths = _found("/app/x/Dockerfile", "/app/Dockerfile", "/app/.idea/a/b", "/app/x.iml", "/app/a.iml", "/abs/tree/z")
    assert ignored(paths, wanted) == "`**/Dockerfile`, `**/.idea`, `**/*.iml`, `**/a.iml` and 1 more"


@pytest.mark.parametrize(
    ("paths", "told"),
    [
        pytest.param((), "it", id="nothing"),
        pytest.param(("/a/b",), "/a/b", id="one file"),
        pytest.param(("/usr/a", "/usr/b"), "/usr/b", id="the biggest in a directory of the system"),
        pytest.param(("/usr/share/x/a", "/usr/share/x/b", "/usr/lib/c"), "/usr/lib/c", id="the biggest of all"),
        pytest.param(tuple(f"/usr/{number}" for number in range(20)), "/usr", id="nothing but the system's"),
        pytest.param((*(f"/usr/{number}" for number in range(20)), "/srv/x/a", "/srv/x/b"), "/srv/x/b", id="beside it"),
        pytest.param((*(f"/srv/x/{n}" for n in range(9)), *(f"/usr/{n}" for n in range(20))), "/srv/x", id="below it"),
    ],
)
def test_the_place_that_says_most(paths: tuple[str, ...], told: str) -> None:
    assert telling(_found(*paths)) == told


@pytest.mark.parametrize(
    ("paths", "patterns"),
    [
        pytest.param(("/a/.idea", "/b/.idea"), "`**/.idea`", id="a name"),
        pytest.param(("/a/.idea/x/.vs/y",), "`**/.idea`", id="the outermost tree"),
        pytest.param(("/x/1", "/x/2", "/x/3", "/x/4"), "`**/1`, `**/2`, `**/3`, `**/4`", id="as many as are shown"),
        pytest.param(
            ("/x/1", "/x/2", "/x/3", "/x/4", "/x/5", "/x/6"), "`**/1`, `**/2`, `**/3`, `**/4` and 2 more", id="more"
        ),
        pytest.param(("/x/a.swp", "/x/b.swp"), "`**/*.swp`", id="an ending"),
        pytest.param(("/x/own.swp",), "`**/own.swp`", id="a name with an ending"),
    ],
)
def test_which_patterns_keep_paths_out(paths: tuple[str, ...], patterns: str) -> None:
    wanted = PathSet(names=("own.swp",), suffixes=(".swo", ".swp"), trees=(".idea", ".vs"))
    assert ignored(_found(*paths), wanted) == patterns


@pytest.mark.parametrize(
    ("shown", "text", "told"),
    [
        ("", "make", "`RUN make`"),
        ("RUN other", "make", "`RUN other`"),
        ("", "x" * 68, "`RUN " + "x" * 68 + "`"),
        ("", "x" * 69, "`RUN " + "x" * 65 + "...`"),
    ],
)
def test_an_instruction_on_one_line(shown: str, text: str, told: str) -> None:
    assert shortened(Instruction(index=0, kind="RUN", text=text, shown=shown)) == told


def test_an_instruction_of_many_words_is_cut() -> None:
    assert len(shortened(Instruction(index=0, kind="RUN", text="x" * 1000))) == 74
