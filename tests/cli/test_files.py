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


def test_a_least_size_is_an_amount(tmp_path: Path) -> None:
    members = (file("small", b"1" * 999), file("large", b"2" * 1000))
    (tmp_path / "image.tar").write_bytes(docker_legacy(ImageSpec(layers=(layer(*members),))))
    for least in ("1000", "1kB"):
        called = call("files", tmp_path / "image.tar", "--min-size", least, "-f", "json")
        assert [row["path"] for row in json.loads(called.out)] == ["/large"]
    assert "--min-size 5%" in call("files", tmp_path / "image.tar", "--min-size", "5%").err
