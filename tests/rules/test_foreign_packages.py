"""Packages that the image cannot run: of another machine, or of another platform."""

import pytest

from tests.builder import Member, file, layer, symlink, whiteout
from tests.rules.conftest import Find, caught, copied, of_rule, paths_of

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


def _packages(here: str, there: str) -> tuple[list[Member], dict[str, tuple[str, ...]]]:
    """The METADATA of packages in the environment, and of those elsewhere, with what owns them."""
    places = [(name, f"{HERE}/{name}/METADATA") for name in here.split()]
    places += [(name.upper(), f"{THERE}/{name}/METADATA") for name in there.split()]
    return [file(path, b"x") for _, path in places], {f"pypi/{name}": (f"/{path}",) for name, path in places}


@pytest.mark.parametrize(
    ("here", "there", "twice"),
    [
        pytest.param("a b", "a", "a", id="half of them"),
        pytest.param("a b c", "a", "", id="a third"),
        pytest.param("a", "a b c d e f", "a", id="many others elsewhere"),
        pytest.param("a b pip setuptools wheel", "b", "b", id="tools do not count"),
        pytest.param("pip", "pip", "", id="tools alone"),
        pytest.param("", "a", "", id="none"),
    ],
)
def test_how_many_packages_of_an_environment_are_elsewhere_too(find: Find, here: str, there: str, twice: str) -> None:
    members, packages = _packages(here, there)
    own = (file("app/venv/pyvenv.cfg", CONFIG), symlink("app/venv/bin/python3", "/usr/bin/python3"), INTERPRETER, CODE)
    found = of_rule(find(copied(layer(*own, *members)), packages=packages), RULE)
    details = [f"it was made as /home/me/shop/venv, and {twice} are installed elsewhere too"] if twice else []
    assert [one.detail for one in found] == details


GONE = "/home/me/python3"


@pytest.mark.parametrize(
    ("members", "found"),
    [
        pytest.param([file("app/x/pyvenv.cfg", CONFIG), symlink("app/x/bin/python", GONE)], True, id="another name"),
        pytest.param([file("venv/pyvenv.cfg", CONFIG), symlink("venv/bin/python", GONE)], False, id="at the top"),
        pytest.param([file("app/venv/pyvenv.cfg", CONFIG)], False, id="without programs"),
        pytest.param(
            [
                file("app/venv/pyvenv.cfg", CONFIG), symlink("app/venv/bin/python", GONE),
                symlink("app/venv/bin/python3", "/usr/bin/python3"),
            ],
            False,
            id="one of its interpreters is there",
        ),
        pytest.param([file("app/venv/pyvenv.cfg"), symlink("app/venv/bin/python", GONE)], False, id="nothing but links"),
        pytest.param(
            [file("app/venv/pyvenv.cfg", CONFIG), file("app/venv/Scripts", b"x")], False, id="a file called Scripts"
        ),
    ],
)  # fmt: skip
def test_which_environments_are_broken(find: Find, members: list[Member], found: bool) -> None:
    assert bool(caught(find, RULE, copied(layer(*members, INTERPRETER, CODE)))) == found


def test_each_environment_is_judged_by_itself(find: Find) -> None:
    members = [INTERPRETER, CODE]
    for name in ("a", "b", "c", "d"):
        interpreter = "/usr/bin/python3" if name == "b" else GONE
        members += [file(f"app/{name}/pyvenv.cfg", CONFIG), symlink(f"app/{name}/bin/python", interpreter)]
    members.append(file("app/use.py", b"x = '/app/venv/c'\n"))
    spec = copied(layer(*members), env=("VIRTUAL_ENV=/app/a", "C=/app/c"))
    assert caught(find, RULE, spec) == {"/app/d/pyvenv.cfg", "/app/d/bin/python"}


def test_where_code_cannot_be_read_only_a_broken_environment_is_reported(find: Find) -> None:
    unread = file("app/go.mod", b"module x\n")
    assert caught(find, RULE, copied(layer(*environment(GONE), unread)), PACKAGES) == OF_VENV
    assert caught(find, RULE, copied(layer(*environment("/usr/bin/python3"), unread)), PACKAGES) == set()


def test_an_environment_of_another_name_that_works_stays(find: Find) -> None:
    members = (
        file("app/tool/pyvenv.cfg", CONFIG), symlink("app/tool/bin/python", "/usr/bin/python3"), INTERPRETER, CODE,
        file("app/tool/flask/METADATA", b"x"), INSTALLED[1],
    )  # fmt: skip
    packages = {"pypi/flask": ("/app/tool/flask/METADATA",), "pypi/Flask": PACKAGES["pypi/Flask"]}
    assert caught(find, RULE, copied(layer(*members)), packages) == set()


def test_an_environment_of_the_base_or_that_is_gone_is_not_reported(find: Find) -> None:
    lower = layer(*environment(GONE))
    assert paths_of(find(copied(lower, layer(file("x", b"1"))), base_layers=1), RULE) == set()
    assert caught(find, RULE, copied(lower, layer(whiteout("app/venv/pyvenv.cfg")))) == set()


@pytest.mark.parametrize(
    ("config", "found"),
    [
        pytest.param(b"command = python -m venv /home/x/venv/\n", True, id="a slash at its end"),
        pytest.param(b"command =  \n", False, id="no words"),
        pytest.param(b"command\n", False, id="no value"),
        pytest.param(b"commands = python -m venv /home/x\n", False, id="another key"),
        pytest.param(b"a = b\ncommand = x /home/x\ncommand = /app/venv\n", True, id="the first of two"),
    ],
)
def test_where_an_environment_was_made(find: Find, config: bytes, found: bool) -> None:
    assert bool(caught(find, RULE, copied(layer(*environment("/usr/bin/python3", config))), PACKAGES)) == found


@pytest.mark.parametrize(
    ("manifest", "fields", "found"),
    [
        pytest.param(b'{"os": ["darwin", "any"]}', {}, False, id="any system"),
        pytest.param(b'{"os": ["darwin", "linux"]}', {}, False, id="this one among others"),
        pytest.param(b'{"os": ["!linux", "darwin"]}', {}, True, id="explicitly not this one"),
        pytest.param(b'{"os": ["linux"], "cpu": ["!x64"]}', {}, True, id="not this processor"),
        pytest.param(
            b'{"cpu": ["arm64"]}', {"architecture": "riscv64"}, False, id="a processor that Node does not know"
        ),
        pytest.param(b'{"cpu": ["arm64"]}', {"architecture": "arm64"}, False, id="this processor"),
        pytest.param(b'{"os": ["darwin", 7]}', {}, True, id="what is no name does not count"),
        pytest.param(b'{"os": ["darwin"]}', {"env": ("X=/app/node_modules/fsevents",)}, False, id="Env names it"),
    ],
)
def test_whether_a_package_of_node_is_for_this_platform(
    find: Find, manifest: bytes, fields: dict[str, object], found: bool
) -> None:
    spec = copied(layer(file("app/node_modules/fsevents/package.json", manifest), file("usr/bin/node", b"x")), **fields)
    findings = of_rule(find(spec), RULE)
    assert [(one.detail, one.title) for one in findings] == [
        ("not for linux/amd64: fsevents", "packages for another platform: /app/node_modules/fsevents/package.json")
    ] * found


def test_packages_for_other_platforms_are_named_with_their_scope(find: Find) -> None:
    names = ("@a/x-darwin-arm64", "@a/x-win32-x64")
    members = [file(f"app/node_modules/{name}/package.json", b'{"os": ["darwin", "win32"]}') for name in names]
    (finding,) = of_rule(find(copied(layer(*members, file("usr/bin/node", b"x")))), RULE)
    assert finding.detail == "not for linux/amd64: @a/x-darwin-arm64, @a/x-win32-x64"


def test_a_package_of_node_of_an_unknown_name_or_owner_or_that_is_gone_stays(find: Find) -> None:
    path = "app/node_modules/x-darwin-y/package.json"
    data = layer(file(path, b'{"os": ["darwin"]}'), file("usr/bin/node", b"x"))
    assert paths_of(find(copied(data, layer(file("x", b"1"))), base_layers=1), RULE) == set()
    assert caught(find, RULE, copied(data, layer(whiteout(path)))) == set()
    assert caught(find, RULE, copied(data)) == {f"/{path}"}
