"""Archives that end early or were damaged end in a clear error."""

from collections.abc import Callable
from pathlib import Path

import pytest

from layerscope.errors import ArchiveError
from tests.archive.opening import error_of, opened
from tests.archive.samples import LOWER, UPPER
from tests.builder import (
    Compression,
    ImageSpec,
    compress,
    digest,
    docker_legacy,
    docker_save,
    edit,
    oci_archive,
    skopeo_docker_archive,
)

WHOLE = docker_save(ImageSpec(layers=(LOWER, UPPER)))


@pytest.mark.parametrize("writer", [docker_legacy, docker_save, oci_archive, skopeo_docker_archive])
def test_a_cut_archive_ends_in_a_clear_error(writer: Callable[..., bytes], tmp_path: Path) -> None:
    """Cut at each border of blocks; where only the end marker is missing, the image is whole."""
    data = writer(ImageSpec(layers=(LOWER, UPPER)))
    whole = tmp_path / "whole.tar"
    whole.write_bytes(data)
    facts = opened(whole)[1]
    path = tmp_path / "cut.tar"
    for end in range(0, len(data), 512):
        path.write_bytes(data[:end])
        try:
            image, cut = opened(path)
        except ArchiveError as error:
            assert str(path) in error.message or "is not in the archive" in error.message, error.message
            continue
        assert cut == facts or not image.complete


@pytest.mark.parametrize("step", [97, 512])
@pytest.mark.parametrize("outer", ["gzip", "zstd", "xz", "bzip2"])
def test_a_cut_stream_ends_in_a_clear_error(outer: Compression, step: int, tmp_path: Path) -> None:
    data = compress(WHOLE, outer)
    path = tmp_path / "cut.tar"
    for end in range(step, len(data) - 40, step):
        path.write_bytes(data[:end])
        error = error_of(path)
        assert isinstance(error, ArchiveError)
        assert str(path) in error.message


@pytest.mark.parametrize("outer", ["gzip", "zstd", "xz", "bzip2"])
def test_a_damaged_stream_ends_in_a_clear_error_or_is_proven_whole(outer: Compression, tmp_path: Path) -> None:
    facts = None
    path = tmp_path / "damaged.tar"
    for place in range(0, len(compress(WHOLE, outer)), 61):
        data = bytearray(compress(WHOLE, outer))
        data[place] ^= 0x55
        path.write_bytes(data)
        try:
            _, facts = opened(path)
        except ArchiveError:
            continue
        assert facts.diff_ids == (digest(LOWER), digest(UPPER))


@pytest.mark.parametrize("compression", ["gzip", "zstd"])
def test_a_damaged_layer_is_left_out_with_its_name_and_offset(compression: Compression, tmp_path: Path) -> None:
    good, bad = compress(LOWER, compression), compress(UPPER, compression)
    spec = ImageSpec(layers=(LOWER, UPPER))
    data = oci_archive(spec, compression=compression)
    name = "blobs/sha256/" + digest(bad)[7:]
    path = tmp_path / "image.tar"
    path.write_bytes(edit(data, replace={name: bad[: len(bad) // 2]}))
    image, _ = opened(path)
    assert image.layers[0].stored_bytes == len(good)
    assert image.layers[1].problem.startswith(f"layer 1 ({name}), offset ")
    assert f"the {compression} stream" in image.layers[1].problem
