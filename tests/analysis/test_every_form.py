"""What is found in an image does not depend on how it is stored: compression, dialect, pipe, cache, threads."""

import os
import threading
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from layerscope.analysis.analyse import WANTED, AnalysisInputs, analyse
from layerscope.analysis.report import report
from layerscope.image.layer_cache import Cache
from layerscope.image.open import open_image
from layerscope.image.options import ReadOptions
from tests.builder import (
    Compression,
    ImageSpec,
    Member,
    compress,
    containerd,
    crane,
    docker_legacy,
    docker_save,
    file,
    gnu_sparse,
    hardlink,
    layer,
    nix,
    oci_archive,
    oci_layout_directory,
    rootfs,
    rules_oci,
    skopeo_docker_archive,
    symlink,
    whiteout,
)
from tests.packages.elves import elf
from tests.packages.trees import binary
from tests.packages.zips import manifest, pom, zipped
from tests.rules.forged import characters, openssh, pem, stripe, with_checksum

GITHUB = with_checksum("gh" + "p_").encode()
LOCK = b'{"lockfileVersion": 3, "packages": {"node_modules/a": {"dev": true}, "node_modules/b": {}}}'
DPKG = (
    b"Package: tool\nStatus: install ok installed\nArchitecture: amd64\nVersion: 1.0\n\n"
    b"Package: other\nStatus: install ok installed\nArchitecture: amd64\nVersion: 2.0\n\n"
)
LONG = b"# filler of a text that is longer than any rule reads\n" * 1500


def go_build_info() -> bytes:
    """The section of a Go binary, as ``go version -m`` reads it."""
    text = bytes(16) + b"path\texample.com/y\nmod\texample.com/x\tv1.2.3\th1:a\n" + bytes(16)
    header = b"\xff Go buildinf:\x08\x02".ljust(32, b"\0")
    return header + b"\x08go1.22.1" + bytes([len(text)]) + text


CONTENTS: tuple[tuple[str, bytes], ...] = (
    ("app/notes.txt", b"remember " + GITHUB),
    ("app/data", LONG + GITHUB),
    ("app/data2", b"x" * 65_400 + b" " + GITHUB),
    ("srv/key", b"key: |\n" + pem()),
    ("app/.hidden", stripe().encode()),
    ("app/node_modules/a/x.txt", GITHUB),
    ("app/vendor", GITHUB),
    ("home/u/.git", b"gitdir: ../x " + GITHUB),
    ("root/.ssh/id_ed25519", openssh()),
    ("root/.npmrc", f"//registry/:_authToken={characters(36)}".encode()),
    ("app/.env", b"DB_PASSWORD=hunter2hunter2\n"),
    ("app/core.4711", elf(kind=4)),
    ("app/core", elf(kind=4)),
    ("app/java_pid7.hprof", b"JAVA PROFILE 1.0.2\0"),
    ("opt/launch", b"#!/bin/sh\nexec /opt/second gcc\n"),
    ("opt/second", b"#!/bin/sh\npytest && pipenv run x\n"),
    ("app/package.json", b'{"name": "app", "version": "1.0.0", "scripts": {"start": "tsc"}, "devDependencies": {"a": "1"}}'),
    ("app/package-lock.json", LOCK),
    ("app/node_modules/.package-lock.json", LOCK),
    ("app/node_modules/a/package.json", b'{"name": "a", "version": "1.0.0"}'),
    ("app/node_modules/b/package.json", b'{"name": "b", "version": "1.0.0"}'),
    ("app/node_modules/a/index.js", b"module.exports = 1\n" * 30),
    ("app/dist/main.js.map", b'{"version": 3, "sourcesContent": ["x"]}'),
    ("app/tests/test_x.py", b"import pytest\n"),
    ("app/main.py", b"import pipenv\nlog = open('/app/logs/dev.log')\n"),
    ("app/logs/dev.log", b"x\n"),
    ("app/docs/a.md", b"# a\n"),
    ("app/dev.sqlite3", b"SQLite format 3\0" + bytes(100)),
    ("app/venv/pyvenv.cfg", b"home = /usr/bin\ncommand = /usr/bin/python3 -m venv /src/venv\n"),
    ("app/node_modules/fsevents/package.json", b'{"name": "fsevents", "os": ["darwin"]}'),
    ("usr/lib/python3/dist-packages/x/tests/t.py", b"x = 1\n"),
    ("app/Pipfile.lock", b'{"develop": {"pytest": {"version": "==1"}}, "default": {}}'),
    ("usr/lib/python3/dist-packages/pytest-1.dist-info/METADATA", b"Name: pytest\nVersion: 1\n"),
    ("usr/lib/python3/dist-packages/pytest-1.dist-info/RECORD", b"pytest/__init__.py,,\n"),
    ("etc/os-release", b"ID=debian\nVERSION_ID=12\n"),
    ("var/lib/dpkg/status", DPKG),
    ("var/lib/dpkg/info/tool.list", b"/.\n/usr\n/usr/bin\n/usr/bin/tool\n/app/notes.txt\n"),
    ("var/lib/apt/lists/x_Packages", b"Package: a\n" * 50),
    ("lib/apk/db/installed", b"P:musl\nV:1.2\nA:x86_64\nF:lib\nR:ld.so\n\n"),
    ("lib/ld.so", elf({".debug_info": bytes(9000)}, kind=3)),
    ("usr/bin/tool", elf({".text": b"x" * 9000, ".debug_info": bytes(9000)})),
    ("app/main.o", elf(kind=1)),
    ("app/lib.la", b"# libtool\nshouldnotlink=yes\n"),
    ("app/lib.a", b"!<arch>\n" + bytes(100)),
    ("opt/x.jar", zipped({**manifest(Implementation_Version="1"), **pom("org.x", "x", "1.0")})),
    ("opt/y.war", zipped({"WEB-INF/lib/z-2.jar": zipped(pom("org.z", "z", "2.0"))}, stored=True)),
    ("usr/bin/tiny", binary("cargo/tiny")),
    ("usr/local/bin/python3.11", elf({".rodata": b"\0" + b"3.11.4" + b"\0"})),
    ("usr/local/lib/libpython3.11.so.1.0", elf({".rodata": b"\0" + b"3.11.4" + b"\0"}, kind=3)),
    ("usr/local/include/python3.11/patchlevel.h", b'#define PY_VERSION "3.11.4"\n'),
    ("tmp/x", b"x" * 100),
    # What is looked for lies in the middle, farther from both ends than any head or tail that is kept.
    ("opt/big.jar", zipped({"a": bytes(200_000), **manifest(Implementation_Version="7"), **pom("org.b", "big", "7.0"), "z": bytes(200_000)}, stored=True)),
    ("opt/big.war", zipped({"a": bytes(150_000), "WEB-INF/lib/n-3.jar": zipped({"a": bytes(150_000), **pom("org.n", "n", "3.0"), "z": bytes(150_000)}, stored=True), "z": bytes(150_000)}, stored=True)),
    ("opt/launched.jar", b"#!/bin/sh\nexec java -jar $0\n" + zipped({"a": bytes(150_000), **pom("org.l", "launched", "1"), "z": bytes(150_000)})),
    ("opt/no.jar", bytes(300_000)),
    ("usr/bin/served", elf({".text": bytes(300_000), ".go.buildinfo": go_build_info(), ".rodata": bytes(300_000)})),
    ("usr/bin/stripped", elf({".text": bytes(300_000), ".go.buildinfo": go_build_info(), ".rodata": bytes(300_000)}, named=False)),
    ("usr/bin/heavy", elf({".text": bytes(900_000), ".debug_info": bytes(150_000), ".symtab": bytes(300_000), ".strtab": bytes(300_000)})),
    ("usr/bin/audited", elf({".text": bytes(200_000), ".dep-v0": zlib.compress(b'{"packages": [{"name": "audited", "version": "4.0.0", "root": true}]}'), ".rodata": bytes(200_000)})),
    ("opt/lib/heavy.so", elf({".text": bytes(900_000), ".debug_info": bytes(100_000)}, kind=3)),
    ("usr/local/bin/python3.12", elf({".text": bytes(600_000), ".rodata": bytes(100_000) + b"\0" + b"3.12.1" + b"\0" + bytes(100_000), ".data": bytes(100_000)})),
    ("app/.yarn/cache/left-pad-npm-1.3.0-0123456789-abcdef0123.zip", zipped({"node_modules/left-pad/a.js": bytes(300_000), "node_modules/left-pad/package.json": b'{"name": "left-pad", "version": "1.3.1"}', "node_modules/left-pad/z.js": bytes(150_000)}, stored=True)),
)  # fmt: skip
LINKS = (
    hardlink("root/.ssh/id_rsa", "srv/key"),
    hardlink("root/.netrc", "app/notes.txt"),
    hardlink("opt/linked.jar", "opt/no.zip"),
    hardlink("usr/local/bin/python3.13", "usr/local/bin/python3.12"),
    symlink("usr/bin/start", "/opt/launch"),
    symlink("app/venv/bin/python", "/src/python3"),
    whiteout("app/notes.txt"),
    whiteout("root/.npmrc"),
    gnu_sparse("var/log/lastlog", [(1000, b"x" * 10)], real_bytes=70_000),
    gnu_sparse("app/sparse.txt", [(0, GITHUB)], real_bytes=70_000),
)


def _member(chosen: tuple[tuple[str, bytes], int]) -> Member:
    (path, content), mode = chosen
    return file(path, content, mode=mode)


members = st.one_of(
    st.tuples(st.sampled_from(CONTENTS), st.sampled_from((0o644, 0o755))).map(_member), st.sampled_from(LINKS)
)
commands = st.sampled_from(((), ("/opt/launch",), ("start",), ("npm", "start"), ("sh", "-c", "cd /app; /opt/second")))
layers = st.lists(st.lists(members, min_size=1, max_size=12), min_size=1, max_size=3)


def _spec(tars: Sequence[Sequence[Member]], command: tuple[str, ...]) -> ImageSpec:
    history = tuple({"created_by": f"/bin/sh -c step {index}"} for index, _ in enumerate(tars))
    tools = tuple(layer(*tar) for tar in tars)
    return ImageSpec(layers=tools, history=history, cmd=command, working_dir="/app")


@contextmanager
def _piped(path: Path) -> Iterator[str]:
    """The same file through a pipe."""
    pipe = path.with_suffix(".pipe")
    os.mkfifo(pipe)
    writer = threading.Thread(target=lambda: pipe.write_bytes(path.read_bytes()), daemon=True)
    writer.start()
    try:
        yield str(pipe)
    finally:
        writer.join(timeout=10)
        pipe.unlink()


def _found(source: str, **choices: Any) -> dict[str, Any]:
    """The report without what the form itself is: its name, its stored bytes, what was proven."""
    with open_image(source, ReadOptions(**{"wanted": WANTED, **choices})) as image:
        made: dict[str, Any] = msgspec.to_builtins(report(analyse(image, AnalysisInputs())))
    for key in ("source", "format", "name", "tags", "manifest_digest"):
        made["image"].pop(key, None)
    made["totals"].pop("stored_bytes")
    for one in made["layers"]:
        for key in ("digest", "media_type", "compression", "stored_bytes", "verified"):
            one.pop(key, None)
    for step in made["steps"]:
        step.pop("saves_stored_bytes")
    return made


Writer = Callable[[ImageSpec], bytes]


def _oci(compression: Compression) -> Writer:
    return lambda spec: oci_archive(spec, compression=compression)


def _whole(compression: Compression) -> Writer:
    return lambda spec: compress(docker_legacy(spec), compression)


COMPRESSED: dict[str, Writer] = {
    "gzip": _oci("gzip"),
    "zstd": _oci("zstd"),
    "eStargz": _oci("gzip-members"),
    "zstd:chunked": _oci("zstd-frames"),
    "compressed as a whole": _whole("gzip"),
}
PLAIN: dict[str, Writer] = {
    "oci": _oci(""),
    "docker save": docker_save,
    "containerd": containerd,
    "skopeo": skopeo_docker_archive,
    "crane": crane,
    "nix": nix,
    "rules_oci": rules_oci,
}


def _differing(spec: ImageSpec, directory: Path) -> Iterator[tuple[str, dict[str, Any], dict[str, Any]]]:
    """Each form with its report, and that of a plain file."""
    plain = directory / "plain.tar"
    plain.write_bytes(docker_legacy(spec))
    expected = _found(str(plain))
    yield "one thread", _found(str(plain), threads=1), expected
    for name, write in (COMPRESSED | PLAIN).items():
        path = directory / "image.tar"
        path.write_bytes(write(spec))
        yield name, _found(str(path)), expected
    for name in ("gzip", "zstd"):
        path = directory / "image.tar"
        path.write_bytes(COMPRESSED[name](spec))
        yield f"{name}, one thread", _found(str(path), threads=1), expected
        cache = Cache(directory / f"cache-{name}")
        for turn in ("missed", "hit"):
            yield f"{name}, cache {turn}", _found(str(path), cache=cache), expected
    layout = directory / "layout"
    oci_layout_directory(layout, spec, compression="gzip")
    yield "a directory", _found(str(layout)), expected


@settings(max_examples=25, deadline=None)
@given(layers, commands)
def test_every_form_of_a_file_gives_the_same_report(
    tmp_path_factory: pytest.TempPathFactory, tars: list[list[Member]], command: tuple[str, ...]
) -> None:
    for name, found, expected in _differing(_spec(tars, command), tmp_path_factory.mktemp("forms")):
        assert found == expected, name


def _without_links(tar: list[Member]) -> list[Member]:
    """A pipe is past a file when a hardlink gives it a name that is looked for; it says so (see below)."""
    return [member for member in tar if member.typeflag != b"1"] or [file("x")]


@settings(max_examples=15, deadline=None)
@given(layers, commands)
def test_a_pipe_gives_the_same_report(
    tmp_path_factory: pytest.TempPathFactory, tars: list[list[Member]], command: tuple[str, ...]
) -> None:
    spec = _spec([_without_links(tar) for tar in tars], command)
    plain = tmp_path_factory.mktemp("pipe") / "image.tar"
    for write in (docker_legacy, docker_save, _oci("gzip")):
        plain.write_bytes(write(spec))
        expected = _found(str(plain))
        with _piped(plain) as pipe:
            assert _found(pipe) == expected


@settings(max_examples=15, deadline=None)
@given(st.lists(members, min_size=1, max_size=15))
def test_a_root_file_system_gives_the_same_report(tmp_path_factory: pytest.TempPathFactory, tar: list[Member]) -> None:
    path = tmp_path_factory.mktemp("rootfs") / "image.tar"
    packed = path.with_suffix(".tgz")
    path.write_bytes(rootfs(*tar))
    packed.write_bytes(compress(rootfs(*tar), "gzip"))
    found, expected = _found(str(packed)), _found(str(path))
    for one in (found, expected):
        one["layers"][0].pop("diff_id")
    assert found == expected


def test_everything_at_once_is_found_in_every_form(tmp_path: Path) -> None:
    every = [file(path, content, mode=0o755) for path, content in CONTENTS]
    links = [link for link in LINKS if link.typeflag != b"S" or b"lastlog" in link.name][:3]
    for name, found, expected in _differing(_spec([every + links], ("/opt/launch",)), tmp_path):
        assert found == expected, name
    rules = {finding["rule"] for finding in expected["findings"]}
    assert {"token-pattern", "private-key", "cred-file", "env-file", "core-dump", "vcs-metadata"} & rules
    packages = {(package["name"], package["version"]) for package in expected["packages"]}
    assert {
        ("big", "7"), ("n", "3.0"), ("launched", "1"), ("left-pad", "1.3.1"), ("x", "v1.2.3"),
        ("audited", "4.0.0"), ("python", "3.12.1"),
    } <= packages  # fmt: skip
    heavy = next(finding for finding in expected["findings"] if finding["rule"] == "unstripped-elf")
    assert {path["path"] for path in heavy["paths"]} >= {"/usr/bin/heavy", "/opt/lib/heavy.so"}


def test_a_pipe_says_which_files_it_passed_before_a_hardlink_named_them(tmp_path: Path) -> None:
    path = tmp_path / "image.tar"
    path.write_bytes(docker_legacy(_spec([[file("srv/data", b"x=1\n"), hardlink("app/.env", "srv/data")]], ())))
    with _piped(path) as pipe:
        found = _found(pipe)
    assert any("/srv/data" in warning and "not looked at" in warning for warning in found["warnings"])
    assert not found["complete"], "so no gate takes it for clean"
    assert _found(str(path))["complete"]
