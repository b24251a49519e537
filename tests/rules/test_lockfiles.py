"""Files that say what development needs: read whatever stands in them."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from layerscope.rules.lockfiles import PYTHON, Declared, Locked, node_dev_packages, normal, required

KEYS = (
    "default", "develop", "packages", "dev-packages", "package", "name", "version", "groups", "category", "source",
    "virtual", "dependencies", "dev-dependencies", "optional-dependencies", "project", "tool", "poetry", "group", "pdm",
    "uv", "dependency-groups", "dev", "link", "node_modules/x",
)  # fmt: skip
VALUES = st.recursive(
    st.booleans() | st.integers(-9, 9) | st.sampled_from(("", "main", "dev", "x>=1", "x[y]", "1.0")),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=4),
    max_leaves=12,
)
DOCUMENTS = st.dictionaries(st.sampled_from(KEYS), VALUES, max_size=5)


def _toml(value: object) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(key)} = {_toml(item)}" for key, item in value.items()) + "}"
    return "[" + ", ".join(map(_toml, value)) + "]" if isinstance(value, list) else json.dumps(value)


@settings(max_examples=150, deadline=None)
@given(DOCUMENTS)
def test_any_document_is_read(document: dict[str, object]) -> None:
    as_toml = "\n".join(f"{json.dumps(key)} = {_toml(value)}" for key, value in document.items()).encode()
    for name, read in PYTHON.items():
        data = json.dumps(document).encode() if name == "Pipfile.lock" else as_toml
        assert isinstance(read(data), Locked | Declared | None)
    assert isinstance(node_dev_packages(json.dumps(document).encode()), dict)


@given(st.binary(max_size=100))
def test_any_bytes_are_read(data: bytes) -> None:
    for read in PYTHON.values():
        assert isinstance(read(data), Locked | Declared | None)
    assert node_dev_packages(data) == {}


@pytest.mark.parametrize(
    ("text", "name", "extras"),
    [
        pytest.param("Flask", "flask", set(), id="a name"),
        pytest.param(" zope.interface >=5 ; python_version<'4'", "zope-interface", set(), id="normal form"),
        pytest.param("black[d, Jupyter]==1", "black", {"d", "jupyter"}, id="extras"),
        pytest.param("x @ https://example.org/x.whl", "x", set(), id="an address"),
    ],
)
def test_requirements_are_read(text: str, name: str, extras: set[str]) -> None:
    assert required(text) == (name, frozenset(extras))


@pytest.mark.parametrize("text", ["", "# comment", "-r other.txt", "   "])
def test_what_is_no_requirement_is_none(text: str) -> None:
    assert required(text) is None


def test_names_are_compared_in_normal_form() -> None:
    assert normal("Zope_.-Interface") == "zope-interface"
