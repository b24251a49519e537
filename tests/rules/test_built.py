"""What compilers leave behind: what each rule catches, and what it must not."""

import pytest

from layerscope.model.finding import Severity
from layerscope.packages.formats.elf import BPF
from tests.builder import Member, file, hardlink, layer, whiteout
from tests.packages.elves import elf
from tests.rules.conftest import Find, caught, copied, of_rule, paths_of, ran

OBJECT = elf(kind=1)
PROGRAM = elf(
    {".text": b"x" * 50_000, ".symtab": b"s" * 20_000, ".strtab": b"n" * 20_000, ".debug_info": b"d" * 10_000}
)
STRIPPED = elf({".text": b"x" * 100_000})


@pytest.mark.parametrize(
    ("members", "found"),
    [
        pytest.param([file("src/main.o", OBJECT)], {"/src/main.o"}, id="an object file"),
        pytest.param([file("b/CMakeFiles/x/link.txt", b"1")], {"/b/CMakeFiles/x/link.txt"}, id="CMake's files"),
        pytest.param([file("app/target/release/deps/x.d", b"1")], {"/app/target/release/deps/x.d"}, id="Cargo's"),
        pytest.param(
            [
                file("a/out/CACHEDIR.TAG", b"1"),
                file("a/out/x86_64-unknown-linux-musl/dist/.fingerprint/app-1f/dep", b"1"),
                file("a/out/x86_64-unknown-linux-musl/dist/deps/libx.rlib", b"1"),
                file("a/out/x86_64-unknown-linux-musl/dist/app.d", b"1"),
                file("a/out/x86_64-unknown-linux-musl/dist/app", b"1"),
            ],
            {
                "/a/out/CACHEDIR.TAG",
                "/a/out/x86_64-unknown-linux-musl/dist/.fingerprint/app-1f/dep",
                "/a/out/x86_64-unknown-linux-musl/dist/deps/libx.rlib",
                "/a/out/x86_64-unknown-linux-musl/dist/app.d",
            },
            id="Cargo's of another profile and target",
        ),
        pytest.param(
            [file("src/obj/project.assets.json", b"1"), file("src/obj/Debug/a.dll", b"1")],
            {"/src/obj/project.assets.json", "/src/obj/Debug/a.dll"},
            id=".NET's obj",
        ),
        pytest.param([file("usr/lib/crt1.o", OBJECT), file("usr/lib/crtbeginS.o", OBJECT)], set(), id="start files"),
        pytest.param([file("opt/probe.o", elf(kind=1, machine=BPF))], set(), id="an eBPF object"),
        pytest.param([file("lib/modules/x.ko", OBJECT)], set(), id="a kernel module"),
        pytest.param([file("data/letter.o", b"only the name")], set(), id="only the name"),
        pytest.param([file("app/obj/Duck.txt", b"1")], set(), id="another obj"),
        pytest.param([file("app/target/classes/A", b"1")], set(), id="another target"),
        pytest.param([file("x/project.assets.json", b"1")], set(), id="another place of .NET's notes"),
        pytest.param([file("app/obj/x.ko", OBJECT)], set(), id="a module in a directory of objects"),
        pytest.param([file("opt/lib/shared.o", elf(kind=3))], set(), id="a library that is called an object"),
        pytest.param(
            [
                file("p/t/CACHEDIR.TAG", b"1"),
                file("p/t/x/CACHEDIR.TAG", b"1"),
                file("p/CACHEDIR.TAG", b"1"),
                file("p/t/x/r/.cargo-lock", b"1"),
                file("p/t/x/r/.fingerprint/a/b", b"1"),
                file("p/t/x/app.d", b"1"),
                file("p/t/x/r/build/a/out", b"1"),
                file("p/t/x/r/incremental/a/b", b"1"),
                file("p/t/x/r/examples/a", b"1"),
            ],
            {
                "/p/t/CACHEDIR.TAG",
                "/p/t/x/CACHEDIR.TAG",
                "/p/t/x/r/.cargo-lock",
                "/p/t/x/r/.fingerprint/a/b",
                "/p/t/x/r/build/a/out",
                "/p/t/x/r/incremental/a/b",
            },
            id="what Cargo leaves in a profile and up to two directories above it",
        ),
    ],
)
def test_objects(find: Find, members: list[Member], found: set[str]) -> None:
    assert caught(find, "objects", copied(layer(*members))) == found


def test_an_object_of_a_package_of_the_system_is_its_own_matter(find: Find) -> None:
    spec = ran(layer(file("src/main.o", OBJECT)))
    assert caught(find, "objects", spec, {"deb/x": ("/src/main.o",)}) == set()
    assert caught(find, "objects", spec, {"pypi/x": ("/src/main.o",)}) == {"/src/main.o"}


def test_a_deleted_object_is_no_finding_of_this_rule(find: Find) -> None:
    assert caught(find, "objects", ran(layer(file("a.o", OBJECT)), layer(whiteout("a.o")))) == set()


def test_the_program_that_cargo_links_into_deps_stays(find: Find) -> None:
    members = [
        file("a/target/release/deps/app-1f", b"12345"),
        hardlink("a/target/release/app", "a/target/release/deps/app-1f"),
    ]
    assert caught(find, "objects", copied(layer(*members))) == set()


def test_only_the_sections_of_a_program_are_claimed_and_as_a_trade(find: Find) -> None:
    found = find(copied(layer(file("usr/bin/app", PROGRAM, mode=0o755))))
    assert [(f.rule, f.content_bytes, f.trade) for f in found.findings] == [("unstripped-elf", 10_000, True)]
    assert found.reclaimable_bytes == 0
    assert found.own_bytes - found.claimed_bytes == len(PROGRAM) - 10_000


@pytest.mark.parametrize(
    ("member", "packages"),
    [
        pytest.param(file("usr/bin/app", STRIPPED, mode=0o755), {}, id="stripped"),
        pytest.param(file("usr/bin/app", elf({".gopclntab": b"x" * 100_000}), mode=0o755), {}, id="Go's line table"),
        pytest.param(
            file("usr/bin/app", elf({".symtab": b"s" * 99_999}), mode=0o755), {}, id="symbols of no great size"
        ),
        pytest.param(file("usr/bin/app", PROGRAM, mode=0o755), {"deb/app": ("/usr/bin/app",)}, id="a package's"),
        pytest.param(file("site/x.so", PROGRAM), {"pypi/x": ("/site/x.so",)}, id="a wheel's library"),
        pytest.param(file("data/x", PROGRAM), {}, id="no execute bit"),
    ],
)
def test_programs_that_nobody_needs_to_strip(find: Find, member: Member, packages: dict[str, tuple[str]]) -> None:
    assert paths_of(find(copied(layer(member)), packages=packages), "unstripped-elf") == set()


def test_large_symbol_tables_without_debug_sections_are_a_trade(find: Find) -> None:
    program = elf({".text": b"x", ".symtab": b"s" * 300_000})
    found = find(copied(layer(file("usr/bin/app", program, mode=0o755))))
    assert [(f.content_bytes, f.trade, f.title) for f in found.findings] == [
        (300_000, True, "symbol tables of programs")
    ]
    assert found.reclaimable_bytes == 0


@pytest.mark.parametrize(
    ("sections", "found"),
    [
        pytest.param({".debug_info": 4_096}, "debug sections in programs", id="as much as is worth a finding"),
        pytest.param({".debug_info": 4_095}, "", id="less"),
        pytest.param({".symtab": 256 << 10}, "symbol tables of programs", id="as many symbols"),
        pytest.param({".symtab": (256 << 10) - 1}, "", id="fewer"),
        pytest.param({".symtab": 256 << 10, ".debug_info": 4_096}, "debug sections in programs", id="both, told once"),
    ],
)
def test_sections_count_from_a_size_on(find: Find, sections: dict[str, int], found: str) -> None:
    program = elf({".text": b"x" * 9_000, **{name: b"s" * size for name, size in sections.items()}})
    findings = of_rule(find(copied(layer(file("app", program, mode=0o755)))), "unstripped-elf")
    assert [one.title for one in findings] == [found] * bool(found)


def _sized(size: int) -> bytes:
    """A program with debug sections, as long as that."""
    return elf({".debug_info": b"d" * 5_000}).ljust(size, b"\0")


@pytest.mark.parametrize(
    ("members", "packages", "found"),
    [
        pytest.param([file("app", _sized(8 << 10), mode=0o755)], {}, {"/app"}, id="a program of eight KiB"),
        pytest.param([file("app", _sized((8 << 10) - 1), mode=0o755)], {}, set(), id="a smaller one"),
        pytest.param([file("app", _sized(9_000), mode=0o645)], {}, {"/app"}, id="one that only others may execute"),
        pytest.param([file("x.so", _sized(9_000)), file("y.node", _sized(9_001))], {}, {"/x.so", "/y.node"}, id="libraries"),
        pytest.param([file("app", _sized(9_000), mode=0o755), hardlink("b", "app")], {}, set(), id="one of two names"),
        pytest.param([file("app", _sized(9_000), mode=0o755)], {"generic/x": ("/app",)}, {"/app"}, id="a program of its own"),
        pytest.param([file("app", _sized(9_000), mode=0o755)], {"cargo/x": ("/app",)}, {"/app"}, id="a crate"),
        pytest.param([file("app", _sized(9_000), mode=0o755)], {"npm/x": ("/app",)}, set(), id="a package's"),
    ],
)  # fmt: skip
def test_which_programs_are_looked_at(
    find: Find, members: list[Member], packages: dict[str, tuple[str, ...]], found: set[str]
) -> None:
    spec = copied(layer(*members), layer(file("later", b"1")))
    assert caught(find, "unstripped-elf", spec, packages) == found
    gone = copied(layer(*members), layer(*(whiteout(one.name.decode()) for one in members)))
    assert caught(find, "unstripped-elf", gone) == set()


def test_a_program_that_is_a_package_by_itself_can_be_stripped(find: Find) -> None:
    spec = copied(layer(file("app", PROGRAM, mode=0o755)))
    assert caught(find, "unstripped-elf", spec, {"golang/example.org/app": ("/app",)}) == {"/app"}


def test_a_package_of_debug_symbols_is_claimed_whole(find: Find) -> None:
    spec = ran(layer(file("usr/lib/debug/x.debug", b"12345")))
    (finding,) = find(spec, packages={"deb/libc6-dbgsym": ("/usr/lib/debug/x.debug",)}).findings
    assert (finding.rule, finding.content_bytes, finding.trade) == ("unstripped-elf", 5, False)
    assert find(spec, packages={"npm/libc6-dbgsym": ("/usr/lib/debug/x.debug",)}).findings == ()


def test_what_the_base_left_unstripped_is_not_even_looked_at(find: Find) -> None:
    spec = copied(layer(file("usr/bin/app", PROGRAM, mode=0o755)), layer(file("x", b"1")))
    assert find(spec, base_layers=1).findings == ()


GO = [file("src/go.mod", b"module x"), file("src/main.go", b"package main"), file("app", STRIPPED, mode=0o755)]


@pytest.mark.parametrize(
    ("members", "found"),
    [
        pytest.param(GO, {"/src/main.go"}, id="Go"),
        pytest.param(
            [file("s/pom.xml", b"1"), file("s/src/main/java/A.java", b"1"), file("s/target/a.jar", b"1")],
            {"/s/src/main/java/A.java"},
            id="Java",
        ),
        pytest.param(
            [file("s/a.csproj", b"1"), file("s/P.cs", b"1"), file("out/a.dll", b"1")], {"/s/P.cs"}, id="C#"
        ),
        pytest.param(GO[:2], set(), id="nothing was built"),
        pytest.param([GO[1], GO[2]], set(), id="no manifest"),
        pytest.param([file("app/main.py", b"1"), file("app/pyproject.toml", b"1"), GO[2]], set(), id="interpreted"),
        pytest.param([file("node_modules/x/Makefile"), file("node_modules/x/a.c", b"1"), GO[2]], set(), id="another's"),
        pytest.param([file("a/go.mod", b"1"), file("b/main.go", b"1"), GO[2]], set(), id="another project's"),
    ],
)  # fmt: skip
def test_sources(find: Find, members: list[Member], found: set[str]) -> None:
    assert caught(find, "sources", copied(layer(*members))) == found


def test_a_go_program_that_names_its_own_module_is_a_built_program(find: Find) -> None:
    packages = {"golang/example.org/app": ("/app",)}
    assert caught(find, "sources", copied(layer(*GO)), packages) == {"/src/main.go"}


@pytest.mark.parametrize("package", ["deb/app", "npm/app", "generic/node"])
def test_a_program_of_another_package_was_not_built_from_the_sources(find: Find, package: str) -> None:
    assert caught(find, "sources", copied(layer(*GO)), {package: ("/app",)}) == set()


@pytest.mark.parametrize(
    ("members", "found"),
    [
        pytest.param(
            [
                *GO,
                file("src/vendor/modules.txt", b"1"),
                file("src/vendor/x.org/y/y.go", b"1"),
                file("src/vendor/x.org/y/LICENSE", b"1"),
                file("src/vendor/x.org/y/asm.s", b"1"),
            ],
            {"/src/main.go", "/src/vendor/modules.txt", "/src/vendor/x.org/y/y.go", "/src/vendor/x.org/y/asm.s"},
            id="Go's vendor directory",
        ),
        pytest.param(
            [*GO, file("src/vendor/assets/a.go", b"1")], {"/src/main.go"}, id="a folder that only has this name"
        ),
        pytest.param(
            [*GO, file("web/vendor/modules.txt", b"1"), file("web/vendor/a.js", b"1")],
            {"/src/main.go"},
            id="a vendor directory of no Go project",
        ),
        pytest.param(
            [
                file("s/Cargo.toml", b"1"),
                file("s/src/main.rs", b"1"),
                file("s/vendor/x/.cargo-checksum.json", b"{}"),
                file("s/vendor/x/src/lib.rs", b"1"),
                file("s/vendor/own/lib.rs", b"1"),
                GO[2],
            ],
            {"/s/src/main.rs", "/s/vendor/x/.cargo-checksum.json", "/s/vendor/x/src/lib.rs"},
            id="Cargo's vendor directory",
        ),
        pytest.param(
            [file("go/src/a.org/b/b.go", b"1"), file("go/src/a.org/b/vendor/c/c.go", b"1"), GO[2]],
            {"/go/src/a.org/b/b.go", "/go/src/a.org/b/vendor/c/c.go"},
            id="a workspace without modules",
        ),
        pytest.param(
            [file("opt/go/src/fmt/print.go", b"1"), file("opt/go/bin/go", b"1"), GO[2]], set(), id="a toolchain's own"
        ),
        pytest.param([file("go/src/a.org/b/b.go", b"1")], set(), id="a workspace from which nothing was built"),
    ],
)
def test_sources_of_dependencies(find: Find, members: list[Member], found: set[str]) -> None:
    assert caught(find, "sources", copied(layer(*members))) == found


@pytest.mark.parametrize(
    ("members", "found"),
    [
        pytest.param([file("s/Cargo.toml", b"1"), file("s/a.rs", b"1"), file("s/a.go", b"1")], {"/s/a.rs"}, id="Rust"),
        pytest.param([file("s/Makefile", b"1"), file("s/x/y/a.c", b"1"), file("a.c", b"1")], {"/s/x/y/a.c"}, id="C"),
        pytest.param([file("Makefile", b"1"), file("a.c", b"1")], {"/a.c"}, id="at the top of the image"),
        pytest.param([file("s/go.mod", b"1"), file("s/c/Makefile", b"1"), file("s/c/a.go", b"1"), file("s/c/b.cc", b"1")],
                     {"/s/c/a.go", "/s/c/b.cc"}, id="a project within another one"),
        pytest.param([file("s/go.mod", b"1"), file("s/Makefile", b"1"), file("s/a.go", b"1"), file("s/b.c", b"1")],
                     {"/s/a.go", "/s/b.c"}, id="two languages"),
        pytest.param([file("s/gomod", b"1"), file("s/a.go", b"1")], set(), id="no manifest"),
        pytest.param([file("s/.csproj.go", b"1"), file("s/a.cs", b"1")], set(), id="a name that holds an ending"),
        pytest.param([file("s/pom.xml", b"1"), file("s/A.java", b"1")], set(), id="no jar"),
        pytest.param([file("s/pom.xml", b"1"), file("s/A.java", b"1"), file("x.class", b"1")], {"/s/A.java"}, id="a class"),
        pytest.param([file("s/a.fsproj", b"1"), file("s/P.fs", b"1"), file("s/P.cs", b"1"), file("a.dll", b"1")],
                     {"/s/P.fs"}, id="F#"),
        pytest.param([file("usr/go/src/a/b.go", b"1")], set(), id="Go's own packages"),
        pytest.param([file("go/src/a/b.c", b"1")], set(), id="no Go in its workspace"),
        pytest.param([file("go/src/a/b.go", b"1"), file("other/c.go", b"1")], {"/go/src/a/b.go"}, id="beside a workspace"),
        pytest.param([file("s/go.mod", b"1"), file("s/other/modules.txt", b"1"), file("s/other/x", b"1")], set(), id="modules"),
    ],
)  # fmt: skip
def test_which_sources_a_manifest_speaks_for(find: Find, members: list[Member], found: set[str]) -> None:
    assert caught(find, "sources", copied(layer(*members, GO[2]))) == found


@pytest.mark.parametrize(("size", "severity"), [(9_999, Severity.LOW), (10_000, Severity.MEDIUM)])
def test_a_few_bytes_of_sources_weigh_little(find: Find, size: int, severity: Severity) -> None:
    members = [GO[0], file("src/main.go", b"1" * size), GO[2]]
    (finding,) = of_rule(find(copied(layer(*members))), "sources")
    assert (finding.severity, finding.content_bytes) == (severity, size)


def test_sources_of_a_package_of_the_system_are_its_own_matter(find: Find) -> None:
    assert caught(find, "sources", copied(layer(*GO)), {"deb/x": ("/src/main.go",)}) == set()
    assert caught(find, "sources", copied(layer(*GO)), {"deb/x": ("/src/go.mod",)}) == set()


@pytest.mark.parametrize("cmd", [("dotnet", "run"), ("dotnet", "watch"), ("mvn", "x"), ("sh", "-c", "cargo run")])
def test_an_image_that_builds_when_it_starts_needs_its_sources(find: Find, cmd: tuple[str, ...]) -> None:
    assert caught(find, "sources", copied(layer(*GO), cmd=cmd)) == set()
    assert caught(find, "sources", copied(layer(*GO), cmd=("dotnet", "app.dll"))) == {"/src/main.go"}


def test_sources_are_wanted_where_the_image_builds(find: Find) -> None:
    assert caught(find, "sources", copied(layer(*GO), cmd=("go", "run", "./src"))) == set()


def test_a_copied_object_is_called_a_leak_without_naming_a_stage(find: Find) -> None:
    (finding,) = of_rule(find(copied(layer(file("src/main.o", OBJECT)))), "objects")
    assert (finding.kind, finding.evidence, finding.source) == ("leak", "inferred", "unknown")
