"""The storages of registries and engines: which images are in them, by which names, and what is none."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from layerscope.errors import LimitExceeded
from layerscope.image.content import ContentStore, Storage, StorageKind
from layerscope.model.limits import Limits
from tests.builder import ImageSpec, containerd, file, helm_chart, layer, oci_archive, oci_layout_directory
from tests.cli.calling import NEEDS_SYMLINKS, Called, call
from tests.fleet.storages import Registry, content_store

BASE = layer(file("etc/os-release", b"ID=debian\n"), file("usr/bin/tool", b"t" * 5_000))
APP = ImageSpec(layers=(BASE, layer(file("app/main.py", b"a" * 700))))
WORKER = ImageSpec(layers=(BASE, layer(file("app/work.py", b"w" * 900))))
ARM = ImageSpec(layers=(layer(file("app/main.py", b"arm" * 100)),), architecture="arm64")


@pytest.fixture
def registry(tmp_path: Path) -> Registry:
    return Registry(tmp_path / "registry")


def rows(done: Called) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(done.out)
    return found


def scan(*arguments: str | Path) -> Called:
    return call("scan", *arguments, "-f", "json", "--sort", "name")


def said(done: Called) -> list[str]:
    """The messages, without the line that sums the scan up."""
    *messages, summary = done.err.splitlines()
    assert " in 0." in summary or " s: read " in summary, done.err
    return messages


def names(*arguments: str | Path) -> list[str]:
    done = scan(*arguments)
    assert done.code == 0 and said(done) == [], done.err
    return [row["name"] for row in rows(done)]


def test_images_are_called_by_repository_and_tag(registry: Registry) -> None:
    registry.push("app", ["1"], APP)
    registry.push("team/deep/worker", ["2"], WORKER)
    assert names(registry.root) == ["app:1", "team/deep/worker:2"]


@pytest.mark.parametrize("inner", ["docker/registry/v2", "docker/registry", "docker", "", ".."])
def test_a_registry_is_found_wherever_its_tree_is_named(inner: str, registry: Registry) -> None:
    registry.push("app", ["1"], APP)
    assert names(registry.root / inner) == ["app:1"]


def test_the_tags_of_one_manifest_are_names_of_one_image(registry: Registry) -> None:
    registry.push("app", ["1", "latest"], APP)
    registry.push("mirror/app", ["1"], APP)
    [row] = rows(scan(registry.root))
    assert row["names"] == ["app:1", "app:latest", "mirror/app:1"]


def test_the_rows_are_those_of_the_same_images_in_archives(registry: Registry, tmp_path: Path) -> None:
    registry.push("app", ["1"], APP)
    registry.push("worker", ["1"], WORKER, "")
    (tmp_path / "archives").mkdir()
    (tmp_path / "archives" / "app.tar").write_bytes(oci_archive(APP))
    (tmp_path / "archives" / "worker.tar").write_bytes(oci_archive(WORKER, compression=""))
    left_out = {"name", "names", "source"}
    found, expected = (
        [{key: value for key, value in row.items() if key not in left_out} for row in rows(scan(place))]
        for place in (registry.root, tmp_path / "archives")
    )
    assert sorted(found, key=str) == sorted(expected, key=str) and len(found) == 2


def test_a_storage_is_not_written_to(registry: Registry) -> None:
    registry.push("app", ["1"], APP)
    before = registry.files()
    names(registry.root)
    assert registry.files() == before


def test_a_tag_that_was_deleted_in_part_is_a_problem_and_the_others_are_read(registry: Registry) -> None:
    registry.push("app", ["1", "half"], APP)
    registry.push("worker", ["1"], WORKER)
    (registry.v2 / "repositories/app/_manifests/tags/half/current/link").unlink()
    gone = registry.push("gone", ["1"], ARM)
    (registry.v2 / "repositories/gone/_manifests/revisions" / gone.replace(":", "/") / "link").unlink()
    done = scan(registry.root)
    assert done.code == 3 and [row["name"] for row in rows(done)] == ["app:1", "worker:1"]
    assert said(done) == [
        f"layerscope: {registry.root}: tag app:half: it has no current/link, as a tag that was deleted in part",
        f"layerscope: {registry.root}: tag gone:1 leads to {gone}, which was deleted from the repository",
    ]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        pytest.param(None, "its manifest {digest} is not in the storage", id="absent"),
        pytest.param(b"{", "its content does not have the digest of its name", id="damaged"),
        pytest.param(b"", "its content does not have the digest of its name", id="empty"),
    ],
)
def test_a_broken_manifest_is_a_problem_of_each_of_its_tags(
    content: bytes | None, message: str, registry: Registry
) -> None:
    registry.push("app", ["1"], APP)
    name = registry.push("broken", ["1", "2"], WORKER)
    registry.blob_path(name).unlink()
    if content is not None:
        registry.blob_path(name).write_bytes(content)
    done = scan(registry.root)
    assert done.code == 3 and [row["name"] for row in rows(done)] == ["app:1"]
    for line, tag in zip(said(done), ("broken:1", "broken:2"), strict=True):
        assert line.startswith(f"layerscope: {registry.root}: {tag}: ")
        assert line.endswith(message.format(digest=name))


def test_a_document_longer_than_the_limit_is_refused_unread(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "index.json").write_bytes(b'{"manifests": []}')
    store = ContentStore(Storage(kind=StorageKind.LAYOUT, root=str(tmp_path), place="x"), Limits(json_bytes=17))
    assert store.document("index.json") == b'{"manifests": []}'
    (tmp_path / "index.json").write_bytes(b'{"manifests": [] }')
    monkeypatch.setattr(Path, "read_bytes", lambda _: pytest.fail("read"))
    with pytest.raises(LimitExceeded, match="index.json: 18 bytes of metadata"):
        store.document("index.json")


def test_an_image_that_lacks_a_layer_is_a_row_and_a_problem(registry: Registry) -> None:
    registry.push("app", ["1"], APP)
    registry.push("worker", ["1"], WORKER)
    manifest = json.loads(registry.image_manifest(WORKER))
    registry.blob_path(manifest["layers"][1]["digest"]).unlink()
    done = scan(registry.root)
    assert done.code == 3
    assert [(row["name"], row["left_out"], row["complete"]) for row in rows(done)] == [
        ("app:1", 0, True), ("worker:1", 1, False)
    ]  # fmt: skip
    assert "worker:1: layer 1 is left out: " in done.err


def test_a_damaged_layer_is_a_problem_of_the_images_that_have_it_alone(registry: Registry) -> None:
    registry.push("app", ["1"], APP)
    registry.push("other", ["1"], ARM)
    path = registry.blob_path(json.loads(registry.image_manifest(APP))["layers"][1]["digest"])
    path.write_bytes(path.read_bytes()[:-20])
    for _ in range(2):  # A second scan must not take it for read.
        done = scan(registry.root)
        assert done.code == 3
        assert [(row["name"], row["left_out"]) for row in rows(done)] == [("app:1", 1), ("other:1", 0)]
        assert "app:1: layer 1 is left out: layer 1 (blobs/sha256/" in done.err


def test_a_layer_with_the_content_of_another_is_doubtful(registry: Registry) -> None:
    registry.push("app", ["1"], APP)
    registry.push("worker", ["1"], WORKER)
    own, other = (json.loads(registry.image_manifest(spec))["layers"][1]["digest"] for spec in (APP, WORKER))
    registry.blob_path(own).write_bytes(registry.blob_path(other).read_bytes())
    done = scan(registry.root)
    assert [(row["name"], row["complete"]) for row in rows(done)] == [("app:1", False), ("worker:1", True)]
    assert f"app:1: layer 1 (blobs/sha256/{own[7:]}): " in done.err
    assert f"{WORKER.diff_ids[1]} instead of {APP.diff_ids[1]}" in done.err


def test_of_several_platforms_the_one_that_is_asked_for_is_read_or_all(registry: Registry) -> None:
    registry.push_index("app", "1", APP, ARM)
    for platform in ("linux/amd64", "linux/arm64"):
        assert [row["platform"] for row in rows(scan(registry.root, "--platform", platform))] == [platform]
    every = rows(scan(registry.root, "--all-platforms"))
    assert [(row["name"], row["platform"]) for row in every] == [("app:1", "linux/amd64"), ("app:1", "linux/arm64")]


def test_an_image_that_is_not_for_the_platform_is_no_problem_among_others(registry: Registry) -> None:
    registry.push("app", ["1"], APP)
    registry.push("arm", ["1"], ARM)
    assert names(registry.root, "--platform", "linux/arm64") == ["arm:1"]


def test_attestations_and_charts_are_no_images(registry: Registry) -> None:
    statement = {"_type": "https://in-toto.io/Statement/v0.1", "predicateType": "https://slsa.dev/provenance/v0.2"}
    registry.push_archive("app", "1", containerd(APP, nested=True, attestations=[statement], manifest_json=False))
    registry.push_archive("chart", "1", helm_chart())
    assert names(registry.root) == names(registry.root, "--all-platforms") == ["app:1"]


def test_images_without_a_tag_are_read_where_asked_for(registry: Registry) -> None:
    registry.push("app", ["1"], APP)
    untagged = registry.push("app", [], WORKER)
    assert names(registry.root) == ["app:1"]
    found = rows(scan(registry.root, "--untagged"))
    assert [row["names"] for row in found if row["name"] != "app:1"] == [["app@" + untagged]]


def test_one_image_can_be_picked_by_its_name(registry: Registry) -> None:
    registry.push("app", ["1"], APP)
    registry.push("worker", ["1"], WORKER)
    assert names(registry.root, "--image", "worker:1") == ["worker:1"]


def test_the_images_of_containerd_are_called_by_their_digest(tmp_path: Path) -> None:
    root = tmp_path / "lib" / "containerd"
    store = content_store(root, containerd(APP, ARM, nested=True, manifest_json=False))
    for place in (root, store, tmp_path):
        found = rows(scan(place, "--all-platforms"))
        assert [row["platform"] for row in found] == ["linux/amd64", "linux/arm64"]
        assert {row["image_id"] for row in found} == {APP.image_id, ARM.image_id}


def test_in_a_tree_of_layouts_the_path_is_the_repository(tmp_path: Path) -> None:
    for repository, tag, spec in (("team/app", "1", APP), ("worker", "2", WORKER)):
        tagged = ImageSpec(layers=spec.layers, tags=(tag,))
        oci_layout_directory(tmp_path / "zot" / repository, tagged)
    assert names(tmp_path / "zot") == ["team/app:1", "worker:2"]


def test_the_tags_of_a_layout_are_names_of_one_image(tmp_path: Path) -> None:
    oci_layout_directory(tmp_path / "zot" / "app", ImageSpec(layers=APP.layers, tags=("1", "latest")))
    [row] = rows(scan(tmp_path / "zot"))
    assert row["names"] == ["app:1", "app:latest"]


@NEEDS_SYMLINKS
def test_blobs_may_lie_on_another_disk(registry: Registry, tmp_path: Path) -> None:
    registry.push("app", ["1"], APP)
    os.rename(registry.v2 / "blobs", tmp_path / "disk")
    (registry.v2 / "blobs").symlink_to(tmp_path / "disk")
    assert names(registry.root) == ["app:1"]


def test_a_registry_without_images_has_none(registry: Registry) -> None:
    (registry.v2 / "repositories").mkdir(parents=True)
    (registry.v2 / "blobs").mkdir()
    done = scan(registry.root)
    assert done.code == 3 and f"no image found in {registry.root}" in done.err
