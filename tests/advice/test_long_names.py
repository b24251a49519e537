"""Names and scripts may be far longer than any real one, and are searched in linear time all the same."""

import time
from collections.abc import Callable

import pytest

from layerscope.advice import stage_files
from layerscope.advice.strategies import clean_in_run, narrow_copy


@pytest.mark.parametrize(
    ("search", "text"),
    [
        (stage_files._REQUIREMENTS.findall, "a" * 100_000),
        (stage_files._REQUIREMENTS.findall, "a." * 50_000),
        (clean_in_run._RANDOM.search, "_" * 50_000),
        (narrow_copy._UNSTABLE.search, "-" * 50_000),
        (narrow_copy._UNSTABLE.search, "a-" * 25_000),
    ],
)
def test_a_long_text_takes_no_longer_than_several_short_ones(search: Callable[[str], object], text: str) -> None:
    started = time.perf_counter()
    search(text)
    assert time.perf_counter() - started < 5


@pytest.mark.parametrize("name", ["app-0123456789ab.js", "lib-1.2.jar", "main.abcdef12.css", "x-abcdefg9hi.js"])
def test_names_that_another_build_changes_are_known(name: str) -> None:
    assert narrow_copy._UNSTABLE.search(name)


@pytest.mark.parametrize("name", ["main.js", "app-with-words.js", "README.md", "file-2"])
def test_names_that_stay_are_not_taken_for_others(name: str) -> None:
    assert not narrow_copy._UNSTABLE.search(name)


@pytest.mark.parametrize(("name", "is_random"), [("tmpab1cd2ef", True), ("pip-abcdefg1.log", True), ("a.log", False)])
def test_random_names_are_known(name: str, is_random: bool) -> None:
    assert bool(clean_in_run._RANDOM.search(name)) == is_random


def test_requirements_are_named_by_their_paths() -> None:
    script = "pip install -r a.txt -rb/c.in && pip install --requirement ./x-y.txt"
    assert stage_files._REQUIREMENTS.findall(script) == ["a.txt", "-rb/c.in", "./x-y.txt"]
