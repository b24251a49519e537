"""``layerscope files`` as a person calls it."""

import json
from pathlib import Path

import pytest

from tests.builder import ImageSpec, docker_legacy, file, layer
from tests.cli.calling import call


@pytest.mark.parametrize("path", ["/usr/lib", "usr/lib", "/usr/lib/", "/usr/bin/../lib"])
def test_a_path_may_be_written_in_any_way(tmp_path: Path, path: str) -> None:
    members = (file("usr/lib/x", b"1"), file("usr/library", b"2"))
    (tmp_path / "image.tar").write_bytes(docker_legacy(ImageSpec(layers=(layer(*members),))))
    called = call("files", tmp_path / "image.tar", path, "-f", "json")
    assert [row["path"] for row in json.loads(called.out)] == ["/usr/lib/x"]
