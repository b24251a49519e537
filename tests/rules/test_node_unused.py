"""What building a user interface left in an image that cannot run JavaScript."""

from dataclasses import replace

import pytest

from layerscope.rules.families import node_unused
from layerscope.rules.projects import REFERENCES
from tests.builder import Member, directory, file, layer, symlink
from tests.rules.conftest import Find, copied, paths_of

MANIFEST = b'{"scripts": {"build": "esbuild"}, "dependencies": {"react": "18"}}'
MODULES = [
    file("app/ui/node_modules/react/package.json", b'{"name": "react"}'),
    file("app/ui/node_modules/react/index.js", b"react" * 90),
    symlink("app/ui/node_modules/.bin/react", "../react/index.js"),
]
BUILT = [
    file("app/ui/dist/main.js", b'// node_modules/react/index.js\nvar x = {"./node_modules/react/index.js": 1}'),
    file("app/ui/dist/index.html", b"<script src=main.js>"),
]
SOURCES = [file("app/ui/src/main.jsx", b"import React from 'react'"), file("app/ui/src/logo.svg", b"<svg/>")]
LOCKS = [file("app/ui/package.json", MANIFEST), file("app/ui/package-lock.json", b"{}")]
SERVER = file("app/main.py", b"app.mount('/', StaticFiles(directory='ui/dist'))")
UI = [*MODULES, *BUILT, *SOURCES, *LOCKS, SERVER]
CMD = ("uvicorn", "main:app")


def _found(find: Find, *members: Member, cmd: tuple[str, ...] = CMD, packages: tuple[str, ...] = ()) -> set[str]:
    owned = dict.fromkeys(packages, ("/app/main.py",))
    found = find(copied(layer(*members), cmd=cmd), packages=owned)
    return {path.removeprefix("/app/ui/") for path in paths_of(found, "node-unused")}


def test_packages_sources_and_lockfiles_beside_what_was_built_are_caught(find: Find) -> None:
    assert _found(find, *UI) == {
        "node_modules/react/package.json",
        "node_modules/react/index.js",
        "node_modules/.bin/react",
        "src/main.jsx",
        "src/logo.svg",
        "package.json",
        "package-lock.json",
    }


@pytest.mark.parametrize(
    "member",
    [
        pytest.param(file("usr/local/bin/node", b"ELF", mode=0o755), id="Node"),
        pytest.param(file("opt/x/bin/bun", b"ELF", mode=0o755), id="Bun"),
        pytest.param(replace(symlink("usr/bin/chromium", "/opt/x"), mode=0), id="a browser"),
        pytest.param(file("usr/bin/deno", b"ELF", mode=0o645), id="what only others may execute"),
        pytest.param(file("app/x/serve.js", b"static('node_modules')"), id="a script that was not built"),
        pytest.param(file("usr/lib/libnode.so.115", b"ELF"), id="a library"),
        pytest.param(file("opt/own/server", bytes(31 << 20), mode=0o755), id="a large program"),
        pytest.param(file("app/settings.py", b"STATICFILES_DIRS = [BASE / 'ui' / 'node_modules']"), id="code names it"),
        pytest.param(file("app/ui/dist/a.html", b'<script src="/node_modules/react/index.js">'), id="a page names it"),
        pytest.param(
            file("app/ui/dist/a.js", b'import x from "/node_modules/react/index.js"'), id="a script imports it"
        ),
        pytest.param(symlink("app/static", "ui/node_modules/react"), id="a symlink leads into it"),
        pytest.param(file("app/ui/package.json", b'{"scripts": {"start": "x"}}'), id="no script that builds"),
    ],
)
def test_what_may_be_used_is_not_caught(find: Find, member: Member) -> None:
    assert _found(find, *(one for one in UI if one.name != member.name), member) == set()


def test_a_project_that_was_not_built_is_not_caught(find: Find) -> None:
    assert _found(find, *MODULES, *SOURCES, *LOCKS, SERVER) == set()


@pytest.mark.parametrize("cmd", [("sh",), (), ("/bin/sleep", "1"), ("npm", "start"), ("node", "x.js")])
def test_an_image_that_starts_a_shell_or_node_is_left_alone(find: Find, cmd: tuple[str, ...]) -> None:
    assert _found(find, *UI, cmd=cmd) == set()


def test_a_package_that_embeds_javascript_may_run_it(find: Find) -> None:
    assert _found(find, *UI, packages=("pypi/dukpy",)) == set()
    assert _found(find, *UI, packages=("pypi/fastapi",))


def test_a_program_within_the_packages_runs_nothing(find: Find) -> None:
    assert _found(find, *UI, file("app/ui/node_modules/node/bin/node", b"ELF", mode=0o755))


def test_tools_that_only_the_build_starts_may_name_the_packages(find: Find) -> None:
    members = [
        file("app/ui/webpack.config.js", b"exclude: '/node_modules/'"),
        file("app/.gitignore", b"\nnode_modules\n"),
    ]
    assert _found(find, *UI, *members)


def test_the_sources_of_a_server_beside_them_are_kept(find: Find) -> None:
    found = _found(find, *UI, file("app/ui/src/server.py", b"print()"))
    assert found and not any(path.startswith(("src", "package")) for path in found)


ALL = {
    *("node_modules/react/package.json", "node_modules/react/index.js", "node_modules/.bin/react"),
    *("src/main.jsx", "src/logo.svg", "package.json", "package-lock.json"),
}


@pytest.mark.parametrize(
    ("member", "path"),
    [
        pytest.param(file("opt/x/bin/node", b"text"), "", id="a file of that name that nobody may execute"),
        pytest.param(directory("opt/node"), "", id="a directory of that name"),
        pytest.param(file("app/ui/src/main.jsx", b'import "/node_modules/x/y"'), "", id="its sources name them"),
        pytest.param(file("usr/lib/python3/site-packages/x.py", b"'node_modules'"), "", id="a library names them"),
        pytest.param(file("app/empty.py"), "", id="an empty text"),
        pytest.param(
            file("app/ui/node_modules/react/run.sh", b"x"), "node_modules/react/run.sh", id="a script of theirs"
        ),
        pytest.param(file("app/ui/yarn.lock", b"x"), "yarn.lock", id="another lockfile"),
        pytest.param(file("app/ui/src/a/b.ts", b"x"), "src/a/b.ts", id="a source further down"),
        pytest.param(directory("app/ui/src/lib.d"), "", id="a directory among the sources"),
        pytest.param(file("app/ui/vite.json", b"x"), "", id="another file beside it"),
    ],
)
def test_what_does_not_show_a_use_changes_nothing(find: Find, member: Member, path: str) -> None:
    own = [one for one in UI if one.name != member.name]
    assert _found(find, *own, member) == ALL | ({path} if path else set())


@pytest.mark.parametrize(
    ("member", "sources"),
    [
        pytest.param(file("app/ui/deploy.sh", b"x"), set(), id="a script at the top"),
        pytest.param(file("app/ui/api/main.go", b"x"), set(), id="a server in another directory"),
        pytest.param(
            file("app/ui/src/data.bin", b"x"),
            {"package.json", "package-lock.json"},
            id="sources that are not the web's",
        ),
    ],
)
def test_of_a_project_with_more_than_a_user_interface_less_is_claimed(
    find: Find, member: Member, sources: set[str]
) -> None:
    assert _found(find, *UI, member) == {path for path in ALL if path.startswith("node_modules/")} | sources


@pytest.mark.parametrize(
    ("name", "owner", "found"),
    [
        pytest.param("opt/server", "", False, id="nobody's"),
        pytest.param("opt/server", "pypi/x", False, id="a wheel's"),
        pytest.param("opt/server", "deb/x", True, id="a package's of the system"),
        pytest.param("opt/server", "golang/x", True, id="a program of Go"),
        pytest.param("app/ui/node_modules/x/server", "", True, id="one of the packages themselves"),
    ],
)
def test_only_a_large_program_of_unknown_origin_may_embed_an_engine(
    find: Find, monkeypatch: pytest.MonkeyPatch, name: str, owner: str, found: bool
) -> None:
    monkeypatch.setattr(node_unused, "_LARGE", 1000)
    packages = {owner: (f"/{name}",)} if owner else {}
    for size, mode, expected in ((1000, 0o755, found), (999, 0o755, True), (1000, 0o644, True)):
        spec = copied(layer(*UI, file(name, b"x" * size, mode=mode)), cmd=CMD)
        assert bool(paths_of(find(spec, packages=packages), "node-unused")) == expected


@pytest.mark.parametrize(
    ("package", "found"), [("npm/esbuild", True), ("golang/goja", False), ("pypi/MiniRacer", True)]
)
def test_a_package_of_node_itself_embeds_nothing(find: Find, package: str, found: bool) -> None:
    assert bool(_found(find, *UI, packages=(package,))) == found


def test_a_package_that_lies_among_those_of_node_runs_nothing(find: Find) -> None:
    path = "app/ui/node_modules/x/METADATA"
    found = find(copied(layer(*UI, file(path, b"x")), cmd=CMD), packages={"pypi/dukpy": (f"/{path}",)})
    assert paths_of(found, "node-unused")


@pytest.mark.parametrize(
    ("entrypoint", "cmd", "found"),
    [
        pytest.param(("uvicorn",), ("sh",), True, id="the entrypoint is started"),
        pytest.param(("/bin/sh",), ("uvicorn",), False, id="the entrypoint is a shell"),
        pytest.param((), ("uvicorn", "sh"), True, id="a shell is an argument"),
    ],
)
def test_what_is_started_decides_whether_it_is_an_application(
    find: Find, entrypoint: tuple[str, ...], cmd: tuple[str, ...], found: bool
) -> None:
    spec = copied(layer(*UI), entrypoint=entrypoint, cmd=cmd)
    assert bool(paths_of(find(spec), "node-unused")) == found


@pytest.mark.parametrize(
    ("scripts", "found"),
    [
        (b'{"scripts": {"build:app": "x"}}', True),
        (b'{"scripts": {"prod": "x", "test": "y"}}', True),
        (b'{"scripts": {"prebuild": "x"}}', False),
        (b'{"scripts": ["build"]}', False),
        (b"{}", False),
    ],
)
def test_only_a_script_that_builds_is_one(find: Find, scripts: bytes, found: bool) -> None:
    members = [one for one in UI if one.name != b"app/ui/package.json"]
    assert bool(_found(find, *members, file("app/ui/package.json", scripts))) == found


@pytest.mark.parametrize(("output", "found"), [("dist/a.txt", False), ("out/x/a.css", True), (".output/a.mjs", True)])
def test_what_was_built_is_known_by_its_place_and_its_kind(find: Find, output: str, found: bool) -> None:
    assert bool(_found(find, *MODULES, *SOURCES, *LOCKS, SERVER, file(f"app/ui/{output}", b"x"))) == found


def test_packages_of_the_base_are_not_claimed_and_its_texts_name_nothing(find: Find) -> None:
    lower = layer(file("app/other.py", b"'node_modules'"))
    assert paths_of(find(copied(lower, layer(*UI), cmd=CMD), base_layers=1), "node-unused")
    assert not paths_of(find(copied(lower, layer(*UI), cmd=CMD)), "node-unused")
    below = copied(layer(*MODULES), layer(*(one for one in UI if one not in MODULES)), cmd=CMD)
    assert not paths_of(find(below, base_layers=1), "node-unused")
    assert paths_of(find(below), "node-unused")


@pytest.mark.parametrize(("more", "found"), [(0, False), (1, True)])
def test_only_texts_that_a_compressed_layer_keeps_are_searched(find: Find, more: int, found: bool) -> None:
    text = b"'node_modules'".ljust(REFERENCES.small + more)
    assert bool(_found(find, *UI, file("app/settings.py", text))) == found


def test_without_packages_of_its_own_nothing_of_a_project_is_claimed(find: Find) -> None:
    assert _found(find, *BUILT, *SOURCES, *LOCKS, SERVER, directory("app/ui/node_modules/x")) == set()


@pytest.mark.parametrize(
    "fields",
    [
        {"env": ("STATIC=/app/ui/node_modules",)},
        {"working_dir": "/app/ui/node_modules"},
        {"cmd": ("x", "--a=node_modules")},
    ],
)
def test_packages_that_the_config_names_are_in_use(find: Find, fields: dict[str, tuple[str, ...]]) -> None:
    assert not paths_of(find(copied(layer(*UI), **{"cmd": CMD, **fields})), "node-unused")
