"""Requirements files of pip: which packages are development's, and what protects the others."""

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from layerscope.rules import views
from layerscope.rules.families import python_dev
from layerscope.rules.lockfiles import Declared, Node
from layerscope.rules.requirements import Requirements, is_requirements, requirements
from tests.builder import Member, file, layer
from tests.rules.conftest import Find, copied, of_rule, paths_of, step

SITE = "app/.venv/lib/python3.11/site-packages"
NEEDS = {
    "django": "",
    "gunicorn": "packaging",
    "packaging": "",
    "pytest": "packaging;pluggy;iniconfig",
    "pluggy": "",
    "iniconfig": "",
    "black": "click;pathspec",
    "click": "",
    "pathspec": "",
}
PRODUCTION = file("app/requirements.txt", b"Django==4.2 \\\n    --hash=sha256:0\ngunicorn>=23  # the server\n")
DEVELOPMENT = b"-r requirements.txt\npytest==8.3\nblack[d] ; python_version > '3'\n"
ONLY = {"pytest", "pluggy", "iniconfig", "black", "click", "pathspec"}


def _found(
    find: Find,
    *members: Member,
    needs: Mapping[str, str] = NEEDS,
    requested: str = "",
    beside: Mapping[str, bytes] | None = None,
    instruction: str = "COPY dir:0 in /app",
) -> set[str]:
    """The packages that py-dev-deps claims; ``requested`` are those that pip marked as asked for."""
    packages, tree = {}, list(members)
    for name, wants in needs.items():
        headers = "".join(f"Requires-Dist: {want}\n" for want in wants.split(";") if want).replace(
            " if ", "; extra == "
        )
        info = f"{SITE}/{name}-1.0.dist-info"
        tree += [
            file(f"{SITE}/{name}.py", name.encode()),
            file(f"{info}/METADATA", f"Name: {name}\n{headers}".encode()),
        ]
        packages[f"pypi/{name}"] = (f"/{SITE}/{name}.py", f"/{info}/METADATA")
        if name in requested.split():
            tree.append(file(f"{info}/REQUESTED", b""))
    spec = copied(layer(*tree))
    spec = type(spec)(layers=spec.layers, history=(step(instruction),))
    found = find(spec, packages=packages, lockfiles=tuple((beside or {}).items()))
    paths = paths_of(found, "py-dev-deps")
    return {path.rpartition("/")[2].removesuffix(".py") for path in paths if path.endswith(".py")}


@pytest.mark.parametrize(
    "name",
    [
        "requirements-dev.txt", "requirements_test.txt", "requirements.local.txt", "dev-requirements.in",
        "test_requirements.txt", "requirements/dev.txt", "docs/requirements.txt", "requirements-dev.in",
    ],
)  # fmt: skip
def test_what_development_alone_asks_for_is_caught(find: Find, name: str) -> None:
    assert _found(find, PRODUCTION, file(f"app/{name}", DEVELOPMENT)) == ONLY


@pytest.mark.parametrize("limit", [{"MOST_LINES": 6}, {"MOST_BYTES": 150}])
def test_projects_whose_files_exceed_a_limit_together_say_nothing(
    find: Find, monkeypatch: pytest.MonkeyPatch, limit: Mapping[str, int]
) -> None:
    for name, value in limit.items():
        monkeypatch.setattr(views, name, value)
    found = (PRODUCTION, file("app/requirements-dev.txt", DEVELOPMENT))
    assert _found(find, *found) == ONLY
    assert _found(find, *found, file("app/requirements-test.txt", b"# a comment that is of no use\n\n")) == set()
    members = (*found, file("lib/requirements-test.txt", b"# a comment that is of no use\n\n"))
    (warning,) = find(copied(layer(*members))).warnings
    assert warning.startswith("py-dev-deps: files that say what projects need hold more than ")


def test_manifests_that_would_take_long_to_parse_say_nothing(find: Find, monkeypatch: pytest.MonkeyPatch) -> None:
    found = (
        PRODUCTION,
        file("app/requirements-dev.txt", DEVELOPMENT),
        file("app/Pipfile", b"[packages]\na = {a = 1}\n"),
    )
    assert _found(find, *found) == ONLY
    monkeypatch.setattr(python_dev, "_MOST_VALUES", 3)
    assert _found(find, *found) == set()
    (warning,) = find(copied(layer(*found))).warnings
    assert "hold more than 3 values; none was looked at" in warning


def test_files_of_a_folder_are_read_together(find: Find) -> None:
    files = [
        file("app/requirements/base.txt", b"django\n"),
        file("app/requirements/prod.txt", b"-r base.txt\ngunicorn\n"),
        file("app/requirements/dev.txt", b"-r base.txt\n-r test.txt\nblack\n"),
        file("app/requirements/test.txt", b"pytest\n"),
    ]
    assert _found(find, *files) == ONLY


def test_the_files_may_be_beside_the_dockerfile_or_in_a_builder(find: Find) -> None:
    outside = {"requirements.txt": PRODUCTION.content, "requirements-dev.txt": DEVELOPMENT}
    assert _found(find, beside=outside) == ONLY
    assert _found(find, beside={f"build:/src/{name}": text for name, text in outside.items()}) == ONLY


def test_production_may_be_declared_by_pyproject(find: Find) -> None:
    project = file("app/pyproject.toml", b'[project]\ndependencies = ["django", "gunicorn"]\n')
    assert _found(find, project, file("app/requirements-dev.txt", DEVELOPMENT)) == ONLY


def test_an_extra_of_development_counts_as_a_group(find: Find) -> None:
    project = b'[project]\ndependencies=["django","gunicorn"]\n[project.optional-dependencies]\n'
    assert _found(find, file("app/pyproject.toml", project + b'test=["pytest"]\ns3=["black"]\n')) == ONLY - {
        "black",
        "click",
        "pathspec",
    }


def test_a_manifest_of_what_is_not_installed_says_nothing(find: Find) -> None:
    group = b'[dependency-groups]\ndev=["pytest"]\n'
    other = file("opt/tool/pyproject.toml", b'[project]\ndependencies=["absent","nowhere","gone"]\n' + group)
    assert _found(find, other) == set()
    assert _found(find, file("app/pyproject.toml", group)) == set()
    assert _found(find, file("app/pyproject.toml", group), PRODUCTION) == {"pytest", "pluggy", "iniconfig"}


def test_a_group_is_not_developments_unless_its_name_says_so(find: Find) -> None:
    project = b'[project]\ndependencies=["django","gunicorn"]\n[dependency-groups]\nworker=["black"]\ndev=["pytest"]\n'
    assert _found(find, file("app/pyproject.toml", project)) == {"pytest", "pluggy", "iniconfig"}


@pytest.mark.parametrize(
    ("production", "kept"),
    [
        pytest.param(b"django\ngunicorn\nblack\n", {"black", "click", "pathspec"}, id="production asks for it too"),
        pytest.param(b"django\ngunicorn\n-r requirements-dev.txt\n", ONLY, id="production includes development"),
        pytest.param(
            b"django\ngunicorn\n" + b"".join(b"only%d; sys_platform == 'win32'\n" % number for number in range(9)),
            set(),
            id="what other platforms need is not installed",
        ),
        pytest.param(b"other\nabsent\nnowhere\ndjango\n", ONLY, id="of production hardly anything is installed"),
        pytest.param(b"", ONLY, id="production asks for nothing"),
    ],
)
def test_what_production_needs_is_not_caught(find: Find, production: bytes, kept: set[str]) -> None:
    files = [file("app/requirements.txt", production), file("app/requirements-dev.txt", DEVELOPMENT)]
    assert _found(find, *files) == ONLY - kept


@pytest.mark.parametrize(
    "name", ["requirements-prod.txt", "requirements-no-dev.txt", "requirements-gpu.txt", "notes-dev.txt"]
)
def test_a_file_whose_name_does_not_say_development_claims_nothing(find: Find, name: str) -> None:
    assert _found(find, PRODUCTION, file(f"app/{name}", DEVELOPMENT)) == set()


def test_without_a_file_of_production_nothing_is_caught(find: Find) -> None:
    assert _found(find, file("app/requirements-dev.txt", DEVELOPMENT)) == set()
    assert _found(find, PRODUCTION, file("app/tool/requirements-dev.txt", DEVELOPMENT)) == set()


def test_another_projects_production_is_kept(find: Find) -> None:
    other = file("app/worker/requirements.txt", b"black\n")
    assert _found(find, PRODUCTION, file("app/requirements-dev.txt", DEVELOPMENT), other) == {
        "pytest",
        "pluggy",
        "iniconfig",
    }


def test_an_extra_that_production_asks_for_is_kept(find: Find) -> None:
    needs = NEEDS | {
        "gunicorn": "packaging;click if 'fast';iniconfig if 'slow'",
        "app": "black[d]",
        "black": "pathspec if 'd'",
        "pytest": "",
    }
    files = [
        file("app/requirements.txt", b"django\ngunicorn[fast]\n"),
        file("app/requirements-dev.txt", b"click\npathspec\niniconfig\n"),
    ]
    assert _found(find, *files, needs=needs) == {"iniconfig"}


def test_a_package_that_was_asked_for_by_its_name_is_kept(find: Find) -> None:
    files = [PRODUCTION, file("app/requirements-dev.txt", DEVELOPMENT)]
    assert _found(find, *files, requested="django gunicorn pytest black click") == ONLY - {"click"}
    assert _found(find, *files, requested=" ".join(NEEDS)) == ONLY  # So it says nothing.
    assert _found(find, *files, instruction="/bin/sh -c pip install 'black' && true") == {
        "pytest",
        "pluggy",
        "iniconfig",
    }


def test_each_project_is_judged_by_itself(find: Find) -> None:
    group = b'[dependency-groups]\ndev=["pytest"]\n'
    gone = file("a/pyproject.toml", b'[project]\ndependencies=["absent","nowhere","gone"]\n' + group)
    assert _found(find, gone, PRODUCTION, file("app/requirements-dev.txt", b"black\n")) == {
        "black",
        "click",
        "pathspec",
    }


@pytest.mark.parametrize(
    ("command", "kept"),
    [
        ("pip install --upgrade black", True),
        ("uv add 'black[d]==1'", True),
        ("pip install x && echo black", False),
        ("pip download black", False),
        ("pip install -r requirements-dev.txt", False),
    ],
)
def test_what_an_instruction_installs_by_its_name_is_kept(find: Find, command: str, kept: bool) -> None:
    files = [PRODUCTION, file("app/requirements-dev.txt", b"black\n")]
    found = _found(find, *files, instruction=f"/bin/sh -c {command}")
    assert found == (set() if kept else {"black", "click", "pathspec"})


def test_the_advice_for_files_beside_the_dockerfile_has_their_names_alone(find: Find) -> None:
    beside = (("requirements.txt", b"django\n"), ("requirements-dev.txt", b"black\n"))
    packages = {f"pypi/{name}": (f"/{SITE}/{name}.py",) for name in ("django", "black")}
    data = layer(*(file(f"{SITE}/{name}.py", name.encode()) for name in ("django", "black")))
    (finding,) = of_rule(find(copied(data), packages=packages, lockfiles=beside), "py-dev-deps")
    assert finding.detail == "by requirements-dev.txt: black"


def test_the_advice_names_the_files(find: Find) -> None:
    members = [PRODUCTION, file("app/requirements-dev.txt", b"black\n"), file("app/requirements-test.txt", b"pytest\n")]
    members.append(file("app/requirements-local.txt", b"django\ngunicorn\n"))  # Asks for production's only.
    names = ("django", "gunicorn", "black", "pytest")
    packages = {f"pypi/{name}": (f"/{SITE}/{name}.py",) for name in names}
    data = layer(*members, *(file(f"{SITE}/{name}.py", name.encode()) for name in names))
    (finding,) = of_rule(find(copied(data), packages=packages), "py-dev-deps")
    assert finding.detail == "by /app/requirements-dev.txt, /app/requirements-test.txt: black, pytest"
    assert "without `-r requirements-dev.txt -r requirements-test.txt`" in finding.fix


def test_bytecode_that_no_package_lists_goes_with_its_module(find: Find) -> None:
    compiled = [file(f"{SITE}/__pycache__/{name}.cpython-311.pyc", b"pyc") for name in ("black", "django", "other")]
    members = [PRODUCTION, file("app/requirements-dev.txt", b"black\n"), *compiled]
    packages = {f"pypi/{name}": (f"/{SITE}/{name}.py",) for name in ("django", "gunicorn", "black")}
    data = layer(*members, *(file(f"{SITE}/{name}.py", name.encode()) for name in ("django", "gunicorn", "black")))
    found = paths_of(find(copied(data), packages=packages), "py-dev-deps")
    assert found == {f"/{SITE}/black.py", f"/{SITE}/__pycache__/black.cpython-311.pyc"}


LINES = st.sampled_from(
    ("-r a", "-r requirements.txt", "x", "y[z]==1", "git+https://a/b", "n @ https://a", "#", "-e .", "\\")
)


@given(st.lists(LINES, max_size=6), st.lists(LINES, max_size=6))
def test_any_lines_are_read(production: list[str], development: list[str]) -> None:
    texts = {"a/requirements.txt": "\n".join(production), "a/requirements-dev.txt": "\n".join(development)}
    for project in requirements(texts, {}):
        assert not project.wishes.development & project.wishes.production
        assert not {name for name, _ in project.wishes.development} & {"git", "https", "r"}


def test_files_are_known_by_their_names() -> None:
    assert is_requirements("/app/requirements/dev.txt")
    assert not is_requirements("/app/other/dev.txt")


def _nodes(*names: str) -> frozenset[Node]:
    return frozenset((name, "") for name in names)


def _wishes(production: str, development: str, expected: str) -> Declared:
    return Declared(
        production=_nodes(*production.split()),
        development=_nodes(*development.split()),
        expected=frozenset(expected.split()),
    )


@pytest.mark.parametrize(
    ("texts", "beside", "found"),
    [
        pytest.param(
            {"/a/requirements.txt": "A\nb; x\n./local\n/abs\nhttps://h/x.whl\nc @ https://h/c.whl\n -e .\n# d",
             "/a/requirements-dev.txt": "b\nt"},
            {},
            [("/a", ("requirements-dev.txt",), _wishes("a b c", "t", "a c"))],
            id="what lines ask for",
        ),
        pytest.param(
            {"/a/requirements/base.txt": "a", "/a/requirements/dev.txt": "t", "/a/reqs/test.in": "u"},
            {},
            [("/a", ("reqs/test.in", "requirements/dev.txt"), _wishes("a", "t u", "a"))],
            id="folders of requirements",
        ),
        pytest.param(
            {"/a/requirements.txt": "a", "/a/docs/requirements.txt": "t", "/a/worker/requirements.txt": "w"},
            {},
            [
                ("/a", ("docs/requirements.txt",), _wishes("a", "t", "a")),
                ("/a/worker", (), _wishes("w", "", "w")),
            ],
            id="folders of other purposes",
        ),
        pytest.param(
            {"/a/requirements.txt": "a", "/a/docs/requirements.md.txt": "t", "/a/docs/reqs.txt": "u"},
            {},
            [("/a/docs", (), _wishes("t u", "", "t u")), ("/a", (), _wishes("a", "", "a"))],
            id="other names in such a folder",
        ),
        pytest.param(
            {"requirements.txt": "a", "docs/requirements.in": "t", "requirements/dev.txt": "u"},
            {},
            [("", ("docs/requirements.in", "requirements/dev.txt"), _wishes("a", "t u", "a"))],
            id="beside the Dockerfile",
        ),
        pytest.param(
            {"build:/s/requirements.txt": "a", "build:/s/requirements-dev.txt": "t"},
            {},
            [("build:/s", ("requirements-dev.txt",), _wishes("a", "t", "a"))],
            id="of a stage",
        ),
        pytest.param(
            {"/a/requirements-dev.txt": "a\nt"},
            {"/a": _nodes("a")},
            [("/a", ("requirements-dev.txt",), _wishes("a", "t", ""))],
            id="production by another file",
        ),
        pytest.param({"/a/requirements-dev.txt": "t"}, {"/b": _nodes("a")}, [], id="another project's file"),
        pytest.param(
            {"/a/requirements.txt": "a\n--requirement=requirements-dev.txt\n-rgone.txt", "/a/requirements-dev.txt": "t"},
            {},
            [("/a", (), _wishes("a t", "", "a t"))],
            id="production includes it",
        ),
    ],
)  # fmt: skip
def test_what_the_files_of_each_project_say(
    texts: dict[str, str], beside: dict[str, frozenset[Node]], found: list[tuple[str, tuple[str, ...], Declared]]
) -> None:
    expected = [Requirements(root=root, files=files, wishes=wishes) for root, files, wishes in found]
    assert list(requirements(texts, beside)) == expected


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("/app/requirements.txt", True),
        ("reqs.in", True),
        ("/a/reqs/requirements.txt", True),
        ("/a/requirements/requirements.txt", True),
        ("/a/reqs/base.in", True),
        ("/a/requirements/x.txt", False),
        ("/a/requirements-x.txt", False),
    ],
)
def test_which_files_are_read(path: str, found: bool) -> None:
    assert is_requirements(path) == found
