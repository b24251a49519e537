import pytest

from layerscope.packages.catalogers.lua import LUA
from tests.builder import file
from tests.packages.images import catalogued
from tests.packages.trees import members_of_archive

_ROCK = "usr/local/lib/luarocks/rocks-5.4/tiny/1.0-1"


@pytest.mark.parametrize("compressed", [False, True], ids=["plain layer", "compressed layer"])
def test_what_luarocks_installed_owns_what_was_deployed(compressed: bool) -> None:
    found = catalogued(LUA, members_of_archive("luarocks/tree", "usr/local"), compressed=compressed)
    assert found.versions == [("tiny", "1.4-2")]
    rock = "/usr/local/lib/luarocks/rocks-5.3/tiny/1.4-2"
    assert found.paths_of("tiny") == (
        "/usr/local/bin/tiny",
        "/usr/local/lib/lua/5.3/tiny/core.so",
        f"{rock}/bin/tiny",
        f"{rock}/doc/README.md",
        f"{rock}/rock_manifest",
        f"{rock}/tiny-1.4-2.rockspec",
        "/usr/local/share/lua/5.3/tiny/init.lua",
        "/usr/local/share/lua/5.3/tiny/more.lua",
    )
    assert not found.warnings


@pytest.mark.parametrize(
    ("manifest", "path"),
    [
        pytest.param('rock_manifest = { lua = { ["../../../../etc/shadow"] = "0" } }', "etc/shadow", id="up and out"),
        pytest.param(
            'rock_manifest = { lua = { [".."] = { ["x.lua"] = "0" } } }', "usr/local/share/lua/x.lua", id="up"
        ),
        pytest.param('rock_manifest = { etc = { shadow = "0" } }', "etc/shadow", id="a kind that is not deployed"),
    ],
)
def test_a_manifest_owns_nothing_outside_of_its_places(manifest: str, path: str) -> None:
    found = catalogued(LUA, [file(f"{_ROCK}/rock_manifest", manifest.encode()), file(path)])
    assert found.paths_of("tiny") == (f"/{_ROCK}/rock_manifest",)


@pytest.mark.parametrize(
    "manifest",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"{" * 100_000, id="deep"),
        pytest.param(b"}" * 100_000, id="closed without end"),
        pytest.param(b'rock_manifest = { lua = { ["x', id="cut"),
        pytest.param(b"\xff\0" * 1000, id="binary"),
    ],
)
def test_a_damaged_manifest_leaves_the_rock_its_directory(manifest: bytes) -> None:
    found = catalogued(LUA, [file(f"{_ROCK}/rock_manifest", manifest), file(f"{_ROCK}/doc/x")])
    assert found.versions == [("tiny", "1.0-1")]
    assert len(found.paths_of("tiny")) == 2


def test_a_manifest_elsewhere_costs_a_warning() -> None:
    found = catalogued(LUA, [file("srv/rock_manifest", b"rock_manifest = {}")])
    assert found.claims == ()
    assert found.warnings == ("/srv/rock_manifest: it does not lie in a tree of LuaRocks",)
