"""Parquet datasets: the rows are those of the reports, and nothing of a layer is there twice."""

import json
from pathlib import Path
from typing import Any

import pytest

from layerscope.fleet.datasets import all_datasets
from tests.builder import ImageSpec, file, layer
from tests.cli.calling import call
from tests.conftest import FIXTURES
from tests.fleet.storages import Registry

pq = pytest.importorskip("pyarrow.parquet", reason="needs the extra fleet")
BIG = file("usr/lib/big.so", b"b" * 70_000)
BASE = layer(file("etc/os-release", b"ID=debian\n"), BIG)
APP = ImageSpec(layers=(BASE, layer(file("app/.git/HEAD", b"ref: refs/heads/main\n"), file("app/main.py", b"a" * 700))))
COPY = ImageSpec(layers=(layer(file("opt/lib/big.so", b"b" * 70_000), file("w", b"w" * 9)),))
Datasets = dict[str, list[dict[str, Any]]]


def read(directory: Path) -> Datasets:
    return {one.name: pq.read_table(directory / f"{one.name}.parquet").to_pylist() for one in all_datasets()}


def written(*places: Path, directory: Path, code: int = 0) -> Datasets:
    done = call("scan", *places, "-q", "-o", f"parquet={directory}")
    assert done.code == code, done.err
    return read(directory)


@pytest.fixture
def registry(tmp_path: Path) -> Registry:
    registry = Registry(tmp_path / "registry")
    registry.push("app", ["1", "latest"], APP)
    registry.push("copy", ["1"], COPY)
    registry.push("other", ["1"], ImageSpec(layers=(BASE,)))
    return registry


def test_rows_are_those_of_each_report(tmp_path: Path) -> None:
    """On real images, by every figure that the datasets and the JSON have in common."""
    names = ("tiny-legacy.tar", "tiny-builder.tar", "podman-oci-archive.tar")
    found = written(*(FIXTURES / name for name in names), directory=tmp_path / "out")
    for image in found["images"]:
        report = json.loads(call("report", image["source"], "-f", "json").out)
        number = image["image"]
        for name in image.keys() & report["totals"].keys():
            assert image[name] == report["totals"][name], name
        for dataset, key in (("layers", "layers"), ("packages", "packages"), ("findings", "findings")):
            rows = [row for row in found[dataset] if row["image"] == number]
            assert len(rows) == len(report[key])
            for row, expected in zip(rows, report[key], strict=True):
                assert row["content_bytes"] == expected["content_bytes"]
        steps = [row for row in found["steps"] if row["image"] == number and not row["changes_base"]]
        assert [row["saves_bytes"] for row in steps] == [step["saves_bytes"] for step in report["steps"]]
    assert len(found["images"]) == 3


def test_names_are_of_one_image_and_a_layer_that_is_shared_has_one_identity(registry: Registry, tmp_path: Path) -> None:
    found = written(registry.root, directory=tmp_path / "out")
    assert [row["names"] for row in found["images"]] == [["app:1", "app:latest"], ["copy:1"], ["other:1"]]
    shared = [row["image"] for row in found["layers"] if row["layer"] == found["layers"][0]["layer"]]
    assert shared == [0, 2]


def test_directories_add_up_to_each_distinct_layer_once(registry: Registry, tmp_path: Path) -> None:
    found = written(registry.root, directory=tmp_path / "out")
    sums: dict[str, int] = {}
    for row in found["directories"]:
        sums[row["layer"]] = sums.get(row["layer"], 0) + row["content_bytes"]
    assert sums == {row["layer"]: row["content_bytes"] for row in found["layers"]} and len(sums) == 3


def test_equal_contents_of_two_layers_have_one_fingerprint(registry: Registry, tmp_path: Path) -> None:
    found = written(registry.root, directory=tmp_path / "out")["files"]
    assert sorted(row["path"] for row in found) == ["/opt/lib/big.so", "/usr/lib/big.so"]
    assert len({row["fingerprint"] for row in found}) == 1 and len({row["layer"] for row in found}) == 2


def test_what_cannot_be_read_is_a_row(registry: Registry, tmp_path: Path) -> None:
    manifest = registry.push("broken", ["1"], ImageSpec(layers=(BASE, layer(file("x", b"x" * 50)))))
    blob = json.loads(registry.blob_path(manifest).read_bytes())["layers"][1]["digest"]
    registry.blob_path(blob).write_bytes(b"damaged")
    [row] = written(registry.root, directory=tmp_path / "out", code=3)["problems"]
    assert (row["repository"], row["tag"], row["digest"]) == ("broken", "1", blob)


def test_a_scan_that_fails_leaves_what_was_there(registry: Registry, tmp_path: Path) -> None:
    out = tmp_path / "out"
    before = written(registry.root, directory=out)
    (tmp_path / "empty").mkdir()
    assert call("scan", tmp_path / "empty", "-o", f"parquet={out}").code == 3
    assert read(out) == before
    assert sorted(path.name for path in out.iterdir()) == sorted(f"{one.name}.parquet" for one in all_datasets())


@pytest.mark.parametrize("output", ["fleet.json", "parquet=", "csv=x"])
def test_other_outputs_are_refused(output: str) -> None:
    done = call("scan", FIXTURES / "tiny-legacy.tar", "-o", output)
    assert done.code == 2 and "-o parquet=DIR" in done.err


def test_names_that_are_not_utf8_are_written(tmp_path: Path) -> None:
    registry = Registry(tmp_path / "registry")
    odd = file("app/caf\udce9.tar.gz", b"x" * 80_000)
    registry.push("app", ["1"], ImageSpec(layers=(layer(odd),)))
    [row] = written(registry.root, directory=tmp_path / "out")["files"]
    assert row["path"] == "/app/caf\\udce9.tar.gz"
