"""``scan --by``: bytes added up by what images have in common, each layer once."""

import json
from pathlib import Path
from typing import Any

import pytest

from layerscope.cli.commands.scan import ScanBy
from layerscope.fleet.grouping import GROUPINGS
from tests.builder import ImageSpec, file, layer
from tests.cli.calling import call
from tests.conftest import FIXTURES
from tests.fleet.storages import Registry

BASE = layer(file("etc/os-release", b"ID=debian\n"), file("usr/share/doc/tool/copyright", b"t" * 5_000))
GIT = layer(file("app/.git/HEAD", b"ref: refs/heads/main\n"), file("app/.git/objects/pack/a.pack", b"p" * 3_000))


@pytest.fixture
def registry(tmp_path: Path) -> Registry:
    registry = Registry(tmp_path / "registry")
    registry.push("one", ["1"], ImageSpec(layers=(BASE, GIT)))
    registry.push("two", ["1"], ImageSpec(layers=(BASE, GIT, layer(file("w", b"w" * 9)))))
    return registry


def grouped(place: Path, by: str) -> list[dict[str, Any]]:
    done = call("scan", place, "--by", by, "-f", "json")
    assert done.code == 0, done.err
    found: list[dict[str, Any]] = json.loads(done.out)
    return found


def test_every_way_has_an_option() -> None:
    assert [one.name for one in GROUPINGS] == [one.value for one in ScanBy if one != ScanBy.IMAGE]


def test_a_shared_layer_counts_once(registry: Registry) -> None:
    found = grouped(registry.root, "layer")
    assert [(row["distinct_bytes"], row["content_bytes"], row["images"]) for row in found] == [
        (5_010, 10_020, 2),
        (3_021, 6_042, 2),
        (9, 9, 1),
    ]


@pytest.mark.parametrize("by", ["layer", "directory"])
def test_rows_add_up_to_what_the_images_hold(by: str, registry: Registry) -> None:
    found = grouped(registry.root, by)
    assert sum(row["distinct_bytes"] for row in found) == 5_010 + 3_021 + 9
    assert sum(row["content_bytes"] for row in found) == 2 * (5_010 + 3_021) + 9


def test_directories_have_three_components_at_most(registry: Registry) -> None:
    found = {row["directory"]: row["distinct_bytes"] for row in grouped(registry.root, "directory")}
    assert found == {"/usr/share/doc": 5_000, "/app/.git/objects": 3_000, "/app/.git": 21, "/etc": 10, "/": 9}


def test_a_finding_in_a_shared_layer_counts_once(registry: Registry) -> None:
    [row] = [row for row in grouped(registry.root, "finding") if row["rule"] == "vcs-metadata"]
    assert (row["distinct_bytes"], row["content_bytes"], row["images"]) == (3_021, 6_042, 2)


def test_packages_and_bases_are_those_of_the_reports() -> None:
    """On a real image whose base is guessed, beside one that stands on it."""
    place = [FIXTURES / "notes-v1.tar.zst", FIXTURES / "notes-build1.tar.zst"]
    done = call("scan", *place, "--by", "package", "-f", "json")
    found = {row["package"]: row for row in json.loads(done.out)}
    assert (found["busybox"]["images"], found["python3"]["images"]) == (2, 1)
    assert found["busybox"]["content_bytes"] == 2 * found["busybox"]["distinct_bytes"]
    [base] = json.loads(call("scan", *place, "--by", "base", "-f", "json").out)
    assert (base["images"], base["found_by"]) == (2, "history-guess")
    report = json.loads(call("report", place[0], "-f", "json").out)
    assert base["distinct_bytes"] == report["totals"]["base_bytes"]


def test_images_without_a_base_are_a_row_without_a_name(registry: Registry) -> None:
    [row] = grouped(registry.root, "base")
    assert (row["images"], row["base"], row["distinct_bytes"]) == (2, None, 0)


def test_the_table_is_cut_with_a_command_for_all(registry: Registry) -> None:
    done = call("scan", registry.root, "--by", "layer", "--top", "1")
    lines = done.out.decode().splitlines()
    assert lines[0].startswith("   SIZE  IN ALL IMAGES  IMAGES  LAYER ")
    assert lines[-1].startswith("and 2 more: layerscope scan ")


def test_the_page_has_the_rows_of_the_table(registry: Registry) -> None:
    done = call("scan", registry.root, "--by", "layer", "-f", "html", "--top", "2")
    assert done.code == 0, done.err
    page = done.out.decode()
    assert "<h1>Images by layer</h1>" in page and "<p>and 1 more</p>" in page
    assert [page.count(f'data-v="{size}"') for size in (5_010, 10_020, 3_021, 9)] == [1, 1, 1, 0]


def test_names_of_hostile_layers_are_text_on_the_page(tmp_path: Path) -> None:
    registry = Registry(tmp_path / "registry")
    registry.push("app", ["1"], ImageSpec(layers=(layer(file("<script>alert(1)</script>/x/y/z", b"x")),)))
    page = call("scan", registry.root, "--by", "directory", "-f", "html").out.decode()
    assert "/&lt;script&gt;alert(1)&lt;" in page and "<script>alert" not in page
