"""``layerscope scan``: what is found in directories, and what is said of all else."""

import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.cli.calling import NEEDS_MODES, NEEDS_SYMLINKS, call
from tests.conftest import FIXTURES, real_image

TINY, BUILDER = FIXTURES / "tiny-legacy.tar", FIXTURES / "tiny-builder.tar"


def rows(*arguments: str | Path) -> list[dict[str, Any]]:
    done = call("scan", *arguments, "-f", "json", "--sort", "name")
    assert done.code == 0, done.err
    found: list[dict[str, Any]] = json.loads(done.out)
    return found


@pytest.fixture
def images(tmp_path: Path) -> Path:
    """Two archives, a layout, and files that are none."""
    place = tmp_path / "images"
    (place / "deep").mkdir(parents=True)
    shutil.copy(TINY, place)
    shutil.copy(BUILDER, place / "deep")
    shutil.copytree(FIXTURES / "skopeo-oci-layout", place / "layout")
    shutil.copy(FIXTURES / "rootfs-export.tar", place)
    (place / "notes.txt").write_text("no image")
    (place / "data.json").write_text('{"some": "data"}')
    (place / "empty").write_bytes(b"")
    return place


def test_a_row_for_each_image_of_a_directory(images: Path) -> None:
    found = rows(images)
    assert [(row["name"], os.path.relpath(row["source"], images)) for row in found] == [
        ("legacy", "layout"),
        ("tiny:builder", os.path.join("deep", "tiny-builder.tar")),
        ("tiny:legacy", "tiny-legacy.tar"),
    ]
    assert [(row["content_bytes"], row["reclaimable_bytes"], row["high"]) for row in found] == [
        (63_700, 22_474, 1),
        (48_200, 4_074, 1),
        (63_700, 22_474, 1),
    ]


def test_the_figures_are_those_of_the_report(images: Path) -> None:
    report = json.loads(call("report", TINY, "-f", "json").out)
    row = rows(TINY)[0]
    for name in ("content_bytes", "stored_bytes", "live_bytes", "hidden_bytes", "base_bytes", "reclaimable_bytes"):
        assert row[name] == report["totals"][name]
    assert row["docker_size"] == report["image"]["docker_size"] and row["layers"] == len(report["layers"])


def test_the_same_layers_in_two_archives_are_shared_and_summed_up_once(images: Path) -> None:
    assert [row["shared_bytes"] for row in rows(TINY)] == [0]
    assert {row["shared_bytes"] for row in rows(TINY, images / "layout")} == {63_700}
    done = call("scan", TINY, images / "layout")
    assert done.out.decode().replace("\r", "").split("\n")[-2] == (
        "2 images of 127 kB; 63.7 kB with each layer counted once, of which at most 22.5 kB can be had back"
    )


def test_an_archive_of_several_images_has_a_row_for_each() -> None:
    assert [row["name"] for row in rows(FIXTURES / "several.tar")] == ["tiny:builder", "tiny:buildkit", "tiny:legacy"]
    assert [row["name"] for row in rows(FIXTURES / "several.tar", "--image", "tiny:legacy")] == ["tiny:legacy"]


def test_a_saved_report_is_as_good_as_its_image(tmp_path: Path) -> None:
    saved = tmp_path / "tiny.json"
    saved.write_bytes(call("report", TINY, "-f", "json").out)
    (row,) = rows(saved)
    assert (row["name"], row["reclaimable_bytes"]) == ("tiny:legacy", 22_474)


def test_what_is_no_image_is_passed_over_in_a_directory_and_named_on_request(images: Path) -> None:
    assert call("scan", images).err == ""
    told = call("scan", images, "-v").err
    for name in ("notes.txt", "data.json", "empty", "rootfs-export.tar"):
        assert f"warning: {images / name} is no image" in told.replace("\r", "").split("\n")


def test_what_the_user_names_has_to_be_one(images: Path) -> None:
    done = call("scan", TINY, images / "notes.txt", images / "nothing.tar")
    assert done.code == 3
    assert b"tiny:legacy" in done.out
    assert "notes.txt is no tar archive, not a container image" in done.err and "there is no file" in done.err
    assert rows(images / "rootfs-export.tar")[0]["content_bytes"] > 0


def test_a_damaged_archive_does_not_keep_the_others_from_being_read(images: Path) -> None:
    (images / "cut.tar").write_bytes(TINY.read_bytes()[:30_000])
    done = call("scan", images)
    assert done.code == 3 and done.out.count(b".tar\n") + done.out.count(b".tar\r\n") == 2
    assert "cut.tar" in done.err


def test_what_is_named_twice_is_read_once(images: Path) -> None:
    assert len(rows(images, images / "tiny-legacy.tar", images / "deep", images)) == 3


def test_messages_of_several_lines_stay_so() -> None:
    done = call("scan", FIXTURES / "several.tar", "--image", "7")
    assert done.code == 3
    assert [line[:3] for line in done.err.splitlines()] == ["lay", "  0", "  1", "  2"]


@NEEDS_MODES
@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="the root user may read everything")
def test_a_directory_that_may_not_be_read_is_said(images: Path) -> None:
    (images / "deep").chmod(0)
    done = call("scan", images)
    (images / "deep").chmod(0o755)
    assert done.code == 3 and "deep cannot be read: Permission denied" in done.err


def test_one_damaged_image_of_several_does_not_hide_the_others(tmp_path: Path) -> None:
    data = (FIXTURES / "several.tar").read_bytes()
    (builder,) = (row for row in rows(FIXTURES / "several.tar") if row["name"] == "tiny:builder")
    config = builder["image_id"].removeprefix("sha256:").encode()
    place = data.index(b'{"architecture"', data.index(config))
    path = tmp_path / "several.tar"
    path.write_bytes(data[:place] + b"?" + data[place + 1 :])
    done = call("scan", path, "-f", "json")
    assert done.code == 3 and len(json.loads(done.out)) == 2, done.err


def test_where_there_is_no_image_it_is_said(tmp_path: Path) -> None:
    done = call("scan", tmp_path)
    assert (done.code, done.out) == (3, b"") and f"there is no image in {tmp_path}" in done.err
    assert call("scan", "-", stdin=b"").code == 2


@NEEDS_SYMLINKS
def test_links_in_a_directory_are_not_followed(images: Path) -> None:
    before = len(rows(images))
    (images / "again.tar").symlink_to("tiny-legacy.tar")
    (images / "round").symlink_to(images, target_is_directory=True)
    assert len(rows(images)) == before


@pytest.mark.real
def test_real_images_share_their_base() -> None:
    names = ("notesapp-default.tar", "notesapp-multistage.tar", "python-3.tar")
    default, multistage, base = sorted(
        rows(*map(real_image, names)), key=lambda row: names.index(Path(row["source"]).name)
    )
    assert default["shared_bytes"] >= base["content_bytes"] == base["shared_bytes"] <= multistage["shared_bytes"]
