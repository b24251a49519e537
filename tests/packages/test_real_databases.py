"""Catalogers against what real package managers wrote; the README beside each file in tests/data says how."""

import json
import lzma
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from layerscope.packages.cataloger import Cataloger
from layerscope.packages.catalogers.nix import NIX
from layerscope.packages.catalogers.npm import NPM
from layerscope.packages.catalogers.pacman import PACMAN
from layerscope.packages.catalogers.toolchains import TOOLCHAINS
from layerscope.packages.catalogers.yarn import YARN
from tests.builder import ImageSpec, docker_legacy, file, layer, whiteout
from tests.packages.images import catalogued
from tests.packages.inventories import Inventory, of_archive

_DATA = Path(__file__).parent.parent / "data"
_LOCAL = "/var/lib/pacman/local"
_TINY = [("@tiny/tool", "0.3.1"), ("tiny-leaf", "1.0.0"), ("tiny-leaf", "2.0.0-rc.1"), ("tiny-plugin", "1.1.0")]


def _inventory(directory: Path, name: str, catalogers: Sequence[Cataloger], *above: bytes) -> Inventory:
    """The packages of an image whose lowest layer is the archive as it is shipped."""
    lowest = lzma.decompress((_DATA / f"{name}.tar.xz").read_bytes())
    image = directory / "image.tar"
    image.write_bytes(docker_legacy(ImageSpec(layers=(lowest, *above))))
    return of_archive(str(image), catalogers)


def _named(found: Inventory) -> list[tuple[str, str]]:
    return sorted(
        (f"{package.namespace}/{package.name}" if package.namespace else package.name, package.version)
        for package in found.packages
    )


def _listed_by_pacman() -> dict[str, set[str]]:
    """The files of each package, by ``pacman -Ql``; directories end with a slash."""
    found: dict[str, set[str]] = {}
    for line in (_DATA / "pacman" / "ql.txt").read_text(encoding="utf-8").splitlines():
        package, _, path = line.partition(" ")
        found.setdefault(package, set())
        if not path.endswith("/"):
            found[package].add(path)
    return found


@pytest.mark.parametrize("gone", [(), ("files",)], ids=["by the list", "by the compressed list"])
def test_pacman_packages_own_what_pacman_lists(tmp_path: Path, gone: tuple[str, ...]) -> None:
    homes = {name: f"{_LOCAL}/{name}-1:1.4.0-2" for name in ("tiny", "tiny-doc")}
    removed = layer(*(whiteout(f"{home[1:]}/{name}") for home in homes.values() for name in gone))
    found = _inventory(tmp_path, "pacman/root", [PACMAN], removed)
    assert not found.warnings
    assert _named(found) == [("arch/tiny", "1:1.4.0-2"), ("arch/tiny-doc", "1:1.4.0-2")]
    for name, listed in _listed_by_pacman().items():
        owned = found.paths(name)
        assert {path for path in owned if not path.startswith(homes[name])} == listed
        assert {path.rpartition("/")[2] for path in owned - listed} == (
            {"desc", "files", "mtree"} | ({"install"} if name == "tiny" else set())
        ) - set(gone)


def _listed_by_pnpm(node: dict[str, Any]) -> set[str]:
    found: set[str] = set()
    for child in node.get("dependencies", {}).values():
        found |= {child["path"]} | _listed_by_pnpm(child)
    return found


def test_pnpm_packages_are_those_that_pnpm_lists(tmp_path: Path) -> None:
    found = _inventory(tmp_path, "pnpm/app", [NPM])
    [project] = json.loads((_DATA / "pnpm" / "ls.json").read_text())
    assert not found.warnings
    assert {f"/srv{p.location.removesuffix('/package.json')}" for p in found.packages} == _listed_by_pnpm(project)
    assert _named(found) == _TINY
    # The program of a dependency is linked into a package's own node_modules, by pnpm and for nobody else.
    assert {path.rpartition("/")[2] for path in found.paths("tiny-plugin")} >= {"index.js", "package.json"}
    assert sum(package.content_bytes for package in found.packages) > 500


@pytest.mark.parametrize("linker", ["pnpm", "node-modules", "classic"])
def test_yarn_packages_in_node_modules_are_those_that_yarn_lists(tmp_path: Path, linker: str) -> None:
    found = _inventory(tmp_path, f"yarn/{linker}", [NPM])
    assert not found.warnings
    assert _named(found) == _TINY
    for name, version in _TINY:
        names = {path.rpartition("/")[2] for path in found.paths(name.rpartition("/")[2], version)}
        assert names >= {"index.js", "package.json"}


def test_yarn_packages_that_stay_packed_own_their_archives(tmp_path: Path) -> None:
    found = _inventory(tmp_path, "yarn/pnp", [YARN])
    assert not found.warnings
    assert _named(found) == _TINY
    assert {package.name: package.content_bytes for package in found.packages if package.name != "tiny-leaf"} == {
        "tool": 1160,
        "tiny-plugin": 1010,
    }


def test_an_optimised_store_of_nix_counts_content_once_and_no_recipes(tmp_path: Path) -> None:
    found = _inventory(tmp_path, "nix/store", [NIX])
    assert _named(found) == [("big", "1"), ("big", "2"), ("greeting", "1.0-rc1"), ("hello", "2.12.txt")]
    home = "/nix/store/sxsfjz15rrmpra0ni0hfmbpzvfhvbjlr-greeting-1.0-rc1"
    assert found.paths("greeting") >= {f"{home}/bin/greet", f"{home}/bin/hi"}
    content = sorted(found.one("big", version).content_bytes for version in ("1", "2"))
    assert content == [0, 3000]
    assert (found.one("greeting").content_bytes, found.one("hello").content_bytes) == (10, 6)


@pytest.mark.parametrize(
    ("release", "version"),
    [("debian-17", "17.0.15+6-Debian-1deb12u1"), ("temurin-25", "25.0.3+9-LTS")],
)
def test_the_version_of_a_jdk_is_what_java_says(release: str, version: str) -> None:
    text = (_DATA / "jdk" / f"{release}.release").read_bytes()
    found = catalogued(
        TOOLCHAINS, [file("opt/jdk/release", text), file("opt/jdk/lib/modules"), file("opt/jdk/bin/java")]
    )
    assert found.versions == [("jdk", version)]
    assert not found.warnings


def test_the_version_of_a_channel_of_rust_is_what_rustc_says(tmp_path: Path) -> None:
    found = _inventory(tmp_path, "rustup/toolchains", [TOOLCHAINS])
    assert _named(found) == [("rust", "1.95.0"), ("rust", "1.97.0-nightly")]
    assert all("/stable-" in path for path in found.paths("rust", "1.95.0"))
    assert not found.warnings
