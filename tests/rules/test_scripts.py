"""What surrounds interpreted code: what each rule catches, and what it must not."""

import pytest

from layerscope.model.finding import Severity
from tests.builder import file, layer
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
    assert finding.fix.startswith("delete every `__pycache__`" if of_system else "use `pip install --no-compile`")
