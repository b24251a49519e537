"""Files that say what development needs: read whatever stands in them."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from layerscope.rules.documents import toml_object
from layerscope.rules.lockfiles import (
    PYTHON,
    Declared,
    Locked,
    is_for_development,
    node_dev_packages,
    nodes,
    normal,
    required,
)
from tests.memory import peak_of

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
        assert isinstance(read(data), Locked | Declared)
    assert isinstance(node_dev_packages(json.dumps(document).encode()), dict)


@given(st.binary(max_size=100))
def test_any_bytes_are_read(data: bytes) -> None:
    for read in PYTHON.values():
        assert isinstance(read(data), Locked | Declared)
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


def _names(*names: str) -> frozenset[tuple[str, str]]:
    return frozenset((name, "") for name in names)


@pytest.mark.parametrize(
    ("name", "text", "wishes"),
    [
        pytest.param(
            "Pipfile.lock",
            b'{"default": {"Flask": {"version": "==1", "extras": ["Async"]}, "both": "x"},'
            b' "develop": {"both": {"version": "==1"}, "Black": {"version": "==2.0"}, "bare": {}, "odd": "*"}}',
            Locked(
                versions={"black": "2.0", "bare": "", "odd": ""},
                production=_names("flask", "both") | {("flask", "async")},
            ),
            id="Pipfile.lock",
        ),
        pytest.param(
            "poetry.lock",
            b'[[package]]\nname = "A_b"\nversion = "1"\ngroups = ["dev", "test"]\n'
            b'[[package]]\nname = "c"\nversion = "2"\ngroups = ["dev", "main"]\n'
            b'[[package]]\nname = "d"\nversion = "3"\ncategory = "dev"\n'
            b'[[package]]\nname = "e"\ncategory = "main"\n'
            b'[[package]]\nname = "f"\ngroups = []\n'
            b'[[package]]\nname = "g"\ngroups = "dev"\n'
            b'[[package]]\nname = "h"\n'
            b'[[package]]\nname = "i"\ngroups = ["dev"]\n'
            b'[[package]]\nname = "two"\nversion = "1"\ngroups = ["dev"]\n'
            b'[[package]]\nname = "two"\nversion = "2"\ngroups = ["main"]\n',
            Locked(versions={"a-b": "1", "d": "3", "i": ""}, production=_names("c", "e", "f", "g", "h", "two")),
            id="groups, and the category before them",
        ),
        pytest.param(
            "uv.lock",
            b'[[package]]\nname = "App"\nsource = {editable = "."}\n'
            b'dependencies = [{name = "Flask"}]\n'
            b'[package.optional-dependencies]\ns3 = [{name = "boto"}]\n'
            b'[package.dev-dependencies]\ndev = [{name = "pytest"}, {name = "shared"}, {name = "absent"}]\n'
            b'worker = [{name = "celery"}, {name = "shared"}]\n'
            b'[[package]]\nname = "member"\nsource = {virtual = "m"}\ndependencies = [{name = "of-member"}]\n'
            b'[[package]]\nname = "inner"\nsource = {directory = "i"}\ndependencies = [{name = "of-inner"}]\n'
            b'[[package]]\nname = "flask"\nversion = "3"\ndependencies = [{name = "click"}]\n'
            b'[package.optional-dependencies]\nasync = [{name = "asgi"}]\n'
            b'[[package]]\nname = "pytest"\nversion = "8"\ndependencies = [{name = "Ini_config"}]\n'
            b'[[package]]\nname = "ini-config"\nversion = "2"\n'
            b'[[package]]\nname = "shared"\nversion = "9"\n'
            b'[[package]]\nname = "other"\nversion = "1"\nsource = {registry = "x"}\ndependencies = [{name = "z"}]\n',
            Locked(
                versions={"pytest": "8", "ini-config": "2"},
                production=_names("flask", "click", "asgi", "boto", "celery", "shared", "of-member", "of-inner"),
            ),
            id="uv.lock",
        ),
        pytest.param(
            "Pipfile",
            b'[packages]\nFlask = {version = "*", extras = ["Async"]}\n[dev-packages]\nblack = "*"\nflask = "*"\n'
            b'[requires]\npython_version = "3.11"\n',
            Declared(
                production=_names("flask") | {("flask", "async")},
                development=_names("black"),
                expected=frozenset({"flask"}),
            ),
            id="Pipfile",
        ),
        pytest.param(
            "pyproject.toml",
            b'[project]\ndependencies = ["A", "b[x]>1", 7]\n'
            b'[project.optional-dependencies]\ns3 = ["boto"]\ntest = ["t1"]\n'
            b'[dependency-groups]\ndev = ["t2", {include-group = "test"}]\nworker = ["celery"]\n'
            b'[tool.poetry.dependencies]\npython = "^3"\npoetry-made = "*"\n'
            b'[tool.poetry.dev-dependencies]\nt3 = "*"\npython = "*"\n'
            b'[tool.poetry.group.lint.dependencies]\nt4 = "*"\n'
            b'[tool.poetry.group.gpu.dependencies]\ncuda = "*"\n'
            b'[tool.pdm.dev-dependencies]\ntest = ["t5"]\nother = ["kept"]\n'
            b'[tool.uv]\ndev-dependencies = ["t6", "a"]\n'
            b'[tool.hatch.envs.x]\ndependencies = ["t7"]\nextra-dependencies = ["t8"]\n',
            Declared(
                production=_names("a", "b", "boto", "celery", "poetry-made", "cuda", "kept") | {("b", "x")},
                development=_names(*(f"t{number}" for number in range(1, 9))),
                expected=frozenset({"a", "b", "poetry-made"}),
            ),
            id="every table of pyproject.toml",
        ),
    ],
)
def test_what_each_file_says(name: str, text: bytes, wishes: Locked | Declared) -> None:
    assert PYTHON[name](text) == wishes


def test_what_npm_marks_for_development() -> None:
    marked = {"version": "1", "dev": True}
    places = {
        "": marked,
        "packages/own": marked,
        "node_modules/a": marked,
        "node_modules/a/node_modules/b": {"dev": True},
        "node_modules/linked": {**marked, "link": True},
        "node_modules/production": {"version": "1"},
        "node_modules/maybe": {"version": "1", "dev": "yes"},
        "node_modules/odd": 7,
    }
    nested = {"old": {**marked, "dependencies": {"inner": marked, "other": {"version": "1"}}}, "odd": 7}
    assert node_dev_packages(json.dumps({"packages": places, "dependencies": nested}).encode()) == {
        "node_modules/a": "1",
        "node_modules/a/node_modules/b": "",
    }
    needed = {"of": {"version": "1", "dependencies": {"deep": {**marked, "dependencies": {"deeper": {"dev": True}}}}}}
    assert node_dev_packages(json.dumps({"dependencies": nested | needed}).encode()) == {
        "node_modules/old": "1",
        "node_modules/old/node_modules/inner": "1",
        "node_modules/of/node_modules/deep": "1",
        "node_modules/of/node_modules/deep/node_modules/deeper": "",
    }


@pytest.mark.parametrize(
    ("label", "is_dev"),
    [
        ("dev", True),
        ("DEV-requirements", True),
        ("unit2test", True),
        ("developer", False),
        ("prod", False),
        ("no-dev", False),
        ("base_dev", False),
        ("", False),
    ],
)
def test_a_label_is_developments_if_a_word_of_it_says_so_and_none_says_production(label: str, is_dev: bool) -> None:
    assert is_for_development(label) == is_dev


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("".join(f"a{n}{'.b' * 150} = 1\n" for n in range(1_000)), id="parts of keys"),
        pytest.param("".join(f"[a{n}]\n" for n in range(40_000)), id="tables"),
        pytest.param("a = [" + "{a=1}," * 130_000 + "]", id="tables in a list"),
        pytest.param("a = {" + ",".join(f"b{n}{'.b' * 150}=1" for n in range(1_000)) + "}", id="keys in a table"),
        pytest.param("".join(f"'a'{n}{'.b' * 150} = '' # '\n" for n in range(1_000)), id="quotes in comments"),
        pytest.param("a = [" + "''," * 260_000 + "]", id="strings"),
    ],
)
def test_a_document_that_would_take_much_memory_is_not_parsed(text: str) -> None:
    assert peak_of(lambda: toml_object(text.encode())) < 6_000_000


def test_a_lockfile_of_thousands_of_packages_is_parsed() -> None:
    wheel = '    { url = "https://x.org/a/b.c-1.2.3-py3-none-any.whl", hash = "sha256:0", size = 1 },\n'
    package = '[[package]]\nname = "p"\nversion = "1.2.3"\nsource = { registry = "https://x.org/simple" }\nwheels = [\n'
    text = (package + wheel * 3 + "]\n") * 4_000
    assert len(toml_object(text.encode())["package"]) == 4_000


def test_empty_extras_are_none() -> None:
    assert required("x[a, ,B ]") == ("x", frozenset({"a", "b"}))
    assert nodes("x[a]") == {("x", ""), ("x", "a")}
    assert nodes("# x") == frozenset()
