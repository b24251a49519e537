import json

import pytest
import zstandard

from layerscope.packages.catalogers.chisel import CHISEL
from layerscope.packages.context import Budget
from tests.builder import Member, directory, file, symlink
from tests.packages.images import catalogued
from tests.packages.inventories import inventory

_RECORDS: tuple[dict[str, object], ...] = (
    {"jsonwall": "1.0", "schema": "1.0", "count": 8},
    {"kind": "content", "slice": "libc6_libs", "path": "/usr/lib/libc.so.6"},
    {"kind": "package", "name": "base-files", "version": "13ubuntu10", "sha256": "0", "arch": "amd64"},
    {"kind": "package", "name": "libc6", "version": "2.39-0ubuntu8", "sha256": "0", "arch": "amd64"},
    {"kind": "path", "path": "/etc/", "mode": "0755", "slices": ["base-files_base"]},
    {"kind": "path", "path": "/etc/issue", "mode": "0644", "slices": ["base-files_base"], "size": 3},
    {"kind": "path", "path": "/usr/lib/libc.so.6", "mode": "0755", "slices": ["libc6_libs"], "size": 5},
    {"kind": "slice", "name": "libc6_libs"},
)
_FILES = [directory("etc"), file("etc/issue", b"123"), file("usr/lib/libc.so.6", b"12345")]


def _manifest(*records: dict[str, object], path: str = "var/lib/chisel/manifest.wall") -> Member:
    text = "".join(json.dumps(record) + "\n" for record in records)
    return file(path, zstandard.compress(text.encode()))


@pytest.mark.parametrize("path", ["var/lib/chisel/manifest.wall", "srv/manifest.wall"])
def test_a_package_owns_the_paths_of_its_slices(path: str) -> None:
    release = file("usr/lib/os-release", b"ID=ubuntu\nVERSION_ID=24.04\n")
    found = inventory([release, _manifest(*_RECORDS, path=path), *_FILES], catalogers=[CHISEL])
    assert found.paths("base-files") == {"/etc/issue"}
    assert found.paths("libc6") == {"/usr/lib/libc.so.6"}
    assert found.warnings == ()
    assert found.one("libc6").purl == "pkg:deb/ubuntu/libc6@2.39-0ubuntu8?arch=amd64&distro=ubuntu-24.04"


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"not zstd", id="another format"),
        pytest.param(zstandard.compress(b"{}\n{"), id="no JSON"),
        pytest.param(zstandard.compress(b"[" * 100_000), id="nested without end"),
        pytest.param(zstandard.compress(b'{"kind": "path"}\n' * 99)[:-3], id="cut"),
    ],
)
def test_a_broken_manifest_costs_a_warning_that_names_it(data: bytes) -> None:
    found = inventory([file("var/lib/chisel/manifest.wall", data), *_FILES], catalogers=[CHISEL])
    assert found.warnings
    assert all(warning.startswith("/var/lib/chisel/manifest.wall: ") for warning in found.warnings)


def test_records_of_wrong_types_are_passed_over() -> None:
    odd: tuple[dict[str, object], ...] = (
        {"kind": "package", "name": 1, "version": "1"},
        {"kind": "package", "name": "x", "version": []},
        {"kind": "slice", "name": "x", "version": "1"},
        {"kind": "content", "path": "/usr/lib/libc.so.6", "slices": ["base-files_base"]},
        {"kind": "path", "path": "/etc/issue", "slices": None},
        {"kind": "path", "path": "/usr/none", "slices": []},
        {"kind": "path", "path": 7, "slices": ["libc6_libs"]},
        {"kind": "path", "path": "/etc/issue", "slices": "libc6_libs"},
        {"kind": "path", "path": "/etc/issue", "slices": [None]},
    )
    found = inventory([_manifest(_RECORDS[0], *odd, *_RECORDS), *_FILES], catalogers=[CHISEL])
    assert found.names == ["base-files", "libc6"]
    assert found.paths("base-files") == {"/etc/issue"}
    assert found.paths("libc6") == {"/usr/lib/libc.so.6"}
    assert found.warnings == ()


_HEAD = b'{"jsonwall": "1.0"}\n'


@pytest.mark.parametrize(
    ("frames", "names", "warning"),
    [
        pytest.param([_HEAD, b'{"kind": "package", "name": "a", "version": "1"}\n'], ["a"], "", id="two frames"),
        pytest.param([_HEAD + b'7\n[]\n{"kind": "package", "name": "a", "version": "1"}\n'], ["a"], "", id="values"),
        pytest.param([b'{"x": 1}\n'], [], "not a manifest, or cut short", id="another beginning"),
        pytest.param([_HEAD[:-1]], [], "not a manifest, or cut short", id="no end"),
        pytest.param(
            [_HEAD + b'{"a": 1}\n{\n'], [], "the record after {'a': 1} cannot be read: ", id="a damaged record"
        ),
        pytest.param([_HEAD + b"x" * 300 + b"\n"], [], "the record after {'jsonwall': '1.0'} cannot", id="damaged"),
    ],
)
def test_a_manifest_is_read_up_to_what_is_damaged(frames: list[bytes], names: list[str], warning: str) -> None:
    data = b"".join(map(zstandard.compress, frames))
    found = inventory([file("var/lib/chisel/manifest.wall", data)], catalogers=[CHISEL])
    assert (found.names, len(found.warnings)) == (names, bool(warning))
    assert "".join(found.warnings).startswith(f"/var/lib/chisel/manifest.wall: {warning}" * bool(warning))


def test_a_manifest_that_is_a_link_lists_nothing() -> None:
    found = inventory([symlink("var/lib/chisel/manifest.wall", "x"), _manifest(*_RECORDS, path="m/manifest.wall")])
    assert (found.names, found.warnings) == (["base-files", "libc6"], ())


def test_what_comes_out_of_a_manifest_is_counted_by_its_bytes_and_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    spent: list[int] = []
    monkeypatch.setattr(Budget, "spend", lambda _, count: spent.append(count))
    catalogued(CHISEL, [_manifest(*_RECORDS)])
    length = len("".join(json.dumps(record) + "\n" for record in _RECORDS))
    assert length + 64 * len(_RECORDS) in spent
