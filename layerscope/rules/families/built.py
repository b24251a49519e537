"""What compilers of native languages leave behind: objects, symbols, sources."""

from collections.abc import Iterable, Iterator, Mapping

from layerscope.model.entry import Fate
from layerscope.model.finding import Severity
from layerscope.model.paths import is_licence
from layerscope.model.pathset import PathSet, Wanted
from layerscope.model.patterns import pattern
from layerscope.packages.catalog import UNOWNED
from layerscope.packages.formats.elf import BPF, IDENTITY_BYTES, RELOCATABLE, identity
from layerscope.packages.formats.ranges import ranges_of
from layerscope.packages.formats.strippable import SECTIONS, strippable
from layerscope.rules.ownership import OS_TYPES, by_instruction, indexes, owned_by
from layerscope.rules.rule import RuleContext, RuleMatch, rule
from layerscope.rules.views import calls, content_bytes, files, living, runs_dotnet, under, within

_START_FILES = pattern(r".*/(?:[A-Za-z]?crt[1in0]|crtbegin[STL]?|crtend[S]?|crtfastmath|crtprec\d+|gcrt2?)\.o")
_CARGO = tuple(
    f"target/{profile}/{part}"
    for profile in ("debug", "release")
    for part in ("deps", "build", "incremental", ".fingerprint")
)
_FINGERPRINTS = ".fingerprint"
"""Cargo has it in the directory of each profile and target (the Cargo book, "Build Cache")."""
_CARGO_MARKS = frozenset({".rustc_info.json", "CACHEDIR.TAG", ".cargo-lock"})


@rule(
    "objects",
    severity=Severity.MEDIUM,
    title="object files and other compiler output",
    fix="copy the linked program only, not {path}",
    wanted=Wanted(
        paths=PathSet(
            suffixes=(".o",), trees=("CMakeFiles", *_CARGO, _FINGERPRINTS, "obj"), names=("project.assets.json",)
        ),
        head=64,
    ),
)
def objects(context: RuleContext) -> Iterator[RuleMatch]:
    """Object files (`*.o`), `CMakeFiles`, Cargo's `target/*/deps` or .NET's `obj` are left over from a compilation.

    The linked program does not need them. The C library's start files (crt1.o), eBPF objects, and what an operating
    system's package owns are not reported.
    """
    live = files(context, living(context))
    paths = {number: context.filesystem.path_of(number) for number in live if not _is_of_system(context, number)}
    notes = "/obj/project.assets.json"
    dotnet = {path.removesuffix("/project.assets.json") for path in paths.values() if path.endswith(notes)}
    trees = tuple(f"/{tree}/" for tree in ("CMakeFiles", *_CARGO))
    versions = [
        number
        for number, path in paths.items()
        if any(tree in path for tree in trees) or within(path, dotnet) or _is_object(context, number, path)
    ]
    versions += _beside_fingerprints(context, paths.values())
    yield RuleMatch(versions=tuple(dict.fromkeys(versions)))


def _beside_fingerprints(context: RuleContext, paths: Iterable[str]) -> Iterator[int]:
    """What else Cargo keeps in the directories of its profiles, and above them: all but the linked programs."""
    mark = f"/{_FINGERPRINTS}/"
    profiles = {path.partition(mark)[0] for path in paths if mark in path}
    parts = {f"{profile}/{part}" for profile in profiles for part in ("deps", "build", "incremental", _FINGERPRINTS)}
    yield from files(context, under(context, parts))
    filesystem = context.filesystem
    above = {profile.rpartition("/")[0] for profile in profiles}
    above |= {directory.rpartition("/")[0] for directory in above}
    for directory in (*profiles, *above):
        for number in filesystem.children.get(directory, ()):
            name = filesystem.path_of(number).rpartition("/")[2]
            if name in _CARGO_MARKS or (directory in profiles and name.endswith(".d")):
                yield number


def _is_object(context: RuleContext, number: int, path: str) -> bool:
    if not path.endswith(".o") or _START_FILES.fullmatch(path):
        return False
    found = identity(context.filesystem.read(number, 0, IDENTITY_BYTES) or b"")
    return found is not None and found[0] == RELOCATABLE and found[1] != BPF


def _is_of_system(context: RuleContext, number: int) -> bool:
    owner = context.catalog.owners[number]
    return owner != UNOWNED and context.catalog.packages[owner].type in OS_TYPES


_PROGRAM_BYTES = 8 << 10
_DEBUG_WORTH = 4 << 10
_SYMBOLS_WORTH = 256 << 10
"""Compilers write symbols by default: a few are not worth a finding."""

_DEBUG_PACKAGE = pattern(r".+-(?:dbgsym|dbg|debuginfo|debugsource)")
_NAMING_THEMSELVES = frozenset({"golang", "cargo"})
_BUILT_HERE = _NAMING_THEMSELVES | {"generic"}
"""The types of packages that are catalogued out of a program itself, so that their owner may strip it."""


@rule(
    "unstripped-elf",
    severity=Severity.LOW,
    title="debug sections in programs",
    fix="strip {path} in the build stage (`strip -g`, or `-ldflags=-w` for Go)",
    wanted=Wanted(
        paths=PathSet(trees=("/usr/lib/debug",), suffixes=(".so", ".node")),
        head=64,
        tail=8 << 10,
        executables=_PROGRAM_BYTES,
        ranges=SECTIONS,
    ),
)
def unstripped_elf(context: RuleContext) -> Iterator[RuleMatch]:
    """A program or library that your own layers add has `.debug_*` sections, or a large `.symtab` without them.

    Programs run without either, and only the bytes of these sections count. Both are a trade, not waste: debuggers,
    profilers and crash reports read the lines and the names of functions in them. Go's line table (pclntab) is needed
    at run time and stays. Programs of packages are not reported; packages that hold only symbols (-dbgsym, -debuginfo)
    are, as waste.
    """
    packages = owned_by(
        context, indexes(context, lambda p: p.type in OS_TYPES and _DEBUG_PACKAGE.fullmatch(p.name) is not None)
    )
    for versions, names in by_instruction(context, packages):
        yield RuleMatch(
            versions=versions,
            detail=f"packages: {names}",
            severity=Severity.MEDIUM,
            title="packages of debug symbols",
            fix="leave the packages of debug symbols out of {step}",
        )
    found = {number: strippable(*ranges_of(context.filesystem, number)) for number in _programs(context)}
    debug = {number: one.debug_bytes for number, one in found.items() if one.debug_bytes >= _DEBUG_WORTH}
    yield RuleMatch(versions=tuple(debug), savings=tuple(debug.values()), trade=True)
    symbols = {
        number: one.symbol_bytes
        for number, one in found.items()
        if number not in debug and one.symbol_bytes >= _SYMBOLS_WORTH
    }
    yield RuleMatch(
        versions=tuple(symbols),
        savings=tuple(symbols.values()),
        title="symbol tables of programs",
        fix='strip {path} in the build stage (`strip`, or `-ldflags="-s -w"` for Go)',
        trade=True,
    )


def _programs(context: RuleContext) -> Iterator[int]:
    """The live files of own layers that may be programs and that no package brought as they are."""
    filesystem, owners, packages = context.filesystem, context.catalog.owners, context.catalog.packages
    libraries, fates, live = frozenset(context.matches), filesystem.fates, Fate.LIVE
    for layer in filesystem.layers[context.base_layers :]:
        start, modes = filesystem.numbers(layer.index).start, layer.changeset.ownerships
        for number, size in enumerate(layer.changeset.sizes, start):
            if size < _PROGRAM_BYTES or fates[number] != live:
                continue
            if number not in libraries and not modes[number - start][0] & 0o111:
                continue
            if owners[number] == UNOWNED or packages[owners[number]].type in _BUILT_HERE:
                yield number


_LANGUAGES = {
    "go.mod": (".go",),
    "Cargo.toml": (".rs",),
    "pom.xml": (".java", ".kt", ".scala"),
    "build.gradle": (".java", ".kt", ".groovy"),
    "build.gradle.kts": (".java", ".kt"),
    "CMakeLists.txt": (".c", ".cc", ".cpp", ".cxx", ".h", ".hpp"),
    "Makefile": (".c", ".cc", ".cpp", ".cxx"),
    "configure.ac": (".c", ".cc", ".cpp", ".cxx"),
    "meson.build": (".c", ".cc", ".cpp", ".cxx"),
    "Package.swift": (".swift",),
    ".csproj": (".cs",),
    ".fsproj": (".fs",),
}
_SUFFIXES = tuple(sorted({suffix for suffixes in _LANGUAGES.values() for suffix in suffixes}))
_VENDORED = {"modules.txt": ".go", ".cargo-checksum.json": ".rs"}
"""What Go writes into ``vendor``, and Cargo into each package below it, with the suffix of their sources."""
_WORKSPACE = "/go/src/"
_FEW_BYTES = 10_000
_VIRTUAL_MACHINE = (".jar", ".war", ".class", ".dll")
_BUILDERS = ("go", "cargo", "mvn", "mvnw", "gradle", "gradlew", "make", "cmake", "javac", "gcc", "g++", "clang", "air")
_OTHERS_CODE = pattern(
    r"/(?:site-packages|dist-packages|node_modules|vendor|third_party|go/pkg/mod|cargo/registry|include|rustlib)/"
    r"|\A/usr/(?:src|share|include|lib|lib64|local/go|local/include|local/lib)/"
)


@rule(
    "sources",
    severity=Severity.MEDIUM,
    title="sources of a compiled program",
    fix="copy the built program only, not {path}",
    wanted=Wanted(
        paths=PathSet(
            names=(*(name for name in _LANGUAGES if name[0] != "."), *_VENDORED),
            suffixes=(".csproj", ".fsproj", *_SUFFIXES, *_VIRTUAL_MACHINE),
        ),
        head=0,
    ),
)
def sources(context: RuleContext) -> Iterator[RuleMatch]:
    """A project's manifest (go.mod, Cargo.toml, pom.xml, ...) is in the image with its sources, and so is a built
    program.

    A compiled program does not need its sources, nor the dependencies that Go and Cargo vendored beside them, nor what
    lies in Go's `go/src`. Interpreted code is not reported, nor is code in other folders of dependencies, or in an
    image whose Entrypoint or Cmd names a build tool. Licence texts stay.
    """
    builds = runs_dotnet(context)
    if builds or calls(context, *_BUILDERS):
        return
    path_of = context.filesystem.path_of
    matches = {n: path_of(n) for n in files(context, living(context)) if not _is_of_system(context, n)}
    workspaces = _workspaces(context, matches.values())
    paths = {n: path for n, path in matches.items() if not _OTHERS_CODE.search(path) or within(path, workspaces)}
    built = any(path.endswith(_VIRTUAL_MACHINE) for path in paths.values())
    projects: dict[str, tuple[str, ...]] = dict.fromkeys(workspaces, (".go",))
    for path in paths.values():
        if suffixes := _manifest(path):
            directory = path.rpartition("/")[0]
            projects[directory] = (*projects.get(directory, ()), *suffixes)
    found = tuple(number for number, path in paths.items() if projects and _is_source(path, projects))
    managed = tuple(n for n in found if paths[n].endswith((".java", ".kt", ".scala", ".groovy", ".cs", ".fs")))
    native = tuple(n for n in found if n not in set(managed)) if found and _has_program(context) else ()
    vendored = _vendored(context, matches.values(), projects) if native else ()
    versions = tuple(dict.fromkeys((*native, *vendored, *(managed if built else ()))))
    yield RuleMatch(versions=versions, severity=Severity.LOW if content_bytes(context, versions) < _FEW_BYTES else None)


def _workspaces(context: RuleContext, paths: Iterable[str]) -> set[str]:
    """The directories ``go/src`` with code, as they were before Go had modules; not those of a toolchain."""
    homes = {path[: path.index(_WORKSPACE)] for path in paths if path.endswith(".go") and _WORKSPACE in path}
    live = context.filesystem.live
    return {f"{home}/go/src" for home in homes if f"{home}/go/bin/go" not in live and not home.startswith("/usr")}


def _vendored(context: RuleContext, paths: Iterable[str], projects: Mapping[str, tuple[str, ...]]) -> tuple[int, ...]:
    """The dependencies that the package managers of these projects copied to the sources, without their licences."""
    trees = {
        directory
        for directory, _, name in (path.rpartition("/") for path in paths)
        if name in _VENDORED and "/vendor" in directory and _is_source(f"{directory}/x{_VENDORED[name]}", projects)
    }
    numbers = files(context, under(context, trees)) if trees else ()
    return tuple(number for number in numbers if not is_licence(context.filesystem.path_of(number)))


def _is_source(path: str, projects: Mapping[str, tuple[str, ...]]) -> bool:
    """Whether a directory above holds the manifest of a project in this language."""
    directory = path.rpartition("/")[0]
    while directory and not path.endswith(projects.get(directory, ())):
        directory = directory.rpartition("/")[0]
    return path.endswith(projects.get(directory, ()))


def _manifest(path: str) -> tuple[str, ...]:
    name = path.rpartition("/")[2]
    return _LANGUAGES.get(name) or _LANGUAGES.get(name[name.rfind(".") :] if "." in name else "", ())


def _has_program(context: RuleContext) -> bool:
    """Whether the own layers hold an ELF program or library that was not installed as a package.

    A program that names its own module or crate is a package by itself.
    """
    read, owners, packages = context.filesystem.read, context.catalog.owners, context.catalog.packages
    programs = (
        number
        for number in _programs(context)
        if owners[number] == UNOWNED or packages[owners[number]].type in _NAMING_THEMSELVES
    )
    return any(identity(read(number, 0, IDENTITY_BYTES) or b"") for number in programs)
