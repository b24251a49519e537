"""Documents, temporary files, archives and copies: what each rule catches, and what it must not."""

import bz2
import gzip
import io
import lzma
import zipfile
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from layerscope.model.finding import FindingKind, Severity
from layerscope.rules.families import copies
from layerscope.rules.rule import RuleContext
from tests.builder import ImageSpec, Member, directory, docker_legacy, file, hardlink, layer, symlink, whiteout
from tests.rules.conftest import Find, caught, copied, found_in, of_rule, ran, step


@pytest.mark.parametrize(
    ("path", "env", "found"),
    [
        pytest.param("usr/share/doc/curl/README.gz", (), True, id="documentation"),
        pytest.param("usr/share/man/man1/ls.1.gz", (), True, id="manual pages"),
        pytest.param("usr/local/share/man/man1/node.1", (), True, id="local manual pages"),
        pytest.param("usr/share/info/dir", (), True, id="info pages"),
        pytest.param("usr/share/locale/de/LC_MESSAGES/x.mo", ("LANG=C.UTF-8",), True, id="translations"),
        pytest.param("usr/share/locale/de/LC_MESSAGES/x.mo", ("LANG=de_DE.UTF-8",), False, id="wanted translations"),
        pytest.param("usr/share/doc/curl/copyright", (), False, id="Debian's licence file"),
        pytest.param("usr/share/doc/curl/LICENSE.txt", (), False, id="a licence"),
        pytest.param("app/doc/index.html", (), False, id="the application's own"),
        pytest.param("usr/share/doc/html/x/index.html", ("ROOT=/usr/share/doc/html",), False, id="what Env names"),
        pytest.param("usr/share/doc/htmlx/index.html", ("ROOT=/usr/share/doc/html",), True, id="beside what it names"),
        pytest.param("usr/share/doc/x/index.html", ("XDG_DATA_DIRS=/usr/share",), True, id="Env names all of it"),
    ],
)
def test_docs_man_locale(find: Find, path: str, env: tuple[str, ...], found: bool) -> None:
    spec = ran(layer(file(path, b"1")), env=env)
    assert caught(find, "docs-man-locale", spec) == ({f"/{path}"} if found else set())


def test_documentation_that_cmd_serves_is_wanted(find: Find) -> None:
    spec = ran(layer(file("usr/share/doc/html/index.html", b"1")), cmd=("httpd", "-h", "/usr/share/doc/html/"))
    assert caught(find, "docs-man-locale", spec) == set()


@pytest.mark.parametrize(
    ("made", "fix"),
    [
        pytest.param(ran, "configure the package manager", id="installed"),
        pytest.param(copied, "leave /usr/share/doc/x/y out of what is copied", id="copied"),
    ],
)
def test_the_fix_for_documents_depends_on_who_brought_them(
    find: Find, made: Callable[[bytes], ImageSpec], fix: str
) -> None:
    (finding,) = find(made(layer(file("usr/share/doc/x/y", b"1")))).findings
    assert finding.fix.startswith(fix)


@pytest.mark.parametrize(
    ("member", "fields", "found"),
    [
        pytest.param(file("tmp/x/y", b"1"), {}, True, id="tmp"),
        pytest.param(file("var/tmp/x/y", b"1"), {}, True, id="var/tmp"),
        pytest.param(directory("tmp/x"), {}, False, id="a directory"),
        pytest.param(file("tmp/lock"), {}, False, id="an empty file"),
        pytest.param(file("tmp/x/y", b"1"), {"cmd": ("/tmp/x/y",)}, False, id="Cmd starts it"),
        pytest.param(file("tmp/x/y", b"1"), {"env": ("DATA=/tmp/x",)}, False, id="Env names it"),
        pytest.param(file("tmp/x/y", b"1"), {"working_dir": "/tmp/x"}, False, id="the working directory"),
        pytest.param(file("tmp/x/y", b"1"), {"env": ("TMPDIR=/tmp",)}, True, id="Env names the whole of it"),
        pytest.param(file("app/tmp/x", b"1"), {}, False, id="the application's own"),
    ],
)
def test_tmp_leftover(find: Find, member: Member, fields: dict[str, tuple[str, ...]], found: bool) -> None:
    assert bool(caught(find, "tmp-leftover", ran(layer(member), **fields))) is found


def test_what_a_copy_brings_to_tmp_is_mounted_and_not_left_out_of_the_build(find: Find) -> None:
    """The instruction after the COPY reads it, as `pipenv lock` reads /tmp/Pipfile."""
    (finding,) = of_rule(find(copied(layer(file("tmp/Pipfile", b"1")))), "tmp-leftover")
    assert finding.fix.startswith("copy /tmp/Pipfile into a build stage only, and from there what is made of it")
    assert "build context" not in finding.fix


NOISE = bytes((n * 7919 + n // 251) % 256 for n in range(90_000))
FILES = {"x-1.0/a.txt": b"1" * 9, "x-1.0/b/c.txt": b"2" * 99, "x-1.0/d.txt": b"3" * 999, "x-1.0/noise": NOISE}
TAR = layer(*(file(name, content) for name, content in FILES.items()))
UNPACKED = [file(f"opt/{name}", content) for name, content in FILES.items()]
STRIPPED = [file(f"opt/y/{name.partition('/')[2]}", content) for name, content in FILES.items()]


def _zip() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, content in FILES.items():
            archive.writestr(name, content)
    return out.getvalue()


@pytest.mark.parametrize(
    ("name", "archive"),
    [
        pytest.param("x.tar", TAR, id="tar"),
        pytest.param("x.tar.gz", gzip.compress(TAR, 0), id="gzip"),
        pytest.param("x.tar.xz", lzma.compress(TAR + bytes(range(256)) * 400, preset=0), id="xz"),
        pytest.param("x.tar.bz2", bz2.compress(TAR + NOISE[::-1]), id="bzip2"),
        pytest.param("x.zip", _zip(), id="zip"),
    ],
)
@pytest.mark.parametrize("unpacked", [UNPACKED, STRIPPED], ids=["as it was packed", "without its first folder"])
def test_an_archive_beside_what_was_unpacked_from_it(
    find: Find, name: str, archive: bytes, unpacked: list[Member]
) -> None:
    padded = archive.ljust(66_000, b"\0")
    data = archive if name.endswith(".zip") else padded
    assert caught(find, "archive-extracted", ran(layer(file(name, data), *unpacked))) == {f"/{name}"}


@pytest.mark.parametrize(
    ("members", "packages"),
    [
        pytest.param([file("x.tar", TAR)], {}, id="nothing was unpacked"),
        pytest.param([file("x.tar", TAR), *UNPACKED[:2]], {}, id="most of it is not there"),
        pytest.param([file("x.jar", _zip()), *UNPACKED], {}, id="a jar runs as it is"),
        pytest.param([file("x.tar", TAR), *UNPACKED], {"deb/x": ("/x.tar",)}, id="a package's"),
        pytest.param([file("x.tar.gz", b"\x1f\x8b" + NOISE), *UNPACKED], {}, id="a damaged archive"),
        pytest.param([file("x.tar", TAR[:1024]), *UNPACKED], {}, id="a small one"),
    ],
)
def test_archives_that_are_no_waste(find: Find, members: list[Member], packages: dict[str, tuple[str]]) -> None:
    assert caught(find, "archive-extracted", ran(layer(*members)), packages) == set()


BIG = b"x" * 5_000


def test_of_equal_files_all_but_one_are_copies(find: Find) -> None:
    (finding,) = find(ran(layer(*(file(f"a/{n}", BIG) for n in range(3))))).findings
    assert (finding.rule, finding.content_bytes, finding.detail) == (
        "duplicate-content",
        10_000,
        "same content as /a/0",
    )
    assert finding.fix.startswith("write it once, with a symlink (`ln -s`) in place of /a")


def test_a_copy_of_a_file_of_the_base_is_made_on_purpose(find: Find) -> None:
    spec = ran(layer(file("usr/z", BIG)), layer(file("app/a", BIG)))
    assert not find(spec, base_layers=1).findings
    assert [finding.kind for finding in find(spec).findings] == [FindingKind.WASTE]


def test_copies_are_looked_for_unless_it_is_switched_off(tmp_path: Path) -> None:
    path = tmp_path / "image.tar"
    path.write_bytes(docker_legacy(ran(layer(file("a", BIG), file("b", BIG)))))
    assert [finding.rule for finding in found_in(str(path)).findings] == ["duplicate-content"]


def test_without_duplicates_no_copies_are_looked_for(find: Find) -> None:
    found = find(ran(layer(file("a", BIG), file("b", BIG), file("tmp/x", b"1"))), duplicates=False)
    assert [finding.rule for finding in found.findings] == ["tmp-leftover"]


@pytest.mark.parametrize(
    ("members", "packages"),
    [
        pytest.param([file("a", BIG), hardlink("b", "a")], {}, id="a hardlink"),
        pytest.param([file("a", BIG), symlink("b", "a")], {}, id="a symlink"),
        pytest.param([file("x/LICENSE", BIG), file("y/LICENSE", BIG)], {}, id="licence texts"),
        pytest.param([file("a", b"x" * 4_000), file("b", b"x" * 4_000)], {}, id="small files"),
        pytest.param([file("a", BIG), file("b", BIG[:-1] + b"y")], {}, id="only the end differs"),
        pytest.param([file("a", BIG), file("b", b"y" + BIG[1:])], {}, id="only the beginning differs"),
        pytest.param([file("a", BIG), file("b", BIG)], {"deb/x": ("/a", "/b")}, id="a package's"),
        pytest.param([file("a", BIG), file("b", BIG, mode=0o4755)], {}, id="a set-user-id program"),
        pytest.param([file("a", BIG), file("b", BIG)], {"pypi/x": ("/a",)}, id="a copy of a package's file"),
        pytest.param([file("static/a.css", BIG), file("dist/a.1f2e.css", BIG)], {}, id="a bundler's copy"),
    ],
)
def test_no_copies(find: Find, members: list[Member], packages: dict[str, tuple[str, ...]]) -> None:
    assert caught(find, "duplicate-content", ran(layer(*members)), packages) == set()


@pytest.mark.parametrize(("pairs", "found"), [(3, [1, 1, 1]), (4, [4])])
def test_many_small_pairs_are_one_finding(find: Find, pairs: int, found: list[int]) -> None:
    members = [file(f"{folder}/{n}", bytes([n]) * 5_000) for folder in ("a", "b") for n in range(1, pairs + 1)]
    assert [len(one.paths) for one in of_rule(find(ran(layer(*members))), "duplicate-content")] == found


@pytest.mark.parametrize(("size", "found"), [((1 << 20) - 1, [5]), (1 << 20, [1, 4])])
def test_of_many_pairs_those_of_a_megabyte_have_findings_of_their_own(find: Find, size: int, found: list[int]) -> None:
    small = [file(f"{folder}/{n}", bytes([n]) * 5_000) for folder in ("a", "b") for n in range(1, 5)]
    large = [file("a/large", b"x" * size), file("b/large", b"x" * size)]
    findings = of_rule(find(ran(layer(*small, *large))), "duplicate-content")
    assert sorted(len(one.paths) for one in findings) == found


@pytest.mark.parametrize(("size", "found"), [(4_095, set()), (4_096, {"/b"})])
def test_copies_count_from_four_kibibytes_on(find: Find, size: int, found: set[str]) -> None:
    assert caught(find, "duplicate-content", ran(layer(file("a", b"x" * size), file("b", b"x" * size)))) == found


@pytest.mark.parametrize(("total", "severity"), [((1 << 20) - 4, Severity.LOW), (1 << 20, Severity.MEDIUM)])
def test_many_small_pairs_weigh_what_they_hold(find: Find, total: int, severity: Severity) -> None:
    members = [file(f"{folder}/{n}", bytes([n]) * (total // 4)) for folder in ("a", "b") for n in range(1, 5)]
    (finding,) = of_rule(find(ran(layer(*members))), "duplicate-content")
    assert (finding.severity, finding.content_bytes) == (severity, total)


def test_copies_of_deleted_files_and_beside_others_are_told_apart(find: Find) -> None:
    spec = ran(layer(file("a", BIG), file("b", BIG), file("c", BIG)), layer(whiteout("a"), file("d", BIG)))
    assert caught(find, "duplicate-content", spec) == {"/c", "/d"}


@pytest.mark.parametrize(
    ("blocks", "groups"),
    [
        pytest.param([b"xxxx", b"xxxx", b"yyyy"], [[0, 1]], id="alike"),
        pytest.param([b"xxxx", b"yyyy"], [], id="not alike"),
        pytest.param([b"xxxx", None], [[0, 1]], id="one that was not kept"),
        pytest.param([b"xxxx", b"yyy"], [[0, 1]], id="one that was kept in part"),
    ],
)
def test_files_that_begin_alike_are_compared(blocks: list[bytes | None], groups: list[list[int]]) -> None:
    filesystem = SimpleNamespace(block=lambda number, start: blocks[number], content_bytes=lambda number: 4)
    context = cast(RuleContext, SimpleNamespace(filesystem=filesystem))
    assert copies._begin_alike(context, list(range(len(blocks)))) == groups


def test_a_copy_that_another_rule_claims_does_not_count_twice(find: Find) -> None:
    found = find(ran(layer(file("app/a", BIG), file("tmp/a", BIG))))
    assert [finding.rule for finding in found.findings] == ["tmp-leftover"]


ROOTFS = [
    file("etc/os-release", b"ID=debian"),
    file("var/lib/dpkg/status", b"Package: x"),
    file("usr/bin/tool", b"12345"),
]
COPY_ALL = "COPY dir:" + "0" * 64 + " in /"


def _over(lower: bytes, created_by: str = COPY_ALL) -> ImageSpec:
    upper = layer(*ROOTFS, file("app", b"1"))
    return ImageSpec(layers=(lower, upper), history=(step("ADD file:" + "0" * 64 + " in /"), step(created_by)))


def test_a_root_file_system_over_another(find: Find) -> None:
    found = of_rule(find(_over(layer(*ROOTFS)), base_layers=1), "rootfs-copy")
    assert [(f.kind, f.severity, f.content_bytes) for f in found] == [(FindingKind.LEAK, Severity.HIGH, 24)]


@pytest.mark.parametrize(
    "spec",
    [
        pytest.param(_over(layer()), id="onto an empty image: flattened on purpose"),
        pytest.param(_over(layer(*ROOTFS), "/bin/sh -c apt-get upgrade"), id="a RUN"),
        pytest.param(copied(layer(*ROOTFS), layer(*ROOTFS[1:])), id="without an os-release"),
        pytest.param(copied(layer(*ROOTFS), layer(ROOTFS[0], ROOTFS[2])), id="without a database"),
        pytest.param(copied(layer(*ROOTFS), layer(file("usr/bin/tool", b"2"))), id="only some files"),
    ],
)
def test_no_root_file_system_over_another(find: Find, spec: ImageSpec) -> None:
    assert caught(find, "rootfs-copy", spec) == set()


def test_of_a_root_file_system_the_copies_count_that_are_still_there(find: Find) -> None:
    other = file("usr/lib/os-release", b"ID=debian")
    lower = layer(*ROOTFS, other, file("usr/gone", b"123"), file("usr/base", b"1234567"))
    upper = layer(*ROOTFS, other, file("usr/gone", b"123"), file("usr/base", b"1234567"), file("new", b"1"))
    spec = copied(lower, upper, layer(whiteout("usr/gone"), file("usr/base", b"other"), file("usr/bin/tool", b"54321")))
    found = {one.path: one.layer for one in of_rule(find(spec, base_layers=1), "rootfs-copy")[0].paths}
    assert found == dict.fromkeys(("/etc/os-release", "/usr/lib/os-release", "/var/lib/dpkg/status"), 1)
    whole = {one.path: one.layer for finding in of_rule(find(spec), "rootfs-copy") for one in finding.paths}
    assert whole == {
        "/etc/os-release": 1, "/usr/lib/os-release": 1, "/var/lib/dpkg/status": 0, "/usr/gone": 0, "/usr/base": 0,
        "/usr/bin/tool": 0,
    } | {path: layer for path, layer in whole.items() if path.endswith("os-release")}  # fmt: skip
