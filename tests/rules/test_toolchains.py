"""Compilers, headers and developers' tools: what each rule catches, and what it must not."""

import pytest

from layerscope.model.finding import FindingKind, Severity
from layerscope.packages.relations import Relations
from tests.builder import Member, directory, file, layer
from tests.rules.conftest import Find, caught, copied, of_rule, paths_of, ran

AR = b"!<arch>\n" + b"x" * 60


def _package(name: str, *paths: str) -> dict[str, tuple[str, ...]]:
    return {name: tuple(f"/{path}" for path in paths)}


@pytest.mark.parametrize(
    ("rule", "package", "path"),
    [
        pytest.param("native-toolchain", "deb/gcc-12", "usr/bin/x86_64-linux-gnu-gcc-12", id="Debian's gcc"),
        pytest.param("native-toolchain", "deb/g++", "usr/bin/g++", id="Debian's g++"),
        pytest.param("native-toolchain", "deb/cpp-12", "usr/lib/cpp", id="the preprocessor"),
        pytest.param("native-toolchain", "deb/binutils-x86-64-linux-gnu", "usr/bin/ld", id="Debian's binutils"),
        pytest.param("native-toolchain", "deb/cmake-data", "usr/share/cmake/x", id="cmake"),
        pytest.param("native-toolchain", "apk/gcc", "usr/bin/gcc", id="Alpine's gcc"),
        pytest.param("native-toolchain", "rpm/gcc-c++", "usr/bin/g++", id="Fedora's g++"),
        pytest.param("lang-toolchain", "deb/golang-1.22-go", "usr/lib/go-1.22/bin/go", id="Debian's Go"),
        pytest.param("lang-toolchain", "deb/openjdk-17-jdk-headless", "usr/lib/jvm/x", id="Debian's JDK"),
        pytest.param("lang-toolchain", "rpm/java-17-openjdk-devel", "usr/lib/jvm/x", id="Fedora's JDK"),
        pytest.param("lang-toolchain", "apk/rust", "usr/bin/rustc", id="Alpine's Rust"),
        pytest.param("lang-toolchain", "rpm/dotnet-sdk-8.0", "usr/lib64/dotnet/x", id="Fedora's .NET SDK"),
        pytest.param("dev-headers", "deb/libssl-dev", "usr/include/openssl/ssl.h", id="Debian's headers"),
        pytest.param("dev-headers", "rpm/zlib-devel", "usr/lib64/pkgconfig/zlib.pc", id="Fedora's pkg-config file"),
        pytest.param("build-utils", "deb/git", "usr/bin/git", id="git"),
        pytest.param("build-utils", "apk/strace", "usr/bin/strace", id="strace"),
        pytest.param("build-utils", "rpm/vim-enhanced", "usr/bin/vim", id="vim"),
    ],
)
def test_rule_catches_packages(find: Find, rule: str, package: str, path: str) -> None:
    assert caught(find, rule, ran(layer(file(path, b"x"))), _package(package, path)) == {f"/{path}"}


@pytest.mark.parametrize(
    ("rule", "package", "path", "fields"),
    [
        pytest.param("native-toolchain", "deb/libgcc-s1", "lib/libgcc_s.so.1", {}, id="the run-time library"),
        pytest.param("native-toolchain", "deb/gcc-12-base", "usr/share/x", {}, id="an empty base package"),
        pytest.param("native-toolchain", "npm/make", "app/make/index.js", {}, id="a package of a language"),
        pytest.param("native-toolchain", "deb/gcc-12", "usr/bin/gcc", {"cmd": ("gcc", "x.c")}, id="Cmd calls gcc"),
        pytest.param("native-toolchain", "deb/make", "usr/bin/make", {"cmd": ("make", "serve")}, id="Cmd calls make"),
        pytest.param("lang-toolchain", "deb/golang-go", "usr/bin/go", {"cmd": ("go", "run", ".")}, id="Cmd calls go"),
        pytest.param("lang-toolchain", "deb/openjdk-17-jre-headless", "usr/lib/jvm/x", {}, id="a JRE"),
        pytest.param("dev-headers", "deb/tool-dev", "usr/bin/tool-dev", {}, id="a name that only ends so"),
        pytest.param("dev-headers", "npm/x-dev", "app/node_modules/x-dev/a.h", {}, id="a package of a language"),
        pytest.param("build-utils", "deb/git", "usr/bin/git", {"entrypoint": ("git", "daemon")}, id="git serves"),
        pytest.param(
            "build-utils",
            "deb/git",
            "usr/bin/git",
            {"config_extra": {"config": {"Healthcheck": {"Test": ["CMD-SHELL", "git --version || exit 1"]}}}},
            id="the health check calls it",
        ),
        pytest.param("build-utils", "deb/gitweb-css", "usr/share/x", {}, id="a name that only begins so"),
    ],
)
def test_rule_catches_no_other_packages(
    find: Find, rule: str, package: str, path: str, fields: dict[str, tuple[str, ...]]
) -> None:
    assert caught(find, rule, ran(layer(file(path, b"x")), **fields), _package(package, path)) == set()


@pytest.mark.parametrize(
    ("rule", "members", "found"),
    [
        pytest.param(
            "native-toolchain",
            [
                file("usr/local/libexec/gcc/x86_64-linux-gnu/13/cc1", b"1"),
                file("usr/local/lib/gcc/x86_64-linux-gnu/13/libgcc.spec", b"1"),
                file("usr/local/bin/gcc", b"1"),
                file("usr/bin/as", b"1"),
            ],
            {
                "/usr/local/libexec/gcc/x86_64-linux-gnu/13/cc1",
                "/usr/local/lib/gcc/x86_64-linux-gnu/13/libgcc.spec",
                "/usr/local/bin/gcc",
            },
            id="a gcc that no package owns",
        ),
        pytest.param("lang-toolchain", [file("usr/local/go/bin/go", b"1")], {"/usr/local/go/bin/go"}, id="Go"),
        pytest.param(
            "lang-toolchain",
            [file("root/.rustup/toolchains/stable/bin/rustc", b"1")],
            {"/root/.rustup/toolchains/stable/bin/rustc"},
            id="Rust",
        ),
        pytest.param(
            "lang-toolchain",
            [
                file("opt/jdk/bin/javac", b"1"),
                file("opt/jdk/bin/java", b"1"),
                file("opt/jdk/bin/jcmd", b"1"),
                file("opt/jdk/jmods/java.base.jmod", b"1"),
                file("opt/jdk/lib/src.zip", b"1"),
                file("opt/jdk/lib/modules", b"1"),
            ],
            {"/opt/jdk/bin/javac", "/opt/jdk/jmods/java.base.jmod", "/opt/jdk/lib/src.zip"},
            id="a JDK, but not its agents",
        ),
        pytest.param(
            "lang-toolchain", [file("usr/share/dotnet/sdk/8/x", b"1")], {"/usr/share/dotnet/sdk/8/x"}, id="the .NET SDK"
        ),
        pytest.param("lang-toolchain", [file("opt/x/src.zip", b"1"), file("srv/jmods/x", b"1")], set(), id="no JDK"),
        pytest.param("lang-toolchain", [directory("srv/jmods"), file("srv/jmods/x", b"1")], set(), id="no JDK in a directory"),
        pytest.param("dev-headers", [file("usr/local/include/x.h", b"1")], {"/usr/local/include/x.h"}, id="headers"),
        pytest.param(
            "dev-headers",
            [file("opt/lib/pkgconfig/x.pc", b"1"), file("opt/x.pc", b"1")],
            {"/opt/lib/pkgconfig/x.pc"},
            id="pkg-config files in their directory",
        ),
        pytest.param("dev-headers", [file("usr/include/python3/pyconfig.h", b"1")], set(), id="Python reads it"),
        pytest.param("dev-headers", [file("app/numpy/include/x.h", b"1")], set(), id="another include"),
        pytest.param("static-libs", [file("usr/lib/libx.a", AR)], {"/usr/lib/libx.a"}, id="an archive"),
        pytest.param("static-libs", [file("usr/lib/libx.la", b"# libx.la")], {"/usr/lib/libx.la"}, id="libtool's"),
        pytest.param(
            "static-libs",
            [file("usr/lib/x/plug.la", b"# plug.la" + b"#" * 900 + b"\nshouldnotlink=yes\ndlname='plug.so'\n")],
            set(),
            id="libtool's of a plug-in, which programs read",
        ),
        pytest.param(
            "static-libs",
            [file("usr/lib/libx.la", b"# libx.la\nshouldnotlink=no\n")],
            {"/usr/lib/libx.la"},
            id="libtool's of a library",
        ),
        pytest.param("static-libs", [file("app/data.a", b"something else")], set(), id="only the name"),
    ],
)  # fmt: skip
def test_rule_catches_files(find: Find, rule: str, members: list[Member], found: set[str]) -> None:
    assert caught(find, rule, ran(layer(*members))) == found


@pytest.mark.parametrize("command", ["go", "R"])
def test_static_libraries_are_wanted_where_something_links_at_run_time(find: Find, command: str) -> None:
    assert caught(find, "static-libs", ran(layer(file("usr/lib/libx.a", AR)), cmd=(command,))) == set()


@pytest.mark.parametrize("library", ["triton", "numba", "cupy-cuda12x"])
def test_compilers_are_wanted_where_a_package_compiles_at_run_time(find: Find, library: str) -> None:
    spec = ran(layer(file("usr/bin/gcc", b"1"), file("usr/include/x.h", b"1"), file("lib/x.py", b"1")))
    found = find(spec, packages={"deb/gcc": ("/usr/bin/gcc",), f"pypi/{library}": ("/lib/x.py",)})
    assert of_rule(found, "native-toolchain") == of_rule(found, "dev-headers") == ()


def test_git_is_wanted_where_a_library_calls_it(find: Find) -> None:
    spec = ran(layer(file("usr/bin/git", b"1"), file("lib/git.py", b"1")))
    packages = {"deb/git": ("/usr/bin/git",), "pypi/GitPython": ("/lib/git.py",)}
    assert caught(find, "build-utils", spec, packages) == set()


def test_tools_without_a_compiler_weigh_less(find: Find) -> None:
    (finding,) = find(ran(layer(file("usr/bin/make", b"1"))), packages={"deb/make": ("/usr/bin/make",)}).findings
    assert (finding.rule, finding.severity) == ("native-toolchain", Severity.MEDIUM)
    assert "without a compiler" in finding.title


def test_each_instruction_names_the_packages_that_it_installed(find: Find) -> None:
    spec = ran(layer(file("usr/bin/gcc", b"1")), layer(file("usr/bin/make", b"1")))
    found = find(spec, packages={"deb/gcc": ("/usr/bin/gcc",), "deb/make": ("/usr/bin/make",)})
    assert {f.layers: f.detail for f in found.findings} == {(0,): "packages: gcc", (1,): "packages: make"}


def test_what_the_base_brought_is_inherited(find: Find) -> None:
    found = find(copied(layer(file("usr/bin/gcc", b"1")), layer(file("app", b"1"))), base_layers=1, packages={
        "deb/gcc": ("/usr/bin/gcc",)
    })  # fmt: skip
    assert [finding.kind for finding in found.findings] == [FindingKind.INHERITED]
    assert found.reclaimable_bytes == 0


def test_a_compiler_beside_other_tools_weighs_as_one(find: Find) -> None:
    spec = ran(layer(file("usr/bin/gcc", b"1"), file("usr/bin/make", b"1")))
    (finding,) = find(spec, packages={"deb/gcc": ("/usr/bin/gcc",), "deb/make": ("/usr/bin/make",)}).findings
    assert (finding.severity, finding.title) == (Severity.HIGH, "a C or C++ toolchain")


@pytest.mark.parametrize(
    ("path", "cmd"),
    [
        ("usr/local/go/bin/go", ("go", "run", ".")),
        ("root/.rustup/toolchains/stable/bin/rustc", ("cargo", "run")),
        ("usr/local/rustup/toolchains/stable/bin/rustc", ("rustc", "x")),
        ("usr/share/dotnet/sdk/8/x", ("dotnet", "build")),
        ("usr/share/dotnet/sdk/8/x", ("dotnet", "test")),
        ("usr/share/dotnet/sdk/8/x", ("dotnet", "run")),
        ("opt/jdk/bin/javac", ("javac", "A.java")),
        ("opt/jdk/bin/javac", ("jshell",)),
        ("opt/jdk/bin/javac", ("java", "A.java")),
    ],
)
def test_a_toolchain_that_the_image_starts_is_wanted(find: Find, path: str, cmd: tuple[str, ...]) -> None:
    spec = layer(file(path, b"x"))
    assert caught(find, "lang-toolchain", ran(spec, cmd=cmd)) == set()
    assert caught(find, "lang-toolchain", ran(spec, cmd=("java", "-jar", "a.jar"))) == {f"/{path}"}
    assert caught(find, "lang-toolchain", ran(spec, cmd=("dotnet", "a.dll"))) == {f"/{path}"}


@pytest.mark.parametrize(
    ("package", "cmd"),
    [
        ("deb/golang-go", ("go", "run", ".")),
        ("apk/rust", ("cargo", "run")),
        ("rpm/dotnet-sdk-8.0", ("dotnet", "run")),
        ("deb/openjdk-17-jdk", ("java", "A.java")),
    ],
)
def test_a_package_of_a_toolchain_that_the_image_starts_is_wanted(
    find: Find, package: str, cmd: tuple[str, ...]
) -> None:
    spec, packages = layer(file("usr/lib/it", b"x")), {package: ("/usr/lib/it",)}
    assert caught(find, "lang-toolchain", ran(spec, cmd=cmd), packages) == set()
    assert caught(find, "lang-toolchain", ran(spec, cmd=("x",)), packages) == {"/usr/lib/it"}
    assert caught(find, "lang-toolchain", ran(spec), {f"npm/{package.partition('/')[2]}": ("/usr/lib/it",)}) == set()


@pytest.mark.parametrize(
    ("package", "cmd", "found"),
    [
        pytest.param("deb/vim-tiny", ("vim", "x"), False, id="vim is called"),
        pytest.param("deb/mercurial-common", ("hg", "serve"), False, id="mercurial is called"),
        pytest.param("deb/subversion", ("svn", "up"), False, id="subversion is called"),
        pytest.param("deb/mercurial", ("mercurial",), True, id="no program has that name"),
        pytest.param("deb/git-man", ("git", "daemon"), False, id="git is called"),
        pytest.param("deb/strace", ("git", "daemon"), True, id="another tool beside git"),
        pytest.param("rpm/perl-Git", ("git", "daemon"), False, id="git in a name of capitals"),
        pytest.param("npm/git", (), False, id="a package of Node"),
    ],
)
def test_a_tool_is_wanted_where_the_image_calls_it(find: Find, package: str, cmd: tuple[str, ...], found: bool) -> None:
    spec = ran(layer(file("usr/lib/it", b"x")), cmd=cmd)
    assert caught(find, "build-utils", spec, {package: ("/usr/lib/it",)}) == ({"/usr/lib/it"} if found else set())


def test_development_packages_without_headers_go_with_those_that_have_some(find: Find) -> None:
    paths = {
        "deb/libx-dev": ("/usr/include/x.h", "/usr/share/x"), "deb/all-dev": ("/usr/share/all",),
        "deb/other-dev": ("/usr/share/other",), "deb/liby-dev": ("/opt/include/y",),
    }  # fmt: skip
    needs = {"deb/all-dev": Relations(needs=("libx-dev",)), "deb/other-dev": Relations(needs=("libz-dev",))}
    spec = ran(layer(*(file(path[1:], b"1") for owned in paths.values() for path in owned)))
    found = paths_of(find(spec, packages=paths, relations={**needs, "deb/libx-dev": Relations()}), "dev-headers")
    assert found == {*paths["deb/libx-dev"], *paths["deb/all-dev"], *paths["deb/liby-dev"]}


@pytest.mark.parametrize(
    ("content", "found"),
    [(b"!<thin>\n", True), (b"!<arch>", False), (b"!<arch>\r\n", False), (b"#libtool", False), (b"", False)],
)
def test_static_libraries_are_known_by_their_beginning(find: Find, content: bytes, found: bool) -> None:
    assert bool(caught(find, "static-libs", ran(layer(file("usr/lib/x.a", content))))) == found


def test_a_note_of_libtool_is_read_up_to_a_length(find: Find) -> None:
    note = b"\nshouldnotlink=yes"
    for more, found in ((0, False), (1, True)):
        content = b"# " + b"#" * (4096 - 2 - len(note) + more) + note
        assert bool(caught(find, "static-libs", ran(layer(file("usr/lib/x.la", content))))) == found
