"""A root file system is an image of one layer, however it comes."""

import os
from pathlib import Path

import pytest

from layerscope.image.layer_list import MAY_BE_CUT
from layerscope.image.open import open_image
from layerscope.image.options import ReadOptions
from tests.builder import Compression, compress, directory, file, layer, rootfs, symlink
from tests.image.opening import EVERYTHING, error_of, fifo_of, opened
from tests.image.samples import LOWER, OUTER

ROOT = rootfs(
    directory("./"), directory("./etc"), file("./etc/passwd", b"root"), file("./app.json", b"{}"), symlink("./l", "etc")
)


@pytest.mark.parametrize("outer", OUTER)
def test_a_root_file_system_is_one_layer(outer: Compression, tmp_path: Path) -> None:
    path = tmp_path / "root.tar"
    path.write_bytes(compress(ROOT, outer))
    image, facts = opened(path)
    assert (image.format, len(image.layers), image.name) == ("rootfs", 1, str(path))
    assert sorted(facts.live) == ["/", "/app.json", "/etc", "/etc/passwd", "/l"]
    assert image.docker_size == 9
    assert image.layers[0].tar_bytes == len(ROOT)
    assert image.warnings == ("this is a root file system without config or layers; all of it is shown as one layer",)
    assert facts.contents[0][2] == b"root"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="the system has no named pipes")
@pytest.mark.parametrize(
    "data",
    [
        pytest.param(ROOT, id="usual"),
        pytest.param(
            rootfs(file("app.tar", LOWER), file("etc/passwd", b"root"), file("x.json", b"[]")), id="a tar inside"
        ),
        pytest.param(rootfs(file("package.json", b"{}"), file("src/package.json", b"[1]")), id="JSON inside"),
    ],
)
def test_a_root_file_system_through_a_pipe_is_that_of_the_file(data: bytes, tmp_path: Path) -> None:
    path = tmp_path / "root.tar"
    path.write_bytes(data)
    image, facts = opened(path)
    with fifo_of(data, tmp_path / "pipe") as pipe:
        piped, others = opened(pipe)
    assert (others.layers, others.live, others.fates) == (facts.layers, facts.live, facts.fates)
    assert (piped.docker_size, piped.format, piped.warnings) == (image.docker_size, image.format, image.warnings)


def test_a_root_file_system_has_no_image_to_pick(tmp_path: Path) -> None:
    path = tmp_path / "root.tar"
    path.write_bytes(ROOT)
    assert error_of(path, image="app").message == f"{path} is a root file system and holds no image to pick"


CUT = layer(file("etc/passwd", b"root"), file("bin/sh", b"#" * 700), trailer=False)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="the system has no named pipes")
@pytest.mark.parametrize("outer", OUTER)
@pytest.mark.parametrize("end", [1024, 512 + 4, len(CUT)], ids=["an entry", "its padding", "only the marker"])
def test_one_without_its_end_marker_may_have_been_cut(outer: Compression, end: int, tmp_path: Path) -> None:
    data = compress(CUT[:end], outer)
    path = tmp_path / "root.tar"
    path.write_bytes(data)
    image, facts = opened(path)
    with fifo_of(data, tmp_path / "pipe") as pipe:
        piped, others = opened(pipe)
    assert facts == others
    for one, name in ((image, path), (piped, pipe)):
        assert (one.complete, one.layers[0].verified) == (False, "unterminated")
        assert one.warnings[1:] == (f"{name}: {MAY_BE_CUT}",)


def test_half_an_end_marker_is_one(tmp_path: Path) -> None:
    path = tmp_path / "root.tar"
    path.write_bytes(CUT + bytes(512))
    assert opened(path)[0].complete


@pytest.mark.parametrize("outer", ["gzip", "zstd"])
def test_files_of_a_root_file_system_that_look_like_an_archive_s_keep_their_contents(
    outer: Compression, tmp_path: Path
) -> None:
    """Whether the tar is an archive shows at its end only."""
    members = (
        file("manifest.txt", b"x"),
        file("package.json", b'{"a": 1}'),
        file("usr/page.gz", compress(b"a page", "gzip")),
        file("usr/a.tar", LOWER),
        file("usr/zeros", bytes(3000)),
        file("etc/passwd", b"root"),
    )
    plain, packed = tmp_path / "root.tar", tmp_path / "root.tar.z"
    plain.write_bytes(rootfs(*members))
    packed.write_bytes(compress(rootfs(*members), outer))
    with open_image(str(plain), ReadOptions()) as one, open_image(str(packed), ReadOptions(wanted=EVERYTHING)) as other:
        left, right = one.layers[0].contents, other.layers[0].contents
        for index in range(len(members)):
            assert right.read(index) == left.read(index) and right.fingerprint(index) == left.fingerprint(index)
