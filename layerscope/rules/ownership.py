"""Which packages own a file, and whether it is vendored code, a test's, or the user's own."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import chain

from msgspec.structs import replace

from layerscope.model.entry import Fate, Kind
from layerscope.model.package import Package
from layerscope.model.patterns import pattern
from layerscope.packages.catalog import UNOWNED
from layerscope.rules.claims import by_layer
from layerscope.rules.lockfiles import normal
from layerscope.rules.rule import RuleContext, RuleMatch

OS_TYPES = frozenset({"alpm", "apk", "deb", "rpm"})
"""The purl types of an operating system's packages whose names the rules know."""
OS_PACKAGES = OS_TYPES | {"ebuild"}
"""The purl types of all packages of an operating system."""

_COMPILE_AT_RUN_TIME = frozenset(
    {"triton", "numba", "cupy", "pycuda", "pyopencl", "pytensor", "theano", "cppyy", "pythran", "weave", "torch"}
)
"""Python packages that start a compiler while they run; ``cupy`` also with a suffix such as ``-cuda12x``."""

VENDORED = (
    r"/(?:site-packages|dist-packages|node_modules|bower_components|vendor|third_party|go/pkg/mod|\.cargo/registry"
    r"|\.rustup|\.nvm|\.m2/repository|\.gradle/caches|gems/[^/]{1,80}-\d[^/]{0,40}|ensurepip)/"
    r"|\A/usr/local/go/|\A/usr/lib/go(?:-[0-9.]{1,10})?/|\A(?:/usr(?:/local)?|/opt/[^/]{1,80})?/lib/(?:python|ruby|perl|node)"
    r"|\A/usr/(?:local/)?(?:include|share/(?:doc|man|info|locale|perl|python|i18n|mime))/"
)
"""Found in the path of what others published."""
_VENDORED = pattern(VENDORED)
_TESTS = pattern(
    r"/(?:tests?|__tests__|testdata|test-data|test_data|fixtures?|specs?|examples?|samples?|mocks?)/"
    r"|/test_[^/]{1,100}\Z|[._](?:test|spec)\.[a-z]{1,4}\Z"
)


def is_vendored(path: str) -> bool:
    """Whether a path is among code that others published: a language's library, a folder of dependencies."""
    return _VENDORED.search(path) is not None


def is_of_test(path: str) -> bool:
    """Whether a path is a test's or among tests or examples; /test itself may be an application's home."""
    return _TESTS.search(path.lower(), 1) is not None


def is_snakeoil(path: str) -> bool:
    """Whether a file has the name of the key for a self-signed certificate that Debian makes on each machine."""
    return "snakeoil" in path.rpartition("/")[2]


def is_packaged(context: RuleContext, number: int) -> bool:
    """Whether an operating system's package owns the version, or, for a hidden one, what is at its path now."""
    owners = context.catalog.owners
    owner = owners[number] if number < len(owners) else UNOWNED
    if owner == UNOWNED and context.filesystem.fates[number] != Fate.LIVE:
        live = context.filesystem.live.get(context.filesystem.path_of(number))
        owner = owners[live] if live is not None and live < len(owners) else UNOWNED
    return owner != UNOWNED and context.catalog.packages[owner].type in OS_PACKAGES


def users_files(context: RuleContext, *, vendored: bool = False) -> Iterator[tuple[int, str]]:
    """The regular files among the matches, with contents, that neither a package nor others' code brought.

    Gives the version and the path that matched; a hardlink is read as the file that it is a name of. ``vendored`` keeps
    others' code.
    """
    filesystem = context.filesystem
    for number in context.matches:
        kind = filesystem.kind_of(number)
        if kind not in (Kind.FILE, Kind.HARDLINK):
            continue
        path = filesystem.path_of(number)
        if not filesystem.content_bytes(filesystem.carrier(number)) or (not vendored and is_vendored(path)):
            continue
        if not is_packaged(context, number):
            yield number, path


def is_buried(context: RuleContext, number: int) -> bool:
    """Whether a version is gone from the final file system, with its content, but still shipped."""
    return context.filesystem.fates[number] in (Fate.DELETED, Fate.OVERWRITTEN)


def by_path(context: RuleContext, found: Iterable[tuple[int, RuleMatch]]) -> Iterator[RuleMatch]:
    """One match for all versions with the same finding at the same path, with all hardlinks of each.

    The engine drops a file that another name keeps alive, since deleting one name saves nothing; a secret is a secret
    under each of its names.
    """
    groups: dict[RuleMatch, dict[int, None]] = {}
    for number, match in found:
        groups.setdefault(match, {})[number] = None
    names = _names(context, {number for numbers in groups.values() for number in numbers})
    for match, numbers in groups.items():
        versions = dict.fromkeys(other for number in numbers for other in names.get(number, (number,)))
        yield replace(match, versions=tuple(versions))


def _names(context: RuleContext, numbers: set[int]) -> dict[int, tuple[int, ...]]:
    """For the versions whose file has several names: the version that carries the bytes, then the other names."""
    filesystem = context.filesystem
    links = filesystem.hardlinks
    named = ((number, filesystem.carrier(number)) for number in numbers)
    return {number: (carrier, *links[carrier]) for number, carrier in named if carrier in links}


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
            names.add(context.catalog.packages[index].full_name)
    for _, (versions, names) in sorted(groups.items()):
        yield tuple(versions), listing(names)


def starts(context: RuleContext, names: Iterable[str], owned: Iterable[Iterable[int]]) -> bool:
    """Whether the image starts one of these packages, by its name or by a program that it owns."""
    paths = map(context.filesystem.paths.__getitem__, chain.from_iterable(owned))
    programs = {path.rpartition("/")[2] for path in paths if "/bin/" in path}
    return not programs.isdisjoint(context.called) or not {*map(normal, context.called)}.isdisjoint(names)


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
