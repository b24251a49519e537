"""Which packages of the operating system nothing needs any more once others are gone."""

import re
from collections.abc import Callable, Iterable, Iterator
from collections.abc import Set as AbstractSet

from layerscope.filesystem.tree import Filesystem
from layerscope.model.pathset import PathSet, Wanted
from layerscope.model.patterns import pattern
from layerscope.packages.package_graph import PackageGraph
from layerscope.rules.ownership import OS_TYPES
from layerscope.rules.package_uses import used_packages
from layerscope.rules.rule import RuleContext

_STATES, _WORLD = "/var/lib/apt/extended_states", "/etc/apk/world"
CHOSEN = Wanted(paths=PathSet(paths=(_STATES, _WORLD)), head=16 << 20)
"""Where apt and apk record what was installed by name."""

_WORD = pattern(r"[^\s'\"`;|&()<>=~:@\\]+")
_PACKAGE, _AUTOMATIC = b"Package:", b"Auto-Installed: 1"
_DEVELOPMENT = ("-dev", "-devel")
_OF_COMPILERS = pattern(
    r"lib(?:gcc|stdc\+\+|objc|gfortran|gm2|gphobos|cc1)-?[\d.]*-dev(?:el)?|libstdc\+\+-devel|libgcc-devel|lib[cm]6?-dev.*"
    r"|musl-dev|linux-(?:libc-dev|headers|glibc-devel)|glibc-(?:devel|headers).*|kernel-headers|libxcrypt-devel"
)
"""Development packages that are part of a compiler: no program loads by its name what they bring."""
_ANY_PROGRAM_READS = pattern(
    r"ca-certificates.*|tzdata.*|locales.*|.+-locales?|.*langpacks?.*|glibc-.*|(?:lib)?nss.*|fonts?-.+|.+-fonts?|fontconfig.*"
    r"|mime-support|media-types|mailcap|shared-mime-info|netbase|iana-.+|openssl.*|libssl.*|libcrypto.*|libgssapi.*|krb5-libs"
)
"""Data that any program may read, and libraries that run times such as .NET load by name."""
_RUNTIMES = {
    "nuget": pattern(r"libicu.*|icu.*|liblttng.*|zlib.*|libgcc(?:-s1)?|libstdc\+\+6?"),
    "maven": pattern(r"libgcc(?:-s1)?|libstdc\+\+6?"),
}
"""Libraries that .NET loads by name, and those that native code inside of jars needs."""
_LIBRARIES = pattern(r"(?:/usr(?:/local)?)?/lib(?:32|64|x32)?(?:/[a-z0-9_]+-linux-[a-z0-9]+)?")


def condemned_packages(context: RuleContext, is_group: "re.Pattern[str]") -> set[int]:
    """The packages of own layers of which findings claim every file; and groups without files, by their names."""
    claimed, owned, packages = context.claimed, context.owned, context.catalog.packages
    found = set[int]()
    for index in context.catalog.relations:
        package = packages[index]
        if package.type not in OS_TYPES or not _is_own(context, index):
            continue
        numbers = owned.get(index, ())
        if all(claimed[number] for number in numbers) if numbers else is_group.fullmatch(package.name):
            found.add(index)
    return found


def _is_own(context: RuleContext, index: int) -> bool:
    layer = context.catalog.packages[index].layer
    return layer is not None and layer >= context.base_layers


def orphans(context: RuleContext, graph: PackageGraph, condemned: AbstractSet[int]) -> set[int]:
    """The packages of own layers that only the condemned ones need, at any remove."""
    packages = context.catalog.packages
    reached = graph.closure(condemned)
    names_in_base = {(p.type, p.name) for p in packages if p.layer is None or p.layer < context.base_layers}
    candidates = {
        index
        for index in reached - condemned
        if _is_own(context, index) and (packages[index].type, packages[index].name) not in names_in_base
    }
    if not candidates:
        return candidates
    wanted = graph.relations.keys() - candidates - condemned
    wanted |= {index for index in candidates if graph.relations[index].is_essential}
    wanted |= _chosen(context, candidates) | _read_by_any(context, candidates)
    wanted |= _loadable(context, graph, condemned, candidates)
    left = candidates - graph.closure(wanted, unrecommended=condemned)
    if left:
        left -= graph.closure(used_packages(context, left), unrecommended=condemned)
    return left


def needed_by_others(context: RuleContext, some: AbstractSet[int], is_tool: Callable[[str], bool]) -> set[int]:
    """Those of ``some`` without which a package does not work that is itself no tool of a build.

    Whether a package is one, ``is_tool`` says by its name. What came only as a tool's dependency counts as the tool
    does, unless it was installed by name.
    """
    if not some & context.catalog.relations.keys():
        return set()
    graph = PackageGraph(context.filesystem, context.catalog)
    tools = {index for index in graph.relations if is_tool(context.catalog.packages[index].name)} | some
    reached = graph.closure(tools) - tools
    others = (graph.relations.keys() - reached - tools) | _chosen(context, reached)
    return graph.closure(others, unrecommended=tools) & some


def _chosen(context: RuleContext, candidates: Iterable[int]) -> set[int]:
    """Those that someone installed by name, and those of which nobody can say so."""
    packages, makers = context.catalog.packages, context.makers
    texts = (
        f"{step.text} {' '.join(value for _, value in step.build_args)}"
        for layer, step in makers.items()
        if layer >= context.base_layers
    )
    words = {word for text in texts for word in _WORD.findall(text)}
    automatic, world = automatic_packages(context.filesystem), _content(context.filesystem, _WORLD)
    in_world = set(_WORD.findall(world.decode("utf-8", "replace")))
    found = set[int]()
    for index in candidates:
        package = packages[index]
        if package.type == "deb" and automatic is not None:
            is_chosen = package.name not in automatic
        elif package.type == "apk" and world:
            is_chosen = package.name in in_world
        else:
            is_chosen = package.layer not in makers or package.name in words
        if is_chosen:
            found.add(index)
    return found


def automatic_packages(filesystem: Filesystem) -> AbstractSet[str] | None:
    """The names of the packages that apt installed for others; None where nobody can say so."""
    states = _content(filesystem, _STATES)
    return set(_automatic(states)) if states else None


def _automatic(states: bytes) -> Iterator[str]:
    for stanza in states.split(b"\n\n"):
        lines = stanza.split(b"\n")
        if _AUTOMATIC in lines:
            yield from (
                line[len(_PACKAGE) :].strip().decode("utf-8", "replace") for line in lines if line.startswith(_PACKAGE)
            )


def _content(filesystem: Filesystem, path: str) -> bytes:
    number = filesystem.live.get(path)
    return (filesystem.read(number) if number is not None else None) or b""


def _read_by_any(context: RuleContext, candidates: Iterable[int]) -> set[int]:
    """Those whose data or libraries programs use without saying so anywhere."""
    packages = context.catalog.packages
    types = {package.type for package in packages}
    names = [_ANY_PROGRAM_READS, *(names for kind, names in _RUNTIMES.items() if kind in types)]
    return {index for index in candidates if any(one.fullmatch(packages[index].name) for one in names)}


def _loadable(
    context: RuleContext, graph: PackageGraph, condemned: AbstractSet[int], candidates: AbstractSet[int]
) -> set[int]:
    """Libraries that only development packages brought: a program that was built here may load them by name."""
    packages, owned = context.catalog.packages, context.owned

    def is_of_tool(index: int) -> bool:
        name = packages[index].name
        return not name.endswith(_DEVELOPMENT) or _OF_COMPILERS.fullmatch(name) is not None

    of_tools = graph.closure(filter(is_of_tool, condemned), leads_on=is_of_tool)
    return {
        index
        for index in candidates - of_tools
        if any(_is_library(context.filesystem.paths[number]) for number in owned.get(index, ()))
    }


def _is_library(path: str) -> bool:
    directory, _, name = path.rpartition("/")
    return name.startswith("lib") and ".so" in name and _LIBRARIES.fullmatch(directory) is not None
