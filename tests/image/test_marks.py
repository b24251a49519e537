"""Keeping what stands behind a mark, wherever the pieces of a file are cut."""

from pathlib import Path

import pytest

from layerscope.image.open import open_image
from layerscope.image.options import ReadOptions
from layerscope.model.pathset import Wanted
from tests.builder import ImageSpec, file, layer, oci_archive

MARK = b"\xff mark:"


@pytest.mark.parametrize("offset", [0, 5, 70_000, 262_140, 262_144, 524_287, 900_000])
def test_the_bytes_behind_a_mark_are_kept(tmp_path: Path, offset: int) -> None:
    behind = bytes(range(200))
    content = bytes(offset) + MARK + behind + bytes(1_000_000)
    path = tmp_path / "image.tar"
    path.write_bytes(oci_archive(ImageSpec(layers=(layer(file("bin/x", content, mode=0o755)),)), compression="gzip"))
    wanted = Wanted(head=4, executables=1, mark=MARK, marked=100)
    with open_image(str(path), ReadOptions(wanted=(wanted,))) as image:
        contents = image.layers[0].contents
        assert contents.read(0, offset, 100) == (MARK + behind)[:100]
        assert contents.read(0, offset + 20, 50) == (MARK + behind)[20:70]
        assert contents.read(0, offset + 90, 20) is None
