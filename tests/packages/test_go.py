import shutil
import subprocess
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest
from msgspec.structs import replace

from layerscope.packages.catalogers import go as module
from layerscope.packages.catalogers.go import GO
from layerscope.packages.formats.elf import Elf, Segment
from layerscope.packages.formats.ranges import ranges_in
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


@pytest.mark.parametrize(
    ("data", "text", "end"),
    [
        pytest.param(b"\3abcd", b"abc", 4, id="a byte for its length"),
        pytest.param(b"\0abc", b"", 1, id="nothing"),
        pytest.param(b"\x80\1" + b"x" * 200, b"x" * 128, 130, id="two bytes for its length"),
        pytest.param(b"\x83\x80\x80\x80\0abc", b"abc", 8, id="five bytes"),
        pytest.param(b"\x83\x80\x80\x80\x80\0abc", b"\0ab", 8, id="more than five"),
        pytest.param(b"\x80", b"", 1, id="a length that is cut"),
        pytest.param(b"\5abc", b"", 6, id="longer than what is there"),
        pytest.param(b"\x81\x80\x80\2", b"", 4 + (4 << 20) + 1, id="longer than what is read"),
        pytest.param(b"\x80\x80\x80\2" + b"y" * (4 << 20), b"y" * (4 << 20), 4 + (4 << 20), id="as long as is read"),
        pytest.param(b"", b"", 0, id="not there"),
    ],
)
def test_a_text_follows_its_length(data: bytes, text: bytes, end: int) -> None:
    assert module._inline(ranges_in(data), 0) == (text, end)
    assert module._inline(ranges_in(b"??" + data), 2) == (text, end + 2)


def _listed(text: str) -> tuple[str, str | None, list[tuple[str, str]]]:
    info = module._parsed(b"go1.22.1", _FRAME + text.encode() + _FRAME)
    assert (info.go_version, info.is_cut) == ("go1.22.1", False)
    main = info.main.path if info.main is not None else None
    return info.package, main, [(one.path, one.version) for one in info.modules]


@pytest.mark.parametrize(
    ("text", "package", "main", "modules"),
    [
        pytest.param("path\tx/cmd\nmod\tx\tv1\th\n", "x/cmd", "x", [], id="a main module"),
        pytest.param("dep\ta\tv1\ndep\tb\n", "", None, [("a", "v1"), ("b", "")], id="modules"),
        pytest.param("dep\ta\tv1\n=>\tc\tv2\n=>\td\tv3\n", "", None, [("d", "v3")], id="replaced twice"),
        pytest.param("dep\ta\tv1\n=>\t/abs\t\n", "", None, [("a", "v1")], id="replaced by a path"),
        pytest.param("dep\ta\tv1\n=>\t../up\n", "", None, [("a", "v1")], id="replaced by a path above"),
        pytest.param("=>\tc\tv2\n", "", None, [], id="a replacement of nothing"),
        pytest.param("build\t-ldflags=x\nother\ny\n", "", None, [], id="other lines"),
        pytest.param("dep\ta\tv1", "", None, [], id="no line"),
        pytest.param("\n", "", None, [], id="an empty line"),
    ],
)
def test_the_lines_of_build_information_are_read(
    text: str, package: str, main: str | None, modules: list[tuple[str, str]]
) -> None:
    assert _listed(text) == (package, main, modules)


def test_a_text_without_its_frame_says_nothing() -> None:
    text = b"dep\ta\tv1\n"
    for framed in (text, _FRAME[1:] + text + _FRAME[1:] + b"x", b"\n" * 17, b"", _FRAME + _FRAME):
        assert module._parsed(b"go1", framed).modules == []
    assert len(module._parsed(b"go1", bytes(16) + b"dep\ta\n" + bytes(16)).modules) == 1


@pytest.mark.parametrize("count", [9_999, 10_000, 10_001])
def test_ten_thousand_modules_are_listed(count: int) -> None:
    _, main, modules = _listed("".join(f"dep\tm{number}\tv1\n" for number in range(count)) + "mod\tx\tv1\n")
    assert len(modules) == min(count, 10_000)
    assert main == ("x" if count < 10_000 else None)


@pytest.mark.parametrize(
    ("header", "is_read"),
    [
        pytest.param(b"\x08\x02", True, id="inline"),
        pytest.param(b"\x00\x03", True, id="inline, whatever else is said"),
        pytest.param(b"\x08\x00", False, id="pointers"),
        pytest.param(b"\x08\x04", False, id="another flag"),
    ],
)
def test_a_flag_says_whether_the_texts_follow(header: bytes, is_read: bool) -> None:
    body = _inline(_TEXT)
    data = elf({".go.buildinfo": body[:14] + header + body[16:]})
    assert [claim.type for claim in _found(data).claims[:1]] == ["golang" if is_read else "generic"]


@pytest.mark.parametrize(("version", "is_go"), [("devel +abc", True), ("go1", True), ("rust", False), ("", False)])
def test_a_version_begins_as_those_of_go_do(version: str, is_go: bool) -> None:
    found = _found(elf({".go.buildinfo": _inline(_TEXT, version)}))
    assert [claim.type for claim in found.claims[:1]] == ["golang" if is_go else "generic"]
    assert len(found.warnings) == (not is_go)


@pytest.mark.parametrize(
    ("before", "is_found"),
    [
        pytest.param(b"", True, id="at the start"),
        pytest.param(b"x" * 32, True, id="aligned"),
        pytest.param(b"x" * 8, False, id="not aligned"),
        pytest.param(_MAGIC + b"x" * 2 + b"x" * 32, True, id="behind one without information"),
        pytest.param(bytes((1 << 20) - 16), True, id="at the end of what is searched"),
        pytest.param(bytes(1 << 20), False, id="behind what is searched"),
    ],
)
def test_a_binary_without_sections_is_searched_near_its_start(before: bytes, is_found: bool) -> None:
    read = ranges_in(bytes(256) + before + _MAGIC + bytes(99))
    segment = Segment(offset=256, length=len(before) + 99, address=0, is_writable=True)
    files = cast(Elf, SimpleNamespace(segments=lambda: [replace(segment, is_writable=False, offset=0), segment]))
    place = 256 + before.rfind(_MAGIC) if before.startswith(_MAGIC) else 256 + len(before)
    assert module._searched(files, read) == (place if is_found else None)
    none = cast(Elf, SimpleNamespace(segments=lambda: [replace(segment, is_writable=False)]))
    assert module._searched(none, read) is None


@pytest.mark.parametrize(("length", "names"), [((512 << 10) - 1, []), (512 << 10, ["x", "b", "stdlib"])])
def test_programs_of_half_a_mebibyte_are_looked_at(length: int, names: list[str]) -> None:
    data = elf({".go.buildinfo": _inline(_TEXT)}).ljust(length, b"\0")
    found = catalogued(GO, [file("usr/bin/y", data, mode=0o755)])
    assert [claim.name for claim in found.claims] == names


def test_each_module_is_listed_once_within_the_main_one() -> None:
    found = _found(elf({".go.buildinfo": _inline(_TEXT + "dep\tgithub.com/a/b\tv0.1.0\n")}))
    assert [(claim.namespace, claim.name, claim.version, claim.parent) for claim in found.claims] == [
        ("example.com", "x", "v1.2.3", ""),
        ("github.com/a", "b", "v0.1.0", "example.com/x"),
        ("", "stdlib", "1.22.1", "example.com/x"),
    ]
    assert found.paths == (("/usr/bin/y",), (), ())
