"""The directory that says most about many paths."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from layerscope.model.finding import FoundPath
from layerscope.model.instruction import Instruction
from layerscope.rules.collapse import collapse, common
from layerscope.rules.words import filled, shortened


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


def test_a_sentence_names_path_and_instruction() -> None:
    step = Instruction(index=0, kind="RUN", text="make\n  install")
    assert (
        filled(("delete {path} in {step} {other}",), _found("/a/b", "/a/c"), step)[0]
        == "delete /a in `RUN make install` {other}"
    )


def test_a_sentence_about_scattered_files_names_the_biggest() -> None:
    assert filled(("{path}",), _found("/usr/bin/x", "/var/lib/y"), None)[0] == "/var/lib/y"


def test_an_instruction_of_many_words_is_cut() -> None:
    assert len(shortened(Instruction(index=0, kind="RUN", text="x" * 1000))) == 74
