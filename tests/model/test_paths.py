import pytest

from layerscope.model.paths import is_at_or_below, is_licence, normal


@pytest.mark.parametrize(
    ("written", "path"),
    [
        pytest.param("usr/lib", "/usr/lib", id="no slash at the start"),
        pytest.param("//usr///lib/", "/usr/lib", id="doubled and trailing slashes"),
        pytest.param("/usr/./lib/../bin", "/usr/bin", id="dots"),
        pytest.param("/../etc", "/etc", id="the root is its own parent"),
        pytest.param("a\0b/../c", "/c", id="a NUL ends nothing"),
        pytest.param("", "/", id="nothing"),
    ],
)
def test_a_path_is_made_absolute_and_normal(written: str, path: str) -> None:
    assert normal(written) == path


@pytest.mark.parametrize(
    ("path", "root", "holds"),
    [
        pytest.param("/usr", "/usr", True, id="itself"),
        pytest.param("/usr/lib/x", "/usr", True, id="below"),
        pytest.param("/usr-local", "/usr", False, id="a prefix is not a parent"),
        pytest.param("/", "/usr", False, id="above"),
        pytest.param("/usr", "/", True, id="the root holds everything"),
        pytest.param("/", "/", True, id="the root itself"),
    ],
)
def test_what_a_path_holds(path: str, root: str, holds: bool) -> None:
    assert is_at_or_below(path, root) is holds


@pytest.mark.parametrize(
    "name", ["LICENSE", "Licence.txt", "licenses-third_party", "COPYING.LIB", "UNLICENSE", "AUTHORS"]
)
def test_licences_are_known_by_their_names(name: str) -> None:
    assert is_licence(f"/usr/share/x/{name}")


@pytest.mark.parametrize("name", ["licenser.py", "my-license", "copy", "license." + "x" * 41, "LICENSE/x"])
def test_other_names_are_no_licences(name: str) -> None:
    assert not is_licence(f"/app/{name}")
