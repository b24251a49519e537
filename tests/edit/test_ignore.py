"""The .dockerignore file is read as moby's patternmatcher reads it, and lines are added below all else."""

import time
from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from layerscope.dockerfile.ignore_pattern import IgnorePattern
from layerscope.edit.ignore import literal_pattern, read_patterns, with_patterns
from layerscope.errors import EditError, UsageError


def is_ignored(patterns: Iterable[IgnorePattern], path: str) -> bool:
    """Whether a path is kept out of the context: the last pattern that matches wins."""
    ignored = False
    for pattern in patterns:
        if pattern.matches(path.strip("/")):
            ignored = not pattern.is_exception
    return ignored


@pytest.mark.parametrize(
    ("pattern", "path", "expected"),
    [
        ("a", "a", True),
        ("a", "a/b/c", True),
        ("a", "ab", False),
        ("a", "b/a", False),
        ("/a/", "a/b", True),
        ("//a", "a", True),
        ("./a/../b", "b", True),
        ("  a\t", "a", True),
        ("a.c", "abc", False),
        ("a(b)|c$+{d}", "a(b)|c$+{d}", True),
        ("*", "a/b", True),
        ("*/b", "a/b", True),
        ("*/b", "b", False),
        ("*/b", "a/c/b", False),
        ("a*", "a/c", True),
        ("a?c", "a/c", False),
        ("a?c", "aéc", True),
        ("*.py", "a/b.py", False),
        ("**", "a/b", True),
        ("**/", "a", True),
        ("**/a", "a", True),
        ("**/a", "b/c/a/d", True),
        ("**/a", "b/ca", False),
        ("**a", "b/ca", True),
        ("**a*", "ca", False),
        ("**/*.py", "a.py", True),
        ("**/*.py", "a/b/c.py", True),
        ("a/**", "a", False),
        ("a/**", "a/b/c", True),
        ("a**", "ab/c", True),
        ("a**/c", "ab/b/c", True),
        ("a**/c", "ac", True),
        ("a/**/c", "a/c", True),
        ("a/**/c", "a/b/b/c/d", True),
        ("[a-c]x", "bx", True),
        ("[^a-c]x", "bx", False),
        ("[^c-a]x", "bx", True),
        ("a[^b]c", "a/c", True),
        (r"a\*b", "a*b", True),
        (r"a\*b", "axb", False),
        (r"\#a", "#a", True),
        (r"\!a", "!a", True),
        ("# a", "# a", False),
        (" # a", "# a", True),
    ],
)
def test_a_pattern_matches_paths_and_what_is_below_them(pattern: str, path: str, expected: bool) -> None:
    assert is_ignored(read_patterns(pattern), path) is expected


@pytest.mark.parametrize(
    ("text", "path", "expected"),
    [
        ("*\n!src\n", "src/a.py", False),
        ("*\n!src\nsrc/**/*.pyc", "src/a/b.pyc", True),
        ("!a\na", "a", True),
        ("a\n!a/b\n", "a/b", False),
        ("a\n!a/b\n", "a/c", True),
        ("a\r\n! b\r\n", "a", True),
        ("\ufeff# c\na", "a", True),
        ("\ufeffa", "a", True),
        ("", "a", False),
    ],
)
def test_the_last_line_that_matches_wins(text: str, path: str, expected: bool) -> None:
    assert is_ignored(read_patterns(text), path) is expected


@pytest.mark.parametrize("text", ["!", "[a", "a[*]", r"a\d"])
def test_what_moby_refuses_or_reads_in_its_own_way_is_an_error(text: str) -> None:
    with pytest.raises(UsageError):
        read_patterns(text)


@pytest.mark.parametrize(
    ("text", "patterns", "expected"),
    [
        ("", [".git"], ".git\n"),
        ("a", [".git"], "a\n.git\n"),
        ("a\r\nb", [".git"], "a\r\nb\r\n.git\r\n"),
        ("\ufeff", [".git"], "\ufeff.git\n"),
        ("# c\n\n", ["a", "a", "b"], "# c\n\na\nb\n"),
        (".git\n", [".git", ".git/config"], ".git\n"),
        ("*\n!src\n", [".git"], "*\n!src\n"),
        ("*\n!src\n", ["src/tests"], "*\n!src\nsrc/tests\n"),
        (".git\n!.git/HEAD\n", [".git"], ".git\n!.git/HEAD\n.git\n"),
        (".git\n!**/HEAD\n", [".git"], ".git\n!**/HEAD\n.git\n"),
        ("**/x\n", ["**/x"], "**/x\n"),
        ("**/x\n!y\n", ["**/x"], "**/x\n!y\n**/x\n"),
        ("**/.git/\n", ["a/.git"], "**/.git/\n"),
    ],
)
def test_only_what_is_not_ignored_yet_is_added(text: str, patterns: list[str], expected: str) -> None:
    assert with_patterns(text, patterns) == expected
    assert with_patterns(expected, patterns) == expected


@pytest.mark.parametrize("pattern", ["", "# a", "!a", "a\nb", "["])
def test_what_ignores_nothing_is_not_added(pattern: str) -> None:
    with pytest.raises(EditError):
        with_patterns("", [pattern])


@given(st.text(alphabet="ab/.*!#[]?\\ \n", max_size=12), st.text(alphabet="ab.*!#[]?\\", min_size=1, max_size=6))
def test_an_added_path_is_ignored_whatever_stands_above(text: str, name: str) -> None:
    path = f"x/{name}" if name in (".", "..") else name
    try:
        edited = with_patterns(text, [literal_pattern(path)])
        patterns = read_patterns(edited)
    except UsageError:
        return
    assert edited.startswith(text)
    if name not in (".", ".."):
        assert is_ignored(patterns, path) and is_ignored(patterns, f"{path}/below")


@pytest.mark.parametrize("path", [" a", "a ", "\ta\u3000", " ", "a b", "!a ", "#"])
def test_blanks_at_the_ends_of_a_path_are_part_of_it(path: str) -> None:
    patterns = read_patterns(with_patterns("", [literal_pattern(path)]))
    assert is_ignored(patterns, path) and not is_ignored(patterns, path.strip() + "x")
    assert path == path.strip() or not is_ignored(patterns, path.strip())


def test_many_stars_take_no_longer_than_few() -> None:
    started = time.perf_counter()
    assert not is_ignored(read_patterns("**/" + "*a" * 200 + "b"), "a" * 4000)
    assert time.perf_counter() - started < 5
