"""Questions of the rules about packages."""

from collections.abc import Callable, Iterable, Iterator, Mapping

from layerscope.model.entry import Fate
from layerscope.model.package import Package
from layerscope.packages.catalog import UNOWNED
from layerscope.rules.claims import by_layer
from layerscope.rules.rule import RuleContext

OS_TYPES = frozenset({"deb", "apk", "rpm", "alpm"})
"""The purl types of packages of an operating system."""

_COMPILE_AT_RUN_TIME = frozenset(
    {"triton", "numba", "cupy", "pycuda", "pyopencl", "pytensor", "theano", "cppyy", "pythran", "weave", "torch"}
)
"""Python packages that start a compiler while they run; ``cupy`` also with a suffix such as ``-cuda12x``."""


def indexes(context: RuleContext, wanted: Callable[[Package], bool]) -> frozenset[int]:
    """The packages for which ``wanted`` holds, by their index in the catalogue."""
    return frozenset(index for index, package in enumerate(context.catalog.packages) if wanted(package))


def owned_by(context: RuleContext, packages: Iterable[int]) -> dict[int, tuple[int, ...]]:
    """The live versions of each of these packages; a package without any is left out."""
    owned = context.owned
    return {index: tuple(owned[index]) for index in packages if index in owned}


def by_instruction(context: RuleContext, owned: Mapping[int, tuple[int, ...]]) -> Iterator[tuple[tuple[int, ...], str]]:
    """The versions of packages and the packages' names: the base's together, then those of each own layer."""
    groups: dict[int, tuple[list[int], set[str]]] = {}
    for index, numbers in owned.items():
        for layer, members in by_layer(context.filesystem, numbers):
            versions, names = groups.setdefault(max(layer, context.base_layers - 1), ([], set()))
            versions += members
            names.add(context.catalog.packages[index].name)
    for _, (versions, names) in sorted(groups.items()):
        yield tuple(versions), listing(names)


def is_owned(context: RuleContext, number: int) -> bool:
    """Whether a package owns a version."""
    return context.catalog.owners[number] != UNOWNED


def loose(context: RuleContext, numbers: Iterable[int]) -> tuple[int, ...]:
    """Those that are live and that no package owns."""
    fates, owners, live = context.filesystem.fates, context.catalog.owners, Fate.LIVE
    return tuple([number for number in numbers if fates[number] == live and owners[number] == UNOWNED])


def has_package(context: RuleContext, *types: str, names: frozenset[str]) -> bool:
    """Whether a package of one of these types and names is installed."""
    return any(package.type in types and package.name.lower() in names for package in context.catalog.packages)


def compiles_at_run_time(context: RuleContext) -> bool:
    """Whether a package is installed that calls a compiler while it runs."""
    return any(
        package.type == "pypi" and (package.name.lower().split("-cuda")[0] in _COMPILE_AT_RUN_TIME)
        for package in context.catalog.packages
    )


def listing(names: Iterable[str], most: int = 6) -> str:
    """Names for a sentence: the first few, then the number of the others."""
    ordered = sorted(set(names))
    more = f" and {len(ordered) - most} more" if len(ordered) > most else ""
    return ", ".join(ordered[:most]) + more
