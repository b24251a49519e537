"""The engine's document of an image."""

from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from layerscope.analysis.inspect import _repository_digests, inspect
from layerscope.image.open import open_image
from layerscope.image.options import ReadOptions
from layerscope.model.image import HistoryEntry, Image, ImageConfig
from tests.builder import ImageSpec, docker_legacy, file, layer


@pytest.mark.parametrize(
    ("tags", "digest", "expected"),
    [
        (("app:1",), "sha256:1", []),
        (("r.io/app:1", "r.io/app:2", "a/b:x"), "sha256:1", ["a/b@sha256:1", "r.io/app@sha256:1"]),
        (("r.io/app",), "sha256:1", []),
        (("r.io/app:1",), "", []),
        ((), "sha256:1", []),
    ],
)
def test_a_digest_stands_with_each_repository(tags: tuple[str, ...], digest: str, expected: list[str]) -> None:
    image = cast(Image, SimpleNamespace(tags=tags, manifest_digest=digest))
    assert _repository_digests(image) == expected


def test_the_document_has_what_the_config_says(tmp_path: Path) -> None:
    path = tmp_path / "image.tar"
    path.write_bytes(docker_legacy(ImageSpec(layers=(layer(file("a", b"12345")),), env=("A=1",), tags=("app:1",))))
    with open_image(str(path), ReadOptions()) as image:
        found = inspect(image)
        assert found == {
            "Id": image.image_id,
            "RepoTags": ["app:1"],
            "RepoDigests": [],
            "Parent": "",
            "Comment": "",
            "Created": image.config.created,
            "DockerVersion": "",
            "Author": "",
            "Config": {"Env": ["A=1"]},
            "Architecture": "amd64",
            "Os": "linux",
            "Size": 5,
            "VirtualSize": 5,
            "RootFS": {"Type": "layers", "Layers": [str(image.layers[0].diff_id)]},
        }


@pytest.mark.parametrize(
    ("document", "history", "expected"),
    [
        ({"comment": "own"}, ("first", "last"), "own"),
        ({"comment": ""}, ("first", "last"), "last"),
        ({}, ("first", ""), ""),
        ({}, (), ""),
    ],
)
def test_the_comment_is_the_last_of_the_history_where_the_config_has_none(
    document: dict[str, str], history: tuple[str, ...], expected: str
) -> None:
    config = ImageConfig(document=document, history=tuple(HistoryEntry(comment=one) for one in history))
    image = SimpleNamespace(image_id="", tags=(), manifest_digest="", config=config, docker_size=0, layers=())
    assert inspect(cast(Image, image))["Comment"] == expected
