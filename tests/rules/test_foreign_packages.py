"""Packages that the image cannot run: of another machine, or of another platform."""

import pytest

from tests.builder import Member, file, layer, symlink
from tests.rules.conftest import Find, caught, copied, of_rule

RULE = "foreign-packages"
CONFIG = b"home = /usr/bin\nversion = 3.11.2\ncommand = /usr/bin/python3 -m venv /home/me/shop/venv\n"
CODE = file("app/main.py", b"import flask\n")
INTERPRETER = file("usr/bin/python3", b"\x7fELF", mode=0o755)
HERE, THERE = "app/venv/lib/python3.11/site-packages", "usr/local/lib/python3.11/site-packages"
PACKAGES = {
    "pypi/flask": (f"/{HERE}/flask-3.dist-info/METADATA",),
    "pypi/Flask": (f"/{THERE}/flask-3.dist-info/METADATA",),
}
INSTALLED = (
    file(f"{HERE}/flask-3.dist-info/METADATA", b"Name: flask\n"),
    file(f"{THERE}/flask-3.dist-info/METADATA", b"x"),
)
OF_VENV = {"/app/venv/pyvenv.cfg", "/app/venv/bin/python", f"/{HERE}/flask-3.dist-info/METADATA"}


def environment(interpreter: str, config: bytes = CONFIG) -> tuple[Member, ...]:
    return (
        file("app/venv/pyvenv.cfg", config),
        symlink("app/venv/bin/python", interpreter),
        INTERPRETER,
        CODE,
        *INSTALLED,
    )


def test_an_environment_without_its_interpreter(find: Find) -> None:
    spec = copied(layer(*environment("/home/me/.pyenv/bin/python3")))
    (finding,) = of_rule(find(spec, packages=PACKAGES), RULE)
    assert {path.path for path in finding.paths} == OF_VENV
    assert finding.title == "a virtual environment of another machine: /app/venv"
    assert finding.detail == "its interpreter is not in the image"
    assert finding.fix.startswith("keep /app/venv out of the build context (.dockerignore)")


def test_an_environment_that_was_made_elsewhere_and_installed_again(find: Find) -> None:
    spec = copied(layer(*environment("/usr/bin/python3")))
    (finding,) = of_rule(find(spec, packages=PACKAGES), RULE)
    assert finding.detail == "it was made as /home/me/shop/venv, and flask are installed elsewhere too"


def test_an_environment_of_windows(find: Find) -> None:
    members = (file("app/venv/pyvenv.cfg", CONFIG), file("app/venv/Scripts/python.exe", b"MZ"), CODE)
    assert caught(find, RULE, copied(layer(*members))) == {"/app/venv/pyvenv.cfg", "/app/venv/Scripts/python.exe"}


@pytest.mark.parametrize(
    ("config", "packages"),
    [
        pytest.param(CONFIG.replace(b"/home/me/shop", b"/app"), PACKAGES, id="made where it is"),
        pytest.param(CONFIG.replace(b"/home/me/shop/venv", b"/app/venv/"), PACKAGES, id="made there, with a slash"),
        pytest.param(
            CONFIG,
            {"pypi/flask": PACKAGES["pypi/flask"], "npm/flask": PACKAGES["pypi/Flask"]},
            id="elsewhere is a package of another language with that name",
        ),
        pytest.param(b"home = /usr/bin\n", PACKAGES, id="nobody knows where"),
        pytest.param(CONFIG, {"pypi/flask": PACKAGES["pypi/flask"]}, id="its packages are nowhere else"),
    ],
)
def test_an_environment_with_its_interpreter_stays(
    find: Find, config: bytes, packages: dict[str, tuple[str, ...]]
) -> None:
    spec = copied(layer(*environment("/usr/bin/python3", config)))
    assert caught(find, RULE, spec, packages) == set()


@pytest.mark.parametrize(
    ("fields", "members"),
    [
        pytest.param({"env": ("PATH=/app/venv/bin:/usr/bin",)}, (), id="PATH"),
        pytest.param({"env": ("VIRTUAL_ENV=/app/venv",)}, (), id="VIRTUAL_ENV"),
        pytest.param({"env": ("PYTHONPATH=/app/venv/lib/python3.11/site-packages",)}, (), id="PYTHONPATH"),
        pytest.param({"cmd": ("/app/venv/bin/flask", "run")}, (), id="the command"),
        pytest.param({"cmd": ("uv", "run", "flask")}, (), id="a tool that finds it"),
        pytest.param({"cmd": ("sh", "-c", ". venv/bin/activate && flask run")}, (), id="a relative path"),
        pytest.param({"cmd": ("/start",)}, (file("start", b"#!/bin/sh\n. /app/venv/bin/activate\n"),), id="a script"),
        pytest.param(
            {}, (symlink("usr/bin/flask", "/app/venv/bin/flask"), file("app/venv/bin/flask", b"x")), id="a link"
        ),
        pytest.param({"env": ("PATH=/current/bin",)}, (symlink("current", "/app/venv"),), id="a link to all of it"),
        pytest.param({}, (file("app/gunicorn.py", b"path = '/app/venv/bin'\n"),), id="code"),
        pytest.param({}, (file("app/uwsgi.ini", b"[uwsgi]\nvirtualenv = venv\n"),), id="a setting"),
    ],
)
def test_an_environment_that_anything_names_is_in_use(
    find: Find, fields: dict[str, tuple[str, ...]], members: tuple[Member, ...]
) -> None:
    spec = copied(layer(*environment("/home/me/python3"), *members), **fields)
    assert caught(find, RULE, spec, PACKAGES) == set()


def test_another_environment_in_use_does_not_save_that_of_the_host(find: Find) -> None:
    spec = copied(layer(*environment("/home/me/python3")), env=("PATH=/opt/venv/bin:/usr/bin",))
    assert caught(find, RULE, spec, PACKAGES) == OF_VENV


@pytest.mark.parametrize(
    ("name", "manifest", "found"),
    [
        pytest.param("@esbuild/darwin-arm64", b'{"os": ["darwin"], "cpu": ["arm64"]}', True, id="another system"),
        pytest.param("@esbuild/linux-arm64", b'{"os": ["linux"], "cpu": ["arm64"]}', True, id="another processor"),
        pytest.param("@esbuild/linux-x64", b'{"os": ["linux"], "cpu": ["x64"]}', False, id="this platform"),
        pytest.param("fsevents", b'{"os": ["darwin"]}', True, id="a package of macOS"),
        pytest.param("x-linux-y", b'{"os": ["!linux"]}', True, id="everywhere but here"),
        pytest.param("is-windows", b"{}", False, id="only its name"),
        pytest.param("x-win32-y", b'{"os": ["!darwin"]}', False, id="not on another one"),
        pytest.param("codec", b'{"os": ["darwin"]}', False, id="a name of no platform"),
        pytest.param("x-win32-z", b'{"os": "win32", "cpu": [1]}', False, id="no lists of names"),
    ],
)
def test_packages_of_node_for_another_platform(find: Find, name: str, manifest: bytes, found: bool) -> None:
    path = f"app/node_modules/{name}/package.json"
    spec = copied(layer(file(path, manifest), file("usr/bin/node", b"x")))
    assert caught(find, RULE, spec) == ({f"/{path}"} if found else set())


def test_a_package_of_node_that_the_system_installed_stays(find: Find) -> None:
    path = "usr/share/app/node_modules/@esbuild/darwin-arm64/package.json"
    spec = copied(layer(file(path, b'{"os": ["darwin"]}'), file("usr/bin/node", b"x")))
    assert caught(find, RULE, spec) == {f"/{path}"}
    assert caught(find, RULE, spec, {"deb/app": (f"/{path}",)}) == set()
