"""What docker before 1.10 saved: layers with parents, and no manifest."""

import os
from pathlib import Path

import pytest

from layerscope.errors import AmbiguousImage, Damaged, LimitExceeded, NotAnImage
from layerscope.model.limits import Limits
from tests.builder import Compression, ImageSpec, compress, contents, docker_before_1_10, edit
from tests.building.docker import v1_ids
from tests.image.opening import Told, error_of, fifo_of, opened
from tests.image.samples import COPY, LOWER, OTHER, OUTER, SPEC

DATA = docker_before_1_10(SPEC)


@pytest.mark.parametrize("outer", OUTER)
def test_an_old_archive_has_the_layers_of_a_new_one(outer: Compression, tmp_path: Path, expected: Told) -> None:
    path = tmp_path / "image.tar"
    path.write_bytes(compress(DATA, outer))
    image, facts = opened(path)
    assert (facts.layers, facts.live, facts.fates) == (expected.layers, expected.live, expected.fates)
    assert (image.format, image.image_id, image.tags) == ("docker-v1", v1_ids(SPEC)[-1], ("app:1", "app:latest"))
    assert [entry.created_by for entry in image.config.history] == [entry["created_by"] for entry in SPEC.history or ()]
    assert (image.config.env, image.config.cmd, str(image.config.platform)) == (("A=b",), ("run",), "linux/amd64")
    assert image.complete and image.warnings == ()


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="the system has no named pipes")
def test_an_old_archive_through_a_pipe_and_as_a_directory(tmp_path: Path, expected: Told) -> None:
    with fifo_of(DATA, tmp_path / "pipe") as pipe:
        assert opened(pipe)[1].layers == expected.layers
    for name, content in contents(DATA).items():
        (tmp_path / "dir" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "dir" / name).write_bytes(content)
    assert opened(tmp_path / "dir")[1].layers == expected.layers


def test_several_old_images_are_told_apart_by_name_and_id(tmp_path: Path) -> None:
    path = tmp_path / "image.tar"
    path.write_bytes(docker_before_1_10(SPEC, OTHER))
    error = error_of(path)
    assert isinstance(error, AmbiguousImage)
    ids = [v1_ids(spec)[-1][:12] for spec in (SPEC, OTHER)]
    names = [["0", "app:1,", "app:latest"], ["1", "other:1"]]
    told = [line.partition(" (")[0].split() for line in error.listing]
    assert told == [[*name, one] for name, one in zip(names, ids, strict=True)]
    for asked in ("other", "1", v1_ids(OTHER)[-1][:12]):
        assert opened(path, image=asked)[0].tags == ("other:1",)


def test_an_old_image_without_a_name_is_the_layer_that_is_no_parent(tmp_path: Path) -> None:
    path = tmp_path / "image.tar"
    path.write_bytes(docker_before_1_10(ImageSpec(layers=(LOWER, COPY), tags=())))
    assert [layer.stored_bytes for layer in opened(path)[0].layers] == [len(LOWER), len(COPY)]


def test_a_name_of_a_lower_layer_is_an_image_of_its_own(tmp_path: Path) -> None:
    path = tmp_path / "image.tar"
    table = f'{{"app": {{"1": "{v1_ids(SPEC)[-1]}"}}, "base": {{"1": "{v1_ids(SPEC)[0]}"}}}}'.encode()
    path.write_bytes(edit(DATA, replace={"repositories": table}))
    assert len(opened(path, image="base")[0].layers) == 1
    assert len(opened(path, image="app")[0].layers) == 3


def test_a_parent_that_is_not_there_is_a_layer_left_out(tmp_path: Path) -> None:
    path = tmp_path / "image.tar"
    lowest = v1_ids(SPEC)[0]
    path.write_bytes(edit(DATA, remove=[f"{lowest}/json", f"{lowest}/layer.tar"]))
    image, _ = opened(path)
    assert not image.complete
    assert [layer.problem for layer in image.layers] == [f"{lowest}/layer.tar is not there", "", ""]


def test_parents_in_a_circle_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "image.tar"
    lowest, top = v1_ids(SPEC)[0], v1_ids(SPEC)[-1]
    path.write_bytes(edit(DATA, replace={f"{lowest}/json": f'{{"id": "{lowest}", "parent": "{top}"}}'.encode()}))
    assert error_of(path).message == f"the image cannot be read: its layer {lowest} is its own ancestor"


def test_a_name_whose_layer_is_not_there_is_told(tmp_path: Path) -> None:
    path = tmp_path / "image.tar"
    path.write_bytes(edit(DATA, replace={"repositories": b'{"app": {"1": "gone"}}'}))
    message = "the image cannot be read: its top layer gone is not in the archive"
    assert error_of(path, image="app").message == message
    assert len(opened(path)[0].layers) == 3


def test_layers_of_an_old_archive_are_limited(tmp_path: Path) -> None:
    path = tmp_path / "image.tar"
    path.write_bytes(DATA)
    assert isinstance(error_of(path, limits=Limits(layers=2)), LimitExceeded)


def test_a_damaged_document_of_a_layer_is_told_with_its_place(tmp_path: Path) -> None:
    path = tmp_path / "image.tar"
    name = f"{v1_ids(SPEC)[1]}/json"
    path.write_bytes(edit(DATA, replace={name: b'{"parent": 7}'}))
    error = error_of(path)
    assert isinstance(error, Damaged) and error.message == f"{name}: .parent is not a string"


def test_a_later_archive_that_lost_its_manifest_is_none_of_these(tmp_path: Path) -> None:
    path = tmp_path / "image.tar"
    path.write_bytes(edit(DATA, add=[(f"{v1_ids(SPEC)[1]}.json", b"{}")]))
    assert isinstance(error_of(path), NotAnImage)
