"""Compilers, headers and the tools of developers: needed to build, rarely to run."""

import re
from collections.abc import Callable, Iterator

from layerscope.model.finding import Severity
from layerscope.model.package import Package
from layerscope.model.pathset import PathSet, Wanted
from layerscope.model.patterns import pattern
from layerscope.rules.orphans import needed_by_others
from layerscope.rules.ownership import (
    OS_TYPES,
    by_instruction,
    compiles_at_run_time,
    has_package,
    indexes,
    loose,
    owned_by,
)
from layerscope.rules.rule import RuleContext, RuleMatch, rule
from layerscope.rules.views import calls, files, living, runs_dotnet, within

_COMPILERS = ("gcc", "g++", "cc", "c++", "clang", "clang++", "gfortran", "tcc", "icx", "nvcc", "R", "Rscript", "julia")
_NATIVE = pattern(
    r"(?:gcc|g\+\+|cpp|clang|clang-tools|gfortran|gcc-gfortran|gcc-c\+\+|gobjc|gnat|gdc|llvm|lld|libclang-common)"
    r"(?:-?\d[\d.]*)?(?:-(?:x86-64|aarch64|arm|i686|powerpc64le|s390x|riscv64|dev|tools|runtime)[a-z0-9-]*)?"
    r"|binutils(?:-common|-gold|-[a-z0-9-]+-linux-gnu[a-z0-9]*)?|libbinutils|libctf[a-z0-9-]*|libgprofng\d*"
    r"|make|gmake|cmake(?:-data|-filesystem)?|autoconf|automake|autotools-dev|libtool|libtool-bin|m4|bison|flex|re2c"
    r"|ninja-build|ninja|samurai|meson|scons|pkg-config|pkgconf|pkgconf-bin|build-essential|build-base|base-devel"
    r"|dpkg-dev|libdpkg-perl|fortify-headers|libcc1-\d+|nasm|yasm|patch|lto-disabled-list|patchelf|swig|ccache"
)
_COMPILER = pattern(r"gcc|g\+\+|clang|cpp|gfortran|build-base|gobjc|gnat|gdc")
_BACKEND = ("cc1", "cc1plus", "cc1obj", "f951", "lto1")
_DRIVERS = (
    "gcc", "g++", "c++", "cpp", "gfortran", "gcc-ar", "gcc-nm", "gcc-ranlib", "ld", "ld.bfd", "ld.gold", "as", "ar",
)  # fmt: skip


@rule(
    "native-toolchain",
    severity=Severity.HIGH,
    title="a C or C++ toolchain",
    fix="compile in a build stage and copy only the result; do not install compilers in {step}",
    wanted=Wanted(paths=PathSet(names=(*_BACKEND, *_DRIVERS), trees=("libexec/gcc", "lib/gcc")), head=0),
)
def native_toolchain(context: RuleContext) -> Iterator[RuleMatch]:
    """A C or C++ toolchain is installed: packages such as gcc, clang, binutils, make, cmake or autoconf, or a file
    `cc1`.

    Compilers are large and help an intruder. `libgcc-s1` and `gcc-N-base` are run-time libraries and not reported. Nor
    is a compiler that Entrypoint, Cmd or a script that they start names, that an installed package calls at run
    time (Triton, Numba, CuPy), or without which another package does not work.
    """
    if calls(context, *_COMPILERS) or compiles_at_run_time(context):
        return
    wanted = context.called
    chosen = indexes(
        context, lambda p: p.type in OS_TYPES and _NATIVE.fullmatch(p.name) is not None and p.name not in wanted
    )
    chosen -= needed_by_others(context, chosen, _is_tool)
    severity, title = None, ""
    if not any(_COMPILER.match(context.catalog.packages[index].name) for index in chosen):
        severity, title = Severity.MEDIUM, "build tools without a compiler"
    for versions, names in by_instruction(context, owned_by(context, chosen)):
        yield RuleMatch(versions=versions, detail=f"packages: {names}", severity=severity, title=title)
    unowned = files(context, loose(context, context.matches))
    paths = {number: context.filesystem.path_of(number) for number in unowned}
    directories = {path.rpartition("/")[0] for path in paths.values() if path.endswith(_ends(_BACKEND))}
    prefixes = {re.split(r"/lib(?:exec|64)?/gcc/", directory)[0] for directory in directories}
    drivers = {f"{prefix}/bin/{name}" for prefix in prefixes for name in _DRIVERS}
    beside = directories | {directory.replace("/libexec/", "/lib/") for directory in directories}
    versions = tuple(number for number, path in paths.items() if within(path, beside) or path in drivers)
    if versions:
        yield RuleMatch(versions=versions, detail="no package owns it")


def _is_tool(name: str) -> bool:
    """Whether a package is known to serve only builds and developers."""
    languages = (_GO_PACKAGE, _RUST_PACKAGE, _DOTNET_PACKAGE, _JDK_PACKAGE)
    return name.endswith(_DEVELOPMENT) or any(one.fullmatch(name) for one in (_NATIVE, _UTILS, *languages))


def _ends(names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(f"/{name}" for name in names)


def _packages(context: RuleContext, wanted: Callable[[Package], bool]) -> Iterator[RuleMatch]:
    """What the packages own for which ``wanted`` holds, and without which others work."""
    chosen = indexes(context, wanted)
    owned = owned_by(context, chosen - needed_by_others(context, chosen, _is_tool))
    for versions, names in by_instruction(context, owned):
        yield RuleMatch(versions=versions, detail=f"packages: {names}")


_RUST = ("rustc", "cargo", "rustup", "rust-script")
_GO_PACKAGE = pattern(r"golang(?:-\d[\d.]*)?(?:-(?:go|src|bin|doc))?|go(?:lang)?(?:-bin)?")
_RUST_PACKAGE = pattern(r"(?:rustc|cargo|rust|libstd-rust(?:-dev)?)(?:-\d[\d.]*)?")
_DOTNET_PACKAGE = pattern(r"dotnet-?sdk-[\d.]+(?:-.*)?|dotnet\d+-sdk")
_JDK_PACKAGE = pattern(
    r"openjdk-?\d+-jdk(?:-headless)?|java-[\d.]+-openjdk-(?:devel|jmods|src)|openjdk\d+-(?:jmods|src)"
)


@rule(
    "lang-toolchain",
    severity=Severity.HIGH,
    title="the toolchain of a compiled language",
    fix="build in another stage and copy only the program, not {path} (for Java, use a JRE or `jlink`)",
    wanted=Wanted(
        paths=PathSet(
            trees=(
                "/usr/local/go", ".rustup/toolchains", "rustup/toolchains", "jmods", "dotnet/sdk", "dotnet/packs",
                "dotnet/templates", "dotnet/sdk-manifests",
            ),
            names=("javac", "src.zip", "ct.sym"),
        ),
        head=0,
    ),
)  # fmt: skip
def lang_toolchain(context: RuleContext) -> Iterator[RuleMatch]:
    """Go in /usr/local/go, a Rust toolchain, the compiler part of a JDK or the .NET SDK is in the image.

    A compiled program runs without it. Of a JDK only what no Java program reads at run time is claimed: `jmods`,
    `javac`, `src.zip`, `ct.sym`; agents and diagnostic tools stay. A toolchain that Entrypoint or Cmd name is not
    reported.
    """
    words = context.command_words
    skip: list[str] = []
    if calls(context, "go"):
        skip.append("/usr/local/go/")
    if calls(context, *_RUST):
        skip += [".rustup/", "rustup/"]
    if runs_dotnet(context, "build", "test", "script"):
        skip.append("/dotnet/")
    java = calls(context, "javac", "jlink", "jshell", "jpackage") or any(word.endswith(".java") for word in words)
    live = living(context)
    paths = {number: context.filesystem.path_of(number) for number in live}
    homes = {path.removesuffix("/bin/javac") for path in paths.values() if path.endswith("/bin/javac")}
    versions = tuple(
        number
        for number, path in paths.items()
        if not any(piece in path for piece in skip) and (not _of_jdk(path) or (not java and within(path, homes)))
    )
    yield RuleMatch(versions=versions)
    yield from _packages(context, lambda package: package.type in OS_TYPES and _is_language(package.name, skip, java))


def _of_jdk(path: str) -> bool:
    return "/jmods" in path or path.endswith(("/javac", "/src.zip", "/ct.sym"))


def _is_language(name: str, skip: list[str], java: bool) -> bool:
    return bool(
        (_GO_PACKAGE.fullmatch(name) and "/usr/local/go/" not in skip)
        or (_RUST_PACKAGE.fullmatch(name) and ".rustup/" not in skip)
        or (_DOTNET_PACKAGE.fullmatch(name) and "/dotnet/" not in skip)
        or (_JDK_PACKAGE.fullmatch(name) and not java)
    )


_DEVELOPMENT = ("-dev", "-devel")
_HEADER_PLACES = ("/usr/include", "/usr/local/include")
_HEADERS = (".h", ".hpp", ".hh", ".hxx", ".inl", ".tcc", ".pc", ".a", ".la", ".cmake", ".m4", ".pxd")


@rule(
    "dev-headers",
    severity=Severity.MEDIUM,
    title="headers and other files for compiling against libraries",
    fix="install run-time libraries instead of development packages in {step}",
    wanted=Wanted(paths=PathSet(trees=_HEADER_PLACES, suffixes=(".pc",)), head=0),
)
def dev_headers(context: RuleContext) -> Iterator[RuleMatch]:
    """Development packages (`*-dev`, `*-devel`) are installed, or headers are in the system's include directories.

    Only compilers read them. A package with such a name that neither holds headers nor needs a package that does is
    not reported, nor is `pyconfig.h`, which Python reads at run time.
    """
    if calls(context, *_COMPILERS) or compiles_at_run_time(context):
        return
    named = owned_by(context, indexes(context, lambda p: p.type in OS_TYPES and p.name.endswith(_DEVELOPMENT)))
    path_of = context.filesystem.path_of
    real = {
        index
        for index, numbers in named.items()
        if any(path_of(number).endswith(_HEADERS) or "/include/" in path_of(number) for number in numbers)
    }
    names_of_real = {context.catalog.packages[index].name for index in real}
    for index, relations in context.catalog.relations.items():
        if index in named and not names_of_real.isdisjoint(relations.needs):
            real.add(index)
    for versions, names in by_instruction(context, {index: named[index] for index in sorted(real)}):
        yield RuleMatch(versions=versions, detail=f"packages: {names}")
    unowned = {number: path_of(number) for number in loose(context, context.matches)}
    rest = tuple(
        number
        for number, path in unowned.items()
        if not path.endswith("/pyconfig.h") and (not path.endswith(".pc") or "/pkgconfig/" in path)
    )
    if rest:
        yield RuleMatch(versions=rest, detail="no package owns them")


_NOTE_BYTES = 4 << 10


@rule(
    "static-libs",
    severity=Severity.LOW,
    title="static libraries",
    fix="leave {path} in the build stage: programs do not load static libraries",
    wanted=Wanted(paths=PathSet(suffixes=(".a", ".la")), head=_NOTE_BYTES),
)
def static_libs(context: RuleContext) -> Iterator[RuleMatch]:
    """Static libraries (`*.a`) and libtool files (`*.la`) are in the image; only linkers read them.

    The content decides, not the name. An image that links at run time (Go, R, Julia, or a package that compiles) is
    not reported, nor are the libtool files of plug-ins (`shouldnotlink=yes`).
    """
    if calls(context, *_COMPILERS, "go", "cargo") or compiles_at_run_time(context):
        return
    live = files(context, living(context))
    yield RuleMatch(versions=tuple(number for number in live if _is_for_linkers(context, number)))


def _is_for_linkers(context: RuleContext, number: int) -> bool:
    start = context.filesystem.read(number) or b""
    if start.startswith(b"# "):
        return b"\nshouldnotlink=yes" not in start
    return start.startswith((b"!<arch>\n", b"!<thin>\n"))


_UTILS = pattern(
    r"git|git-core|git-core-doc|git-man|git-perl|perl-git|perl-Git|gdb|gdbserver|gdb-headless|strace|ltrace|valgrind"
    r"|vim(?:-[a-z0-9]+)?|emacs(?:-[a-z0-9]+)?|mercurial(?:-[a-z]+)?|subversion(?:-[a-z]+)?|cvs|bzr|breezy"
)
_GIT_USERS = frozenset(
    {"gitpython", "dulwich", "pygit2", "simple-git", "nodegit", "isomorphic-git", "semantic-release"}
)


@rule(
    "build-utils",
    severity=Severity.MEDIUM,
    title="developer tools, rarely needed at run time",
    fix="clone, debug and edit in a build stage; leave these packages out of {step}",
)
def build_utils(context: RuleContext) -> Iterator[RuleMatch]:
    """Packages such as git, gdb, strace, vim, mercurial or subversion are installed.

    A service rarely calls them. Tools that Entrypoint, Cmd, the health check or a script that they start name are not
    reported, nor is git where an installed package calls it, nor a tool without which another package does not work.
    Check that the application does not call them before you remove them.
    """
    wanted = context.called
    git = "git" in wanted or has_package(context, "pypi", "npm", names=_GIT_USERS)

    def is_util(package: Package) -> bool:
        name = package.name
        root = re.split("[-.]", name)[0]
        if package.type not in OS_TYPES or _UTILS.fullmatch(name) is None:
            return False
        alias = {"mercurial": "hg", "subversion": "svn"}.get(root, root)
        return not (git and "git" in name.lower()) and alias not in wanted

    yield from _packages(context, is_util)


TOOLCHAINS = (native_toolchain, lang_toolchain, dev_headers, static_libs, build_utils)
