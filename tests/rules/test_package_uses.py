"""Which packages of the system are in use by what no such package brought."""

import struct
from collections.abc import Mapping
from dataclasses import replace

import pytest
from msgspec import structs

from layerscope.rules import orphans, package_uses
from layerscope.rules.orphans import needed_by_others
from layerscope.rules.package_uses import used_packages
from tests.builder import ImageSpec, Member, file, hardlink, layer, symlink
from tests.packages.elves import elf, loading
from tests.rules.conftest import Looked

PACKAGES = {
    "deb/perl": ("/usr/bin/perl5.36", "/usr/share/perl/x.pm"),
    "deb/ruby": ("/usr/sbin/ruby",),
    "deb/libone": ("/usr/lib/libone.so.1",),
    "deb/libtwo": ("/usr/lib/libtwo.so.2", "/usr/lib/libtwo.so.2.1"),
    "deb/tool": ("/opt/tool/start",),
    "deb/node": ("/usr/bin/node",),
    "deb/python3": ("/usr/bin/python3",),
}
_NAMES = b"\0libone.so.1\0"
LARGE = elf({".dynamic": struct.pack("<QQQQ", 1, 1, 0, 0), ".dynstr": _NAMES}).ljust(8 << 10, b"\0")
"""A program that loads a library, as long as it takes to be read."""
PADDED = b"#!/usr/bin/perl5.36\n".ljust(64 << 10)


def _used(
    look: Looked,
    *members: Member,
    packages: Mapping[str, tuple[str, ...]] | None = None,
    cmd: tuple[str, ...] = (),
    env: tuple[str, ...] = (),
) -> set[str]:
    """The names of the packages that a layer above the packages uses."""
    chosen = {**PACKAGES, **(packages or {})}
    own = {member.name.decode() for member in members}
    given = [file(path[1:], b"x") for paths in chosen.values() for path in paths if path[1:] not in own]
    spec = ImageSpec(layers=(layer(file("base", b"1")), layer(*given), layer(*members)), cmd=cmd, env=env)
    context = look(spec, base_layers=1, packages=chosen)
    found = used_packages(context, frozenset(range(len(PACKAGES))))
    return {context.catalog.packages[index].name for index in found}


@pytest.mark.parametrize(
    ("fields", "used"),
    [
        pytest.param({"cmd": ("perl5.36", "x")}, {"perl"}, id="its program"),
        pytest.param({"cmd": ("perl", "x")}, {"perl"}, id="its program without a version"),
        pytest.param({"cmd": ("/opt/bin/ruby",)}, {"ruby"}, id="the name of a program, wherever it lies"),
        pytest.param({"cmd": ("start",)}, set(), id="a name of no program"),
        pytest.param({"cmd": ("/opt/tool/start",)}, {"tool"}, id="a path"),
        pytest.param({"cmd": ("opt/tool/start",)}, set(), id="no whole path"),
        pytest.param({"env": ("A=/x:/opt/tool/start",)}, {"tool"}, id="one of the paths in Env"),
        pytest.param({"env": ("A=/x,/opt/tool/start /y",)}, {"tool"}, id="one of the paths in a list"),
        pytest.param({"env": ("/opt/tool/start=1",)}, set(), id="the name of a variable"),
        pytest.param({"env": ("PATH=/usr/bin",)}, set(), id="a directory"),
    ],
)
def test_what_the_config_uses(look: Looked, fields: dict[str, tuple[str, ...]], used: set[str]) -> None:
    assert _used(look, cmd=fields.get("cmd", ()), env=fields.get("env", ())) == used


@pytest.mark.parametrize(
    ("member", "used"),
    [
        pytest.param(symlink("srv/x", "/usr/bin/perl5.36"), {"perl"}, id="a link"),
        pytest.param(symlink("srv/x", "../opt/tool/start"), {"tool"}, id="a relative link"),
        pytest.param(symlink("opt/tool/x", "start"), set(), id="a link to its neighbour"),
        pytest.param(symlink("etc/alternatives/x", "/usr/bin/perl5.36"), set(), id="a link of alternatives"),
        pytest.param(symlink("etc/rc3.d/x", "/usr/bin/perl5.36"), set(), id="a link of a service"),
        pytest.param(symlink("srv/x", "/etc/alternatives/perl"), set(), id="a link to alternatives"),
        pytest.param(file("srv/x.pl", b"1"), {"perl"}, id="code of an interpreter"),
        pytest.param(file("srv/pl", b"1"), set(), id="no ending"),
        pytest.param(file("srv/vendor/x.pl", b"1"), set(), id="code of others"),
        pytest.param(file("lib/python3/x.py", b"1"), {"python3"}, id="a library of Python"),
        pytest.param(file("srv/x.js", b"1"), {"node"}, id="a script of Node"),
        pytest.param(file("srv/x", b"#!/usr/bin/perl5.36 -w\nruby", mode=0o755), {"perl"}, id="a script"),
        pytest.param(file("srv/x", b"#!/usr/bin/env -S perl\n", mode=0o645), {"perl"}, id="a script by env"),
        pytest.param(file("srv/x", b"#!/usr/bin/perl5.36\n"), set(), id="a script that nobody may execute"),
        pytest.param(file("srv/x.sample", b"#!/usr/bin/perl5.36\n", mode=0o755), set(), id="a sample"),
        pytest.param(file("srv/x", b"# /usr/bin/perl5.36\n", mode=0o755), set(), id="no script"),
        pytest.param(
            file("srv/x", b"#!/bin/dash\nperl -e 1; ruby\n", mode=0o755), {"perl", "ruby"}, id="a shell script"
        ),
        pytest.param(file("srv/x", b"#!/bin/awk\nperl\n", mode=0o755), set(), id="a script of another language"),
        pytest.param(file("srv/x", PADDED, mode=0o755), {"perl"}, id="a script of 64 KiB"),
        pytest.param(file("srv/x", PADDED + b" ", mode=0o755), set(), id="a longer one"),
        pytest.param(file("srv/x.so", loading("libone.so.1")), {"libone"}, id="a library"),
        pytest.param(file("srv/x.so.1.2", b"#!/bin/x"), set(), id="a text that is called a library"),
        pytest.param(file("srv/x.node", loading("libtwo.so.2.1")), {"libtwo"}, id="a module of Node"),
        pytest.param(file("srv/x", LARGE, mode=0o755), {"libone"}, id="a program"),
        pytest.param(file("srv/x", LARGE), set(), id="a program that nobody may execute"),
        pytest.param(file("srv/x", LARGE[:-1], mode=0o755), set(), id="a small program"),
        pytest.param(file("srv/x", elf().ljust(9_000, b"\0"), mode=0o755), set(), id="a static program"),
        pytest.param(file("srv/x.so.3", elf()), {"libone", "libtwo"}, id="a library that is not kept"),
    ],
)
def test_what_files_use(look: Looked, member: Member, used: set[str]) -> None:
    assert _used(look, member) == used


def test_a_hardlink_uses_what_the_file_uses(look: Looked) -> None:
    script = file("srv/x", b"#!/usr/bin/perl5.36\n", mode=0o755)
    assert _used(look, script, hardlink("srv/y", "srv/x")) == {"perl"}
    base = replace(script, content=b"#!/bin/other\n")
    assert _used(look, base, hardlink("srv/y.rb", "srv/x")) == {"ruby"}


def test_what_packages_of_the_system_and_other_findings_hold_uses_nothing(look: Looked) -> None:
    script = file("srv/x", b"#!/usr/bin/perl5.36\n", mode=0o755)
    assert _used(look, script, packages={"deb/other": ("/srv/x",)}) == set()
    assert _used(look, script, packages={"pypi/other": ("/srv/x",)}) == {"perl"}
    spec = ImageSpec(layers=(layer(script), layer(file("usr/bin/perl5.36", b"1"))))
    context = look(spec, packages={"deb/perl": ("/usr/bin/perl5.36",)})
    assert used_packages(context, {0}) == {0}
    context.claimed[context.filesystem.live["/srv/x"]] = 1
    assert used_packages(context, {0}) == set()
    assert used_packages(look(spec, base_layers=1, packages={"deb/perl": ("/usr/bin/perl5.36",)}), {0}) == set()


def test_programs_beyond_a_number_are_not_read_and_keep_all_libraries(
    look: Looked, monkeypatch: pytest.MonkeyPatch
) -> None:
    programs = [file(f"srv/{number}", LARGE, mode=0o755) for number in range(2)]
    monkeypatch.setattr(package_uses, "_MOST_READ", 2)
    assert _used(look, *programs) == {"libone"}
    monkeypatch.setattr(package_uses, "_MOST_READ", 1)
    assert _used(look, *programs) == {"libone", "libtwo"}


@pytest.mark.parametrize(
    ("packages", "shared", "requires", "is_used"),
    [
        pytest.param(("pypi/six", "pypi/app"), {"six"}, "six>=1", True, id="a package of pip requires it"),
        pytest.param(("pypi/six", "pypi/app"), {"six"}, "other", False, id="it requires another one"),
        pytest.param(("pypi/six", "pypi/app"), {"six"}, "six; extra == 'x'", False, id="for an extra"),
        pytest.param(("pypi/six", "pypi/app"), {"six", "app"}, "six", False, id="a package of the system requires it"),
        pytest.param(("pypi/six", "pypi/app", "npm/app"), {"six", "app"}, "six", False, id="and a namesake is of Node"),
        pytest.param(
            ("pypi/six", "pypi/app", "pypi/Six"), {"six"}, "six", True, id="pip has installed another one too"
        ),
        pytest.param(("pypi/six", "pypi/app", "npm/six"), {"six"}, "six", True, id="Node has one of that name"),
        pytest.param(("pypi/six", "pypi/app", "pypi/gone"), {"six", "gone"}, "six", True, id="one is gone"),
        pytest.param(("npm/six", "pypi/app"), {"six"}, "six", False, id="it is of Node"),
    ],
)
def test_what_a_package_of_pip_requires_of_the_systems(
    look: Looked, packages: tuple[str, ...], shared: set[str], requires: str, is_used: bool
) -> None:
    paths = {one: (f"/{one}/METADATA",) if "gone" not in one else () for one in packages}
    members = [file(f"{one}/METADATA", f"Name: x\nRequires-Dist: {requires}\n".encode()) for one in packages]
    context = look(ImageSpec(layers=(layer(*members),)), packages={**paths, "deb/six": (f"/{packages[0]}/METADATA",)})
    listed = tuple(structs.replace(one, shared=one.name in shared) for one in context.catalog.packages)
    context.catalog = structs.replace(context.catalog, packages=listed)
    of_system = len(packages)
    assert used_packages(context, {of_system}) == ({of_system} if is_used else set())


def test_no_graph_is_made_for_packages_of_which_nothing_is_known(look: Looked, monkeypatch: pytest.MonkeyPatch) -> None:
    context = look(ImageSpec(layers=(layer(file("a", b"1")),)), packages={"deb/gcc": ("/a",)})
    monkeypatch.setattr(orphans, "PackageGraph", None)
    assert needed_by_others(context, {0}, bool) == set()
