"""How long a file may be that rules read: exactly so long it is read whole, and one byte more is not."""

import gzip
from collections.abc import Callable
from dataclasses import replace

import pytest

from layerscope.model.pathset import PathSet
from layerscope.packages.relations import Relations
from layerscope.rules.families import unpacked
from layerscope.rules.families.system_packages import orphan_build_group
from layerscope.rules.projects import project, roots_of
from layerscope.rules.registry import RULES
from tests.builder import ImageSpec, Member, file, layer, symlink
from tests.rules.conftest import Find, Looked, copied, of_rule, paths_of, ran, step
from tests.rules.test_bundler import GEMFILE
from tests.rules.test_node_unused import UI

MIB = 1 << 20
SITE = "app/site-packages"
LOCK_AT_END = (
    b"\nGEM\n  specs:\n    rspec-core (3.12)\n    rspec-rails (6)\n      rspec-core\n\nDEPENDENCIES\n  rspec-rails"
)


def _late(path: str, content: bytes) -> Callable[[int], Member]:
    """A file of a given length, what it says at its end."""
    return lambda length: file(path, content.rjust(length))


@pytest.mark.parametrize(
    ("rule", "made", "length", "beside", "packages"),
    [
        pytest.param(
            "node-unused", _late("app/ui/package.json", b'{"scripts":{"build":"x"}}'), MIB,
            [one for one in UI if one.name != b"app/ui/package.json"], {}, id="package.json",
        ),
        pytest.param(
            "node-dev-deps", _late("app/node_modules/.package-lock.json", b'{"packages":{"node_modules/x":{"dev":true}}}'),
            16 * MIB, [file("app/node_modules/x/package.json", b"{}")], {}, id="a lockfile of npm",
        ),
        pytest.param(
            "ruby-dev-deps", _late("app/Gemfile.lock", LOCK_AT_END), 16 * MIB - len(GEMFILE),
            [file("app/Gemfile", GEMFILE.encode()), file("gems/x.rb", b"x")], {"gem/rspec-core@3.12": ("/gems/x.rb",)},
            id="a lockfile of Bundler",
        ),
        pytest.param(
            "py-dev-deps", _late("app/Pipfile.lock", b'{"develop":{"x":{"version":"==1.0"}}}'), 4 * MIB,
            [file(f"{SITE}/x.py", b"x")], {"pypi/x@1.0": (f"/{SITE}/x.py",)}, id="a lockfile of Python",
        ),
        pytest.param(
            "foreign-packages", _late("app/venv/pyvenv.cfg", b"\ncommand=x"), 64 << 10,
            [
                symlink("app/venv/bin/python", "/bin/python"), file("bin/python", b"1"), file("app/a.py", b"1"),
                file("app/venv/x/METADATA", b"1"), file("lib/x/METADATA", b"1"),
            ],
            {"pypi/x": ("/app/venv/x/METADATA",), "pypi/X": ("/lib/x/METADATA",)}, id="pyvenv.cfg",
        ),
    ],
)  # fmt: skip
def test_a_file_is_read_up_to_a_length(
    find: Find,
    rule: str,
    made: Callable[[int], Member],
    length: int,
    beside: list[Member],
    packages: dict[str, tuple[str, ...]],
) -> None:
    for more, is_found in ((0, True), (1, False)):
        spec = copied(layer(made(length + more), *beside), cmd=("uvicorn",))
        assert bool(paths_of(find(spec, packages=packages), rule)) == is_found


READING_NOTHING = """
native-toolchain lang-toolchain dev-headers orphan-build-group build-utils sources tests bytecode py-managers
wheelhouse apt-lists apt-archives os-pkg-managers apk-index rpm-cache pacman-cache pip-cache node-cache go-cache
cargo-cache jvm-cache other-cache ci-config container-files editor-os-junk docs-man-locale logs tmp-leftover
config-secret history-secret dev-traces deleted-later copied-up overwritten duplicate-content rootfs-copy setid
world-writable
"""


def test_rules_that_go_by_paths_alone_keep_no_contents() -> None:
    keeping = {rule.name for rule in RULES if rule.wanted.paths != PathSet() and (rule.wanted.head or rule.wanted.tail)}
    assert keeping.isdisjoint(READING_NOTHING.split())


def _called(look: Looked, *members: Member, **fields: tuple[str, ...]) -> bool:
    """Whether an image starts git."""
    return "git" in look(ImageSpec(layers=(layer(*members),), **fields)).called  # type: ignore[arg-type]


@pytest.mark.parametrize("more", [0, 1])
def test_what_is_followed_from_a_command(look: Looked, more: int) -> None:
    within = not more
    script = b"#!/bin/sh\ngit "
    assert _called(look, file("x", script.ljust((64 << 10) + more)), cmd=("/x",)) == within
    words = b"#!/bin/sh\n" + b"a " * (4095 + more - 1) + b"git"
    assert _called(look, file("x", words), cmd=("/x",)) == within, "as many words of a script"
    path = "/" + "d/" * 2046 + "xyz" + "z" * more
    assert len(path) == 4096 + more
    assert _called(look, file(path[1:], script), cmd=(path,)) == within, "as long a path"
    chain = [file(f"s{number}", f"#!/bin/sh\n/s{number + 1}\n".encode()) for number in range(15 + more)]
    assert _called(look, *chain, file(f"s{15 + more}", script), cmd=("/s0",)) == within, "as many scripts"
    path = ":".join(["/none"] * (31 + more) + ["/last"])
    assert _called(look, file("last/x", script), cmd=("x",), env=(f"PATH={path}",)) == within, "as many directories"


@pytest.mark.parametrize("more", [0, 1])
def test_what_is_read_of_a_project(look: Looked, more: int) -> None:
    def names(*members: Member) -> frozenset[str] | None:
        return project(look(copied(layer(*members))), "/app", frozenset()).names

    code = file("app/a.py", b"open('docs/x')")
    assert (names(file("app/b.py", code.content.rjust((256 << 10) + more))) is None) == bool(more)
    assert (names(code, file("app/b.ini", b" " * ((32 << 20) - 14 + more))) is None) == bool(more)
    assert (names(code, file("app/run", b"x" * ((1 << 20) - 1 + more), mode=0o755)) is None) == bool(more)


def test_so_many_projects_are_looked_at(look: Looked) -> None:
    manifests = [file(f"srv/{number:03}/package.json", b"{}") for number in range(65)]
    context = look(copied(layer(*manifests)), matching=lambda path: path.endswith("package.json"))
    assert roots_of(context) == [f"/srv/{number:03}" for number in range(64)]


@pytest.mark.parametrize(("size", "found"), [((30 << 20) - 1, True), (30 << 20, False)])
def test_so_large_a_program_may_hold_an_engine(find: Find, size: int, found: bool) -> None:
    spec = copied(layer(*UI, file("opt/server", bytes(size), mode=0o755)), cmd=("uvicorn",))
    assert bool(paths_of(find(spec), "node-unused")) == found


@pytest.mark.parametrize("more", [0, 1])
def test_what_is_read_of_an_archive(find: Find, more: int) -> None:
    assert len(unpacked._expanded(gzip.compress(bytes((4 << 20) + more)))) == 4 << 20
    names = ("a", "b", "c")
    data = layer(*(file(name, b"1") for name in names)).ljust((64 << 10) - 1 + more, b"\0")
    spec = copied(layer(file("x.tar", data), *(file(f"opt/{name}", b"1") for name in names)))
    assert bool(paths_of(find(spec), "archive-extracted")) == bool(more)


@pytest.mark.parametrize("more", [0, 1])
def test_what_is_read_of_python(find: Find, more: int) -> None:
    beside = [file("app/requirements.txt", b"p\n"), file("app/requirements-dev.txt", b"d\n")]
    need = b"\nRequires-Dist: d"
    metadata = file(f"{SITE}/p/METADATA", need.rjust((64 << 10) + more))
    data = layer(*beside, metadata, file(f"{SITE}/d.py", b"d"))
    packages = {"pypi/p": (f"/{SITE}/p/METADATA",), "pypi/d": (f"/{SITE}/d.py",)}
    assert bool(paths_of(find(copied(data), packages=packages), "py-dev-deps")) == bool(more)
    data = layer(*beside, file(f"{SITE}/p.py", b"p"), file(f"{SITE}/d.py", b"d"))
    packages = {"pypi/p": (f"/{SITE}/p.py",), "pypi/d": (f"/{SITE}/d.py",)}
    spec = ImageSpec(layers=(data,), history=(step("RUN pip install " + "x " * (999 + more) + "d"),))
    assert bool(paths_of(find(spec, packages=packages), "py-dev-deps")) == bool(more)


def test_so_many_requirements_files_are_named(find: Find) -> None:
    names = ("check", "dev", "docs", "lint", "test")
    members = [file(f"app/requirements-{name}.txt", f"d{name}\n".encode()) for name in names]
    members += [file(f"{SITE}/d{name}.py", b"1") for name in names] + [file(f"{SITE}/p.py", b"1")]
    packages = {f"pypi/d{name}": (f"/{SITE}/d{name}.py",) for name in names} | {"pypi/p": (f"/{SITE}/p.py",)}
    spec = copied(layer(*members, file("app/requirements.txt", b"p\n")))
    (finding,) = of_rule(find(spec, packages=packages), "py-dev-deps")
    assert finding.fix.count("-r requirements-") == 4


@pytest.mark.parametrize("count", [6, 7])
def test_so_many_groups_are_named(find: Find, count: int) -> None:
    groups = {f"apk/.build-{number}": () for number in range(count)}
    relations = {name: Relations(needs=("gcc",)) for name in groups} | {"apk/gcc": Relations()}
    spec = ran(layer(file("usr/bin/gcc", b"1"), file("etc/apk/world", b"x\n")))
    packages = {"apk/gcc": ("/usr/bin/gcc",), **groups}
    found = find(spec, packages=packages, relations=relations, rules=(orphan_build_group,)).findings
    assert [one.fix.count(".build-") for one in found] == [6 if count == 6 else 0]


@pytest.mark.parametrize(("place", "title"), [(999, "mode and owner"), (1000, "mode")])
def test_of_so_many_files_the_metadata_are_compared(find: Find, place: int, title: str) -> None:
    lower = [file(f"a/{number:04}", b"1") for number in range(1001)]
    upper = [replace(one, uid=7) if number == place else replace(one, mode=0o600) for number, one in enumerate(lower)]
    (finding,) = of_rule(find(ran(layer(*lower), layer(*upper))), "copied-up")
    assert finding.title.startswith(f"stored again with its {title} changed")
