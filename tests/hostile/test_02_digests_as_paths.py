"""A digest or a layer's path in the metadata that would be a path of this machine."""

import pytest

from tests.builder import ImageSpec, crane, edit, file, layer, oci_archive, to_json
from tests.building.docker import described
from tests.hostile.conftest import Command

SPEC = ImageSpec(layers=(layer(file("a", b"abc")),))


@pytest.mark.parametrize(
    "digest",
    [
        pytest.param("../../etc/passwd", id="a path"),
        pytest.param("sha256:../../../etc/passwd", id="a path behind the algorithm"),
        pytest.param("sha256:" + "a" * 63, id="too short"),
        pytest.param("sha256:" + "a" * 65, id="too long"),
        pytest.param("sha256:" + "A" * 64, id="upper case"),
        pytest.param("sha256:" + "\u0661" * 64, id="digits of another script"),
        pytest.param("sha256:" + "a" * 63 + "\n", id="a line end"),
        pytest.param("md5:" + "a" * 32, id="another algorithm"),
        pytest.param("../sha256:" + "a" * 64, id="a path before it"),
        pytest.param("", id="nothing"),
    ],
)
@pytest.mark.parametrize("place", ["index", "rootfs"])
def test_what_is_no_digest_is_refused_with_its_place(command: Command, digest: str, place: str) -> None:
    if place == "index":
        index = to_json({"manifests": [{"digest": digest, "mediaType": "x", "size": 1}]})
        error = command.error(edit(oci_archive(SPEC), replace={"index.json": index}))
        assert "index.json: .manifests[0].digest is not a digest" in error
    else:
        config = {"rootfs": {"diff_ids": [digest]}}
        error = command.error(crane(ImageSpec(layers=SPEC.layers, config_extra=config)))
        assert ".rootfs.diff_ids[0] is not a digest" in error


@pytest.mark.parametrize("name", ["/etc/passwd", "../../../../../../etc/passwd", "./../etc/passwd", "", ".", "/"])
def test_a_layer_s_path_is_looked_up_in_the_archive_alone(command: Command, name: str) -> None:
    whole = crane(SPEC)
    manifest = to_json([described(SPEC, SPEC.image_id, [name])])
    error = command.error(edit(whole, replace={"manifest.json": manifest}))
    problem = f"{name} is not there" if name else "the manifest names no file for it"
    assert f"layer 0 cannot be read: {problem}" in error


@pytest.mark.parametrize("name", ["/etc/passwd", "../../../../../../etc/passwd", ""])
def test_a_config_s_path_is_looked_up_in_the_archive_alone(command: Command, name: str) -> None:
    manifest = to_json([{"Config": name, "Layers": []}])
    problem = f"its config {name} is not in the archive" if name else "manifest.json names no config for it"
    assert problem in command.error(edit(crane(SPEC), replace={"manifest.json": manifest}))
