"""``layerscope scan``: what is found in directories, and what is said of all else."""

import json
import os
import shutil
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from layerscope.cli.image_scan import ImageScan
from layerscope.cli.messages import print_error
from layerscope.cli.options import ReadArguments
from layerscope.cli.source import ReportOptions, Source
from layerscope.errors import AmbiguousImage
from layerscope.model.report import ImageSummary, Report, Totals
from tests.builder import ImageSpec, containerd, contents, digest, edit, file, layer, oci_archive
from tests.cli.calling import NEEDS_MODES, NEEDS_SYMLINKS, call
from tests.conftest import FIXTURES, real_image
from tests.image.opening import fifo_of

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
        ("layout:legacy", "layout"),
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
        "2 images of 127 kB; 63.7 kB with each layer counted once, at most 22.5 kB of it reclaimable"
    )


def test_an_incomplete_image_is_one_in_its_row_too(tmp_path: Path) -> None:
    upper = layer(file("new", b"n" * 50))
    spec = ImageSpec(layers=(layer(file("old", b"o" * 70)), upper), tags=("app:1",))
    data = oci_archive(spec, compression="")
    (tmp_path / "whole.tar").write_bytes(data)
    (tmp_path / "cut.tar").write_bytes(edit(data, remove=["blobs/" + digest(upper).replace(":", "/")]))
    done = call("scan", tmp_path, "-q")
    header, cut, whole, _, summary = done.out.decode().replace("\r", "").splitlines()
    assert (done.code, done.err) == (3, "")
    place = header.index("LEFT OUT") + len("LEFT OUT") - 1
    assert (cut.split()[-1], cut[place]) == (str(tmp_path / "cut.tar"), "1")
    assert (whole.split()[-1], whole[place]) == (str(tmp_path / "whole.tar"), "0")
    assert summary.startswith("2 images (1 incomplete) of 190 B; 120 B with each layer counted once")
    found = json.loads(call("scan", tmp_path, "-f", "json", "--sort", "name").out)
    assert [row["complete"] for row in found] == [False, True]
    assert "layer 1 is left out" in call("scan", tmp_path).err


def test_an_image_with_a_layer_that_is_not_what_it_should_be_is_incomplete(tmp_path: Path) -> None:
    held, named = layer(file("new", b"n" * 50)), digest(layer())
    spec = ImageSpec(layers=(held,), config_extra={"rootfs": {"type": "layers", "diff_ids": [named]}})
    (tmp_path / "changed.tar").write_bytes(oci_archive(spec))
    shutil.copy(TINY, tmp_path)
    assert sorted((row["left_out"], row["complete"]) for row in rows(tmp_path)) == [(0, False), (0, True)]
    assert "2 images (1 incomplete)" in call("scan", tmp_path, "-q").out.decode()


def test_each_platform_that_no_machine_prefers_has_a_row(tmp_path: Path) -> None:
    variants = [
        ImageSpec(architecture="arm", variant=variant, os=os_name, tags=("app:1",))
        for variant, os_name in [("", "linux"), ("v7", "linux"), ("", ""), ("v8", "")]
    ]
    path = tmp_path / "arm.tar"
    path.write_bytes(containerd(*variants, nested=True, manifest_json=False))
    assert sorted(row["image_id"] for row in rows(path)) == sorted(spec.image_id for spec in variants)


def test_an_archive_of_several_images_has_a_row_for_each() -> None:
    assert [row["name"] for row in rows(FIXTURES / "several.tar")] == ["tiny:builder", "tiny:buildkit", "tiny:legacy"]
    assert [row["name"] for row in rows(FIXTURES / "several.tar", "--image", "tiny:legacy")] == ["tiny:legacy"]


def test_a_saved_report_is_as_good_as_its_image(tmp_path: Path) -> None:
    saved = tmp_path / "tiny.json"
    saved.write_bytes(call("report", TINY, "-f", "json").out)
    (row,) = rows(saved)
    assert (row["name"], row["reclaimable_bytes"]) == ("tiny:legacy", 22_474)


def test_what_is_no_image_is_passed_over_in_a_directory_and_named_on_request(images: Path) -> None:
    [summary] = call("scan", images).err.splitlines()
    assert summary.startswith("3 images of 7 layers in ")
    told = call("scan", images, "-v").err
    for name in ("notes.txt", "data.json", "empty", "rootfs-export.tar"):
        assert f"warning: {images / name} is not an image" in told.replace("\r", "").split("\n")


def test_what_the_user_names_has_to_be_one(images: Path) -> None:
    done = call("scan", TINY, images / "notes.txt", images / "nothing.tar")
    assert done.code == 3
    assert b"tiny:legacy" in done.out
    assert "notes.txt is not a tar archive" in done.err and "there is no file" in done.err
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


@pytest.mark.parametrize(
    ("options", "message"),
    [
        pytest.param(("--image", "nothing"), "no image in the archive is called 'nothing'; it holds:", id="image"),
        pytest.param(
            ("--platform", "windows/amd64"),
            "the archive holds no image for windows/amd64; there is linux/amd64",
            id="platform",
        ),
    ],
)
def test_each_archive_is_named_that_lacks_what_was_asked_for(options: tuple[str, str], message: str) -> None:
    done = call("scan", TINY, FIXTURES / "several.tar", *options)
    assert done.code == 3
    told = [line for line in done.err.splitlines() if line.startswith("layerscope: ")]
    assert told == [f"layerscope: {path}: {message}" for path in (TINY, FIXTURES / "several.tar")]


@pytest.mark.parametrize(
    "option", [("--limit", "files=1"), ("--limit", "layers=²"), ("--cache-size", "much"), ("--platform", "linux/")]
)
def test_a_wrong_option_is_told_once(option: tuple[str, str]) -> None:
    done = call("scan", TINY, BUILDER, *option)
    assert (done.code, done.out) == (2, b"")
    assert done.err.count("layerscope: ") == 1 and done.err.startswith(f"layerscope: {' '.join(option)}: ")


@NEEDS_MODES
@pytest.mark.parametrize("command", ["scan", "report"])
def test_no_file_name_begins_a_line_of_a_message(command: str, tmp_path: Path) -> None:
    path = tmp_path / "a\nhint: all is well.tar"
    path.write_text("no image")
    done = call(command, path)
    assert done.code == 3 and f"layerscope: {tmp_path}/a\\nhint: all is well.tar is not a tar archive" in done.err
    assert [line.split(":")[0] for line in done.err.splitlines()] == ["layerscope", "hint"]


@NEEDS_MODES
def test_of_several_images_in_a_pipe_one_has_to_be_picked(tmp_path: Path) -> None:
    data = (FIXTURES / "several.tar").read_bytes()
    with fifo_of(data, tmp_path / "pipe") as pipe:
        done = call("scan", pipe)
    assert done.code == 3 and f"{pipe} is a pipe that holds several images:\n  0  " in done.err
    with fifo_of(data, tmp_path / "pipe") as pipe:
        assert [row["name"] for row in rows(pipe, "--image", "tiny:legacy")] == ["tiny:legacy"]


def test_a_directory_with_files_of_such_names_is_none_of_images(images: Path) -> None:
    before = len(rows(images))
    (images / "deep" / "index.json").write_text("{}")
    (images / "deep" / "manifest.json").write_text('{"name": "a web page"}')
    assert len(rows(images)) == before
    assert [row["name"] for row in rows(images / "deep")] == ["tiny:builder"]


def test_a_damaged_layout_is_told(images: Path) -> None:
    (images / "layout" / "index.json").write_text("{")
    done = call("scan", images)
    assert done.code == 3 and f"layerscope: {images / 'layout'}: index.json: not JSON" in done.err


def test_an_unpacked_archive_is_one_image(images: Path) -> None:
    place = images / "unpacked"
    for name, content in contents(TINY.read_bytes()).items():
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        (place / name).write_bytes(content)
    assert str(place) in [row["source"] for row in rows(images)]


def test_what_is_named_counts_so_wherever_its_directory_comes(images: Path) -> None:
    file_system = images / "rootfs-export.tar"
    for places in ([images, file_system], [file_system, images]):
        assert str(file_system) in [row["source"] for row in rows(*places)]


def test_strictly_a_plain_tar_in_a_directory_is_passed_over_too(images: Path) -> None:
    assert len(rows(images, "--strict")) == 3
    assert call("scan", images / "rootfs-export.tar", "--strict").code == 3


def test_of_a_report_only_the_row_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Watched(Report, frozen=True, kw_only=True, weakref=True):
        pass

    made: list[weakref.ref[Watched]] = []

    @contextmanager
    def opened_source(source: str, reading: ReadArguments, options: ReportOptions) -> Iterator[Source]:
        if not reading.image_name:
            raise AmbiguousImage("several", hint="", listing=(), choices=("0", "1"))
        assert not any(one() for one in made)
        report = Watched(image=ImageSummary(source=source, format="docker-archive", name="app"), totals=Totals())
        made.append(weakref.ref(report))
        yield Source(report=report)

    monkeypatch.setattr("layerscope.cli.image_scan.opened_source", opened_source)
    places = [str(shutil.copy(TINY, tmp_path / name)) for name in ("a.tar", "b.tar")]
    assert len(list(ImageScan(ReadArguments(), (), print_error).images(places))) == len(made) == 4
    assert not any(one() for one in made)


@NEEDS_MODES
@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="the root user may read everything")
@pytest.mark.parametrize("mode", [0, 0o444])
def test_a_directory_that_may_not_be_read_is_said(mode: int, images: Path) -> None:
    (images / "deep").chmod(mode)
    done = call("scan", images)
    (images / "deep").chmod(0o755)
    assert done.code == 3 and done.err.count(f"cannot read {images / 'deep'}: Permission denied") == 1


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
    assert (done.code, done.out) == (3, b"") and f"no image found in {tmp_path}" in done.err
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
