"""Archives that end early or were damaged end in a clear error."""

import random
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from layerscope.errors import ArchiveError, Damaged, LayerscopeError
from layerscope.tar import ahead
from layerscope.tar.ahead import Ahead
from layerscope.tar.compression import decompressor
from tests.builder import (
    Compression,
    ImageSpec,
    compress,
    contents,
    digest,
    docker_legacy,
    docker_save,
    edit,
    file,
    layer,
    oci_archive,
    skopeo_docker_archive,
)
from tests.image.opening import error_of, opened
from tests.image.samples import LOWER, OUTER, SPEC, UPPER
from tests.tar.walking import Drip

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


TREE = layer(*(file(f"usr/{random.Random(n).randrange(10**9)}/{n}") for n in range(400)))
"""Headers alone: where the expanded bytes end, no content is ever cut."""
WITHOUT_DIFF_IDS: dict[str, object] = {"rootfs": {"type": "layers", "diff_ids": []}}


@pytest.mark.parametrize("outer", OUTER[1:])
def test_a_cut_stream_is_never_a_smaller_root_file_system(outer: Compression, tmp_path: Path) -> None:
    data, path = compress(TREE, outer), tmp_path / "root.tar"
    for end in range(64, len(data), len(data) // 25):
        path.write_bytes(data[:end])
        assert isinstance(error_of(path), Damaged), end


@pytest.mark.parametrize("outer", ["gzip", "zstd", "xz", "bzip2"])
def test_a_stream_that_is_cut_between_two_members_leaves_a_tar_without_its_end(
    outer: Compression, tmp_path: Path
) -> None:
    members = [compress(TREE[start : start + 1024], outer) for start in range(0, 8192, 1024)]
    path = tmp_path / "root.tar"
    path.write_bytes(b"".join(members))
    assert not opened(path)[0].complete


@pytest.mark.parametrize("compression", OUTER[1:])
def test_a_cut_layer_is_damaged_without_a_diff_id_too(compression: Compression, tmp_path: Path) -> None:
    data = compress(TREE, compression)
    whole = docker_legacy(ImageSpec(layers=(TREE,), config_extra=WITHOUT_DIFF_IDS))
    name = next(name for name in contents(whole) if name.endswith("layer.tar"))
    path, packed = tmp_path / "image.tar", tmp_path / "image.tar.zst"
    for end in range(64, len(data), len(data) // 12):
        spoilt = edit(whole, replace={name: data[:end]})
        path.write_bytes(spoilt)
        packed.write_bytes(compress(spoilt, "zstd"))
        assert isinstance(error_of(path), Damaged) and isinstance(error_of(packed), Damaged), end


@pytest.mark.parametrize("ended", [True, False])
def test_a_layer_that_ends_without_its_marker_has_to_be_proven(ended: bool, tmp_path: Path) -> None:
    """A plain one is read whole for it, though nobody asked for that."""
    data = layer(file("a", b"abc"), trailer=ended)
    path = tmp_path / "image.tar"
    path.write_bytes(docker_legacy(ImageSpec(layers=(data,))))
    image, _ = opened(path)
    assert (image.layers[0].verified, image.complete) == ("headers" if ended else "contents", True)
    path.write_bytes(docker_legacy(ImageSpec(layers=(data,), config_extra=WITHOUT_DIFF_IDS)))
    image, _ = opened(path)
    assert (image.layers[0].verified, image.complete) == ("headers" if ended else "unterminated", ended)
    assert any("end-of-archive marker" in warning for warning in image.warnings) == (not ended)


def test_an_archive_of_images_without_its_end_marker_is_warned_of(tmp_path: Path) -> None:
    path = tmp_path / "image.tar"
    for outer in ("", "gzip"):
        path.write_bytes(compress(WHOLE[:-1024], outer))
        image, _ = opened(path)
        assert image.complete and "other images in it may be missing" in image.warnings[0]


@pytest.mark.parametrize("plain", [True, False], ids=["the standard library", "isal"])
@pytest.mark.parametrize("compression", ["gzip", "zstd", "xz", "bzip2"])
def test_a_stream_that_failed_once_fails_for_good(
    compression: Compression, plain: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The standard library's gzip ends when it is asked again after an error."""
    if plain:
        monkeypatch.setitem(sys.modules, "isal", None)
    whole, content = compress(TREE, compression), memoryview(bytearray(1 << 16))
    for data in (whole[:-1], whole[: len(whole) // 2], whole + b"x", whole + b"something else behind it"):
        stream = decompressor(compression, Drip(data, 700), "layer")
        failures = 0
        for _ in range(100):
            try:
                assert stream.readinto(content) or not failures
            except Damaged:
                failures += 1
        assert failures > 10, data[-30:]


def test_a_thread_that_reads_ahead_fails_for_good(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ahead, "_ALONE", 0)
    with Ahead(decompressor("gzip", Drip(compress(TREE, "gzip")[:-1], 700), "layer")) as stream:
        for _ in range(3):
            with pytest.raises(Damaged):
                while stream.readinto(memoryview(bytearray(1 << 16))):
                    pass


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
