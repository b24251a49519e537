"""What rules ask of an image: whose a file is, what lies where, what the image starts."""

import pytest
from msgspec import structs

from layerscope.model.entry import Kind
from layerscope.model.finding import Severity
from layerscope.rules.claims import Claims, by_layer
from layerscope.rules.ownership import (
    by_instruction,
    compiles_at_run_time,
    has_package,
    is_buried,
    is_of_test,
    is_owned,
    is_packaged,
    is_snakeoil,
    is_vendored,
    listing,
    loose,
    owned_by,
    starts,
    users_files,
)
from layerscope.rules.rule import RuleContext, RuleMatch
from layerscope.rules.views import (
    calls,
    compiled_from,
    content_bytes,
    files,
    is_written_by_running,
    living,
    made_by,
    named_below,
    runs_dotnet,
    under,
    weight,
    within,
)
from tests.builder import ImageSpec, directory, fifo, file, hardlink, layer, symlink, whiteout
from tests.rules.conftest import Looked, ran, step


def _paths(context: RuleContext, numbers: "tuple[int, ...] | list[int]") -> list[str]:
    return [context.filesystem.paths[number] for number in numbers]


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("/app/node_modules/x.js", True), ("/app/node_modules", False), ("/usr/lib/python3/x.py", True),
        ("/opt/x/lib/node/x", True), ("/opt/x/y/lib/node/x", False), ("/usr/local/go/x", True), ("/srv/gems/x-1.0/a", True),
        ("/srv/gems/x/a", False), ("/app/main.py", False), ("/usr/share/perl/x", True),
    ],
)  # fmt: skip
def test_which_paths_are_of_others(path: str, found: bool) -> None:
    assert is_vendored(path) == found


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("/app/tests/a", True), ("/app/TESTS/a", True), ("/tests/a", False), ("/app/test_a.py", True),
        ("/app/latest/a", False), ("/app/a.spec.ts", True), ("/app/a_test.go", True), ("/app/contest.go", False),
    ],
)  # fmt: skip
def test_which_paths_are_of_tests(path: str, found: bool) -> None:
    assert is_of_test(path) == found


def test_a_snakeoil_key_has_it_in_its_own_name() -> None:
    assert is_snakeoil("/etc/ssl/ssl-cert-snakeoil.key")
    assert not is_snakeoil("/etc/snakeoil/server.key")


def test_whose_a_version_is(look: Looked) -> None:
    lower = layer(file("a", b"1"), file("b", b"1"), file("c", b"1"), file("d", b"1"))
    upper = layer(file("b", b"2"), whiteout("c"), file("e", b"1"))
    context = look(ran(lower, upper), packages={"deb/x": ("/a", "/b"), "ebuild/y": ("/d",), "npm/z": ("/e",)})
    owned = {path: is_packaged(context, n) for n, path in enumerate(context.filesystem.paths)}
    lowest = {path: is_packaged(context, n) for n, path in reversed(list(enumerate(context.filesystem.paths)))}
    assert (owned["/a"], owned["/b"], owned["/c"], owned["/d"], owned["/e"]) == (True, True, False, True, False)
    assert lowest["/b"], "a package owns what is at its path now"
    buried = [n for n in range(len(context.filesystem)) if is_buried(context, n)]
    assert _paths(context, buried) == ["/b", "/c"]
    live = context.filesystem.live
    assert [is_owned(context, live[path]) for path in ("/a", "/e")] == [True, True]
    free = look(ran(lower, upper), packages={"npm/z": ("/e",)})
    assert not is_owned(free, free.filesystem.live["/a"])
    assert _paths(free, loose(free, range(len(free.filesystem)))) == ["/a", "/d", "/b"]
    deleted = context.filesystem.paths.index("/c")
    context.catalog.owners[deleted] = 0
    assert is_packaged(context, deleted), "a package that was removed owned it"
    context.catalog.owners.pop()
    assert not is_packaged(context, live["/e"]), "an entry of which the catalogue knows nothing"


def test_the_users_files(look: Looked) -> None:
    members = (
        directory("d"), symlink("s", "a"), fifo("f"), file("a", b"1"), hardlink("h", "a"), file("e"), hardlink("i", "e"),
        file("node_modules/x", b"1"), file("p", b"1"), file("z", b"1"),
    )  # fmt: skip
    context = look(ran(layer(*members)), packages={"deb/x": ("/p",), "npm/y": ("/z",)})
    assert [path for _, path in users_files(context)] == ["/a", "/h", "/z"]
    assert [path for _, path in users_files(context, vendored=True)] == ["/a", "/h", "/node_modules/x", "/z"]
    assert all(context.filesystem.paths[number] == path for number, path in users_files(context))


def test_packages_by_the_instruction_that_brought_them(look: Looked) -> None:
    layers = [layer(file(name, b"1"), file(f"{name}2", b"1")) for name in "abcd"]
    context = look(
        ran(*layers), base_layers=2, packages={"deb/x": ("/a", "/c"), "npm/z": ("/b", "/d2"), "deb/w": ("/c2",)}
    )
    owned = owned_by(context, [0, 1, 2, 3])
    assert {index: _paths(context, numbers) for index, numbers in owned.items()} == {
        0: ["/a", "/c"], 1: ["/b", "/d2"], 2: ["/c2"],
    }  # fmt: skip
    assert [(_paths(context, numbers), names) for numbers, names in by_instruction(context, owned)] == [
        (["/a", "/b"], "x, z"),
        (["/c", "/c2"], "w, x"),
        (["/d2"], "z"),
    ]


def test_a_listing_of_names_is_short() -> None:
    assert listing("cabbage") == "a, b, c, e, g"
    assert listing("abcdef") == "a, b, c, d, e, f"
    assert listing("abcdefgh") == "a, b, c, d, e, f and 2 more"
    assert listing([]) == ""


@pytest.mark.parametrize(
    ("cmd", "found"),
    [(("tool",), True), (("/x/tool",), True), (("Some_Name",), True), (("data",), False), (("other",), False)],
)
def test_whether_the_image_starts_a_package(look: Looked, cmd: tuple[str, ...], found: bool) -> None:
    context = look(ran(layer(file("usr/bin/tool", b"1"), file("usr/share/data", b"1")), cmd=cmd))
    assert starts(context, ["some-name"], [range(len(context.filesystem))]) == found


def test_which_packages_are_installed(look: Looked) -> None:
    packages = {"pypi/GitPython": ("/a",), "npm/numba": ("/b",), "pypi/x": ("/c",)}
    context = look(ran(layer(*(file(name, b"1") for name in "abc"))), packages=packages)
    names = frozenset({"gitpython"})
    assert has_package(context, "pypi", "npm", names=names)
    assert not has_package(context, "npm", names=names)
    assert not has_package(context, "pypi", names=frozenset({"git"}))
    assert not compiles_at_run_time(context)
    for name, found in (("Numba", True), ("cupy-cuda12x", True), ("cupy-other", False), ("torch", True)):
        context = look(
            ran(layer(file("a", b"1"), file("b", b"1"))), packages={"pypi/z": ("/a",), f"pypi/{name}": ("/b",)}
        )
        assert compiles_at_run_time(context) == found


def test_what_lies_below_directories(look: Looked) -> None:
    members = (
        file("a/x", b"1"),
        file("a/b/y", b"22"),
        file("ab/z", b"1"),
        directory("a/d"),
        symlink("a/l", "x"),
        file("c", b"1"),
    )
    context = look(ran(layer(*members), layer(whiteout("a/x"))))
    assert _paths(context, under(context, {"/a"})) == ["/a/b/y", "/a/d", "/a/l"]
    assert under(context, set()) == ()
    assert _paths(context, files(context, [*under(context, {"/a"}), *under(context, {"/a"})])) == ["/a/b/y"]
    assert "/a/x" not in _paths(context, living(context))
    assert content_bytes(context, under(context, {"/a"})) == 2
    assert [within(path, {"/a"}) for path in ("/a/x", "/a/b/c", "/a", "/ab/x", "/", "x")] == [True, True] + [False] * 4
    kinds = {context.filesystem.kinds[number] for number in files(context, range(len(context.filesystem)))}
    assert kinds == {Kind.FILE}


def test_what_was_compiled_from_what(look: Looked) -> None:
    lower = layer(file("p/a.py", b"1"), file("p/b.py", b"1"), file("p/__pycache__/b.cpython-311.pyc", b"1"))
    upper = layer(
        file("p/__pycache__/a.cpython-311.opt-1.pyc", b"1"), file("p/a.pyc", b"1"), file("p/__pycache__/c.pyc", b"1")
    )
    context = look(ran(lower, upper))
    found = {
        path: compiled_from(context, n) for n, path in enumerate(context.filesystem.paths) if path.endswith(".pyc")
    }
    live = context.filesystem.live
    assert found == {
        "/p/__pycache__/b.cpython-311.pyc": live["/p/b.py"],
        "/p/__pycache__/a.cpython-311.opt-1.pyc": live["/p/a.py"],
        "/p/a.pyc": None,
        "/p/__pycache__/c.pyc": None,
    }
    running = [path for path in found if is_written_by_running(context, live[path])]
    assert running == ["/p/__pycache__/a.cpython-311.opt-1.pyc"]


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"cmd": ("/tmp/x/", "/tmp", "/tmpx/y", "/srv")}, {"/tmp/x/"}),
        ({"env": ("A=/srv:/tmp/a:/var/tmp/b/", "/tmp/n=1")}, {"/tmp/a/", "/var/tmp/b/"}),
        ({"working_dir": "/tmp/w"}, {"/tmp/w/"}),
        ({}, set()),
    ],
)
def test_what_is_named_below_a_directory(look: Looked, fields: dict[str, tuple[str, ...]], named: set[str]) -> None:
    context = look(ImageSpec(layers=(layer(),), **{"env": (), **fields}))  # type: ignore[arg-type]
    assert set(named_below(context, "/tmp", "/var/tmp")) == named


@pytest.mark.parametrize(
    ("cmd", "found"),
    [(("dotnet", "run"), True), (("dotnet", "watch"), True), (("dotnet", "x"), False), (("npm", "run"), False)],
)
def test_whether_dotnet_builds(look: Looked, cmd: tuple[str, ...], found: bool) -> None:
    assert runs_dotnet(look(ran(layer(), cmd=cmd))) == found
    assert runs_dotnet(look(ran(layer(), cmd=cmd)), "x") == (cmd[0] == "dotnet")


@pytest.mark.parametrize(
    ("total", "severity"),
    [
        (0, Severity.LOW),
        (99_999, Severity.LOW),
        (100_000, Severity.MEDIUM),
        (9_999_999, Severity.MEDIUM),
        (10_000_000, Severity.HIGH),
    ],
)
def test_waste_weighs_by_its_bytes(total: int, severity: Severity) -> None:
    assert weight(total) == severity


def test_the_instruction_that_made_a_layer(look: Looked) -> None:
    history = (step("COPY a /", empty_layer=False), step("ENV A=1", empty_layer=True), step("RUN make"))
    context = look(ImageSpec(layers=(layer(), layer(file("x", b"1"))), history=history))
    made = [made_by(context, number) for number in range(3)]
    assert [one and one.kind for one in made] == ["COPY", "RUN", None]
    context = look(ImageSpec(layers=(layer(), layer(file("x", b"1"))), history=history))
    context.instructions = tuple(structs.replace(one, joined=True) for one in context.instructions)
    assert made_by(context, 0) is None
    assert calls(look(ran(layer(), cmd=("a", "b"))), "x", "b") and not calls(look(ran(layer(), cmd=("a",))), "x")


def test_versions_by_layer(look: Looked) -> None:
    filesystem = look(ran(layer(file("a", b"1"), file("b", b"1")), layer(), layer(file("c", b"1")))).filesystem
    assert list(by_layer(filesystem, [2, 1, 0, 1])) == [(0, [0, 1]), (2, [2])]
    assert list(by_layer(filesystem, [1])) == [(0, [1])]
    assert list(by_layer(filesystem, [])) == []


def test_hidden_bytes_that_no_finding_has_claimed(look: Looked) -> None:
    context = look(
        ran(layer(file("a", b"1"), file("b", b"22"), file("c", b"333")), layer(whiteout("a"), whiteout("b")))
    )
    claims = Claims(context.filesystem, context.claimed)
    assert [claims.hidden_unclaimed(number) for number in (0, 1)] == [3, 0]
    claims.take(RuleMatch(versions=(1, 2)))
    assert [claims.hidden_unclaimed(number) for number in (0, 1)] == [1, 0]
    assert list(context.claimed[:3]) == [0, 1, 1]
