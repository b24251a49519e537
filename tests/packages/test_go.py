import shutil
import subprocess
from pathlib import Path

import pytest

from layerscope.packages.catalogers.go import GO
from tests.builder import Member, file
from tests.packages.elves import address, elf
from tests.packages.images import Found, catalogued
from tests.packages.trees import binary

_MAGIC = b"\xff Go buildinf:"
_FRAME = bytes(range(16))
_TEXT = "path\texample.com/x/cmd/y\nmod\texample.com/x\tv1.2.3\th1:a\ndep\tgithub.com/a/b\tv0.1.0\th1:b\n"


def _program(data: bytes) -> Member:
    return file("usr/bin/y", data.ljust(600_000, b"\0"), mode=0o755)


def _found(data: bytes) -> Found:
    return catalogued(GO, [_program(data)])


def _varint(count: int) -> bytes:
    return bytes([count]) if count < 0x80 else bytes([count & 0x7F | 0x80]) + _varint(count >> 7)


def _inline(text: str, version: str = "go1.22.1") -> bytes:
    framed = _FRAME + text.encode() + _FRAME
    header = (_MAGIC + b"\x08\x02").ljust(32, b"\0")
    return header + _varint(len(version)) + version.encode() + _varint(len(framed)) + framed


def _pointed(text: str, *, wide: bool, big: bool) -> bytes:
    """The form before Go 1.18: pointers to the headers of two strings, all in the section for this test."""
    width = 8 if wide else 4
    strings = [b"go1.17.3", _FRAME + text.encode() + _FRAME]
    base = 256

    def number(value: int) -> bytes:
        return value.to_bytes(width, "big" if big else "little")

    place = base + 128
    headers, bodies = b"", b""
    for string in strings:
        headers += number(address(place + len(bodies))) + number(len(string))
        bodies += string
    pointers = number(address(base + 64)) + number(address(base + 64 + 2 * width))
    start = _MAGIC + bytes([width, int(big)]) + pointers
    return (start.ljust(64, b"\0") + headers).ljust(128, b"\0") + bodies


@pytest.mark.parametrize("name", ["hello", "hello-stripped"])
def test_a_real_binary_holds_what_go_version_prints(name: str) -> None:
    found = catalogued(GO, [file(f"usr/bin/{name}", binary(f"go/{name}"), mode=0o755)])
    listed = [(f"{claim.namespace}/{claim.name}".lstrip("/"), claim.version, claim.parent) for claim in found.claims]
    main = "example.com/layer/hello"
    assert listed == [
        (main, "(devel)", ""),
        ("example.com/local", "v0.0.0", main),
        ("golang.org/x/mod", "v0.42.0", main),
        ("stdlib", "1.26.8", main),
    ]
    assert found.paths == ((f"/usr/bin/{name}",), (), (), ())
    assert not found.warnings


@pytest.mark.skipif(shutil.which("go") is None, reason="Go is not installed")
def test_the_go_command_itself_holds_what_it_says_of_itself() -> None:
    root = subprocess.run(["go", "env", "GOROOT"], check=True, capture_output=True, text=True).stdout.strip()
    command = Path(root, "bin", "go")
    printed = subprocess.run(["go", "version", "-m", command], check=True, capture_output=True, text=True).stdout
    first, *lines = printed.splitlines()
    expected = {tuple(line.split("\t")[2:4]) for line in lines if line.startswith("\tdep\t")}
    expected |= {("cmd/go", first.rpartition(" ")[2]), ("stdlib", first.rpartition("go")[2])}
    found = catalogued(GO, [file("usr/local/go/bin/go", command.read_bytes(), mode=0o755)])
    assert {(f"{claim.namespace}/{claim.name}".lstrip("/"), claim.version) for claim in found.claims} == expected


@pytest.mark.parametrize("wide", [True, False], ids=["64 bits", "32 bits"])
@pytest.mark.parametrize("big", [True, False], ids=["big-endian", "little-endian"])
def test_the_form_with_pointers_is_read(wide: bool, big: bool) -> None:
    data = elf({".go.buildinfo": _pointed(_TEXT, wide=wide, big=big)}, wide=wide, big=big)
    assert _found(data).versions == [("b", "v0.1.0"), ("stdlib", "1.17.3"), ("x", "v1.2.3")]


def test_a_binary_without_section_headers_is_searched() -> None:
    data = elf({".data": bytes(16) + b"x" + _MAGIC + bytes(1) + _inline(_TEXT)}, named=False)
    assert _found(data).versions == [("b", "v0.1.0"), ("stdlib", "1.22.1"), ("x", "v1.2.3")]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("path\tcommand-line-arguments\n", ("", "command-line-arguments", "go1.22.1"), id="no module"),
        pytest.param("path\tx\nmod\tx\t(devel)\t\n", ("", "x", "(devel)"), id="a module without a path"),
        pytest.param("", ("", "y", "go1.22.1"), id="no text"),
    ],
)
def test_a_binary_is_named_by_what_is_known(text: str, expected: tuple[str, str, str]) -> None:
    claim = _found(elf({".go.buildinfo": _inline(text)})).claims[0]
    assert (claim.namespace, claim.name, claim.version) == expected


@pytest.mark.parametrize(
    ("replacement", "expected"),
    [
        pytest.param("=>\tgithub.com/fork/b\tv0.2.0\th1:c\n", ("b", "v0.2.0"), id="another module"),
        pytest.param("=>\t./local\t(devel)\t\n", ("b", "v0.1.0"), id="a directory"),
    ],
)
def test_a_replaced_module_is_the_one_that_was_linked(replacement: str, expected: tuple[str, str]) -> None:
    assert expected in _found(elf({".go.buildinfo": _inline(_TEXT + replacement)})).versions


def test_the_build_information_is_kept_where_the_layer_is_read_once() -> None:
    found = catalogued(GO, [file("usr/bin/hello", binary("go/hello"), mode=0o755)], compressed=True)
    assert [(claim.type, claim.name) for claim in found.claims[:1]] == [("golang", "hello")] and not found.warnings


@pytest.mark.parametrize("compressed", [False, True])
def test_modules_that_are_too_many_to_read_cost_a_warning_and_leave_the_file_its_name(compressed: bool) -> None:
    text = _TEXT + "x" * (4 << 20)
    members = [file("usr/bin/hello", elf({".data": bytes(600_000), ".go.buildinfo": _inline(text)}), mode=0o755)]
    found = catalogued(GO, members, compressed=compressed)
    assert [(claim.name, claim.version) for claim in found.claims] == [("hello", "go1.22.1"), ("stdlib", "1.22.1")]
    assert found.warnings == ("/usr/bin/hello: the modules of a Go binary were not read",)


@pytest.mark.parametrize(
    "section",
    [
        pytest.param(b"", id="empty"),
        pytest.param(_MAGIC, id="a magic alone"),
        pytest.param((_MAGIC + b"\x08\x02").ljust(32, b"\0") + b"\xff" * 20, id="a length without end"),
        pytest.param((_MAGIC + b"\x08\x02").ljust(32, b"\0") + b"\x08", id="a length of what is not there"),
        pytest.param((_MAGIC + b"\x08\x00").ljust(32, b"\xff"), id="pointers to nowhere"),
        pytest.param((_MAGIC + b"\x63\x00").ljust(32, b"\0"), id="pointers of 99 bytes"),
    ],
)
def test_damaged_build_information_costs_a_warning(section: bytes) -> None:
    found = _found(elf({".go.buildinfo": section or b"\0"}))
    assert [claim.type for claim in found.claims] == ["generic"]
    assert found.warnings[0].startswith("/usr/bin/y: ")


def test_programs_that_are_not_of_go_are_passed_over() -> None:
    assert _found(elf({".text": b"x"})).claims == ()
    assert _found(b"#!/bin/sh\n").claims == ()
    assert catalogued(GO, [file("usr/bin/y", elf({".go.buildinfo": _inline(_TEXT)}), mode=0o644)]).claims == ()
