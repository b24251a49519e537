import json
import zlib

import pytest

from layerscope.packages.catalogers.rust import RUST
from layerscope.packages.context import Budget
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


_PACKAGES = {"packages": [{"name": "x", "version": "1", "root": True}, {"name": "y"}, {"name": "z", "kind": "build"}]}
_LIST = json.dumps(_PACKAGES).encode()


@pytest.mark.parametrize(
    ("section", "is_read"),
    [
        pytest.param(zlib.compress(_LIST).ljust(1 << 20, b"\0"), True, id="1 MiB"),
        pytest.param(zlib.compress(_LIST).ljust((1 << 20) + 1, b"\0"), False, id="more than 1 MiB"),
        pytest.param(zlib.compress(_LIST.ljust(8 << 20)), True, id="8 MiB of text"),
        pytest.param(zlib.compress(_LIST[:-1].ljust(8 << 20) + b"}"), False, id="more than 8 MiB of text"),
    ],
)
def test_a_list_is_read_up_to_its_longest(section: bytes, is_read: bool) -> None:
    found = _found(section)
    assert [(claim.name, claim.version, claim.parent) for claim in found.claims] == (
        [("x", "1", ""), ("y", "", "x")] if is_read else []
    )
    assert len(found.warnings) == (not is_read)


def test_programs_without_a_list_and_with_a_damaged_one_hide_none() -> None:
    sections = {"a": {".text": b"x"}, "b": {".dep-v0": b"x"}, "c": {".dep-v0": zlib.compress(_LIST)}}
    data = {name: elf(section).ljust(300_000, b"\0") for name, section in sections.items()}
    found = catalogued(RUST, [file(f"usr/bin/{name}", content, mode=0o755) for name, content in data.items()])
    assert found.versions == [("x", "1"), ("y", "")]
    assert found.warnings == ("/usr/bin/b: the list of crates in .dep-v0 was not kept or is damaged",)


@pytest.mark.parametrize(("length", "names"), [((256 << 10) - 1, []), (256 << 10, ["x", "y"])])
def test_programs_of_a_quarter_of_a_mebibyte_are_looked_at(length: int, names: list[str]) -> None:
    data = elf({".dep-v0": zlib.compress(_LIST)}).ljust(length, b"\0")
    found = catalogued(RUST, [file("usr/bin/x", data, mode=0o755)])
    assert [claim.name for claim in found.claims] == names


def test_the_text_of_a_list_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    spent: list[int] = []
    monkeypatch.setattr(Budget, "spend", lambda _, count: spent.append(count))
    _found(zlib.compress(_LIST.ljust(70_000)))
    assert 70_000 in spent
