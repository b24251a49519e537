"""The settings that docs/configuration.md shows can be read; docs/accounting.md's figures beside dive's are ours."""

import re
from pathlib import Path

import pytest

from layerscope.analysis.ignore import Ignore
from layerscope.cli.configuration import read_file
from layerscope.model.entry import Fate
from tests.analysis.pairs import opened_filesystem
from tests.builder import ImageSpec, Member, directory, file, hardlink, layer, opaque, whiteout

PAGE = Path(__file__).parent.parent / "docs" / "configuration.md"
_BLOCK = re.compile(r"```toml\n(.*?)```", re.DOTALL)


def test_every_block_of_settings_can_be_read(tmp_path: Path) -> None:
    everything, ignore = _BLOCK.findall(PAGE.read_text("utf-8"))
    path = tmp_path / ".layerscope.toml"
    path.write_text(ignore, "utf-8")
    assert [type(one) for one in read_file(path).ignores] == [Ignore]
    path.write_text(everything, "utf-8")
    found = read_file(path)
    assert {"units", "top", "platform", "verify", "strict", "base", "dockerfile", "limit"} == set(found.settings)
    assert found.check["max_hidden"] == ["20MB", "5%"]


@pytest.mark.parametrize(
    ("layers", "hidden", "fates"),
    [
        pytest.param([[file("a", bytes([n]) * 100)] for n in range(3)], 200, {Fate.OVERWRITTEN}, id="written thrice"),
        pytest.param([[file("a", b"x" * 20)], [whiteout("a")]], 20, {Fate.DELETED}, id="added, then deleted"),
        pytest.param([[file("a", b"x" * 20)], [file("a", b"x" * 20, mode=0o600)]], 20, {Fate.COPIED_UP}, id="chmod"),
        pytest.param(
            [[file("d/a", b"x" * 20)], [directory("d"), opaque("d")]], 20, {Fate.DELETED}, id="deleted and made again"
        ),
        pytest.param(
            [[file("a", b"x" * 20), hardlink("b", "a")], [whiteout("a")]], 0, set(), id="one of two hardlinked names"
        ),
    ],
)
def test_only_what_is_hidden_is_waste(
    layers: list[list[Member]], hidden: int, fates: set[Fate], tmp_path: Path
) -> None:
    filesystem = opened_filesystem(ImageSpec(layers=tuple(layer(*members) for members in layers)), tmp_path)
    assert sum(filesystem.hidden_bytes(one.index) for one in filesystem.layers) == hidden
    numbers = range(len(filesystem))
    assert {Fate(filesystem.fates[one]) for one in numbers if filesystem.content_bytes(one)} - {Fate.LIVE} == fates
