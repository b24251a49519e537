"""What rules ask about packages."""

from collections.abc import Callable, Iterable, Iterator, Mapping

from layerscope.model.entry import Fate
from layerscope.model.package import Package
from layerscope.packages.catalog import UNOWNED
from layerscope.rules.claims import by_layer
from layerscope.rules.rule import Scene

OS_TYPES = frozenset({"deb", "apk", "rpm", "alpm"})
"""The purl types of packages of an operating system."""

_COMPILE_AT_RUN_TIME = frozenset(
    {"triton", "numba", "cupy", "pycuda", "pyopencl", "pytensor", "theano", "cppyy", "pythran", "weave", "torch"}
)
"""Python packages that start a compiler while they run; ``cupy`` also with a suffix such as ``-cuda12x``."""


def indexes(scene: Scene, wanted: Callable[[Package], bool]) -> frozenset[int]:
    """The packages for which ``wanted`` holds, by their index in the catalogue."""
    return frozenset(index for index, package in enumerate(scene.catalog.packages) if wanted(package))


def owned_by(scene: Scene, packages: Iterable[int]) -> dict[int, tuple[int, ...]]:
    """The live versions of each of these packages; a package without any is left out."""
    owned = scene.context.owned
    return {index: tuple(owned[index]) for index in packages if index in owned}


def by_instruction(scene: Scene, owned: Mapping[int, tuple[int, ...]]) -> Iterator[tuple[tuple[int, ...], str]]:
    """The versions of packages and the packages' names: the base's together, then those of each own layer."""
    groups: dict[int, tuple[list[int], set[str]]] = {}
    for index, numbers in owned.items():
        for layer, members in by_layer(scene.filesystem, numbers):
            versions, names = groups.setdefault(max(layer, scene.base_layers - 1), ([], set()))
            versions += members
            names.add(scene.catalog.packages[index].name)
    for _, (versions, names) in sorted(groups.items()):
        yield tuple(versions), listing(names)


def is_owned(scene: Scene, number: int) -> bool:
    """Whether any package says that a version is its own."""
    return scene.catalog.owners[number] != UNOWNED


def loose(scene: Scene, numbers: Iterable[int]) -> tuple[int, ...]:
    """Those that are live and that no package owns."""
    fates, owners, live = scene.filesystem.fates, scene.catalog.owners, Fate.LIVE
    return tuple([number for number in numbers if fates[number] == live and owners[number] == UNOWNED])


def has_package(scene: Scene, *types: str, names: frozenset[str]) -> bool:
    """Whether a package of one of these types and names is installed."""
    return any(package.type in types and package.name.lower() in names for package in scene.catalog.packages)


def compiles_at_run_time(scene: Scene) -> bool:
    """Whether a package is installed that calls a compiler while it runs."""
    return any(
        package.type == "pypi" and (package.name.lower().split("-cuda")[0] in _COMPILE_AT_RUN_TIME)
        for package in scene.catalog.packages
    )


def listing(names: Iterable[str], most: int = 6) -> str:
    """Names for a sentence: the first few, then how many more."""
    ordered = sorted(set(names))
    more = f" and {len(ordered) - most} more" if len(ordered) > most else ""
    return ", ".join(ordered[:most]) + more
