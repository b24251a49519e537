"""Dependencies of development and installation: what each rule catches, and what it must not."""

import json
from collections.abc import Mapping

import pytest

from layerscope.model.finding import FindingKind, Severity
from layerscope.rules.families import dependencies
from tests.builder import Member, file, layer, symlink, whiteout
from tests.rules.conftest import Find, caught, copied, of_rule, paths_of, ran

MODULES = [
    file("app/node_modules/express/package.json", b'{"version":"4.0.0"}'),
    file("app/node_modules/express/index.d.ts", b"types"),
    file("app/node_modules/jest/package.json", b'{"version":"29.0.0"}'),
    file("app/node_modules/jest/node_modules/chalk/index.js", b"chalk"),
]
JEST = {"/app/node_modules/jest/package.json", "/app/node_modules/jest/node_modules/chalk/index.js"}


def _lock(path: str, packages: Mapping[str, Mapping[str, object]]) -> Member:
    return file(path, json.dumps({"lockfileVersion": 3, "packages": packages}).encode())


NAME = "app/package-lock.json"
INSTALLED: dict[str, Mapping[str, object]] = {
    "node_modules/express": {"version": "4.0.0"},
    "node_modules/jest": {"version": "29.0.0", "dev": True},
}
HIDDEN = _lock("app/node_modules/.package-lock.json", INSTALLED)
PLAIN = _lock(NAME, {"": {}, **INSTALLED})
OTHER_VERSION = _lock(NAME, {"node_modules/jest": {"version": "28.0.0", "dev": True}})
OPTIONAL = _lock(NAME, {"node_modules/jest": {"version": "29.0.0", "devOptional": True}})
MANIFEST = file("app/package.json", b'{"devDependencies":{"jest":"*"}}')
OLD = file(
    "app/package-lock.json",
    b'{"lockfileVersion":1,"dependencies":{"jest":{"version":"29.0.0","dev":true},"express":{"version":"4.0.0"}}}',
)


@pytest.mark.parametrize(
    ("lock", "found"),
    [
        pytest.param([HIDDEN], JEST, id="what npm notes inside node_modules"),
        pytest.param([PLAIN], JEST, id="the project's lockfile"),
        pytest.param([OLD], JEST, id="a lockfile of npm before 7"),
        pytest.param([], set(), id="no lockfile, no claim"),
        pytest.param([MANIFEST], set(), id="a manifest is no lockfile"),
        pytest.param([OTHER_VERSION], set(), id="another version"),
        pytest.param([OPTIONAL], set(), id="production may need it"),
        pytest.param([file("app/package-lock.json", b"[" * 100_000)], set(), id="a damaged lockfile"),
    ],
)  # fmt: skip
def test_node_dev_deps(find: Find, lock: list[Member], found: set[str]) -> None:
    assert caught(find, "node-dev-deps", copied(layer(*MODULES, *lock))) == found


def test_each_project_counts_by_its_own_lockfile(find: Find) -> None:
    second = [
        file("web/node_modules/jest/package.json", b'{"version":"29.0.0"}'),
        _lock("web/package-lock.json", {"": {}, **INSTALLED}),
    ]
    found = caught(find, "node-dev-deps", copied(layer(*MODULES, HIDDEN, PLAIN, *second)))
    assert found == JEST | {"/web/node_modules/jest/package.json"}


LINKS = [
    symlink("app/node_modules/.bin/jest", "../jest/bin.js"),
    symlink("app/node_modules/.bin/express", "../express/bin.js"),
    symlink("app/node_modules/@x/linked", "../jest"),
    file("app/node_modules/.bin/started", b'#!/bin/sh\nexec node  "$basedir/../jest/bin/run.js" "$@"\n'),
    file("app/node_modules/.bin/other", b'#!/bin/sh\nexec node  "$basedir/../express/bin/run.js" "$@"\n'),
    file("app/node_modules/started", b'#!/bin/sh\nexec node  "$basedir/jest/bin/run.js" "$@"\n'),
    file("app/node_modules/jest/bin.js", b"jest"),
    file("app/node_modules/express/bin.js", b"express"),
]


def test_what_npm_notes_in_node_modules_counts_before_the_projects_lockfile(find: Find) -> None:
    stale = _lock(NAME, {"node_modules/express": {"version": "4.0.0", "dev": True}})
    assert caught(find, "node-dev-deps", copied(layer(*MODULES, HIDDEN, stale))) == JEST
    inner = file("app/node_modules/jest/node_modules/chalk/package.json", b'{"version":"1"}')
    of_jest = _lock("app/node_modules/express/package-lock.json", {"node_modules/a": {"version": "1", "dev": True}})
    a = file("app/node_modules/express/node_modules/a/package.json", b'{"version":"1"}')
    found = caught(find, "node-dev-deps", copied(layer(*MODULES, HIDDEN, inner, of_jest, a)))
    assert found == JEST | {"/app/node_modules/jest/node_modules/chalk/package.json"}


OUTSIDE = (("package-lock.json", PLAIN.content), ("build:/src/x.json", b"{}"))


@pytest.mark.parametrize(
    ("members", "lockfiles", "found"),
    [
        pytest.param(MODULES, OUTSIDE, JEST, id="npm's"),
        pytest.param(MODULES, OUTSIDE[1:], set(), id="no lockfile"),
        pytest.param([*MODULES, OTHER_VERSION], OUTSIDE, set(), id="the image's own is asked"),
        pytest.param([*MODULES, file("app/yarn.lock", b"")], OUTSIDE, set(), id="the image's own of yarn is asked"),
        pytest.param(
            [*MODULES, MANIFEST],
            [("yarn.lock", b"jest@29:\n  version 1\n")],
            JEST,
            id="yarn's, by the image's manifest",
        ),
        pytest.param(MODULES, [("yarn.lock", b"jest@29:\n  version 1\n")], set(), id="yarn's, without a manifest"),
        pytest.param(
            [file("app/node_modules/@x/y/lib/a.js", b"1"), *MODULES[2:]], OUTSIDE, JEST, id="directories of scopes"
        ),
        pytest.param([file("app/modules/jest/package.json", MODULES[2].content)], OUTSIDE, set(), id="no node_modules"),
    ],
)
def test_lockfiles_from_outside_of_the_image(
    find: Find, members: list[Member], lockfiles: list[tuple[str, bytes]], found: set[str]
) -> None:
    assert paths_of(find(copied(layer(*members)), lockfiles=tuple(lockfiles)), "node-dev-deps") == found


def test_a_project_with_too_many_directories_is_not_judged(find: Find, monkeypatch: pytest.MonkeyPatch) -> None:
    members = [*MODULES[2:], MANIFEST, file("app/yarn.lock", b"jest@29:\n  version 1\n"), file("app/a/b/x", b"1")]
    # The project, node_modules, a and b; the last two once more as what is looked into.
    for most, found in ((6, JEST), (5, set())):
        monkeypatch.setattr(dependencies, "_MOST_DIRECTORIES", most)
        assert caught(find, "node-dev-deps", copied(layer(*members))) == found


def test_links_and_scripts_that_start_a_package_go_with_it(find: Find) -> None:
    scoped = {"node_modules/@x/dev": {"version": "1", "dev": True}}
    members = [file("app/node_modules/@x/dev/package.json", b'{"version":"1"}'), *LINKS]
    lock = _lock("app/node_modules/.package-lock.json", {**INSTALLED, **scoped})
    found = caught(find, "node-dev-deps", copied(layer(*MODULES, *members, lock)))
    modules = "/app/node_modules"
    assert found - JEST == {
        f"{modules}/.bin/jest",
        f"{modules}/.bin/started",
        f"{modules}/@x/linked",
        f"{modules}/@x/dev/package.json",
        f"{modules}/jest/bin.js",
    }


YARN = b'chalk@^4:\n  version "4.0.0"\n\nexpress@^4:\n  version "4.0.0"\n\njest@^29:\n  dependencies:\n    chalk "^4"\n'


@pytest.mark.parametrize(
    ("members", "found"),
    [
        pytest.param([], set(), id="nobody knows what the members need"),
        pytest.param([b"{}"], {"jest", "chalk"}, id="a member that needs nothing"),
        pytest.param([b'{"dependencies":{"chalk":"^4"}}'], {"jest"}, id="a member needs chalk in production"),
        pytest.param([b'{"devDependencies":{"chalk":"^4"}}'], {"jest", "chalk"}, id="and one for development"),
    ],
)
def test_what_members_of_a_workspace_need_in_production_is_kept(
    find: Find, members: list[bytes], found: set[str]
) -> None:
    root = b'{"workspaces":["packages/*"],"dependencies":{"express":"*"},"devDependencies":{"jest":"*"}}'
    files = [file("app/package.json", root), file("app/yarn.lock", YARN)]
    files += [file(f"app/node_modules/{name}/package.json", b"{}") for name in ("chalk", "express", "jest")]
    files += [file(f"app/packages/m{index}/package.json", text) for index, text in enumerate(members)]
    paths = caught(find, "node-dev-deps", copied(layer(*files)))
    assert {path.split("/")[3] for path in paths} == found


def test_a_package_that_is_locked_but_not_installed_is_not_named(find: Find) -> None:
    ghost = {"node_modules/ghost": {"version": "1", "dev": True}}
    for lock in (
        _lock("app/node_modules/.package-lock.json", {**INSTALLED, **ghost}),
        _lock(NAME, {**INSTALLED, **ghost}),
    ):
        (finding,) = of_rule(find(copied(layer(*MODULES, lock))), "node-dev-deps")
        assert finding.detail == f"by /{lock.name.decode()}: jest"


def test_node_dev_deps_name_the_lockfile_and_the_packages(find: Find) -> None:
    (finding,) = of_rule(find(copied(layer(*MODULES, HIDDEN))), "node-dev-deps")
    assert finding.detail == "by /app/node_modules/.package-lock.json: jest"
    assert "npm ci --omit=dev" in finding.fix


TOOLS = [
    file("app/node_modules/@x/run/package.json", b'{"version":"1.0.0"}'),
    file("app/node_modules/typescript/package.json", b'{"version":"5.0.0"}'),
    _lock(
        "app/node_modules/.package-lock.json",
        {
            "node_modules/@x/run": {"version": "1.0.0", "dev": True},
            "node_modules/typescript": {"version": "5.0.0", "dev": True},
        },
    ),
]
BIN = symlink("app/node_modules/.bin/tsc", "../typescript/package.json")
STARTS = file("app/package.json", b'{"scripts":{"start":"tsc && node ."}}')


@pytest.mark.parametrize(
    ("members", "command"),
    [
        pytest.param([BIN], ("npx", "tsc"), id="by its command"),
        pytest.param([BIN], ("/app/node_modules/.bin/tsc",), id="by the path of its command"),
        pytest.param([BIN, STARTS], ("npm", "start"), id="by a script of package.json"),
        pytest.param([BIN, file("start.sh", b"#!/bin/sh\nnpx tsc\n")], ("/start.sh",), id="by a script"),
        pytest.param([], ("npx", "typescript"), id="by its name, where there are no commands"),
        pytest.param([file("app/node_modules/.bin/typescript", b"x")], ("npx", "typescript"), id="a shim"),
        pytest.param([BIN], ("node", "-r", "typescript/register", "x.ts"), id="as what Node loads first"),
        pytest.param([BIN], ("node", "-r", "@x/run/register", "x.ts"), id="with a scope"),
    ],
)
def test_node_dev_deps_that_the_image_starts_are_wanted(
    find: Find, members: list[Member], command: tuple[str, ...]
) -> None:
    assert not caught(find, "node-dev-deps", copied(layer(*TOOLS, *members), cmd=command, working_dir="/app"))


@pytest.mark.parametrize(
    ("members", "command"),
    [
        pytest.param([BIN], ("node", "typescript.js"), id="another file"),
        pytest.param([BIN], ("typescript",), id="a word that is no command of a package"),
        pytest.param([BIN], ("npm", "start"), id="without a script"),
        pytest.param([symlink("app/node_modules/.bin/tsc", "../gone")], ("npx", "tsc"), id="a link to nothing"),
        pytest.param(
            [symlink("app/node_modules/.bin/tsc", "/srv/x"), file("srv/x", b"1")], ("tsc",), id="another's link"
        ),
        pytest.param([BIN], ("@x/run",), id="its name alone, with a scope"),
        pytest.param([BIN], ("node", "-r", "@x/other/register"), id="another package of the scope"),
        pytest.param([], ("npm", "run", "x"), id="no script of that name"),
    ],
)
def test_node_dev_deps_that_nothing_starts_are_caught(
    find: Find, members: list[Member], command: tuple[str, ...]
) -> None:
    assert caught(find, "node-dev-deps", copied(layer(*TOOLS, *members), cmd=command, working_dir="/app"))


def test_a_global_npm_is_not_the_package_of_development(find: Find) -> None:
    lock = _lock("app/node_modules/.package-lock.json", {"node_modules/npm": {"version": "1", "dev": True}})
    npm = [file("app/node_modules/npm/package.json", b"{}"), symlink("app/node_modules/.bin/npm", "../npm/x")]
    assert caught(find, "node-dev-deps", copied(layer(lock, *npm), cmd=("npm", "start")))


SITE = "usr/lib/python3/site-packages"
NEEDS = {
    "flask": "click",
    "click": "",
    "gunicorn": "packaging",
    "packaging": "",
    "pytest": "packaging iniconfig",
    "iniconfig": "",
    "black": "click pathspec",
    "pathspec": "",
    "stray": "",
}


def _python(*manifests: Member, needs: dict[str, str] = NEEDS) -> tuple[bytes, dict[str, tuple[str, ...]]]:
    """A layer with installed packages that need each other so, and what they own."""
    members = list(manifests)
    packages: dict[str, tuple[str, ...]] = {}
    for name, wants in needs.items():
        metadata = f"Name: {name}\n" + "".join(f"Requires-Dist: {want}\n" for want in wants.split())
        info = f"{SITE}/{name}-1.0.dist-info/METADATA"
        members += [file(f"{SITE}/{name}.py", name.encode()), file(info, metadata.encode())]
        packages[f"pypi/{name}"] = (f"/{SITE}/{name}.py", f"/{info}")
    return layer(*members), packages


def _names(paths: set[str]) -> set[str]:
    return {path.rpartition("/")[2].removesuffix(".py") for path in paths if path.endswith(".py")}


PIPFILE = file("app/Pipfile", b'[packages]\nflask="*"\ngunicorn="*"\n[dev-packages]\npytest="*"\nblack="*"\n')
ONLY_DEV = {"pytest", "iniconfig", "black", "pathspec"}
POETRY = "".join(
    f'[[package]]\nname = "{name}"\nversion = "1.0"\ngroups = {groups}\n'
    for name, groups in {
        "flask": ["main"],
        "click": ["main", "dev"],
        "pytest": ["dev"],
        "iniconfig": ["dev"],
    }.items()
).encode()
PDM = POETRY.replace(b"'main'", b"'default'")
OLD_POETRY = b"""
[[package]]
name = "flask"
version = "1.0"
category = "main"
[[package]]
name = "black"
version = "1.0"
category = "dev"
"""
UV = b"""
[[package]]
name = "app"
source = { virtual = "." }
dependencies = [{ name = "flask" }]
[package.dev-dependencies]
dev = [{ name = "black" }]
[[package]]
name = "flask"
version = "1.0"
dependencies = [{ name = "click" }]
[[package]]
name = "black"
version = "1.0"
dependencies = [{ name = "click" }, { name = "pathspec" }]
[[package]]
name = "click"
version = "1.0"
[[package]]
name = "pathspec"
version = "1.0"
"""
PROJECT = b'[project]\ndependencies=["flask","gunicorn"]\n[dependency-groups]\ndev=["pytest>=7","black[d]"]\n'


@pytest.mark.parametrize(
    ("manifest", "found"),
    [
        pytest.param([PIPFILE], ONLY_DEV, id="a Pipfile, followed through what is installed"),
        pytest.param(
            [file("app/Pipfile.lock", b'{"default":{"click":{}},"develop":{"black":{"version":"==1.0"},"click":{}}}')],
            {"black"},
            id="Pipfile.lock",
        ),
        pytest.param([file("app/poetry.lock", POETRY)], {"pytest", "iniconfig"}, id="poetry.lock"),
        pytest.param([file("app/poetry.lock", OLD_POETRY)], {"black"}, id="an older poetry.lock"),
        pytest.param([file("app/pdm.lock", PDM)], {"pytest", "iniconfig"}, id="pdm.lock"),
        pytest.param([file("app/uv.lock", UV)], {"black", "pathspec"}, id="uv.lock"),
        pytest.param(
            [file("app/uv.lock", UV.replace(b'"black"\nversion = "1.0"', b'"black"\nversion = "2.0"'))],
            set(),
            id="uv.lock with another version",
        ),
        pytest.param([file("app/pyproject.toml", PROJECT)], ONLY_DEV, id="groups of pyproject.toml"),
        pytest.param(
            [file("app/poetry.lock", POETRY), file("app/pyproject.toml", PROJECT)],
            {"pytest", "iniconfig"},
            id="a lockfile knows more than the manifest beside it",
        ),
        pytest.param(
            [file("app/Pipfile.lock", b'{"default":{"flask":{}}}'), PIPFILE], ONLY_DEV, id="a lockfile of production alone"
        ),
        pytest.param(
            [file("app/Pipfile.lock", b'{"default":{"black":{}}}'), PIPFILE],
            {"pytest", "iniconfig"},
            id="what the lockfile beside it has in production",
        ),
        pytest.param([], set(), id="no manifest, no claim"),
        pytest.param(
            [file("app/Pipfile.lock", b'{"develop":{"black":{"version":"==2.0"}}}')], set(), id="another version"
        ),
        pytest.param(
            [file("app/Pipfile.lock", b'{"develop":{"click":{"version":"==1.0"}}}')], set(), id="flask needs click too"
        ),
        pytest.param([file("app/pyproject.toml", b"[tool.black]\nline-length=120")], set(), id="no groups"),
        pytest.param([file(f"{SITE}/x/pyproject.toml", PROJECT)], set(), id="a dependency's own manifest"),
        pytest.param([file("app/Pipfile", b"\xff not toml")], set(), id="a damaged manifest"),
        pytest.param([file("app/Pipfile", b"a." * 500_000 + b"b = 1")], set(), id="a key of very many parts"),
        pytest.param([file("app/Pipfile", b"x = " + b"[" * 500_000)], set(), id="a value of very many levels"),
    ],
)  # fmt: skip
def test_py_dev_deps(find: Find, manifest: list[Member], found: set[str]) -> None:
    data, packages = _python(*manifest)
    assert _names(caught(find, "py-dev-deps", copied(data), packages)) == found


def test_tools_of_installation_are_no_packages_of_development(find: Find) -> None:
    data, packages = _python(file("app/Pipfile", PIPFILE.content + b'wheel="*"\n'), needs=NEEDS | {"wheel": ""})
    assert _names(caught(find, "py-dev-deps", copied(data), packages)) == ONLY_DEV


def test_a_manifest_from_outside_the_image_counts_too(find: Find) -> None:
    data, packages = _python()
    found = find(copied(data), packages=packages, lockfiles=(("Pipfile", PIPFILE.content),))
    assert _names(paths_of(found, "py-dev-deps")) == ONLY_DEV


def test_py_dev_deps_are_wanted_where_the_image_runs_tests(find: Find) -> None:
    data, packages = _python(PIPFILE)
    assert caught(find, "py-dev-deps", copied(data, cmd=("pytest",)), packages) == set()


def test_py_dev_deps_are_wanted_where_the_image_starts_one_of_them(find: Find) -> None:
    data, packages = _python(PIPFILE, file("usr/local/bin/blackd", b"#!/usr/bin/python3\n"))
    packages["pypi/black"] += ("/usr/local/bin/blackd",)
    assert caught(find, "py-dev-deps", copied(data, cmd=("blackd",)), packages) == set()
    assert caught(find, "py-dev-deps", copied(data, cmd=("python", "-m", "black")), packages) == set()
    assert caught(find, "py-dev-deps", copied(data, cmd=("gunicorn",)), packages)


def test_py_dev_deps_are_found_in_time_beside_scripts_of_very_many_words(find: Find) -> None:
    # To look for each word in each directory of a long PATH would take many seconds.
    text = b"#!/bin/sh\n" + b" ".join(b"%dx" % number for number in range(9000))
    scripts = [file(f"s{part}.sh", text.replace(b"x", b"x%d" % part)) for part in range(10)]
    data, packages = _python(PIPFILE, *scripts)
    spec = copied(data, cmd=tuple(f"/s{part}.sh" for part in range(10)), env=("PATH=" + ":".join(["/a/b/c/d"] * 32),))
    assert caught(find, "py-dev-deps", spec, packages)


def test_py_dev_deps_say_by_which_file_and_how_to_leave_them_out(find: Find) -> None:
    data, packages = _python(PIPFILE)
    (finding,) = of_rule(find(copied(data), packages=packages), "py-dev-deps")
    assert (finding.kind, finding.severity) == (FindingKind.LEAK, Severity.HIGH)
    assert finding.detail == "by /app/Pipfile: black, iniconfig, pathspec, pytest"
    assert "`pipenv install` without `--dev`" in finding.fix


@pytest.mark.parametrize(
    ("name", "severity"),
    [
        ("pipenv", Severity.MEDIUM),
        ("poetry", Severity.MEDIUM),
        ("virtualenv", Severity.MEDIUM),
        ("wheel", Severity.LOW),
    ],
)
def test_py_managers_are_caught(find: Find, name: str, severity: Severity) -> None:
    data, packages = _python(needs={name: ""})
    (finding,) = of_rule(find(ran(data), packages=packages), "py-managers")
    assert (finding.severity, finding.detail) == (severity, f"packages: {name}")


@pytest.mark.parametrize(
    ("name", "cmd"),
    [
        pytest.param("setuptools", (), id="pkg_resources is imported by some"),
        pytest.param("pipenv", ("pipenv", "run", "flask"), id="Cmd calls pipenv"),
        pytest.param("pipenv", ("/start.sh",), id="a script calls pipenv"),
        pytest.param("pip-tools", (), id="another package"),
    ],
)
def test_py_managers_are_not_caught(find: Find, name: str, cmd: tuple[str, ...]) -> None:
    data, packages = _python(file("start.sh", b"#!/bin/sh\nexec pipenv run flask\n"), needs={name: ""})
    assert caught(find, "py-managers", ran(data, cmd=cmd), packages) == set()


def test_a_manager_that_virtualenv_keeps_in_its_cache_is_part_of_the_cache(find: Find) -> None:
    unpacked, installed = "root/.cache/virtualenv/wheel/3.11/image/1/pip/__init__.py", "opt/env/pip/__init__.py"
    packages = {"pypi/pip": (f"/{unpacked}", f"/{installed}")}
    found = find(ran(layer(file(unpacked, b"1"), file(installed, b"2"))), packages=packages)
    paths = {finding.rule: [one.path for one in finding.paths] for finding in found.findings}
    assert paths == {"py-managers": [f"/{installed}"], "pip-cache": [f"/{unpacked}"]}


@pytest.mark.parametrize(
    ("path", "found"),
    [
        pytest.param("wheels/x-1.0-py3-none-any.whl", True, id="a wheel"),
        pytest.param("opt/wheelhouse/x-1.0.tar.gz", True, id="a source distribution among wheels"),
        pytest.param("usr/lib/python3.11/ensurepip/_bundled/pip-24.whl", False, id="ensurepip's bundle"),
        pytest.param(f"{SITE}/virtualenv/seed/wheels/embed/pip-24.whl", False, id="virtualenv's bundle"),
        pytest.param("root/.cache/virtualenv/wheel/house/x-1.0-py3-none-any.whl", False, id="a cache's"),
        pytest.param("data/export-1.0.tar.gz", False, id="another archive"),
        pytest.param("app/dist/bundle-1.0.tar.gz", False, id="what the application hands out"),
    ],
)
def test_wheelhouse(find: Find, path: str, found: bool) -> None:
    data, packages = _python(file(path, b"1"), needs={"x": "", "pip": "", "export": "", "bundle": ""})
    assert caught(find, "wheelhouse", copied(data), packages) == ({f"/{path}"} if found else set())


X = "wheels/x-1.0-py3-none-any.whl"


@pytest.mark.parametrize(
    ("path", "needs", "cmd"),
    [
        pytest.param(X, {}, (), id="nothing is installed"),
        pytest.param(X, {"y": ""}, (), id="something else is installed"),
        pytest.param("wheels/x-2.0-py3-none-any.whl", {"x": ""}, (), id="another version is installed"),
        pytest.param(X, {"x": ""}, ("pypi-server", "run", "/wheels/"), id="the directory is what it serves"),
        pytest.param("srv/x-1.0-cp312-cp312-pyodide_2024_0_wasm32.whl", {"x": ""}, (), id="a browser's"),
    ],
)
def test_wheels_that_nothing_was_installed_from(
    find: Find, path: str, needs: dict[str, str], cmd: tuple[str, ...]
) -> None:
    data, packages = _python(file(path, b"1"), needs=needs)
    assert caught(find, "wheelhouse", copied(data, cmd=cmd), packages) == set()


def test_wheels_are_not_those_of_a_package_of_another_language(find: Find) -> None:
    spec = copied(layer(file(X, b"1"), file("app/x.js", b"1")))
    assert caught(find, "wheelhouse", spec, {"npm/x@1.0": ("/app/x.js",)}) == set()
    assert caught(find, "wheelhouse", spec, {"pypi/x@1.0": ("/app/x.js",)}) == {f"/{X}"}
    assert caught(find, "wheelhouse", spec, {"pypi/x@1.0": ("/app/x.js", f"/{X}")}) == set()


def test_the_wheels_of_a_folder_count_together(find: Find) -> None:
    built = "wheels/Needed_To.Build-3.1.tar.gz"
    data, packages = _python(file(X, b"1"), file(built, b"1"), needs={"x": ""})
    assert caught(find, "wheelhouse", copied(data), packages) == {f"/{X}", f"/{built}"}


def test_a_wheel_that_the_final_stage_compiled_is_no_leak(find: Find) -> None:
    data, packages = _python(file(X, b"1"), needs={"x": ""})
    found = find(ran(data), packages=packages)
    assert [(f.rule, f.kind) for f in found.findings] == [("wheelhouse", FindingKind.WASTE)]


def test_wheels_that_were_deleted_later_are_left_to_that_rule(find: Find) -> None:
    spec = copied(layer(file("wheels/x-1.0.whl", b"1")), layer(whiteout("wheels")))
    assert [f.rule for f in find(spec).findings] == ["deleted-later"]
