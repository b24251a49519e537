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
    ("manifest", "path", "foreign"),
    [
        pytest.param('rock_manifest = { lua = { ["../../../../etc/x"] = "0" } }', "etc/x", 1, id="up and out"),
        pytest.param(
            'rock_manifest = { lua = { [".."] = { a = "0", ["x.lua"] = "0" } } }',
            "usr/local/share/lua/x.lua",
            2,
            id="up",
        ),
        pytest.param('rock_manifest = { etc = { shadow = "0" } }', "shadow", 0, id="a kind that is not deployed"),
        pytest.param('rock_manifest = { bin = "0" }', "usr/local/bin", 0, id="a place itself"),
        pytest.param('{ bin = { "x" } }', "usr/local/bin/bin", 0, id="a value without a key"),
    ],
)
def test_a_manifest_owns_nothing_outside_of_its_places(manifest: str, path: str, foreign: int) -> None:
    found = catalogued(LUA, [file(f"{_ROCK}/rock_manifest", manifest.encode()), file(path)])
    assert found.paths_of("tiny") == (f"/{_ROCK}/rock_manifest",)
    where = f"/{_ROCK}/rock_manifest: paths that lead out of the directory of their kind: {foreign}"
    assert found.warnings == ((where,) if foreign else ())


@pytest.mark.parametrize("depth", [37, 38, 39])
def test_a_manifest_is_followed_to_a_depth(depth: int) -> None:
    manifest = "rock_manifest = { bin = {" + "d = {" * depth + 'x = "0"' + "}" * (depth + 2)
    program = "usr/local/bin/" + "d/" * depth + "x"
    found = catalogued(LUA, [file(f"{_ROCK}/rock_manifest", manifest.encode()), file(program)])
    assert (f"/{program}" in found.paths_of("tiny")) is (depth < 39)


def test_a_tree_without_a_version_is_that_of_lua_5_1() -> None:
    rock = "usr/lib/luarocks/rocks/tiny/1.0-1"
    manifest = b'rock_manifest = { lua = { ["x.lua"] = "0" } }'
    found = catalogued(LUA, [file(f"{rock}/rock_manifest", manifest), file("usr/share/lua/5.1/x.lua")])
    assert found.paths_of("tiny") == (f"/{rock}/rock_manifest", "/usr/share/lua/5.1/x.lua")


@pytest.mark.parametrize(
    "manifest",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"{" * 100_000, id="deep"),
        pytest.param(b"}" * 100_000, id="closed without end"),
        pytest.param(b'rock_manifest = { lua = { ["x', id="cut"),
        pytest.param(b"\xff\0" * 1000, id="binary"),
        pytest.param(b" " * (4 << 20) + b"\n", id="too long"),
    ],
)
def test_a_damaged_manifest_leaves_the_rock_its_directory(manifest: bytes) -> None:
    found = catalogued(LUA, [file(f"{_ROCK}/rock_manifest", manifest), file(f"{_ROCK}/doc/x")])
    assert found.versions == [("tiny", "1.0-1")]
    assert len(found.paths_of("tiny")) == 2


@pytest.mark.parametrize("directory", ["srv", "lib/luarocks/rocks-5.4/tiny", "lib/luarocks/rocks-5.4/tiny/1.0-1/doc"])
def test_a_manifest_elsewhere_costs_a_warning_and_not_the_next(directory: str) -> None:
    manifests = [file(f"{place}/rock_manifest", b"rock_manifest = {}") for place in (directory, _ROCK)]
    found = catalogued(LUA, manifests)
    assert found.versions == [("tiny", "1.0-1")]
    assert found.warnings == (f"/{directory}/rock_manifest: it does not lie in a tree of LuaRocks",)
