"""Dockerfile reference, "Pattern matching": Go's filepath.Match, and ``**`` of --parents and --exclude."""

import re
from fnmatch import fnmatchcase

import pytest
from hypothesis import given
from hypothesis import strategies as st

from layerscope.dockerfile.glob import MAX_PATTERN, PathPattern
from layerscope.errors import LimitExceeded, UsageError


@pytest.mark.parametrize(
    ("pattern", "path", "expected"),
    [
        ("/a/b", "/a/b", True),
        ("/a/b", "/a", False),
        ("/a/*", "/a/b", True),
        ("/a/*", "/a/b/c", False),
        ("/a*c", "/abbc", True),
        ("/a*c*", "/abbcd", True),
        ("/a?", "/a", False),
        ("/[a-c]x", "/bx", True),
        ("/[a-c]x", "/dx", False),
        ("/[^a-c]x", "/dx", True),
        ("/[]a]x", "/]x", True),
        ("/[\\]a]x", "/]x", True),
        ("/[c-a]x", "/bx", False),
        ("/a\\*", "/a*", True),
        ("/a\\*", "/ab", False),
        ("/**", "/a/b", True),
        ("/**/c", "/c", True),
        ("/**/c", "/a/b/c", True),
        ("/a/**/c", "/a/c", True),
        ("/a/**/c", "/b/c", False),
        ("/**/b/**/d", "/a/b/b/c/d", True),
    ],
)
def test_matches(pattern: str, path: str, expected: bool) -> None:
    assert PathPattern.parse(pattern).matches(path) is expected


@pytest.mark.parametrize(
    ("pattern", "path", "expected"),
    [
        ("/a/*/c", "/a", True),
        ("/a/*/c", "/a/b", True),
        ("/a/*/c", "/a/b/c/d", True),
        ("/a/*/c", "/a/b/d", False),
        ("/a/*/c", "/b", False),
    ],
)
def test_prefixes_lead_to_a_match_or_lie_below_one(pattern: str, path: str, expected: bool) -> None:
    assert PathPattern.parse(pattern).matches(path, prefixes=True) is expected


@pytest.mark.parametrize(
    ("pattern", "literal"),
    [
        ("/a/b", "/a/b"),
        ("/a[[]b]", "/a[b]"),
        ("/a\\?", "/a?"),
        ("/a?", None),
        ("/[ab]", None),
        ("/[^a]", None),
        ("/", "/"),
    ],
)
def test_literal_is_the_only_path_that_matches(pattern: str, literal: str | None) -> None:
    assert PathPattern.parse(pattern).literal == literal


@pytest.mark.parametrize("pattern", ["[", "[a", "[^", "[a-", "[\\"])
def test_an_open_class_is_an_error(pattern: str) -> None:
    with pytest.raises(UsageError):
        PathPattern.parse(pattern)


@given(st.text(alphabet="ab*?", min_size=1, max_size=8), st.text(alphabet="ab", min_size=1, max_size=10))
def test_stars_and_question_marks_match_as_in_a_shell(pattern: str, name: str) -> None:
    single = re.sub(r"\*+", "*", pattern)
    assert PathPattern.parse(single).matches(name) == fnmatchcase(name, single)


def test_many_stars_take_no_time() -> None:
    assert not PathPattern.parse("*a" * 60 + "b").matches("a" * 250)


def test_long_patterns_are_refused() -> None:
    with pytest.raises(LimitExceeded):
        PathPattern.parse("**/" * MAX_PATTERN)
