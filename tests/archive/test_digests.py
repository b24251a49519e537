"""What contradicts its digest is damage, where it is read; what is missing is worked out or told."""

import hashlib
from collections.abc import Callable
from pathlib import Path

import pytest

from layerscope.errors import Damaged
from tests.archive.opening import error_of, opened
from tests.archive.samples import COPY, LOWER, SPEC, UPPER
from tests.builder import (
    Compression,
    ImageSpec,
    compress,
    contents,
    digest,
    docker_legacy,
    docker_save,
    edit,
    oci_archive,
)


@pytest.mark.parametrize("diff_ids", [None, [], [digest(LOWER)]], ids=["no rootfs", "none", "too few"])
def test_missing_diff_ids_leave_the_layers_readable(diff_ids: list[str] | None, tmp_path: Path) -> None:
    extra: dict[str, object] = {"rootfs": None if diff_ids is None else {"type": "layers", "diff_ids": diff_ids}}
    path = tmp_path / "image.tar"
    path.write_bytes(docker_legacy(ImageSpec(layers=(LOWER, UPPER), config_extra=extra)))
    image, _ = opened(path)
    assert [each.content_bytes for each in image.layers] == [6000, 604]
    assert image.layers[1].diff_id is None
    assert image.warnings == (f"the manifest has 2 layers, the config {len(diff_ids or ())} diff_ids",)


def test_missing_diff_ids_are_computed_where_the_layer_is_read_whole(tmp_path: Path) -> None:
    path = tmp_path / "image.tar"
    path.write_bytes(oci_archive(ImageSpec(layers=(LOWER,), config_extra={"rootfs": None})))
    image, _ = opened(path)
    assert (str(image.layers[0].diff_id), image.layers[0].verified) == (digest(LOWER), "headers")


WRONG = ImageSpec(
    layers=(LOWER, UPPER),
    config_extra={"rootfs": {"type": "layers", "diff_ids": [digest(LOWER), digest(COPY)]}},
)


@pytest.mark.parametrize(
    ("data", "verify"),
    [
        pytest.param(oci_archive(WRONG), False, id="compressed layers"),
        pytest.param(compress(docker_legacy(WRONG), "gzip"), False, id="compressed archive"),
        pytest.param(docker_legacy(WRONG), True, id="verify"),
    ],
)
def test_a_wrong_diff_id_is_damage_where_the_content_is_read(data: bytes, verify: bool, tmp_path: Path) -> None:
    path = tmp_path / "image.tar"
    path.write_bytes(data)
    error = error_of(path, verify=verify)
    assert isinstance(error, Damaged)
    assert error.message.startswith("layer 1 (")
    assert error.message.endswith(
        f"the content is not what its diff_id says: {digest(UPPER)} instead of {digest(COPY)}"
    )


def test_a_diff_id_by_another_algorithm_is_not_called_proven(tmp_path: Path) -> None:
    diff_id = f"sha512:{hashlib.sha512(LOWER).hexdigest()}"
    spec = ImageSpec(layers=(LOWER,), config_extra={"rootfs": {"type": "layers", "diff_ids": [diff_id]}})
    path = tmp_path / "image.tar"
    path.write_bytes(oci_archive(spec))
    image, _ = opened(path)
    assert (str(image.layers[0].diff_id), image.layers[0].verified) == (diff_id, "headers")


def test_a_repeated_layer_is_proven_against_each_of_its_diff_ids(tmp_path: Path) -> None:
    diff_ids = [digest(LOWER), digest(COPY)]
    spec = ImageSpec(layers=(LOWER, LOWER), config_extra={"rootfs": {"type": "layers", "diff_ids": diff_ids}})
    path = tmp_path / "image.tar"
    path.write_bytes(oci_archive(spec))
    assert isinstance(error_of(path), Damaged)


def test_a_plain_layer_is_not_called_proven_when_only_its_headers_were_read(tmp_path: Path) -> None:
    path = tmp_path / "image.tar"
    path.write_bytes(docker_legacy(WRONG))
    image, _ = opened(path)
    assert [each.verified for each in image.layers] == ["headers", "headers"]


@pytest.mark.parametrize("writer", [docker_legacy, docker_save, oci_archive])
@pytest.mark.parametrize("outer", ["", "gzip"])
def test_a_config_with_another_digest_is_damage(
    writer: Callable[..., bytes], outer: Compression, tmp_path: Path
) -> None:
    data = writer(SPEC)
    name = next(name for name, content in contents(data).items() if content == SPEC.config_bytes)
    path = tmp_path / "image.tar"
    path.write_bytes(compress(edit(data, replace={name: SPEC.config_bytes + b" "}), outer))
    error = error_of(path)
    assert isinstance(error, Damaged)
    assert error.message == f"{name}: its content does not have the digest of its name"
