"""Findings on archives that are made in memory."""

from array import array
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from itertools import count
from pathlib import Path

import pytest
from msgspec.structs import replace

from layerscope.filesystem.tree import Filesystem
from layerscope.history.alignment import instructions
from layerscope.image.open import open_image
from layerscope.image.options import ReadOptions
from layerscope.model.finding import Finding
from layerscope.model.package import Package
from layerscope.packages.catalog import UNOWNED, Catalog
from layerscope.packages.inventory import catalog
from layerscope.packages.registry import WANTED as PACKAGES_WANTED
from layerscope.packages.relations import Relations
from layerscope.provenance.base_image import base_boundary
from layerscope.rules.engine import Findings, StageOf, findings
from layerscope.rules.registry import RULES, WANTED
from layerscope.rules.rule import Rule, RuleContext
from tests.builder import ImageSpec, docker_legacy

Find = Callable[..., Findings]
"""``find(spec, base_layers=0, packages={}, rules=RULES)``; packages map ``type/name`` to paths that it owns."""


Looked = Callable[..., RuleContext]
"""``look(spec, base_layers=0, packages={}, relations={})``: what rules see of an image."""


def no_packages(filesystem: Filesystem) -> Catalog:
    """A catalog in which nothing is owned."""
    owners = array("i", [UNOWNED]) * len(filesystem)
    return Catalog(packages=(), owners=owners, unowned_bytes=sum(layer.content_bytes for layer in filesystem.layers))


def catalog_of(
    filesystem: Filesystem, packages: Mapping[str, Sequence[str]], relations: Mapping[str, Relations] | None = None
) -> Catalog:
    """Packages ``type/name`` (or ``type/name@version``) that own the given paths; ``relations`` have the same keys."""
    owners = array("i", [UNOWNED]) * len(filesystem)
    listed = []
    for index, (identity, paths) in enumerate(packages.items()):
        kind, _, rest = identity.partition("/")
        name, _, version = rest.partition("@")
        location = next((path for path in paths if path.endswith("METADATA")), "")
        layer = min((filesystem.layer_of(filesystem.live[path]) for path in paths), default=0)
        listed.append(Package(type=kind, name=name, version=version or "1.0", location=location, layer=layer))
        for path in paths:
            owners[filesystem.live[path]] = index
    given = relations or {}
    known = {index: given[identity] for index, identity in enumerate(packages) if identity in given}
    return Catalog(packages=tuple(listed), owners=owners, unowned_bytes=0, relations=known)


@pytest.fixture
def find(tmp_path: Path) -> Find:
    """Run rules over an image that passes through the engine's archive format and the real reader."""

    def run(
        spec: ImageSpec,
        *,
        base_layers: int = 0,
        packages: Mapping[str, Sequence[str]] | None = None,
        relations: Mapping[str, Relations] | None = None,
        rules: Sequence[Rule] = RULES,
        duplicates: bool = True,
        stage_of: StageOf | None = None,
        from_context: frozenset[int] = frozenset(),
        lockfiles: tuple[tuple[str, bytes], ...] = (),
        written: Mapping[int, str] | None = None,
    ) -> Findings:
        path = tmp_path / "image.tar"
        path.write_bytes(docker_legacy(spec))
        with open_image(str(path), ReadOptions(wanted=(*WANTED, *(rule.wanted for rule in rules)))) as image:
            filesystem = Filesystem(image.layers)
            steps, _ = instructions(image.config.history, len(image.layers))
            steps = tuple(replace(step, shown=(written or {}).get(step.index, step.shown)) for step in steps)
            return findings(
                image,
                filesystem,
                catalog_of(filesystem, packages or {}, relations),
                steps,
                base_layers,
                rules=rules,
                duplicates=duplicates,
                stage_of=stage_of,
                from_context=from_context,
                lockfiles=lockfiles,
            )

    return run


@pytest.fixture
def look(tmp_path: Path) -> Iterator[Looked]:
    """Open images as ``find`` does, for what rules ask of them; their contents can be read until the test ends."""
    numbers = count()
    with ExitStack() as opened:

        def run(
            spec: ImageSpec,
            *,
            base_layers: int = 0,
            packages: Mapping[str, Sequence[str]] | None = None,
            relations: Mapping[str, Relations] | None = None,
            matching: Callable[[str], bool] = lambda path: True,
        ) -> RuleContext:
            path = tmp_path / f"looked-{next(numbers)}.tar"
            path.write_bytes(docker_legacy(spec))
            image = opened.enter_context(open_image(str(path), ReadOptions(wanted=WANTED)))
            filesystem = Filesystem(image.layers)
            steps, _ = instructions(image.config.history, len(image.layers))
            known = catalog_of(filesystem, packages or {}, relations)
            context = RuleContext(image, filesystem, known, steps, base_layers)
            context.matches = tuple(n for n, path in enumerate(filesystem.paths) if matching(path))
            return context

        yield run


def found_in(path: str, base_layers: int | None = None, lockfiles: tuple[tuple[str, bytes], ...] = ()) -> Findings:
    """The findings on an archive on the disk, with its packages; the base is guessed where it is not given."""
    with open_image(path, ReadOptions(wanted=(*WANTED, *PACKAGES_WANTED))) as image:
        filesystem = Filesystem(image.layers)
        steps, _ = instructions(image.config.history, len(image.layers))
        base = (base_boundary(steps) or 0) if base_layers is None else base_layers
        return findings(image, filesystem, catalog(filesystem), steps, base, lockfiles=lockfiles)


def step(created_by: str, *, empty_layer: bool = False) -> dict[str, object]:
    """One element of a history."""
    return {"created_by": created_by} | ({"empty_layer": True} if empty_layer else {})


def copied(*layers: bytes, **fields: object) -> ImageSpec:
    """An image whose layers each came by a COPY."""
    history = tuple(step("COPY dir:" + "0" * 64 + " in /") for _ in layers)
    return ImageSpec(layers=layers, history=history, **fields)  # type: ignore[arg-type]


def ran(*layers: bytes, **fields: object) -> ImageSpec:
    """An image whose layers each came by a RUN."""
    history = tuple(step("/bin/sh -c make") for _ in layers)
    return ImageSpec(layers=layers, history=history, **fields)  # type: ignore[arg-type]


def of_rule(found: Findings, name: str) -> tuple[Finding, ...]:
    """The findings of one rule."""
    return tuple(finding for finding in found.findings if finding.rule == name)


def paths_of(found: Findings, name: str) -> set[str]:
    """All paths that one rule found; each of its findings has some."""
    assert all(finding.paths for finding in of_rule(found, name))
    return {path.path for finding in of_rule(found, name) for path in finding.paths}


def caught(find: Find, name: str, spec: ImageSpec, packages: Mapping[str, Sequence[str]] | None = None) -> set[str]:
    """What one rule of the whole catalogue finds, the others claiming what is theirs."""
    return paths_of(find(spec, packages=packages), name)
