import pytest

from layerscope.model.paths import is_licence


@pytest.mark.parametrize(
    "name", ["LICENSE", "Licence.txt", "licenses-third_party", "COPYING.LIB", "UNLICENSE", "AUTHORS"]
)
def test_licences_are_known_by_their_names(name: str) -> None:
    assert is_licence(f"/usr/share/x/{name}")


@pytest.mark.parametrize("name", ["licenser.py", "my-license", "copy", "license." + "x" * 41, "LICENSE/x"])
def test_other_names_are_no_licences(name: str) -> None:
    assert not is_licence(f"/app/{name}")
