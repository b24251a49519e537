"""Files whose content cannot be read, as of sparse ones: no rule fails, and none finds what only content can show."""

from dataclasses import replace

import pytest

from layerscope.packages.relations import Relations
from tests.builder import Member, file, layer, pax_sparse, symlink
from tests.packages.elves import elf
from tests.rules.conftest import Find, copied, paths_of
from tests.rules.test_node_unused import UI

SECRET = b"API_TOKEN=hunter2hunter2\n"


def _sparse(path: str, content: bytes = b"", *, length: int = 100_000) -> Member:
    """A file of this content and zeros, of which only the tar says where the zeros are."""
    return replace(pax_sparse(path, [(0, content)], real_bytes=max(length, len(content))), mode=0o755)


@pytest.mark.parametrize(
    ("rule", "member", "beside", "found"),
    [
        pytest.param("objects", ("src/a.o", elf(kind=1)), [], set(), id="an object"),
        pytest.param("sources", ("app", elf()), [file("s/go.mod", b"x"), file("s/a.go", b"x")], set(), id="a program"),
        pytest.param("env-file", ("app/.env", SECRET), [], set(), id="an environment file"),
        pytest.param("vcs-metadata", ("a/.git/config", b"url = https://a:hunter2@h/x\n"), [file("a/.git/HEAD", b"1")],
                     {"/a/.git/HEAD", "/a/.git/config"}, id="a repository's config"),
        pytest.param("static-libs", ("lib/x.a", b"!<arch>\n"), [], set(), id="a library"),
        pytest.param("core-dump", ("app/x.hprof", b"JAVA PROFILE 1.0.2\0"), [], set(), id="a heap"),
        pytest.param("source-maps", ("srv/a.js.map", b'{"sourcesContent":1}'), [], set(), id="a source map"),
        pytest.param("archive-extracted", ("x.zip", b"PK\3\4"), [], set(), id="an archive"),
        pytest.param("foreign-packages", ("app/node_modules/fsevents/package.json", b'{"os": ["darwin"]}'), [], set(),
                     id="a manifest"),
        pytest.param("foreign-packages", ("app/venv/pyvenv.cfg", b"command = python -m venv /home/x\n"),
                     [symlink("app/venv/bin/python", "/bin/python"), file("bin/python", b"1"), file("app/a.py", b"1")],
                     set(), id="an environment"),
        pytest.param("node-unused", ("app/ui/package.json", b'{"scripts": {"build": "x"}}'),
                     [one for one in UI if one.name != b"app/ui/package.json"], set(), id="a manifest of scripts"),
        pytest.param("py-dev-deps", ("app/Pipfile", b'[dev-packages]\nx="*"\n'), [], set(), id="a manifest of Python"),
        pytest.param("node-dev-deps", ("app/package-lock.json", b"{}"), [], set(), id="npm's lockfile"),
        pytest.param("node-dev-deps", ("app/yarn.lock", b"x@1:\n"), [file("app/package.json", b"{}")], set(),
                     id="yarn's lockfile"),
        pytest.param("node-dev-deps", ("app/package.json", b'{"devDependencies":{"x":"1"}}'),
                     [file("app/yarn.lock", b"x@1:\n"), file("app/node_modules/x/package.json", b"{}")], set(),
                     id="a manifest beside yarn's lockfile"),
        pytest.param(
            "node-dev-deps",
            ("app/packages/a/package.json", b'{"dependencies":{"x":"1"}}'),
            [
                file("app/yarn.lock", b"x@1:\n"), file("app/node_modules/x/package.json", b"{}"),
                file("app/package.json", b'{"devDependencies":{"x":"1"}}'),
            ],
            {"/app/node_modules/x/package.json"},
            id="a manifest of a member",
        ),
        pytest.param(
            "node-dev-deps",
            ("app/node_modules/x/package.json", b'{"version": "1"}'),
            [file("app/package-lock.json", b'{"packages":{"node_modules/x":{"version":"1","dev":true}}}')],
            set(),
            id="an installed manifest",
        ),
        pytest.param(
            "node-dev-deps",
            ("app/node_modules/.bin/x", b'exec node "$basedir/../x/a"\n'),
            [
                file("app/node_modules/.package-lock.json", b'{"packages":{"node_modules/x":{"dev":true}}}'),
                file("app/node_modules/x/package.json", b"{}"),
            ],
            {"/app/node_modules/x/package.json"},
            id="a script that starts a package",
        ),
        pytest.param("ruby-dev-deps", ("app/Gemfile.lock", b"GEM\n"), [file("app/Gemfile", b"")], set(), id="a lockfile"),
        pytest.param("php-dev-deps", ("a/vendor/composer/installed.json", b"{}"), [], set(), id="Composer's list"),
    ],
)  # fmt: skip
def test_nothing_is_found_by_content_that_cannot_be_read(
    find: Find, rule: str, member: tuple[str, bytes], beside: list[Member], found: set[str]
) -> None:
    spec = copied(layer(*beside, _sparse(*member)), cmd=("uvicorn",))
    assert paths_of(find(spec), rule) == found


@pytest.mark.parametrize("member", [("start", b"#!/bin/sh\ngit pull\n"), ("package.json", b'{"scripts":{"x":"git"}}')])
def test_a_script_that_cannot_be_read_calls_nothing(find: Find, member: tuple[str, bytes]) -> None:
    spec = copied(layer(_sparse(*member, length=1000), file("usr/bin/git", b"1")), cmd=("/start", "npm run x", "/"))
    found = find(spec, packages={"deb/git": ("/usr/bin/git",)})
    assert paths_of(found, "build-utils") == {"/usr/bin/git"}


@pytest.mark.parametrize(
    ("member", "content"),
    [
        ("app/run", b"#!/usr/bin/perl5\n"),
        ("var/lib/apt/extended_states", b"Package: x\nAuto-Installed: 1\n"),
        ("site/METADATA", b"Name: app\nRequires-Dist: perl\n"),
    ],
)
def test_what_cannot_be_read_shows_no_use_of_a_package(find: Find, member: str, content: bytes) -> None:
    base = layer(file("base", b"1"))
    data = layer(file("usr/bin/git", b"1"), file("usr/bin/perl5", b"1"), _sparse(member, content, length=1000))
    spec = type(copied())(layers=(base, data), history=({"created_by": "FROM"}, {"created_by": "RUN apt install git"}))
    packages = {"deb/git": ("/usr/bin/git",), "deb/perl": ("/usr/bin/perl5",)}
    packages |= {"pypi/app": (f"/{member}",)} if member.endswith("METADATA") else {}
    relations = {"deb/git": Relations(needs=("perl",)), "deb/perl": Relations()}
    found = find(spec, base_layers=1, packages=packages, relations=relations)
    assert paths_of(found, "orphaned-packages") == {"/usr/bin/perl5"}
