"""The .dockerignore file is read as moby reads it."""

from layerscope.edit.ignore import is_ignored, read_patterns, with_patterns


def test_the_last_match_wins() -> None:
    patterns = read_patterns("# c\n*\n!src\nsrc/**/*.pyc\n")
    assert is_ignored(patterns, "README")
    assert not is_ignored(patterns, "src/a.py")
    assert is_ignored(patterns, "src/a/b.pyc")


def test_patterns_are_added_below_everything_else() -> None:
    assert with_patterns("a\n!.git/config", [".git", "a"]) == "a\n!.git/config\n.git\n"
