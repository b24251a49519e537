"""Images that a real engine built, against what dpkg says inside them and against an independent reading."""

import json
import posixpath
import tarfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

from layerscope.packages.catalogers.dpkg import DPKG
from tests.packages.images import REAL
from tests.packages.inventories import Inventory, of_archive

NAMES = ("python-3", "notesapp-default", "mini-v1")
_INFO = "/var/lib/dpkg/info/"
_MERGED = {"/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32"}
"""Symlinks on the disk that many packages list, some of them as directories; one of these packages owns each."""

pytestmark = [pytest.mark.real, pytest.mark.parametrize("name", NAMES)]


def _image(name: str) -> Path:
    path = REAL / f"{name}.tar"
    if not path.exists():
        pytest.skip(f"{path} is not there")
    return path


@cache
def _inventory(name: str) -> Inventory:
    return of_archive(str(_image(name)), [DPKG])


@dataclass(frozen=True)
class _Node:
    """What lies at a path at the end: its length, its target where it is a symlink, and what content it has."""

    content_bytes: int
    target: str
    directory: bool
    content: bytes


@cache
def _tree(name: str) -> dict[str, _Node]:
    """The final file system by the standard library alone; hardlinks count nothing."""
    tree: dict[str, _Node] = {}
    with tarfile.open(_image(name)) as outer:
        [manifest] = json.loads(outer.extractfile("manifest.json").read())  # type: ignore[union-attr]
        for layer in manifest["Layers"]:
            with tarfile.open(fileobj=outer.extractfile(layer)) as inner:
                _apply(tree, inner)
    return tree


def _apply(tree: dict[str, _Node], layer: tarfile.TarFile) -> None:
    """Markers first, since a layer hides nothing of its own."""
    members = [(posixpath.normpath(f"/{member.name}"), member) for member in layer]
    for path, _ in members:
        parent, base = posixpath.split(path)
        hidden = path.replace(".wh.", "", 1) if base != ".wh..wh..opq" else ""
        if base.startswith(".wh."):
            for other in [other for other in tree if other == hidden or other.startswith(f"{hidden or parent}/")]:
                del tree[other]
    for path, member in members:
        if "/.wh." not in path:
            wanted = member.isreg() and path.startswith("/var/lib/dpkg/")
            content = layer.extractfile(member).read() if wanted else b""  # type: ignore[union-attr]
            content_bytes = member.size if member.isreg() else 0
            tree[path] = _Node(content_bytes, member.linkname if member.issym() else "", member.isdir(), content)


def _real(tree: dict[str, _Node], path: str) -> str:
    """The path with symlinked parents followed, one component at a time."""
    done = ""
    for part in path.split("/")[1:-1]:
        done = f"{done}/{part}"
        while (node := tree.get(done)) is not None and node.target:
            done = posixpath.normpath(posixpath.join(posixpath.dirname(done), node.target))
    return f"{done}/{path.rpartition('/')[2]}"


def _listed(name: str) -> list[tuple[str, str, str]]:
    rows = (line.split("\t") for line in (REAL / f"{name}.dpkg.txt").read_text().splitlines())
    return [(package, version, arch) for package, version, arch, state in rows if state.startswith("ii")]


def test_every_package_of_dpkg_query_is_listed_with_its_version(name: str) -> None:
    _image(name)
    found = [
        (package.name, package.version, dict(package.qualifiers)["arch"])
        for package in _inventory(name).packages
        if package.removed_in is None
    ]
    assert sorted(found) == sorted(_listed(name))
    assert _inventory(name).warnings == ()


def test_files_and_bytes_of_twenty_packages_agree_with_an_independent_reading(name: str) -> None:
    found, tree = _inventory(name), _tree(name)
    diverted = set(tree["/var/lib/dpkg/diversions"].content.decode().splitlines())
    checked = 0
    for package, _, arch in _listed(name)[::3]:
        stem = next(stem for stem in (f"{package}:{arch}", package) if f"{_INFO}{stem}.list" in tree)
        listed = tree[f"{_INFO}{stem}.list"].content.decode().splitlines()
        if any(path.endswith(".py") or path in diverted for path in listed):
            continue  # Bytecode that no list names belongs to its source, and diversions have tests of their own.
        parents = {posixpath.dirname(path) for path in listed}
        paths = {_real(tree, path) for path in listed if path not in parents and path != "/."}
        own = {path for path in tree if path.startswith(_INFO) and path.rpartition(".")[0] == f"{_INFO}{stem}"}
        expected = {path for path in paths | own if path in tree and not tree[path].directory}
        assert found.paths(package) - _MERGED == expected - _MERGED
        assert found.one(package).files == len(found.paths(package))
        assert found.one(package).content_bytes == sum(tree[path].content_bytes for path in expected)
        checked += 1
    assert checked >= 20
