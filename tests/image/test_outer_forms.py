"""An archive that was unpacked and packed again, by other tools or a level too deep, is the same image."""

import os
from pathlib import Path

import pytest

from layerscope.errors import LimitExceeded
from layerscope.image.open import open_image
from layerscope.image.options import ReadOptions
from layerscope.model.limits import Limits
from tests.builder import (
    Compression,
    ImageSpec,
    Member,
    compress,
    digest,
    docker_before_1_10,
    docker_save,
    edit,
    file,
    gnu_sparse,
    layer,
    rootfs,
    without_holes,
)
from tests.image.opening import Told, error_of, fifo_of, opened
from tests.image.samples import DIALECTS, LOWER, SPEC
from tests.image.test_dialects import says_the_same

FORMS = ("gnu", "0.0", "0.1", "1.0")
MANY = layer(file("many", (b"m" * 512 + bytes(512)) * 80))
HOLES = ImageSpec(layers=(LOWER, layer(file("hole", bytes(90_000)), file("b", b"b" * 200)), bytes(10_240), MANY))
"""Stored without holes: a layer that is one hole, one with a long one, and one whose map takes several blocks."""


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("outer", ["", "gzip"])
@pytest.mark.parametrize("dialect", ["docker_legacy", "docker_save", "oci plain", "oci gzip", "skopeo dir plain"])
def test_an_archive_without_its_holes(dialect: str, outer: Compression, form: str, tmp_path: Path) -> None:
    whole, path = tmp_path / "whole.tar", tmp_path / "image.tar"
    data = DIALECTS[dialect](HOLES)
    whole.write_bytes(data)
    path.write_bytes(compress(without_holes(data, form), outer))
    image, facts = opened(path)
    assert facts == opened(whole)[1]
    assert [each.stored_bytes for each in image.layers] == [each.stored_bytes for each in opened(whole)[0].layers]
    assert image.warnings == () and image.complete
    assert {each.verified for each in image.layers} == {"contents"}


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="the system has no named pipes")
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("step", [1 << 16, 700])
def test_an_archive_without_its_holes_through_a_pipe(form: str, step: int, tmp_path: Path) -> None:
    data = docker_save(HOLES)
    path = tmp_path / "image.tar"
    path.write_bytes(data)
    with fifo_of(without_holes(data, form), tmp_path / "pipe", step=step) as pipe:
        assert opened(pipe)[1] == opened(path)[1]


@pytest.mark.parametrize("outer", ["", "gzip"])
def test_contents_of_a_layer_without_its_holes_can_be_read_again(outer: Compression, tmp_path: Path) -> None:
    path = tmp_path / "image.tar"
    path.write_bytes(compress(without_holes(docker_save(HOLES), "gnu"), outer))
    with open_image(str(path), ReadOptions()) as image:
        contents = image.layers[1].contents
        found = {index: sum(map(len, map(bytes, pieces))) for index, pieces in contents.stream([0, 1])}
    assert found == {0: 90_000, 1: 200}


@pytest.mark.parametrize("outer", ["", "gzip"])
def test_a_map_that_is_no_map_leaves_out_that_layer(outer: Compression, tmp_path: Path) -> None:
    data = docker_save(HOLES)
    name = f"blobs/sha256/{digest(LOWER)[7:]}"
    bad = gnu_sparse(name, [(512, b"x" * 512), (0, b"y" * 512)], real_bytes=9000)
    path = tmp_path / "image.tar"
    path.write_bytes(compress(edit(data, remove=[name], add=[bad]), outer))
    image, _ = opened(path)
    assert [bool(each.problem) for each in image.layers] == [True, False, False, False]
    assert "a sparse map points outside its file" in image.layers[0].problem


@pytest.mark.parametrize("outer", ["", "gzip"])
def test_a_root_file_system_with_a_map_that_is_no_map_is_damaged(outer: Compression, tmp_path: Path) -> None:
    path = tmp_path / "root.tar"
    bad = gnu_sparse("s", [(512, b"x" * 512), (0, b"y" * 512)], real_bytes=9000)
    path.write_bytes(compress(layer(file("etc/os-release", b"ID=x"), bad), outer))
    assert "a sparse map points outside its file" in str(error_of(path))


def test_a_map_of_an_outer_archive_is_limited(tmp_path: Path) -> None:
    path = tmp_path / "image.tar.gz"
    long = gnu_sparse("blobs/x", [(1024 * number, b"x" * 512) for number in range(100)], real_bytes=200_000)
    path.write_bytes(compress(edit(docker_save(SPEC), add=[long]), "gzip"))
    assert isinstance(error_of(path, limits=Limits(sparse_bytes=2000)), LimitExceeded)


def test_a_hole_does_not_expand_beyond_the_limit(tmp_path: Path) -> None:
    name = f"blobs/sha256/{digest(LOWER)[7:]}"
    hole = gnu_sparse(name, [(0, LOWER[:512])], real_bytes=64 << 20)
    data = edit(docker_save(SPEC), remove=[name], add=[hole])
    path = tmp_path / "image.tar"
    for outer in ("", "gzip"):
        path.write_bytes(compress(data, outer))
        assert isinstance(error_of(path, limits=Limits(ratio_from=1 << 20)), LimitExceeded)


@pytest.mark.parametrize("prefix", ["image/", "./image/", "/", "/home/me/image/"])
@pytest.mark.parametrize("outer", ["", "gzip"])
@pytest.mark.parametrize("dialect", DIALECTS)
def test_an_archive_that_was_packed_with_the_directories_above_it(
    dialect: str, outer: Compression, prefix: str, tmp_path: Path, expected: Told
) -> None:
    path = tmp_path / "image.tar"
    path.write_bytes(compress(edit(DIALECTS[dialect](SPEC), prefix=prefix, add=[("._notes", b"")]), outer))
    says_the_same(*opened(path), expected)


@pytest.mark.parametrize("outer", ["", "gzip"])
@pytest.mark.parametrize("layers", [SPEC.layers, SPEC.layers[:1]], ids=["three layers", "one layer"])
def test_an_old_archive_that_was_packed_with_the_directory_above_it(
    layers: tuple[bytes, ...], outer: Compression, tmp_path: Path
) -> None:
    path = tmp_path / "image.tar"
    path.write_bytes(compress(edit(docker_before_1_10(ImageSpec(layers=layers, tags=())), prefix="image/"), outer))
    image, _ = opened(path)
    assert (image.format, len(image.layers)) == ("docker-v1", len(layers))


@pytest.mark.parametrize("outer", ["", "gzip"])
@pytest.mark.parametrize(
    "members",
    [
        pytest.param((file("app.tar", b"x"), file("bin/app")), id="an archive beside a program"),
        pytest.param((file("app/manifest.json", b'{"name":"x"}'), file("app/index.html")), id="a web page"),
        pytest.param((file("app/index.json", b'{"manifests":[]}'), file("app/x")), id="an index of nothing"),
        pytest.param(
            (file("var/blobs/index.json", b'{"manifests":[{"digest":"x"}]}'), file("etc/x")), id="others, too"
        ),
    ],
)
def test_a_root_file_system_that_has_such_files_is_one(
    members: tuple[Member, ...], outer: Compression, tmp_path: Path
) -> None:
    path = tmp_path / "root.tar"
    path.write_bytes(compress(rootfs(*members), outer))
    image, facts = opened(path)
    assert (image.format, len(facts.live)) == ("rootfs", 2)
