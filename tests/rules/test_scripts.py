"""What surrounds interpreted code: what each rule catches, and what it must not."""

import pytest

from layerscope.model.finding import Severity
from tests.builder import ImageSpec, file, layer
from tests.rules.conftest import Find, caught, copied, of_rule, ran

SITE = "usr/lib/python3/site-packages"


@pytest.mark.parametrize(
    ("rule", "path", "content"),
    [
        pytest.param("tests", f"{SITE}/pandas/tests/frame/test_x.py", b"1", id="a Python package's tests"),
        pytest.param("tests", "app/node_modules/x/__tests__/a.js", b"1", id="JavaScript's tests"),
        pytest.param("tests", "go/src/x/testdata/big.json", b"1", id="Go's test data"),
        pytest.param("bytecode", f"{SITE}/x/__pycache__/a.cpython-311.pyc", b"1", id="bytecode"),
        pytest.param("source-maps", "srv/static/app.js.map", b'{"version":3}', id="an application's source map"),
        pytest.param("source-maps", "app/node_modules/x/y.css.map", b"{}", id="a package's source map"),
    ],
)
def test_rule_catches(find: Find, rule: str, path: str, content: bytes) -> None:
    assert caught(find, rule, copied(layer(file(path, content)))) == {f"/{path}"}


@pytest.mark.parametrize(
    ("rule", "path", "fields"),
    [
        pytest.param("tests", f"{SITE}/numpy/testing/utils.py", {}, id="numpy.testing is imported"),
        pytest.param("tests", f"{SITE}/django/test/client.py", {}, id="django.test is imported"),
        pytest.param("tests", f"{SITE}/astropy/tests/runner.py", {}, id="astropy imports its own tests"),
        pytest.param("tests", "app/tests/test_x.py", {}, id="the application's own folder"),
        pytest.param("tests", f"{SITE}/pandas/tests/test_x.py", {"cmd": ("pytest",)}, id="the image runs tests"),
        pytest.param("bytecode", "app/main.pyc", {}, id="the program itself"),
        pytest.param("source-maps", "srv/world.map", {}, id="another map"),
        pytest.param("source-maps", "srv/app.js.map", {"cmd": ("node", "--enable-source-maps", "x")}, id="for traces"),
        pytest.param(
            "source-maps", "srv/app.js.map", {"env": ("NODE_OPTIONS=--enable-source-maps",)}, id="for traces by Env"
        ),
        pytest.param(
            "source-maps",
            "srv/app.js.map",
            {"cmd": ("node", "-r", "source-map-support/register", "x")},
            id="by a package",
        ),
    ],
)
def test_rule_catches_not(find: Find, rule: str, path: str, fields: dict[str, tuple[str, ...]]) -> None:
    assert caught(find, rule, copied(layer(file(path, b"{}")), **fields)) == set()


def test_a_map_with_the_sources_inside_says_so(find: Find) -> None:
    (finding,) = of_rule(find(copied(layer(file("a/b.js.map", b'{"sourcesContent":["x"]}')))), "source-maps")
    assert (finding.severity, finding.detail) == (Severity.MEDIUM, "1 of 1 with sources inside")


def test_bytecode_and_published_maps_and_tests_weigh_little_and_are_trades(find: Find) -> None:
    members = [
        file("a/__pycache__/x.pyc", b"1"), file("a/node_modules/x/y.js.map", b"{}"), file(f"{SITE}/x/tests/t.py", b"1"),
    ]  # fmt: skip
    findings = find(copied(layer(*members))).findings
    assert {(finding.severity, finding.trade) for finding in findings} == {(Severity.LOW, True)}
    (own,) = find(copied(layer(file("a/__tests__/x.js", b"1")))).findings
    assert not own.trade


_OTHER_FIXES = ("install with `pip install --no-compile`", "set PYTHONDONTWRITEBYTECODE=1 where they are written")


def _bytecode(
    find: Find, spec: ImageSpec, packages: dict[str, tuple[str, ...]], base_layers: int = 0
) -> dict[str, str]:
    """Titles and fixes of the findings, without their common beginning."""
    found = of_rule(find(spec, packages=packages, base_layers=base_layers), "bytecode")
    return {finding.title.removeprefix("compiled copies of Python modules"): finding.fix for finding in found}


SOURCE, COMPILED = f"{SITE}/x/a.py", f"{SITE}/x/__pycache__/a.cpython-311.pyc"
OF_X: dict[str, tuple[str, ...]] = {"pypi/x": (f"/{SOURCE}", f"/{COMPILED}")}


def test_bytecode_that_pip_wrote_can_be_left_out_by_pip(find: Find) -> None:
    found = _bytecode(find, ran(layer(file(SOURCE, b"1"), file(COMPILED, b"2"))), OF_X)
    assert found == {"": f"install with `pip install --no-compile` to avoid /{COMPILED}, if start-up may be slower"}


def test_bytecode_of_a_module_that_was_there_before_was_written_by_running_it(find: Find) -> None:
    spec = ran(layer(file(SOURCE, b"1")), layer(file(COMPILED, b"2")))
    ((title, fix),) = _bytecode(find, spec, OF_X, base_layers=1).items()
    assert title == " that running Python wrote"
    assert fix.startswith("set PYTHONDONTWRITEBYTECODE=1 before `RUN make` to avoid")


def test_bytecode_of_the_project_is_written_by_python(find: Find) -> None:
    members = (file("app/a.py", b"1"), file("app/__pycache__/a.cpython-311.pyc", b"2"))
    assert list(_bytecode(find, copied(layer(*members)), {})) == [" of the project"]


def test_bytecode_of_pip_in_an_environment_is_of_ensurepip(find: Find) -> None:
    packages = {"pypi/setuptools": OF_X["pypi/x"]}
    members = (file(SOURCE, b"1"), file(COMPILED, b"2"))
    assert list(_bytecode(find, ran(layer(*members)), packages)) == [""]
    assert list(_bytecode(find, ran(layer(*members, file("usr/lib/pyvenv.cfg", b"x"))), packages)) == [
        " that come with a virtual environment"
    ]
    assert list(_bytecode(find, ran(layer(*members, file("usr/lib/pyvenv.cfg", b"x"))), OF_X)) == [""]


def test_bytecode_of_the_bases_pip_is_no_package_manager_of_ones_own(find: Find) -> None:
    spec = ran(layer(file(SOURCE, b"1")), layer(file(COMPILED, b"2")))
    found = find(spec, packages={"pypi/pip": OF_X["pypi/x"]}, base_layers=1)
    assert [(one.rule, one.source) for one in found.findings] == [("py-managers", "base"), ("bytecode", "run")]


@pytest.mark.parametrize(
    ("owned", "of_system"),
    [
        pytest.param({"deb/x": ("/lib/p/x.py",)}, True, id="a package of the system owns the source, as Debian's"),
        pytest.param({"rpm/x": ("/lib/p/__pycache__/x.cpython-311.pyc",)}, True, id="it owns the copy, as Fedora's"),
        pytest.param({"pypi/x": ("/lib/p/x.py", "/lib/p/__pycache__/x.cpython-311.pyc")}, False, id="pip's"),
        pytest.param({}, False, id="nobody's"),
    ],
)
def test_bytecode_of_the_systems_packages_has_another_fix(
    find: Find, owned: dict[str, tuple[str, ...]], of_system: bool
) -> None:
    members = layer(file("lib/p/x.py", b"1"), file("lib/p/__pycache__/x.cpython-311.pyc", b"2"))
    (finding,) = of_rule(find(ran(members), packages=owned), "bytecode")
    assert finding.title.endswith("of the system's packages") == of_system
    assert finding.fix.startswith("delete every `__pycache__`" if of_system else _OTHER_FIXES)


def test_maps_of_an_application_say_how_many_have_sources(find: Find) -> None:
    members = [file(f"srv/{name}.js.map", content) for name, content in (("a", b'{"sourcesContent":1}'), ("b", b"{}"))]
    others = [file("srv/c.js.map", b"x"), file("srv/site-packages/x/d.js.map", b"{}"), file("srv/own/e.js.map", b"{}")]
    spec = copied(layer(*members, *others))
    found = of_rule(find(spec, packages={"npm/own": ("/srv/own/e.js.map",)}), "source-maps")
    assert [(one.detail, one.trade, [path.path for path in one.paths]) for one in found] == [
        ("1 of 2 with sources inside", False, ["/srv/a.js.map", "/srv/b.js.map"]),
        ("", True, ["/srv/own/e.js.map", "/srv/site-packages/x/d.js.map"]),
    ]
    (plain,) = of_rule(find(copied(layer(members[1]))), "source-maps")
    assert plain.detail == ""


def test_tests_of_the_application_and_of_packages_are_told_apart(find: Find) -> None:
    members = (file("app/__tests__/a.js", b"1"), file("app/own/__tests__/b.js", b"1"), file(f"{SITE}/x/tests/c.py", b"1"),
               file("usr/lib/x/testdata/d", b"1"), file("srv/testdata/e", b"1"))  # fmt: skip
    found = of_rule(find(copied(layer(*members)), packages={"npm/own": ("/app/own/__tests__/b.js",)}), "tests")
    assert [(one.trade, [path.path for path in one.paths]) for one in found] == [
        (False, ["/app/__tests__/a.js", "/srv/testdata/e"]),
        (True, ["/app/own/__tests__/b.js", f"/{SITE}/x/tests/c.py"]),
    ]


def test_bytecode_of_the_base_and_of_dependencies_is_of_an_installation(find: Find) -> None:
    members = layer(file("app/a.py", b"1"), file("app/__pycache__/a.cpython-311.pyc", b"2"))
    assert list(_bytecode(find, ran(members, layer(file("x", b"1"))), {}, base_layers=1)) == [""]
    others = layer(file(f"{SITE}/a.py", b"1"), file(f"{SITE}/__pycache__/a.cpython-311.pyc", b"2"))
    assert list(_bytecode(find, ran(others), {})) == [""]


def test_tests_and_bytecode_of_all_instructions_are_one_finding_of_each_kind(find: Find) -> None:
    layers = [
        layer(
            file(f"app/{name}/__tests__/a.js", b"1"),
            file(f"{SITE}/{name}/tests/b.py", b"1"),
            file(f"app/{name}/__pycache__/c.cpython-311.pyc", b"1"),
        )
        for name in ("x", "y")
    ]
    found = find(ran(*layers)).findings
    assert sorted((one.rule, one.trade, one.layers, one.instruction) for one in found) == [
        ("bytecode", True, (0, 1), None),
        ("tests", False, (0, 1), None),
        ("tests", True, (0, 1), None),
    ]
