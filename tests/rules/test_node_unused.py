"""What building a user interface left in an image that cannot run JavaScript."""

import pytest

from tests.builder import Member, file, layer, symlink
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
        pytest.param(symlink("usr/bin/chromium", "/opt/x"), id="a browser"),
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
