import json

import pytest

from layerscope.packages.catalogers.conda import CONDA
from tests.builder import Member, file, hardlink, symlink
from tests.packages.inventories import inventory

_RECORD = {
    "name": "zlib",
    "version": "1.2.13",
    "build": "h5eee18b_0",
    "channel": "https://conda.example.org/main/linux-64",
    "subdir": "linux-64",
    "files": ["include/zlib.h", "lib/libz.so", "lib/a file", 7],
}


def _record(prefix: str, document: object = _RECORD) -> Member:
    return file(f"{prefix}/conda-meta/zlib-1.2.13-h5eee18b_0.json", json.dumps(document).encode())


def test_a_package_owns_its_files_below_the_prefix_and_its_record() -> None:
    found = inventory(
        [
            file("opt/conda/include/zlib.h", b"1"),
            symlink("opt/conda/lib/libz.so", "libz.so.1"),
            file("opt/conda/lib/a file", b"22"),
            file("opt/conda/conda-meta/history", b"==> 2024"),
            _record("opt/conda"),
        ],
        catalogers=[CONDA],
    )
    files = {"/opt/conda/include/zlib.h", "/opt/conda/lib/libz.so", "/opt/conda/lib/a file"}
    assert found.paths("zlib") == files | {found.one("zlib").location}
    assert found.one("zlib").purl == "pkg:conda/zlib@1.2.13?build=h5eee18b_0&channel=main&subdir=linux-64"
    assert found.warnings == ()


@pytest.mark.parametrize(
    ("channel", "name"),
    [
        ("https://conda.example.org/pkgs/main/linux-64", "main"),
        ("https://conda.example.org/forge/linux-64/", "forge"),
        ("https://conda.example.org/forge", "forge"),
        ("forge\x01", "forge%01"),
        (7, ""),
    ],
)
def test_the_channel_is_the_last_part_of_its_address_but_for_the_platform(channel: object, name: str) -> None:
    found = inventory([_record("opt/conda", _RECORD | {"channel": channel})], catalogers=[CONDA])
    assert (
        found.one("zlib").purl
        == f"pkg:conda/zlib@1.2.13?build=h5eee18b_0{f'&channel={name}' * bool(name)}&subdir=linux-64"
    )


def test_what_an_environment_links_from_the_package_cache_is_its_own() -> None:
    found = inventory(
        [
            file("opt/conda/pkgs/zlib/include/zlib.h", b"12345"),
            hardlink("opt/conda/include/zlib.h", "opt/conda/pkgs/zlib/include/zlib.h"),
            _record("opt/conda"),
        ],
        catalogers=[CONDA],
    )
    assert found.one("zlib").content_bytes == 5 + len(json.dumps(_RECORD))
    assert found.unowned_bytes == 0


def test_the_same_package_in_two_environments_is_listed_twice() -> None:
    members = [_record("opt/conda"), _record("opt/conda/envs/one"), file("opt/conda/envs/one/include/zlib.h", b"1")]
    found = inventory(members, catalogers=[CONDA])
    assert [package.location.partition("/conda-meta")[0] for package in found.packages] == [
        "/opt/conda",
        "/opt/conda/envs/one",
    ]


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"{", id="no JSON"),
        pytest.param(b"\xff\xfe\xfd", id="no text"),
        pytest.param(b"[" * 200_000, id="nested without end"),
        pytest.param(b'{"name": "zlib"}', id="no version"),
        pytest.param(b'{"version": "1"}', id="no name"),
        pytest.param(b'{"name": ["zlib"], "version": 1}', id="wrong types"),
    ],
)
def test_a_broken_record_costs_a_warning_that_names_it(data: bytes) -> None:
    found = inventory([file("opt/conda/conda-meta/bad.json", data), _record("opt/conda")], catalogers=[CONDA])
    assert found.names == ["zlib"]
    assert len(found.warnings) == 1
    assert "/opt/conda/conda-meta/bad.json" in found.warnings[0]


@pytest.mark.parametrize("files", [{"a": 1}, None, [7, None], "a"])
def test_a_record_whose_files_are_no_paths_owns_itself(files: object) -> None:
    members = [_record("opt/conda", _RECORD | {"files": files}), file("opt/conda/a"), file("opt/conda/7")]
    found = inventory(members, catalogers=[CONDA])
    assert found.paths("zlib") == {found.one("zlib").location}
    assert found.warnings == ()


@pytest.mark.parametrize("path", ["conda-meta/old/zlib.json", "conda-meta/zlib.txt", "conda-meta", "conda/zlib.json"])
def test_only_json_in_the_directory_of_records_is_a_record(path: str) -> None:
    found = inventory([file(f"opt/conda/{path}", json.dumps(_RECORD).encode())], catalogers=[CONDA])
    assert (found.names, found.warnings) == ([], ())
