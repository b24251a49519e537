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
def test_a_layer_that_is_not_its_diff_id_fails_the_gate(command: Command, archive: Archive) -> None:
    config = {"rootfs": {"type": "layers", "diff_ids": [digest(b"other"), TWO.diff_ids[1]]}}
    report = command.report(archive(*TWO.layers, config_extra=config), "--verify")
    assert (report["complete"], report["layers"][0]["verified"]) == (False, "mismatch")
    assert report["totals"]["content_bytes"] == 5
    assert "layer 0 (" in report["warnings"][0] and "the content is not what its diff_id says" in report["warnings"][0]
    assert command("check", "image.tar", "--verify", "--max-size", "1GB").code == 1


@BOTH
@pytest.mark.parametrize("layers", [(), TWO.layers[:1], TWO.layers[1:]], ids=["none", "the lower", "the upper"])
def test_layers_that_only_the_config_names_fail_the_gate(
    command: Command, archive: Archive, layers: tuple[bytes, ...]
) -> None:
    config = {"rootfs": {"type": "layers", "diff_ids": list(TWO.diff_ids)}}
    steps = ({"created_by": "RUN lower # buildkit"}, {"created_by": "RUN upper # buildkit"})
    report = command.report(archive(*layers, config_extra=config, history=steps))
    sizes = dict(zip(TWO.layers, (3, 2), strict=True))
    assert (report["complete"], report["totals"]["content_bytes"]) == (False, sum(sizes[one] for one in layers))
    assert [layer["created_by"] for layer in report["layers"]] == ["RUN lower # buildkit", "RUN upper # buildkit"]
    assert [bool(layer["problem"]) for layer in report["layers"]] == [one not in layers for one in TWO.layers]
    assert command("check", "image.tar", "--max-size", "1GB").code == 1


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
