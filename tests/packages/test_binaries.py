import shutil
import subprocess
from pathlib import Path

import pytest

from layerscope.model.pathset import RangedFile
from layerscope.packages.catalogers import binaries as module
from layerscope.packages.catalogers.binaries import BINARIES
from layerscope.packages.formats.ranges import ranges_in
from tests.builder import Member, directory, file, symlink
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


def _ranged(data: bytes, path: str = "/usr/bin/nginx", asked: list[tuple[int, int]] | None = None) -> RangedFile:
    def read(start: int, count: int) -> bytes | None:
        if asked is not None:
            asked.append((start, count))
        return ranges_in(data)(start, count)

    return RangedFile(read, len(data), path, print, print)


_NGINX = next(program for program in module._PROGRAMS if program.name == "nginx")


@pytest.mark.parametrize("before", [0, 262_144 - 256, 262_144 - 12, 262_144 - 3, 262_144, 523_776 - 5, 600_000])
def test_a_version_is_found_wherever_it_lies_among_the_constants(before: int) -> None:
    data = elf({".rodata": b"x" * before + b"nginx/1.22.1" + b"y" * 9})
    assert module._searched(_ranged(data), _NGINX) == ("1.22.1", True)


@pytest.mark.parametrize(("most", "version"), [(112, "1.22.1"), (111, "")])
def test_only_so_much_of_the_constants_is_searched(most: int, version: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_MOST_SEARCHED", most)
    data = elf({".rodata": b"x" * 100 + b"nginx/1.22.1"})
    assert module._searched(_ranged(data), _NGINX) == (version, True)


def test_no_more_is_read_once_a_version_is_found_but_for_the_greatest() -> None:
    data = elf({".rodata": b"nginx/1.2.3" + b"x" * 600_000, ".data": b"nginx/4.5.6\0" + b"\x007.0.1\0"})
    asked: list[tuple[int, int]] = []
    assert module._searched(_ranged(data, asked=asked), _NGINX) == ("1.2.3", True)
    assert [count for _, count in asked if count > 9000] == [262_144]
    redis = next(program for program in module._PROGRAMS if program.is_greatest)
    asked.clear()
    assert module._searched(_ranged(data, asked=asked), redis) == ("7.0.1", True)
    assert [count for _, count in asked if count > 9000] == [262_144, 262_144, 76_235]


def test_a_file_without_sections_is_searched_whole_and_any_program_reads_all_constants() -> None:
    data = b"\x7fELF" + b"nginx/1.2.3"
    assert module._searched(_ranged(data), _NGINX) == ("1.2.3", True)
    asked: list[tuple[int, int]] = []
    assert module._by_path(_ranged(data, "/opt/renamed", asked)) == ("", True)
    assert asked[-1] == (0, len(data))
    assert module._by_path(_ranged(data)) == ("1.2.3", True)
    assert module._by_path(_ranged(b"#!/bin/sh\nnginx/1.2.3")) is None


def test_constants_that_were_not_kept_leave_the_version_open() -> None:
    data = elf({".rodata": b"nginx/1.2.3", ".data": b"nginx/4.5.6"})
    place = data.index(b"nginx/4")
    lost = RangedFile(
        lambda start, count: ranges_in(data)(start, count) if start != place else None, len(data), "", print, print
    )
    assert module._searched(lost, _NGINX) == ("1.2.3", True)
    place = data.index(b"nginx/1")
    assert module._searched(lost, _NGINX) == ("", False)


@pytest.mark.parametrize(
    ("path", "begin", "begins"),
    [
        ("/l/python3.1", "/l/python3.1", True),
        ("/l/python3.11", "/l/python3.1", False),
        ("/l/python3.1-config", "/l/python3.1", True),
        ("/l/node20", "/l/node", True),
        ("/l/nod", "/l/node", False),
        ("/x/node", "/l/node", False),
    ],
)
def test_a_number_does_not_begin_a_longer_one(path: str, begin: str, begins: bool) -> None:
    assert module._begins(path, begin) is begins


@pytest.mark.parametrize(
    ("versions", "greatest"), [([], ""), ([b"1.9", b"1.10"], "1.10"), ([b"2", b"10.1", b"10"], "10.1")]
)
def test_the_greatest_version_is_that_by_its_numbers(versions: list[bytes], greatest: str) -> None:
    assert module._greatest(versions) == greatest


@pytest.mark.parametrize(
    ("members", "found"),
    [
        pytest.param([_program("bin/node", b"x"), file("include/node/node_version.h", b"")], [], id="in the root"),
        pytest.param(
            [_program("opt/node", b"node.js/v1.2.3"), file("opt/include/node/x")], ["/opt/node"], id="not in bin"
        ),
        pytest.param(
            [
                _program("opt/n/sbin/node", b"node.js/v1.2.3"),
                file("opt/n/include/node/v8/x.h"),
                file("opt/n/include/node.h"),
                file("opt/n/include/other/x.h"),
                file("opt/n/share/man/man1/node.1"),
                file("opt/n/share/man/man1/npm.1"),
                file("opt/n/share/doc/node/gdbinit"),
                directory("opt/n/include/node"),
            ],
            [
                "/opt/n/include/node.h",
                "/opt/n/include/node/v8/x.h",
                "/opt/n/sbin/node",
                "/opt/n/share/doc/node/gdbinit",
                "/opt/n/share/man/man1/node.1",
            ],
            id="what lies beside",
        ),
    ],
)
def test_what_goes_with_a_program_lies_below_its_prefix(members: list[Member], found: list[str]) -> None:
    assert [list(paths) for paths in catalogued(BINARIES, members).paths] == ([found] if found else [])


def test_the_library_of_a_ruby_has_its_version_and_a_link_to_it_none() -> None:
    members = [
        _program("usr/bin/ruby", b"nothing"),
        symlink("usr/lib/libruby.so", "libruby.so.3.1"),
        _program("usr/lib/libruby.so.3.1.2", b"ruby 3.1.2p20"),
        _program("usr/lib/ruby/3.1.0/libruby-static.so", b"ruby 9.9.9p1"),
        _program("usr/lib/libother.so", b"ruby 8.8.8p1"),
    ]
    assert catalogued(BINARIES, members).versions == [("ruby", "3.1.2")]
    assert catalogued(BINARIES, [members[0], members[1]]).versions == []
