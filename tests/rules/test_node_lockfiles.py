"""Lockfiles of yarn and pnpm: the graph that they hold, and what only development needs by it."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from layerscope.rules.node_lockfiles import GRAPHS, only_development, pnpm_graph, yarn_graph
from tests.builder import Member, file, layer
from tests.memory import peak_of
from tests.rules.conftest import Find, caught, copied, of_rule

CLASSIC = """\
# yarn lockfile v1

"@babel/core@^7.0.0", "@babel/core@^7.1.0":
  version "7.1.0"
  dependencies:
    "@babel/types" "^7.0.0"
    debug "^4.0.0"

"@babel/types@^7.0.0":
  version "7.0.1"

debug@^4.0.0:
  version "4.0.0"
  optionalDependencies:
    ms "2"

ms@2:
  version "2.0.0"

express@^4:
  version "4.0.0"
  dependencies:
    debug "^4.0.0"
"""
BERRY = """\
__metadata:
  version: 8

"@babel/core@npm:^7.0.0":
  version: 7.1.0
  resolution: "@babel/core@npm:7.1.0"
  dependencies:
    "@babel/types": "npm:^7.0.0"
    debug: "npm:^4.0.0"
  checksum: 1
  languageName: node

"@babel/types@npm:^7.0.0":
  version: 7.0.1

"debug@npm:^4.0.0":
  version: 4.0.0
  dependencies:
    ms: "npm:2"

"ms@npm:2":
  version: 2.0.0

"express@npm:^4":
  version: 4.0.0
  dependencies:
    debug: "npm:^4.0.0"
"""
PNPM_9 = """\
lockfileVersion: '9.0'

importers:

  .:
    dependencies:
      express:
        specifier: ^4
        version: 4.0.0

packages:

  '@babel/core@7.1.0':
    resolution: {integrity: sha512-x}

snapshots:

  '@babel/core@7.1.0(supports-color@5.5.0)':
    dependencies:
      '@babel/types': 7.0.1
      debug: 4.0.0

  '@babel/types@7.0.1': {}

  debug@4.0.0:
    optionalDependencies:
      ms: 2.0.0

  ms@2.0.0: {}

  express@4.0.0:
    dependencies:
      debug: 4.0.0
"""
PNPM_6 = """\
lockfileVersion: '6.0'

packages:

  /@babel/core@7.1.0:
    resolution: {integrity: sha512-x}
    dependencies:
      '@babel/types': 7.0.1
      debug: 4.0.0
    dev: true

  /@babel/types@7.0.1:
    dev: true

  /debug@4.0.0:
    dependencies:
      ms: 2.0.0

  /ms@2.0.0:
    resolution: {integrity: sha512-y}

  /express@4.0.0:
    dependencies:
      debug: 4.0.0
"""
GRAPH = {
    "@babel/core": {"@babel/types", "debug"},
    "@babel/types": set[str](),
    "debug": {"ms"},
    "ms": set[str](),
    "express": {"debug"},
}
MANIFEST = b'{"dependencies":{"express":"^4"},"devDependencies":{"@babel/core":"^7"}}'
DIALECTS = [
    pytest.param("yarn.lock", CLASSIC, id="classic yarn"),
    pytest.param("yarn.lock", BERRY, id="yarn berry"),
    pytest.param("pnpm-lock.yaml", PNPM_9, id="pnpm 9"),
    pytest.param("pnpm-lock.yaml", PNPM_6, id="pnpm 6"),
]


@pytest.mark.parametrize(("name", "text"), DIALECTS)
def test_a_lockfile_is_a_graph(name: str, text: str) -> None:
    graph = GRAPHS[name](text)
    assert {package: set(needs) for package, needs in graph.items() if package != "__metadata"} == GRAPH


@pytest.mark.parametrize(("name", "text"), DIALECTS)
def test_what_production_needs_too_is_not_developments(name: str, text: str) -> None:
    assert only_development(MANIFEST, GRAPHS[name](text)) == {"@babel/core", "@babel/types"}


def test_a_lockfile_of_another_project_says_nothing() -> None:
    assert only_development(b'{"dependencies":{"koa":"2"},"devDependencies":{"ms":"2"}}', yarn_graph(CLASSIC)) == set()


@pytest.mark.parametrize(("name", "text"), DIALECTS)
def test_members_of_a_workspace_have_development_packages_of_their_own(name: str, text: str) -> None:
    root, graph = b'{"dependencies":{"express":"^4"}}', GRAPHS[name](text)
    member = b'{"devDependencies":{"@babel/core":"^7","vite":"5"}}'
    assert only_development(root, graph, [member]) == {"@babel/core", "@babel/types"}
    needing = b'{"dependencies":{"@babel/core":"^7"}}'
    assert only_development(root, graph, [member, needing]) == set()


@given(st.text(alphabet=' \n"@/:abc{}', max_size=300))
def test_any_text_is_read(text: str) -> None:
    for graph in (yarn_graph("packages:\n" + text), pnpm_graph("packages:\n" + text)):
        assert all(isinstance(need, str) for needs in graph.values() for need in needs)


@pytest.mark.parametrize(
    ("text", "graph"),
    [
        pytest.param('a@1:\n  dependencies:\n    b "1"\n  other:\n    c "1"\n', {"a": {"b"}}, id="another section"),
        pytest.param('a@1:\n  peerDependencies:\n    b "1"\n', {"a": {"b"}}, id="peers"),
        pytest.param('a@1:\n  dependencies:\n# no\n    b "1"\n', {"a": {"b"}}, id="a comment between"),
        pytest.param('a@1:\n  dependencies:\n    b "1"\nodd:\n  dependencies:\n    c "1"\n', {"a": {"b"}}, id="no key"),
        pytest.param('a@1:\n  dependencies:\na@2:\n    b "1"\n', {"a": set()}, id="a need without a section"),
        pytest.param('a@1:\n  dependencies:\n    b "1"\na@2:\n  dependencies:\n    c "1"\n', {"a": {"b", "c"}}, id="two versions"),
    ],
)  # fmt: skip
def test_what_an_entry_of_yarn_needs(text: str, graph: dict[str, set[str]]) -> None:
    assert {name: set(needs) for name, needs in yarn_graph(text).items()} == graph


@pytest.mark.parametrize(
    ("text", "graph"),
    [
        pytest.param("packages:\n  a@1:\n    dependencies:\n      b: 1\n    other:\n      c: 1\n", {"a": {"b"}}, id="another section"),
        pytest.param("packages:\n  a@1:\n    transitivePeerDependencies:\n      b: 1\n", {"a": {"b"}}, id="peers"),
        pytest.param("other:\n  a@1:\n    dependencies:\n      b: 1\n", {}, id="outside of the packages"),
        pytest.param("packages:\n  a@1:\nother:\n  b@1:\n", {"a": set()}, id="behind the packages"),
        pytest.param("packages: \n  a@1:\n    dependencies:\n  c@1:\n      b: 1\n", {"a": set(), "c": set()}, id="no section"),
        pytest.param("packages:\n  a@1:\n    dependencies:\nsnapshots:\n  a@1:\n    dependencies:\n      b: 1\n", {"a": {"b"}}, id="both"),
    ],
)  # fmt: skip
def test_what_an_entry_of_pnpm_needs(text: str, graph: dict[str, set[str]]) -> None:
    assert {name: set(needs) for name, needs in pnpm_graph(text).items()} == graph


def test_a_package_that_needs_nothing_takes_a_hundred_bytes() -> None:
    keys = "packages:\n" + "".join(f"  a{number}@1:\n" for number in range(20_000))
    assert peak_of(lambda: pnpm_graph(keys)) < 6_500_000


@pytest.mark.parametrize(
    ("manifest", "members", "found"),
    [
        pytest.param({"devDependencies": {"a": "1"}}, [], {"a", "b"}, id="followed"),
        pytest.param({"devDependencies": {"a": "1"}, "dependencies": {"b": "1"}}, [], {"a"}, id="production needs it"),
        pytest.param({"devDependencies": {"a": "1"}, "optionalDependencies": {"b": "1"}}, [], {"a"}, id="optional"),
        pytest.param({"devDependencies": {"a": "1"}, "peerDependencies": {"a": "1"}}, [], set(), id="a peer"),
        pytest.param(
            {"devDependencies": {"a": "1"}, "optionalDependencies": {"x": "1"}}, [], {"a", "b"}, id="not there"
        ),
        pytest.param({"devDependencies": {"a": "1"}, "dependencies": {"x": "1"}}, [], set(), id="another lockfile"),
        pytest.param({"devDependencies": {"x": "1"}}, [], {"x"}, id="not in the lockfile"),
        pytest.param({"devDependencies": ["a"]}, [], set(), id="no table"),
        pytest.param({"devDependencies": {"a": "1"}, "workspaces": []}, [], set(), id="a workspace of unknown members"),
        pytest.param({"workspaces": []}, [{"devDependencies": {"a": "1", "x": "1"}}], {"a", "b"}, id="a member's"),
        pytest.param(
            {"devDependencies": {"a": "1"}}, [{"peerDependencies": {"b": "1"}}], {"a"}, id="a member needs it"
        ),
    ],
)
def test_what_only_development_needs(manifest: object, members: list[object], found: set[str]) -> None:
    graph = yarn_graph('a@1:\n  dependencies:\n    b "1"\nb@1:\n')
    assert only_development(_json(manifest), graph, map(_json, members)) == found


def _json(value: object) -> bytes:
    return json.dumps(value).encode()


def _modules(*paths: str) -> list[Member]:
    return [file(f"app/node_modules/{path}", b"{}") for path in paths]


FLAT = _modules("express/package.json", "debug/package.json", "@babel/core/package.json", "@babel/core/lib/index.js")
STORE = _modules(
    ".pnpm/express@4.0.0/node_modules/express/package.json",
    ".pnpm/@babel+core@7.1.0/node_modules/@babel/core/package.json",
)


@pytest.mark.parametrize(
    ("name", "text", "modules", "found"),
    [
        pytest.param(
            "yarn.lock",
            CLASSIC,
            FLAT,
            {"/app/node_modules/@babel/core/package.json", "/app/node_modules/@babel/core/lib/index.js"},
            id="yarn's flat folder",
        ),
        pytest.param(
            "pnpm-lock.yaml",
            PNPM_9,
            STORE,
            {"/app/node_modules/.pnpm/@babel+core@7.1.0/node_modules/@babel/core/package.json"},
            id="pnpm's store of links",
        ),
        pytest.param("yarn.lock", CLASSIC, FLAT[:2], set(), id="nothing of it is installed"),
    ],
)
def test_installed_packages_of_development_are_found(
    find: Find, name: str, text: str, modules: list[Member], found: set[str]
) -> None:
    members = [file(f"app/{name}", text.encode()), file("app/package.json", MANIFEST), *modules]
    assert caught(find, "node-dev-deps", copied(layer(*members))) == found


def test_without_its_manifest_a_lockfile_says_nothing(find: Find) -> None:
    assert caught(find, "node-dev-deps", copied(layer(file("app/yarn.lock", CLASSIC.encode()), *FLAT))) == set()


def test_the_fix_names_the_tool(find: Find) -> None:
    spec = copied(layer(file("app/pnpm-lock.yaml", PNPM_6.encode()), file("app/package.json", MANIFEST), *STORE))
    (finding,) = of_rule(find(spec), "node-dev-deps")
    assert "`pnpm install --prod`" in finding.fix
    assert finding.detail == "by /app/pnpm-lock.yaml: @babel/core"
