"""Archives that end early or were damaged end in a clear error."""

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from layerscope.errors import ArchiveError, LayerscopeError
from tests.archive.opening import error_of, opened
from tests.archive.samples import LOWER, SPEC, UPPER
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


FORMS = [docker_legacy(SPEC), docker_save(SPEC, SPEC), oci_archive(SPEC), compress(docker_save(SPEC), "zstd")]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_a_spoilt_archive_ends_in_one_clear_error_or_none(tmp_path: Path, choices: st.DataObject) -> None:
    """Bytes are changed, taken out or put in; checksums are made right again at times, so that more is reached."""
    data = bytearray(choices.draw(st.sampled_from(FORMS)))
    for _ in range(choices.draw(st.integers(1, 6))):
        place = choices.draw(st.integers(0, max(0, len(data) - 1)))
        old, new = choices.draw(st.sampled_from([(1, 1), (1, 1), (0, 512), (512, 0), (8, 8)]))
        data[place : place + old] = choices.draw(st.binary(min_size=new, max_size=new))
    if choices.draw(st.booleans()):
        for start in range(0, len(data) - 511, 512):
            block = data[start : start + 512]
            if block[257:262] == b"ustar":
                block[148:156] = b" " * 8
                data[start + 148 : start + 156] = b"%06o\0 " % sum(block)
    path = tmp_path / "spoilt.tar"
    path.write_bytes(data)
    try:
        image, facts = opened(path, image="0", verify=choices.draw(st.booleans()))
    except LayerscopeError as error:
        assert str(error)
    else:
        assert facts.docker_size == image.docker_size >= 0
