import json
import zlib

import pytest

from layerscope.packages.catalogers.rust import RUST
from tests.builder import file
from tests.packages.elves import elf
from tests.packages.images import Found, catalogued
from tests.packages.trees import binary


@pytest.mark.parametrize("compressed", [False, True], ids=["plain layer", "compressed layer"])
def test_a_real_binary_holds_its_crates_but_for_those_of_the_build(compressed: bool) -> None:
    found = catalogued(RUST, [file("usr/bin/tiny", binary("cargo/tiny"), mode=0o755)], compressed=compressed)
    listed = [(claim.type, claim.name, claim.version, claim.parent) for claim in found.claims]
    assert listed == [("cargo", "tiny", "0.3.1", ""), ("cargo", "itoa", "1.0.18", "tiny")]
    assert found.paths == (("/usr/bin/tiny",), ())
    assert not found.warnings


def _found(section: bytes) -> Found:
    data = elf({".dep-v0": section or b"\0"}).ljust(300_000, b"\0")
    return catalogued(RUST, [file("usr/bin/x", data, mode=0o755)])


@pytest.mark.parametrize(
    "section",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"\xff" * 100, id="not compressed"),
        pytest.param(zlib.compress(b"[" * 100_000), id="deep"),
        pytest.param(zlib.compress(b" " * (100 << 20)), id="a bomb"),
        pytest.param(zlib.compress(b'{"packages": 3}'), id="no list"),
        pytest.param(zlib.compress(b'{"packages": [3]}'), id="a number for a crate"),
        pytest.param(zlib.compress(json.dumps({"packages": [{"name": "x", "version": "1"}]}).encode()), id="no root"),
    ],
)
def test_a_damaged_list_costs_a_warning(section: bytes) -> None:
    found = _found(section)
    assert found.claims == ()
    assert found.warnings == ("/usr/bin/x: the list of crates in .dep-v0 was not kept or is damaged",)
