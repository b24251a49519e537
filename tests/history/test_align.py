import pytest
from hypothesis import given
from hypothesis import strategies as st

from layerscope.errors import LimitExceeded
from layerscope.history.match import align

WORDS = st.lists(st.sampled_from("abc"), max_size=12)


def pairs(one: str | list[str], other: str | list[str]) -> tuple[dict[int, int], int]:
    return align(len(one), len(other), lambda i, j: one[i] == other[j], lambda i: 4)


@pytest.mark.parametrize(
    ("one", "other", "expected", "first"),
    [
        pytest.param("abc", "abc", {0: 0, 1: 1, 2: 2}, 0, id="equal"),
        pytest.param("bc", "aabc", {0: 2, 1: 3}, 2, id="what lies below costs nothing"),
        pytest.param("ab", "abx", {0: 0, 1: 1}, 0, id="something behind the end"),
        pytest.param("axb", "ab", {0: 0, 2: 1}, 0, id="a line that left nothing"),
        pytest.param("ab", "acb", {0: 0, 1: 2}, 0, id="a step that no line tells of"),
        pytest.param("aa", "aaaa", {0: 2, 1: 3}, 2, id="the latest of equal places"),
        pytest.param("", "abc", {}, 3, id="nothing written"),
        pytest.param("abc", "", {}, 0, id="nothing told"),
    ],
)
def test_pairs(one: str, other: str, expected: dict[int, int], first: int) -> None:
    assert pairs(one, other) == (expected, first)


@given(WORDS, WORDS)
def test_pairs_fit_and_keep_the_order(one: list[str], other: list[str]) -> None:
    found, first = pairs(one, other)
    places = sorted(found.items())
    assert all(one[i] == other[j] for i, j in places)
    assert [j for _, j in places] == sorted({j for _, j in places})
    assert all(j >= first for _, j in places)


@given(WORDS, WORDS)
def test_what_is_written_is_found_behind_anything(below: list[str], written: list[str]) -> None:
    assert len(pairs(written, below + written)[0]) == len(written)


def test_long_sequences_that_differ_are_refused() -> None:
    with pytest.raises(LimitExceeded):
        pairs("a" * 501, "b" * 500)


def test_long_sequences_that_agree_are_not() -> None:
    assert len(pairs("a" * 5000, "b" + "a" * 5000)[0]) == 5000
