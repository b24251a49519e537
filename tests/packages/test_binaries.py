import shutil
import subprocess
from pathlib import Path

import pytest

from layerscope.packages.catalogers.binaries import BINARIES
from tests.builder import Member, file, symlink
from tests.packages.elves import elf
from tests.packages.images import catalogued


def _program(path: str, *constants: bytes, section: str = ".rodata") -> Member:
    return file(path, elf({section: b"\0".join([b"", *constants, b""])}), mode=0o755)


@pytest.mark.parametrize(
    ("name", "constant", "expected"),
    [
        # What the programs of Debian 12 hold, and node's own build.
        pytest.param("node", b"node.js/v20.20.2", ("node", "20.20.2"), id="node"),
        pytest.param("python3.11", b"3.11.2", ("python", "3.11.2"), id="python"),
        pytest.param("python3.13", b"3.13.0rc2+", ("python", "3.13.0rc2"), id="python's candidate"),
        pytest.param("ruby", b"ruby 3.1.2p20 (2022-04-12 revision 4491bb740a)", ("ruby", "3.1.2"), id="ruby"),
        pytest.param("perl", b"v5.36.0", ("perl", "5.36.0"), id="perl"),
        pytest.param("php", b"X-Powered-By: PHP/8.2.36", ("php", "8.2.36"), id="php"),
        pytest.param("httpd", b"Apache/2.4.71 (Debian)", ("httpd", "2.4.71"), id="httpd"),
        pytest.param("nginx", b"nginx version: nginx/1.22.1", ("nginx", "1.22.1"), id="nginx"),
        pytest.param("memcached", b"memcached 1.6.18", ("memcached", "1.6.18"), id="memcached"),
        pytest.param("postgres", b"postgres (PostgreSQL) 15.20 (Debian)", ("postgresql", "15.20"), id="postgres"),
        pytest.param("mariadbd", b"10.11.19-MariaDB", ("mariadb", "10.11.19"), id="mariadb"),
        pytest.param("haproxy", b" version 2.6.12-1+deb12u4, released 2026/10/17", ("haproxy", "2.6.12"), id="haproxy"),
        pytest.param("varnishd", b"varnish-7.1.1 revision 7cee", ("varnish", "7.1.1"), id="varnish"),
        pytest.param("busybox", b"BusyBox v1.35.0 (Debian 1:1.35.0)", ("busybox", "1.35.0"), id="busybox"),
        pytest.param("bash", b"@(#)Bash version 5.2.15(1) release GNU", ("bash", "5.2.15"), id="bash"),
        pytest.param("openssl", b"OpenSSL 3.0.22 25 Aug 2026", ("openssl", "3.0.22"), id="openssl"),
        pytest.param("curl", b"curl/7.88.1", ("curl", "7.88.1"), id="curl"),
        pytest.param("lua5.4", b"Lua 5.4.4  Copyright (C)", ("lua", "5.4.4"), id="lua"),
    ],
)
def test_a_program_is_known_by_its_name_and_version(name: str, constant: bytes, expected: tuple[str, str]) -> None:
    found = catalogued(BINARIES, [_program(f"opt/{name}", b"0.0.0", constant)])
    assert found.versions == [expected]
    assert found.paths == ((f"/opt/{name}",),)


@pytest.mark.real
@pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed")
def test_a_real_node_tells_its_version() -> None:
    path = Path(shutil.which("node") or "").resolve()
    printed = subprocess.run([path, "--version"], check=True, capture_output=True, text=True).stdout
    if path.read_bytes()[:4] != b"\x7fELF":
        pytest.skip(f"{path} is no binary")
    found = catalogued(BINARIES, [file("usr/local/bin/node", path.read_bytes(), mode=0o755)])
    assert found.versions == [("node", printed.strip().removeprefix("v"))]


def test_of_several_versions_redis_has_the_greatest() -> None:
    found = catalogued(BINARIES, [_program("usr/local/bin/redis-server", b"7.0.3", b"7.0.15", b"6.2.0")])
    assert found.versions == [("redis", "7.0.15")]


def test_a_version_among_the_writable_constants_is_found() -> None:
    assert catalogued(BINARIES, [_program("bin/nginx", b"nginx/1.2.3", section=".data")]).versions == [
        ("nginx", "1.2.3")
    ]


def test_python_owns_its_library_but_not_what_was_installed_there() -> None:
    found = catalogued(
        BINARIES,
        [
            _program("usr/local/bin/python3.11", b"no version"),
            file("usr/local/bin/python3.11-config"),
            symlink("usr/local/bin/python3", "python3.11"),
            _program("usr/local/lib/libpython3.11.so.1.0", b"3.11.4"),
            file("usr/local/lib/python3.11/os.py"),
            file("usr/local/lib/python3.11/json/decoder.py"),
            file("usr/local/lib/python3.11/site-packages/x.py"),
            file("usr/local/lib/python3.1/os.py"),
            file("usr/local/include/python3.11/Python.h"),
        ],
    )
    assert found.versions == [("python", "3.11.4")]
    assert found.paths_of("python") == (
        "/usr/local/bin/python3.11",
        "/usr/local/bin/python3.11-config",
        "/usr/local/include/python3.11/Python.h",
        "/usr/local/lib/libpython3.11.so.1.0",
        "/usr/local/lib/python3.11/json/decoder.py",
        "/usr/local/lib/python3.11/os.py",
    )


@pytest.mark.parametrize("compressed", [False, True])
def test_the_header_of_node_tells_the_version_where_the_program_does_not(compressed: bool) -> None:
    header = b"#define NODE_MAJOR_VERSION 20\n#define NODE_MINOR_VERSION 9\n#define NODE_PATCH_VERSION 0\n"
    program = file("usr/local/bin/node", elf({".rodata": bytes(range(256)) * 30_000}), mode=0o755)
    assert catalogued(BINARIES, [program], compressed=compressed).versions == []
    members = [program, file("usr/local/include/node/node_version.h", header)]
    found = catalogued(BINARIES, members, compressed=compressed)
    assert found.versions == [("node", "20.9.0")]


@pytest.mark.parametrize(
    "member",
    [
        pytest.param(file("usr/bin/node", b"#!/bin/sh\necho node.js/v20.0.0\n"), id="a script"),
        pytest.param(_program("usr/bin/node", b"something else"), id="another program"),
        pytest.param(_program("usr/bin/other", b"node.js/v20.0.0"), id="another name"),
        pytest.param(file("usr/bin/node", b""), id="empty"),
        pytest.param(file("usr/bin/node", b"\x7fELF" + b"\xff" * 500), id="a damaged binary"),
    ],
)
def test_other_files_are_passed_over(member: Member) -> None:
    found = catalogued(BINARIES, [member])
    assert found.claims == ()
    assert found.warnings == ()
