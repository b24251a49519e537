"""Images for the tests of catalogers, and what a cataloger says of them."""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from layerscope.filesystem.tree import Filesystem
from layerscope.image.open import open_image
from layerscope.image.options import ReadOptions
from layerscope.model.entry import Kind
from layerscope.packages import os_release
from layerscope.packages.cataloger import Cataloger, Claim
from layerscope.packages.context import Budget, Context
from tests.builder import ImageSpec, Member, directory, docker_legacy, file, hardlink, layer, oci_archive, symlink
from tests.image.opening import file_of

REAL = Path(os.environ.get("LAYERSCOPE_IMAGES", Path.home() / ".cache" / "layerscope-images"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A cataloger's claims, each claim's paths in order, and its warnings."""

    claims: tuple[Claim, ...]
    paths: tuple[tuple[str, ...], ...]
    warnings: tuple[str, ...]

    @property
    def versions(self) -> list[tuple[str, str]]:
        """Name and version of each claim, sorted."""
        return sorted((claim.name, claim.version) for claim in self.claims)

    def one(self, name: str) -> Claim:
        """The only claim of that name."""
        [claim] = [claim for claim in self.claims if claim.name == name]
        return claim

    def paths_of(self, name: str) -> tuple[str, ...]:
        """The paths of the only claim of that name."""
        [paths] = [paths for claim, paths in zip(self.claims, self.paths, strict=True) if claim.name == name]
        return paths


@contextmanager
def context_of(source: str, cataloger: Cataloger, warn: Callable[[str], None]) -> Iterator[Context]:
    """The view that a cataloger has of an archive."""
    with open_image(source, ReadOptions(wanted=(os_release.WANTED, cataloger.wanted))) as image:
        filesystem = Filesystem(image.layers)
        matches = tuple(filesystem.select([cataloger.wanted.paths])[0])
        executables = _executables(filesystem, cataloger.wanted.executables)
        yield Context(filesystem, Budget(filesystem), matches=matches, executables=executables, warn=warn)


def _executables(filesystem: Filesystem, least: int) -> tuple[int, ...]:
    versions = map(filesystem.version, filesystem.live.values()) if least else ()
    return tuple(v.number for v in versions if v.kind == Kind.FILE and v.mode & 0o111 and v.content_bytes >= least)


def catalogued_archive(source: str, cataloger: Cataloger) -> Found:
    """A cataloger's claims about the archive at ``source``."""
    warnings: list[str] = []
    with context_of(source, cataloger, warnings.append) as context:
        claims = tuple(cataloger.catalog(context))
        paths = tuple(tuple(sorted(map(context.filesystem.path_of, claim.versions))) for claim in claims)
        for claim in claims:
            assert len(set(claim.versions)) == len(claim.versions), "a claim names each version once"
    return Found(claims=claims, paths=paths, warnings=tuple(warnings))


def catalogued(cataloger: Cataloger, *layers: Sequence[Member], compressed: bool = False) -> Found:
    """A cataloger's claims about layers of these members; ``compressed`` layers keep only what is asked for."""
    spec = ImageSpec(layers=tuple(layer(*members) for members in layers))
    with file_of(oci_archive(spec, compression="gzip") if compressed else docker_legacy(spec)) as path:
        return catalogued_archive(str(path), cataloger)


def members_of(root: Path, below: str = "") -> list[Member]:
    """A directory on disk as members of a layer, under the directory ``below``; hardlinks as such."""
    found: list[Member] = []
    inodes: dict[int, str] = {}
    for path in sorted(root.rglob("*")):
        name = "/".join(part for part in (below, str(path.relative_to(root))) if part)
        status = path.lstat()
        if path.is_symlink():
            found.append(symlink(name, os.readlink(path)))
        elif path.is_dir():
            found.append(directory(name))
        elif status.st_nlink > 1 and status.st_ino in inodes:
            found.append(hardlink(name, inodes[status.st_ino]))
        else:
            inodes[status.st_ino] = name
            found.append(file(name, path.read_bytes(), mode=status.st_mode & 0o777))
    return found
