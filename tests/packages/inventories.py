"""Images whose packages a test takes stock of, with the account checked each time."""

import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from layerscope.filesystem.tree import Filesystem
from layerscope.image.open import open_image
from layerscope.image.options import ReadOptions
from layerscope.model.entry import Fate
from layerscope.model.package import Package
from layerscope.packages import os_release
from layerscope.packages.catalog import UNOWNED, Catalog
from layerscope.packages.cataloger import Cataloger
from layerscope.packages.inventory import catalog
from layerscope.packages.registry import CATALOGERS
from layerscope.packages.relations import Relations
from tests.builder import ImageSpec, Member, docker_legacy, layer, oci_archive
from tests.image.opening import file_of
from tests.memory import peak_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Inventory:
    """The packages of an image, the paths that each owns, and by name what each needs."""

    packages: tuple[Package, ...]
    owned: tuple[frozenset[str], ...]
    relations: Mapping[str, Relations]
    unowned_bytes: int
    warnings: tuple[str, ...]

    def one(self, name: str, version: str = "") -> Package:
        """The only package of that name, and version where it is given."""
        return self.packages[self._index(name, version)]

    def paths(self, name: str, version: str = "") -> frozenset[str]:
        """The live paths that the only package of that name owns."""
        return self.owned[self._index(name, version)]

    @property
    def names(self) -> list[str]:
        return sorted(package.name for package in self.packages)

    def _index(self, name: str, version: str) -> int:
        found = [
            index
            for index, package in enumerate(self.packages)
            if package.name == name and version in ("", package.version)
        ]
        assert len(found) == 1, f"{len(found)} packages are called {name}: {self.names}"
        return found[0]


def inventory(
    *layers: Sequence[Member], catalogers: Sequence[Cataloger] = CATALOGERS, compressed: bool = False
) -> Inventory:
    """The packages of layers made of these members; ``compressed`` layers keep only what is asked for."""
    spec = ImageSpec(layers=tuple(layer(*members) for members in layers))
    with file_of(oci_archive(spec, compression="gzip") if compressed else docker_legacy(spec)) as path:
        return of_archive(str(path), catalogers)


def of_archive(source: str, catalogers: Sequence[Cataloger] = CATALOGERS) -> Inventory:
    """The packages of an archive."""
    with catalogued(source, catalogers) as (filesystem, found):
        owned: list[set[str]] = [set() for _ in found.packages]
        for path, number in filesystem.live.items():
            if found.owners[number] != UNOWNED:
                owned[found.owners[number]].add(path)
    return Inventory(
        packages=found.packages,
        owned=tuple(map(frozenset, owned)),
        relations={found.packages[index].name: relations for index, relations in found.relations.items()},
        unowned_bytes=found.unowned_bytes,
        warnings=found.warnings,
    )


@contextmanager
def catalogued(source: str, catalogers: Sequence[Cataloger] = CATALOGERS) -> Iterator[tuple[Filesystem, Catalog]]:
    """The file system and the packages of an archive that can still be read."""
    with open_image(
        source, ReadOptions(wanted=(os_release.WANTED, *(cataloger.wanted for cataloger in catalogers)))
    ) as image:
        filesystem = Filesystem(image.layers)
        found = catalog(filesystem, catalogers)
        check_account(filesystem, found)
        yield filesystem, found


def peak_of_catalog(members: Sequence[Member], cataloger: Cataloger) -> int:
    """The most bytes that a cataloger and its packages took at once."""
    with (
        file_of(docker_legacy(ImageSpec(layers=(layer(*members),)))) as path,
        open_image(str(path), ReadOptions(wanted=(os_release.WANTED, cataloger.wanted))) as image,
    ):
        filesystem = Filesystem(image.layers)
        return peak_of(lambda: catalog(filesystem, [cataloger]))


def check_account(filesystem: Filesystem, found: Catalog) -> None:
    """Every live byte has one owner or none, and the sums of packages and layers say the same."""
    live_bytes = owned_bytes = 0
    by_owner: dict[int, int] = {}
    for number in range(len(filesystem)):
        owner = found.owners[number]
        if filesystem.fates[number] != Fate.LIVE:
            assert owner == UNOWNED, "a hidden version has no owner"
            continue
        content_bytes = filesystem.content_bytes(number)
        live_bytes += content_bytes
        if owner != UNOWNED:
            owned_bytes += content_bytes
            by_owner[owner] = by_owner.get(owner, 0) + content_bytes
    assert owned_bytes + found.unowned_bytes == live_bytes
    for index, package in enumerate(found.packages):
        assert package.content_bytes == by_owner.get(index, 0) == sum(package.layers.values())
        assert not (package.shared and package.content_bytes)


def tool(name: str) -> str:
    """The path of a program that makes real databases; skips the test where it is not installed."""
    path = shutil.which(name)
    if path is None:
        pytest.skip(f"{name} is not installed")
    return path


def run(*command: str | Path) -> str:
    """The output of a program that must succeed."""
    result = subprocess.run([str(part) for part in command], capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    return result.stdout
