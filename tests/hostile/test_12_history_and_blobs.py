"""History that does not fit, diff_ids that are missing or wrong, blobs that are absent or unreadable."""

import pytest

from tests.builder import ImageSpec, compress, digest, edit, file, layer, oci_archive
from tests.hostile.conftest import BOTH, Archive, Command

TWO = ImageSpec(layers=(layer(file("a", b"abc")), layer(file("b", b"12"))))
STEP = {"created_by": "RUN make # buildkit"}


@BOTH
@pytest.mark.parametrize("steps", [1, 3, 500])
def test_a_history_that_does_not_fit_is_said(command: Command, archive: Archive, steps: int) -> None:
    report = command.report(archive([file("a", b"abc")], [file("b", b"12")], history=(STEP,) * steps))
    assert report["totals"]["content_bytes"] == 5
    assert any("history" in warning for warning in report["warnings"])


@BOTH
@pytest.mark.parametrize("diff_ids", [None, [], [TWO.diff_ids[0]], [*TWO.diff_ids, TWO.diff_ids[0]]])
def test_missing_and_surplus_diff_ids_are_said(command: Command, archive: Archive, diff_ids: list[str] | None) -> None:
    config = {"rootfs": {"type": "layers", "diff_ids": diff_ids}}
    report = command.report(archive(*TWO.layers, config_extra=config))
    assert report["totals"]["content_bytes"] == 5
    assert any("2 layers, the config" in warning for warning in report["warnings"])


@BOTH
def test_a_layer_that_is_not_its_diff_id_is_refused(command: Command, archive: Archive) -> None:
    config = {"rootfs": {"type": "layers", "diff_ids": [digest(b"other"), TWO.diff_ids[1]]}}
    error = command.error(archive(*TWO.layers, config_extra=config), "--verify")
    assert "image.tar: layer 0 (" in error and "the content is not what its diff_id says" in error


KINDS = {
    "foreign": ("application/vnd.docker.image.rootfs.foreign.diff.tar.gzip", "it is foreign"),
    "nondistributable": ("application/vnd.oci.image.layer.nondistributable.v1.tar+gzip", "it is foreign"),
    "encrypted": ("application/vnd.oci.image.layer.v1.tar+gzip+encrypted", "it is encrypted"),
    "absent": ("application/vnd.oci.image.layer.v1.tar+gzip", "is not there"),
}


@pytest.mark.parametrize(("media_type", "problem"), KINDS.values(), ids=KINDS)
def test_a_layer_that_cannot_be_read_leaves_a_partial_report(command: Command, media_type: str, problem: str) -> None:
    spec = ImageSpec(layers=TWO.layers, media_types={0: media_type})
    blob = compress(TWO.layers[0], "gzip")
    data = edit(oci_archive(spec), remove=[f"blobs/sha256/{digest(blob)[7:]}"])
    report = command.report(data)
    assert (report["complete"], report["totals"]["content_bytes"]) == (False, 2)
    assert problem in report["layers"][0]["problem"] and report["layers"][0]["stored_bytes"] == len(blob)
    assert any(warning.startswith("layer 0 is left out") for warning in report["warnings"])
    assert problem in command.error(data, "--strict")
    assert command("check", "image.tar", "--max-size", "1GB").code == 1


def test_an_image_of_which_no_layer_can_be_read_is_an_error(command: Command) -> None:
    spec = ImageSpec(layers=TWO.layers, media_types={0: KINDS["encrypted"][0], 1: KINDS["encrypted"][0]})
    assert "layer 0 cannot be read: it is encrypted" in command.error(oci_archive(spec))
