"""Packages that only other packages of findings needed: what goes with them, and what has to stay."""

from collections.abc import Mapping, Sequence

import pytest

from layerscope.packages.relations import Relations
from layerscope.rules.engine import Findings
from tests.builder import ImageSpec, Member, docker_legacy, file, layer, symlink
from tests.image.opening import file_of
from tests.packages.elves import loading
from tests.rules.conftest import Find, caught, found_in, of_rule, paths_of, ran, step

Packages = Mapping[str, tuple[tuple[str, ...], Relations]]


def _auto(*names: str) -> Member:
    """What apt records of packages that nobody asked for."""
    stanzas = "\n".join(f"Package: {name}\nArchitecture: amd64\nAuto-Installed: 1\n" for name in names)
    return file("var/lib/apt/extended_states", stanzas.encode())


GIT = ("usr/bin/git",), Relations(needs=("libc6", "perl", "git-man"))
PERL = ("usr/bin/perl5", "usr/share/perl/x.pm"), Relations(needs=("libperl5", "perl-base"), provides=("data-dumper",))
LIBPERL = ("usr/lib/x86_64-linux-gnu/libperl.so.5",), Relations(needs=("libc6",))
DEBIAN: Packages = {"deb/git": GIT, "deb/perl": PERL, "deb/libperl5": LIBPERL}
ORPHANS = {"/usr/bin/perl5", "/usr/share/perl/x.pm", "/usr/lib/x86_64-linux-gnu/libperl.so.5"}


def _found(
    find: Find,
    packages: Packages,
    *members: Member,
    auto: Sequence[str] = (),
    rule: str = "orphaned-packages",
    cmd: tuple[str, ...] = (),
    env: tuple[str, ...] = (),
) -> set[str]:
    """What the rule finds in one layer with these packages, whose files it makes, above a base."""
    paths = {key: tuple(f"/{path}" for path in paths) for key, (paths, _) in packages.items()}
    given = {member.path for member in members if hasattr(member, "path")}
    made = [file(path, b"x") for paths_, _ in packages.values() for path in paths_ if path not in given]
    automatic = [_auto(*auto)] if auto else []
    history = (step("FROM"), step("RUN apt-get install -y git"))
    spec = ImageSpec(
        layers=(layer(file("base", b"1")), layer(*made, *automatic, *members)), history=history, cmd=cmd, env=env
    )
    relations = {key: relations for key, (_, relations) in packages.items()}
    return paths_of(find(spec, base_layers=1, packages=paths, relations=relations), rule)


def test_what_only_git_needs_goes_with_it(find: Find) -> None:
    assert _found(find, DEBIAN, auto=("perl", "libperl5")) == ORPHANS


def test_the_finding_names_what_needs_them(find: Find) -> None:
    spec = ran(layer(file("usr/bin/git", b"1"), file("usr/bin/perl5", b"1"), _auto("perl")))
    packages = {"deb/git": ("/usr/bin/git",), "deb/perl": ("/usr/bin/perl5",)}
    (finding,) = of_rule(
        find(spec, packages=packages, relations={"deb/git": GIT[1], "deb/perl": PERL[1]}), "orphaned-packages"
    )
    assert finding.detail == "packages: perl; only needed by git"


def test_a_chain_of_recommendations_is_followed_and_circles_end(find: Find) -> None:
    packages: Packages = {
        "deb/git": (("usr/bin/git",), Relations(recommends=("one",))),
        "deb/one": (("usr/share/one",), Relations(needs=("two",))),
        "deb/two": (("usr/share/two",), Relations(needs=("one", "git"))),
    }
    assert _found(find, packages, auto=("one", "two")) == {"/usr/share/one", "/usr/share/two"}


KEEPER = ("usr/bin/keeper",)


@pytest.mark.parametrize(
    ("more", "auto"),
    [
        pytest.param({"deb/keeper": (KEEPER, Relations(needs=("perl",)))}, ("perl", "libperl5"), id="needs it"),
        pytest.param({"deb/keeper": (KEEPER, Relations(recommends=("perl",)))}, ("perl", "libperl5"), id="recommends it"),
        pytest.param({"deb/keeper": (KEEPER, Relations(needs=("x", "data-dumper")))}, ("perl", "libperl5"), id="needs what it provides"),
        pytest.param({"deb/keeper": (KEEPER, Relations(needs=("/usr/bin/perl5",)))}, ("perl", "libperl5"), id="needs its file"),
        pytest.param({"deb/keeper": (KEEPER, Relations(needs=("git",)))}, ("perl", "libperl5"), id="needs what is to go"),
        pytest.param({}, ("libperl5",), id="installed by name"),
        pytest.param({"deb/perl": (PERL[0], Relations(needs=("libperl5",), is_essential=True))}, ("perl", "libperl5"), id="essential"),
    ],
)  # fmt: skip
def test_what_anything_else_needs_stays(find: Find, more: Packages, auto: Sequence[str]) -> None:
    assert _found(find, {**DEBIAN, **more}, auto=auto) == set()


@pytest.mark.parametrize(
    ("members", "cmd"),
    [
        pytest.param([], ("perl5", "app.pl"), id="Cmd calls its program"),
        pytest.param([file("app/run", b"#!/usr/bin/perl5\n", mode=0o755)], (), id="a script's interpreter"),
        pytest.param([file("app/run", b"#!/bin/sh\nexec perl5 -e 1\n", mode=0o755)], (), id="a shell script calls it"),
        pytest.param([symlink("opt/bin/perl", "/usr/bin/perl5")], (), id="a link to its program"),
    ],
)
def test_what_files_outside_of_packages_use_stays(find: Find, members: list[Member], cmd: tuple[str, ...]) -> None:
    assert _found(find, DEBIAN, *members, auto=("perl", "libperl5"), cmd=cmd) == set()


@pytest.mark.parametrize(
    ("program", "members", "cmd", "env"),
    [
        pytest.param("usr/bin/php8.2", [], ("php", "index.php"), (), id="a program with a version in its name"),
        pytest.param(
            "usr/lib/runtime/main",
            [symlink("usr/bin/app", "/etc/alternatives/app"), symlink("etc/alternatives/app", "/usr/lib/runtime/main")],
            ("app",),
            (),
            id="a program behind the links of alternatives",
        ),
        pytest.param("usr/lib/x/allocator", [], (), ("LD_PRELOAD=/usr/lib/x/allocator",), id="Env names its file"),
        pytest.param(
            "usr/lib/jvm/bin/java", [file("srv/app.jar", b"1")], (), (), id="a jar, and the JRE of a build tool"
        ),
    ],
)
def test_what_the_image_starts_stays_however_it_names_it(
    find: Find, program: str, members: list[Member], cmd: tuple[str, ...], env: tuple[str, ...]
) -> None:
    packages: Packages = {
        "deb/maven": (("usr/bin/mvn",), Relations(needs=("runtime",))),
        "deb/runtime": ((program,), Relations()),
    }
    assert _found(find, packages, auto=("runtime",)) == {f"/{program}"}
    assert _found(find, packages, *members, auto=("runtime",), cmd=cmd, env=env) == set()


def test_code_for_an_interpreter_keeps_it(find: Find) -> None:
    packages = {**DEBIAN, "deb/perl": (("usr/bin/perl",), PERL[1])}
    assert _found(find, packages, file("app/lib/App.pm", b"1"), auto=("perl", "libperl5")) == set()


def test_a_library_that_a_program_built_here_loads_stays_and_what_it_needs(find: Find) -> None:
    program = file("usr/local/bin/app", loading("libperl.so.5", "libc.so.6"), mode=0o755)
    assert _found(find, DEBIAN, program, auto=("perl", "libperl5")) == {"/usr/bin/perl5", "/usr/share/perl/x.pm"}


def test_a_program_that_loads_others_keeps_nothing(find: Find) -> None:
    program = file("usr/local/bin/app", loading("libc.so.6"), mode=0o755)
    assert _found(find, DEBIAN, program, auto=("perl", "libperl5")) == ORPHANS


def test_a_library_that_cannot_be_read_keeps_all_libraries(find: Find) -> None:
    members = [file("opt/libx.so.3", loading("libc.so.6"))]
    assert "/usr/lib/x86_64-linux-gnu/libperl.so.5" not in _found(find, DEBIAN, *members, auto=("perl", "libperl5"))


LIBPQ = "usr/lib/x86_64-linux-gnu/libpq.so.5"


def test_libraries_that_came_with_their_headers_may_be_loaded_by_name(find: Find) -> None:
    packages: Packages = {
        "deb/libpq-dev": (("usr/include/pq.h",), Relations(needs=("libpq5", "pq-tools"))),
        "deb/libpq5": ((LIBPQ,), Relations(needs=("libkrb",))),
        "deb/libkrb": (("usr/share/krb",), Relations()),
        "deb/pq-tools": (("usr/bin/pq_config",), Relations()),
    }
    assert _found(find, packages, auto=("libpq5", "libkrb", "pq-tools")) == {"/usr/bin/pq_config"}


def test_those_of_the_compiler_are_no_such_libraries(find: Find) -> None:
    packages: Packages = {
        "deb/gcc-12": (("usr/bin/gcc",), Relations(needs=("libgcc-12-dev",))),
        "deb/libgcc-12-dev": (("usr/lib/gcc/include/x.h",), Relations(needs=("libasan8",))),
        "deb/libasan8": (("usr/lib/x86_64-linux-gnu/libasan.so.8",), Relations()),
    }
    assert _found(find, packages, auto=("libgcc-12-dev", "libasan8")) == {"/usr/lib/x86_64-linux-gnu/libasan.so.8"}


@pytest.mark.parametrize("name", ["ca-certificates", "tzdata", "fonts-dejavu-core", "libssl3"])
def test_what_any_program_may_read_stays(find: Find, name: str) -> None:
    packages: Packages = {
        "deb/git": (("usr/bin/git",), Relations(needs=(name,))),
        f"deb/{name}": (("usr/share/it",), Relations()),
    }
    assert _found(find, packages, auto=(name,)) == set()


def test_without_a_record_of_apt_the_words_of_the_instruction_decide(find: Find) -> None:
    packages: Packages = {"rpm/git": GIT, "rpm/perl": PERL, "rpm/libperl5": LIBPERL}
    assert _found(find, packages) == ORPHANS
    named = step("RUN dnf install -y git perl")
    spec = ImageSpec(
        layers=(layer(*(file(p, b"x") for paths, _ in packages.values() for p in paths)),), history=(named,)
    )
    paths = {key: tuple(f"/{path}" for path in paths) for key, (paths, _) in packages.items()}
    found = find(spec, packages=paths, relations={key: relations for key, (_, relations) in packages.items()})
    assert paths_of(found, "orphaned-packages") == set()


def test_nothing_is_said_where_nobody_knows_what_was_asked_for(find: Find) -> None:
    spec = ImageSpec(layers=(layer(file("usr/bin/git", b"1"), file("usr/bin/perl5", b"1")),))
    packages = {"rpm/git": ("/usr/bin/git",), "rpm/perl": ("/usr/bin/perl5",)}
    found = find(spec, packages=packages, relations={"rpm/git": GIT[1], "rpm/perl": PERL[1]})
    assert paths_of(found, "orphaned-packages") == set()


def test_what_the_base_has_stays_also_in_a_newer_version(find: Find) -> None:
    lower, upper = layer(file("usr/bin/perl5", b"1")), layer(file("usr/bin/git", b"1"), file("usr/lib/perl", b"2"))
    spec = ImageSpec(layers=(lower, upper), history=(step("FROM"), step("RUN apt-get install git")))
    packages = {
        "deb/git": ("/usr/bin/git",), "deb/perl@5.1": ("/usr/bin/perl5",), "deb/perl@5.2": ("/usr/lib/perl",)
    }  # fmt: skip
    found = find(spec, base_layers=1, packages=packages, relations={"deb/git": GIT[1], "deb/perl@5.2": PERL[1]})
    assert paths_of(found, "orphaned-packages") == set()


def _debian(*own: Member) -> Findings:
    """A base of dpkg's, and a layer above it with Mercurial, the library that it needs, and files of one's own."""
    libc = b"Package: libc6\nStatus: install ok installed\nVersion: 2\n"
    hg = b"\nPackage: mercurial\nStatus: install ok installed\nVersion: 6\nDepends: python3-six, libc6\n"
    six = b"\nPackage: python3-six\nStatus: install ok installed\nVersion: 1\n"
    metadata = "usr/lib/python3/dist-packages/six-1.0.dist-info/METADATA"
    spec = ran(
        layer(file("var/lib/dpkg/status", libc)),
        layer(
            file("var/lib/dpkg/status", libc + hg + six),
            file("var/lib/dpkg/info/mercurial.list", b"/usr/bin/hg\n"),
            file("usr/bin/hg", b"hg"),
            file("var/lib/dpkg/info/python3-six.list", f"/{metadata}\n".encode()),
            file(metadata, b"Metadata-Version: 2.1\nName: six\nVersion: 1.0\n"),
            _auto("python3-six"),
            *own,
        ),
    )
    with file_of(docker_legacy(spec)) as path:
        return found_in(str(path), 1)


def test_a_python_package_of_the_system_goes_with_the_tool_that_needs_it() -> None:
    assert paths_of(_debian(), "orphaned-packages") == {
        "/usr/lib/python3/dist-packages/six-1.0.dist-info/METADATA",
        "/var/lib/dpkg/info/python3-six.list",
    }


def test_a_python_package_of_the_system_stays_where_one_that_pip_installed_requires_it() -> None:
    site = "usr/local/lib/python3/dist-packages"
    requiring = file(f"{site}/app-1.dist-info/METADATA", b"Name: app\nVersion: 1\nRequires-Dist: six>=1\n")
    assert paths_of(_debian(requiring), "orphaned-packages") == set()
    extra = file(f"{site}/app-1.dist-info/METADATA", b"Name: app\nVersion: 1\nRequires-Dist: six; extra == 'test'\n")
    assert paths_of(_debian(extra), "orphaned-packages")


@pytest.mark.parametrize(
    ("tool", "rule"),
    [("git", "build-utils"), ("gcc", "native-toolchain"), ("golang-go", "lang-toolchain")],
)
@pytest.mark.parametrize(
    ("name", "needs", "recommends", "auto", "is_found"),
    [
        pytest.param("server", True, False, (), False, id="a package does not work without it"),
        pytest.param("server", False, True, (), True, id="a package works without it"),
        pytest.param("server-dev", True, False, (), True, id="only a development package needs it"),
        pytest.param("helper", True, False, ("helper",), True, id="what a tool brought needs it"),
        pytest.param("helper", True, False, ("more",), False, id="what a tool needs was also installed by name"),
    ],
)
def test_a_tool_without_which_another_package_does_not_work_stays(
    find: Find, tool: str, rule: str, name: str, needs: bool, recommends: bool, auto: Sequence[str], is_found: bool
) -> None:
    other = Relations(needs=(tool,) * needs, recommends=(tool,) * recommends)
    packages: Packages = {
        f"deb/{tool}": (("usr/bin/tool",), Relations(needs=("helper",))),
        f"deb/{name}": (("usr/bin/other",), other),
    }
    assert _found(find, packages, auto=auto, rule=rule) == ({"/usr/bin/tool"} if is_found else set())


WORLD = b"busybox\n.build-deps\ncurl\npy3-pip@edge\n"
GROUP = Relations(needs=("gcc", "curl", "linux-headers", "py3-pip"))
ALPINE: Packages = {
    "apk/gcc": (("usr/bin/gcc",), Relations(needs=("so:libisl.so.23",))),
    "apk/isl": (("usr/lib/libisl.so.23",), Relations(provides=("so:libisl.so.23",))),
    "apk/curl": (("usr/bin/curl",), Relations()),
    "apk/py3-pip": (("usr/lib/pip",), Relations()),
    "apk/gcc-doc": (("usr/share/gcc",), Relations(installed_with=("gcc",))),
}


def test_a_group_of_build_packages_goes_with_what_only_it_needs(find: Find) -> None:
    packages = {**ALPINE, "apk/.build-deps": ((), GROUP)}
    found = _found(find, packages, file("etc/apk/world", WORLD), rule="orphan-build-group")
    assert found == {"/usr/bin/gcc", "/usr/lib/libisl.so.23", "/usr/share/gcc"}


@pytest.mark.parametrize("name", [".run-deps", ".python-rundeps", ".builder-run-deps"])
def test_a_group_for_run_time_is_kept_on_purpose(find: Find, name: str) -> None:
    packages = {**ALPINE, f"apk/{name}": ((), GROUP)}
    assert _found(find, packages, file("etc/apk/world", WORLD), rule="orphan-build-group") == set()


def test_a_group_of_the_base_is_not_the_users(find: Find) -> None:
    spec = ImageSpec(layers=(layer(file("usr/bin/gcc", b"1")), layer(file("x", b"1"))))
    packages = {"apk/.build-deps": (), "apk/gcc": ("/usr/bin/gcc",)}
    relations = {"apk/.build-deps": GROUP, "apk/gcc": Relations()}
    assert paths_of(find(spec, base_layers=1, packages=packages, relations=relations), "orphan-build-group") == set()


@pytest.mark.parametrize("package", ["deb/python3-pip", "apk/py3-pip", "rpm/python3.11-pip", "deb/npm", "deb/composer"])
def test_package_managers_of_languages_that_the_system_installed(find: Find, package: str) -> None:
    spec = ran(layer(file("usr/lib/it", b"1")))
    assert caught(find, "os-pkg-managers", spec, {package: ("/usr/lib/it",)}) == {"/usr/lib/it"}


@pytest.mark.parametrize(
    ("package", "cmd"),
    [
        pytest.param("deb/npm", ("npm", "start"), id="npm starts the application"),
        pytest.param("deb/python3-pip", ("python3", "-m", "pip", "list"), id="pip as a module"),
        pytest.param("deb/python3-setuptools", (), id="setuptools, which programs import"),
        pytest.param("deb/ruby-bundler", (), id="Bundler, which Rails loads"),
        pytest.param("pypi/pip", (), id="pip's own pip, which is another rule's"),
        pytest.param("pypi/poetry", (), id="poetry that pip installed"),
        pytest.param("npm/yarn", (), id="yarn that npm installed"),
    ],
)
def test_package_managers_that_the_image_uses(find: Find, package: str, cmd: tuple[str, ...]) -> None:
    spec = ran(layer(file("usr/lib/it", b"1")), cmd=cmd)
    assert caught(find, "os-pkg-managers", spec, {package: ("/usr/lib/it",)}) == set()


def test_a_package_without_files_is_no_package_of_which_all_files_go(find: Find) -> None:
    packages = {"deb/meta": (), "deb/perl": ("/usr/bin/perl5",)}
    relations = {"deb/meta": Relations(needs=("perl",)), "deb/perl": Relations()}
    spec = ran(layer(file("usr/bin/perl5", b"1"), _auto("perl")))
    assert paths_of(find(spec, packages=packages, relations=relations), "orphaned-packages") == set()


@pytest.mark.parametrize("kind", ["apk", "rpm"])
@pytest.mark.parametrize(("command", "is_found"), [("apk add git", True), ("apk add git perl", False)])
@pytest.mark.parametrize("world", [True, False])
def test_where_apk_has_no_record_the_words_of_the_instruction_decide(
    find: Find, kind: str, command: str, is_found: bool, world: bool
) -> None:
    members = [file("usr/bin/git", b"1"), file("usr/bin/perl5", b"1")]
    if world and kind == "rpm":
        members += [file("etc/apk/world", b"perl\n"), _auto("other")]
    spec = ImageSpec(layers=(layer(*members),), history=(step(f"RUN {command}"),))
    packages = {f"{kind}/git": ("/usr/bin/git",), f"{kind}/perl": ("/usr/bin/perl5",)}
    relations = {f"{kind}/git": Relations(needs=("perl",)), f"{kind}/perl": Relations()}
    found = paths_of(find(spec, packages=packages, relations=relations), "orphaned-packages")
    assert found == ({"/usr/bin/perl5"} if is_found else set())


def test_what_a_tool_of_the_base_needs_is_no_orphan(find: Find) -> None:
    spec = ran(layer(file("usr/bin/git", b"1")), layer(file("usr/bin/perl5", b"1"), _auto("perl")))
    packages = {"deb/git": ("/usr/bin/git",), "deb/perl": ("/usr/bin/perl5",)}
    relations = {"deb/git": Relations(needs=("perl",)), "deb/perl": Relations()}
    for base_layers, found in ((1, set[str]()), (0, {"/usr/bin/perl5"})):
        result = find(spec, base_layers=base_layers, packages=packages, relations=relations)
        assert paths_of(result, "orphaned-packages") == found


@pytest.mark.parametrize(
    ("library", "beside", "is_found"),
    [
        ("libicu72", "npm", True),
        ("libicu72", "nuget", False),
        ("libicu72", "maven", True),
        ("libgcc-s1", "npm", True),
        ("libgcc-s1", "nuget", False),
        ("libgcc-s1", "maven", False),
    ],
)
def test_a_library_that_a_run_time_loads_by_name_stays_where_there_is_one(
    find: Find, library: str, beside: str, is_found: bool
) -> None:
    packages: Packages = {
        "deb/git": (("usr/bin/git",), Relations(needs=(library,))),
        f"deb/{library}": (("usr/share/it",), Relations()),
        f"{beside}/x": (("app/x",), Relations()),
    }
    assert _found(find, packages, auto=(library,)) == ({"/usr/share/it"} if is_found else set())
