"""Which directories are images, and which only have a file of such a name."""

from pathlib import Path

import pytest

from layerscope.errors import NotAnImage
from layerscope.image.layouts import is_image
from tests.builder import contents, docker_legacy, oci_archive, oci_layout_directory
from tests.image.opening import error_of, opened
from tests.image.samples import SPEC

INDEX = '{"manifests": [{"digest": "sha256:0"}]}'


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        pytest.param({"oci-layout": "{}", "index.json": "{"}, True, id="a damaged layout"),
        pytest.param({"oci-layout": "{}"}, False, id="a layout without an index"),
        pytest.param({"index.json": INDEX}, True, id="an index alone"),
        pytest.param({"index.json": "{}"}, False, id="an index of a web page"),
        pytest.param({"index.json": '{"manifests": [{"@id": "x"}]}'}, False, id="manifests of something else"),
        pytest.param({"index.json": "[1]"}, False, id="an array"),
        pytest.param({"manifest.json": '[{"Config": "c", "Layers": []}]'}, True, id="a manifest of docker save"),
        pytest.param({"manifest.json": '[{"config": "c", "layers": []}]'}, True, id="names in lower case"),
        pytest.param({"manifest.json": '{"schemaVersion": 2, "config": {}, "layers": []}'}, True, id="skopeo's dir"),
        pytest.param({"manifest.json": '{"schemaVersion": 2, "manifests": []}'}, True, id="skopeo's dir of several"),
        pytest.param({f"{'a' * 64}/json": "{}"}, True, id="docker before 1.10"),
        pytest.param({f"{'a' * 64}/json": "{}", f"{'a' * 64}.json": "{}"}, False, id="a lost manifest"),
        pytest.param({"manifest.json": '{"name": "x"}'}, False, id="a manifest of a web page"),
        pytest.param({"manifest.json": '[{"Config": "c"}, 1]'}, False, id="other elements"),
        pytest.param({"manifest.json": "[]"}, False, id="an empty array"),
        pytest.param({"manifest.json": "[" * 5000}, False, id="no JSON"),
        pytest.param({"manifest.json": '[{"Config": "c", "Layers": []}]' + " " * (32 << 20)}, False, id="too long"),
        pytest.param({}, False, id="nothing"),
    ],
)
def test_a_directory_is_an_image_by_what_its_files_say(files: dict[str, str], expected: bool, tmp_path: Path) -> None:
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    assert is_image(str(tmp_path)) == expected


def test_an_image_in_the_only_directory_of_a_directory_is_read(tmp_path: Path) -> None:
    oci_layout_directory(tmp_path / "one" / "two", SPEC)
    image, _ = opened(tmp_path)
    assert (image.image_id, image.format, image.source) == (SPEC.image_id, "oci-layout", str(tmp_path))
    (tmp_path / "one" / "README").write_text("")
    assert isinstance(error_of(tmp_path), NotAnImage)


@pytest.mark.parametrize("data", [oci_archive(SPEC), docker_legacy(SPEC)], ids=["OCI", "docker"])
def test_an_unpacked_archive_is_an_image(data: bytes, tmp_path: Path) -> None:
    for name, content in contents(data).items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(content)
    assert is_image(str(tmp_path))
