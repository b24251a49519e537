"""What only the work on a project needs: found at its top, unless something names it."""

import pytest

from layerscope.model.finding import FindingKind, Severity
from tests.builder import ImageSpec, Member, file, layer, symlink
from tests.rules.conftest import Find, caught, copied, of_rule, paths_of, ran, step

RULE = "project-files"
MANIFEST = file("app/requirements.txt", b"flask\n")
CODE = file("app/main.py", b"import flask\n")
TESTS = (file("app/tests/test_main.py", b"def test(): pass\n"), file("app/tests/data/big.json", b"[1]"))
DATABASE = b"SQLite format 3\0" + bytes(84)


@pytest.mark.parametrize(
    "path",
    [
        "app/docs/manual.pdf", "app/doc/a.md", "app/htmlcov/index.html", "app/.coverage", "app/coverage.xml",
        "app/.nyc_output/x.json", "app/logs/dev.log", "app/log/development.log.1", "app/debug.log",
        "app/.pytest_cache/v/cache/nodeids", "app/.mypy_cache/3.11/x.json", "app/.ruff_cache/x", "app/.tox/py/x",
        "app/.eslintcache", "app/.gitignore", "app/README.md", "app/CHANGELOG",
    ],
)  # fmt: skip
def test_what_only_the_work_on_a_project_needs(find: Find, path: str) -> None:
    assert caught(find, RULE, copied(layer(MANIFEST, CODE, file(path, b"x")))) == {f"/{path}"}


@pytest.mark.parametrize(
    "name",
    [
        "tests/test_a.py",
        "test/a.test.ts",
        "spec/models/user_spec.rb",
        "e2e/a.spec.js",
        "cypress/a.cy.js",
        "tests/ATest.php",
        "test/app.e2e-spec.ts",
    ],
)
def test_a_directory_of_tests_is_known_by_a_test_in_it(find: Find, name: str) -> None:
    other = f"app/{name.partition('/')[0]}/other"
    spec = copied(layer(MANIFEST, CODE, file(f"app/{name}", b"1"), file(other, b"2")))
    assert caught(find, RULE, spec) == {f"/app/{name}", f"/{other}"}
    assert caught(find, RULE, copied(layer(MANIFEST, CODE, file(other, b"2")))) == set()


@pytest.mark.parametrize(
    ("name", "found"),
    [("dev.sqlite3", True), ("app_test.db", True), ("local.sqlite", True), ("db.sqlite3", False), ("latest.db", False)],
)
def test_only_a_database_named_after_development_is_one(find: Find, name: str, found: bool) -> None:
    spec = copied(layer(MANIFEST, CODE, file(f"app/{name}", DATABASE)))
    assert (caught(find, RULE, spec) == {f"/app/{name}"}) == found
    assert caught(find, RULE, copied(layer(MANIFEST, CODE, file(f"app/{name}", b"x" * 100)))) == set()


def test_a_directory_called_coverage_needs_a_report_in_it(find: Find) -> None:
    source = file("app/coverage/model.py", b"class Coverage: pass\n")
    assert caught(find, RULE, copied(layer(MANIFEST, CODE, source))) == set()
    report = file("app/coverage/lcov.info", b"TN:")
    assert caught(find, RULE, copied(layer(MANIFEST, CODE, report))) == {"/app/coverage/lcov.info"}


@pytest.mark.parametrize(
    ("path", "code"),
    [
        pytest.param("app/tests/test_a.py", b"from tests.helpers import x\n", id="an import"),
        pytest.param("app/tests/test_a.py", b"import tests\n", id="an import of all"),
        pytest.param("app/tests/test_a.py", b"INSTALLED_APPS = ['tests.app']\n", id="a dotted name"),
        pytest.param("app/tests/test_a.py", b'DATA = "tests/data.json"\n', id="a path in quotes"),
        pytest.param("app/docs/manual.pdf", b'send_file(BASE / "docs" / name)\n', id="a name in quotes"),
        pytest.param(
            "app/docs/manual.pdf", b"app.mount('/x', StaticFiles(directory='./docs'))\n", id="a relative path"
        ),
        pytest.param("app/logs/dev.log", b'FileHandler("/app/logs/dev.log")\n', id="an absolute path"),
        pytest.param("app/dev.sqlite3", b'connect("sqlite:///dev.sqlite3")\n', id="a database's name"),
        pytest.param("app/README.md", b'text = open("README.md").read()\n', id="the README is shown"),
    ],
)
def test_what_the_projects_code_names_is_in_use(find: Find, path: str, code: bytes) -> None:
    members = (MANIFEST, file("app/main.py", code), file(path, DATABASE))
    assert caught(find, RULE, copied(layer(*members))) == set()
    assert caught(find, RULE, copied(layer(MANIFEST, CODE, file(path, DATABASE)))) == {f"/{path}"}


@pytest.mark.parametrize(
    ("setting", "text"),
    [
        pytest.param("app/logging.ini", b"[handler]\nfile = logs/app.log\n", id="ini"),
        pytest.param("app/config.yaml", b"log:\n  directory: logs\n", id="yaml"),
        pytest.param("app/supervisord.conf", b"stdout_logfile=/app/logs/x.log\n", id="an absolute path"),
    ],
)
def test_what_the_projects_settings_name_is_in_use(find: Find, setting: str, text: bytes) -> None:
    members = (MANIFEST, CODE, file("app/logs/dev.log", b"x"), file(setting, text))
    assert caught(find, RULE, copied(layer(*members))) == set()


@pytest.mark.parametrize(
    ("path", "text"),
    [
        pytest.param("app/tests/conftest.py", b"from tests.x import y\n", id="a test"),
        pytest.param("app/package.json", b'{"scripts": {"test": "jest tests/"}}', id="package.json"),
        pytest.param("app/pyproject.toml", b'testpaths = ["tests"]\n', id="pyproject.toml"),
        pytest.param("app/node_modules/x/index.js", b"require('../tests/x')\n", id="a dependency"),
        pytest.param("app/.github/workflows/ci.yml", b"run: pytest tests/\n", id="a workflow"),
        pytest.param("app/.tox/py/run.py", b"open('tests/data/big.json')\n", id="a cache"),
        pytest.param("app/docs/conf.py", b"path = '../tests'\n", id="the documents"),
    ],
)
def test_what_development_names_is_not_in_use(find: Find, path: str, text: bytes) -> None:
    spec = copied(layer(MANIFEST, CODE, *TESTS, file(path, text)))
    assert "/app/tests/test_main.py" in caught(find, RULE, spec)


@pytest.mark.parametrize(
    ("fields", "members"),
    [
        pytest.param({"cmd": ("python", "tests/serve.py")}, (), id="the command names it"),
        pytest.param({"cmd": ("python", "-m", "tests.serve")}, (), id="the command names a module of it"),
        pytest.param({"cmd": ("pytest",)}, (), id="the image runs tests"),
        pytest.param({"cmd": ("npm", "run", "test:all")}, (), id="a script of tests"),
        pytest.param({"cmd": ("npm", "test")}, (), id="the tests"),
        pytest.param({"entrypoint": ("sh",)}, (), id="the image starts a shell"),
        pytest.param({"cmd": ("/usr/bin/python3",)}, (), id="the image starts an interpreter alone"),
        pytest.param({"env": ("DATA=/app/tests/data",)}, (), id="Env names it"),
        pytest.param({"working_dir": "/app/tests"}, (), id="the image works there"),
        pytest.param({"config_extra": {"config": {"Volumes": {"/app/tests": {}}}}}, (), id="a volume"),
        pytest.param({}, (symlink("srv/data", "/app/tests/data"),), id="a symlink leads into it"),
    ],
)
def test_what_the_image_names_is_in_use(find: Find, fields: dict[str, object], members: tuple[Member, ...]) -> None:
    assert not caught(find, RULE, copied(layer(MANIFEST, CODE, *TESTS, *members), **fields))


@pytest.mark.parametrize(
    ("members", "fields"),
    [
        pytest.param((file("app/docs/index.html", b"<p>"),), {}, id="a site in it"),
        pytest.param((file("app/docs/openapi.yaml", b"x"),), {}, id="a specification"),
        pytest.param((file("app/docs/docs.go", b"x"),), {}, id="a package"),
        pytest.param((file("app/docusaurus.config.js", b"x"),), {}, id="a site of documents"),
        pytest.param((), {"cmd": ("nginx", "-g", "daemon off;")}, id="a web server"),
    ],
)
def test_documents_that_may_be_read_are_not_claimed(
    find: Find, members: tuple[Member, ...], fields: dict[str, tuple[str, ...]]
) -> None:
    spec = copied(layer(MANIFEST, CODE, file("app/docs/a.pdf", b"x"), *members), **fields)
    assert caught(find, RULE, spec) == set()


def test_a_readme_that_a_server_of_documents_shows_stays(find: Find) -> None:
    members = (MANIFEST, CODE, file("app/README.md", b"x"))
    assert caught(find, RULE, copied(layer(*members), cmd=("mkdocs", "serve"))) == set()
    assert caught(find, RULE, copied(layer(*members, file("app/docusaurus.config.js", b"x")))) == set()
    assert caught(find, RULE, copied(layer(*members), cmd=("gunicorn", "main"))) == {"/app/README.md"}


def test_of_a_program_that_cannot_be_read_only_what_nothing_can_need_is_found(find: Find) -> None:
    members = (
        file("app/go.mod", b"module x\n"), file("app/server", b"\x7fELF", mode=0o755), file("app/docs/a.md", b"x"),
        file("app/logs/x.log", b"x"), file("app/.mypy_cache/x", b"x"), file("app/README.md", b"x"),
        file("app/htmlcov/x", b"x"), file("app/coverage/lcov.info", b"x"), file("app/test/a_test.go", b"x"),
        file("app/dev.db", DATABASE), file("app/x.log", b"x"),
    )  # fmt: skip
    assert caught(find, RULE, copied(layer(*members))) == {
        "/app/.mypy_cache/x", "/app/htmlcov/x", "/app/coverage/lcov.info", "/app/test/a_test.go",
    }  # fmt: skip


@pytest.mark.parametrize(
    "program",
    [
        pytest.param(file("app/server", b"x" * (1 << 20), mode=0o755), id="a large program"),
        pytest.param(file("app/go.mod", b"module x\n"), id="a manifest of a compiled language"),
    ],
)
def test_a_program_beside_code_may_name_what_the_code_does_not(find: Find, program: Member) -> None:
    members = (MANIFEST, CODE, file("app/docs/a.md", b"x"), file("app/logs/x.log", b"x"))
    assert caught(find, RULE, copied(layer(*members, program))) == set()


def test_large_data_beside_code_is_no_program(find: Find) -> None:
    members = (MANIFEST, CODE, file("app/model.bin", b"x" * (1 << 20)), file("app/docs/a.md", b"x"))
    assert caught(find, RULE, copied(layer(*members))) == {"/app/docs/a.md"}


@pytest.mark.parametrize("name", ["a.out", "server.out", "blog", "x.log/data"])
def test_what_only_looks_like_a_log_is_none(find: Find, name: str) -> None:
    assert caught(find, RULE, copied(layer(MANIFEST, CODE, file(f"app/{name}", b"x")))) == set()


def test_a_readme_that_an_installation_reads_stays(find: Find) -> None:
    members = (file("app/pyproject.toml", b"[project]\n"), CODE, file("app/README.md", b"x"))
    assert caught(find, RULE, copied(layer(*members))) == set()


@pytest.mark.parametrize(
    "root",
    [
        pytest.param("usr/share/tool", id="others' software"),
        pytest.param("opt", id="a directory of everybody"),
        pytest.param("app/node_modules/x", id="a dependency"),
        pytest.param("app/templates/new", id="a template"),
        pytest.param("usr/local/lib/node_modules/npm", id="a tool"),
        pytest.param("app/a/b/c", id="deep inside another project"),
    ],
)
def test_what_is_no_project_of_the_user(find: Find, root: str) -> None:
    members = (MANIFEST, CODE, file(f"{root}/package.json", b"{}"), file(f"{root}/.mypy_cache/x", b"x"))
    assert caught(find, RULE, copied(layer(*members))) == set()


@pytest.mark.parametrize("root", ["srv/shop", "usr/src/app", "app/api", "app/packages/web", "home/me/site"])
def test_projects_lie_in_several_places(find: Find, root: str) -> None:
    members = (MANIFEST, CODE, file(f"{root}/package.json", b"{}"), file(f"{root}/.mypy_cache/x", b"x"))
    assert caught(find, RULE, copied(layer(*members))) == {f"/{root}/.mypy_cache/x"}


def test_what_a_run_installed_is_a_project_only_where_the_image_works(find: Find) -> None:
    members = layer(file("opt/tool/package.json", b"{}"), file("opt/tool/.mypy_cache/x", b"x"))
    assert caught(find, RULE, ran(members)) == set()
    assert caught(find, RULE, ran(members, working_dir="/opt/tool")) == {"/opt/tool/.mypy_cache/x"}


def test_a_finding_for_each_directory_with_an_advice_that_warns(find: Find) -> None:
    spec = copied(layer(MANIFEST, CODE, *TESTS, file("app/docs/a.pdf", b"x" * 200_000), file("app/docs/b.md", b"1")))
    documents, tests = of_rule(find(spec), RULE)
    assert (documents.title, documents.kind, documents.severity) == (
        "the project's documents: /app/docs",
        FindingKind.LEAK,
        Severity.MEDIUM,
    )
    assert (tests.title, tests.severity) == ("the project's tests: /app/tests", Severity.LOW)
    assert documents.fix.startswith("keep /app/docs out of the build context (.dockerignore) if no step")


@pytest.mark.parametrize("config", [None, {"Volumes": ["/app/tests"]}])
def test_a_config_of_another_shape_names_nothing(find: Find, config: object) -> None:
    spec = copied(layer(MANIFEST, CODE, *TESTS), config_extra={"config": config})
    assert caught(find, RULE, spec) == {"/app/tests/test_main.py", "/app/tests/data/big.json"}


def test_the_bases_project_is_left_alone(find: Find) -> None:
    members = layer(MANIFEST, CODE, *TESTS)
    spec = ImageSpec(layers=(members, layer(file("x", b"1"))), history=(step("COPY a /app"), step("/bin/sh -c x")))
    assert paths_of(find(spec, base_layers=1), RULE) == set()


@pytest.mark.parametrize(
    "fields",
    [
        {"cmd": ("npm", "run", "testing")},
        {"cmd": ("python3", "main.py")},
        {"entrypoint": ("python",), "cmd": ("main.py",)},
        {"cmd": ("gunicorn",)},
    ],
)
def test_tests_of_an_image_that_runs_something_else(find: Find, fields: dict[str, tuple[str, ...]]) -> None:
    spec = copied(layer(MANIFEST, CODE, *TESTS), **fields)
    assert caught(find, RULE, spec) == {"/app/tests/test_main.py", "/app/tests/data/big.json"}


@pytest.mark.parametrize("name", ["nohup.out", "a.log", "-.gitignore"])
def test_a_file_at_the_top_is_claimed_and_a_directory_of_that_name_is_not(find: Find, name: str) -> None:
    name = name.removeprefix("-")
    assert caught(find, RULE, copied(layer(MANIFEST, CODE, file(f"app/{name}", b"x")))) == {f"/app/{name}"}
    assert caught(find, RULE, copied(layer(MANIFEST, CODE, file(f"app/{name}/x", b"x")))) == set()


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        pytest.param("app/logs/keep.txt", {}, id="no log among logs"),
        pytest.param("app/reports/lcov.info", {}, id="a report in another directory"),
        pytest.param("app/docs/a.md", {"env": ("DOCS=/app/docs",)}, id="documents that Env names"),
        pytest.param("app/docs/a.md", {"cmd": ("hugo", "server")}, id="documents that a server delivers"),
        pytest.param("app/README.md", {"env": ("TEXT=/app/README.md",)}, id="a README that Env names"),
        pytest.param("app/README.html", {}, id="another README"),
        pytest.param("app/.coverage", {"env": ("COVERAGE_FILE=/app/.coverage",)}, id="a report that Env names"),
        pytest.param("app/.tox/a.py", {"cmd": ("/app/.tox/py/bin/python",)}, id="a cache that the image starts"),
    ],
)
def test_what_has_a_use_or_another_purpose_stays(find: Find, path: str, fields: dict[str, tuple[str, ...]]) -> None:
    assert caught(find, RULE, copied(layer(MANIFEST, CODE, file(path, b"x")), **fields)) == set()


@pytest.mark.parametrize("root", ["srv/www/app", "home/me/public_html/app", "srv/www"])
def test_documents_and_the_readme_of_what_a_server_delivers_stay(find: Find, root: str) -> None:
    members = [
        file(f"{root}/{name}", b"x") for name in ("package.json", "a.js", "docs/a.md", "README.md", ".gitignore")
    ]
    assert caught(find, RULE, copied(layer(*members))) == {f"/{root}/.gitignore"}


@pytest.mark.parametrize("folder", ["tests", "spec", "docs", "htmlcov", ".pytest_cache", ".mypy_cache", "coverage"])
def test_what_a_directory_of_development_names_is_not_in_use(find: Find, folder: str) -> None:
    naming = file(f"app/{folder}/code.js", b"open('logs/x')")
    assert "/app/logs/x.log" in caught(find, RULE, copied(layer(MANIFEST, CODE, file("app/logs/x.log", b"x"), naming)))
    naming = file("app/code/code.js", b"open('logs/x')")
    assert not caught(find, RULE, copied(layer(MANIFEST, CODE, file("app/logs/x.log", b"x"), naming)))


def test_all_of_a_project_comes_in_this_order(find: Find) -> None:
    names = [
        "spec/a_spec.rb", "tests/test_a.py", "doc/a.md", "docs/b.md", "log/a.log", "logs/b.log", "coverage/lcov.info",
        ".coverage", "htmlcov/index.html", ".mypy_cache/a", ".tox/b", ".editorconfig", "README", "a.dev.db", "debug.log",
    ]  # fmt: skip
    members = [
        file(f"app/{name}", DATABASE if name.endswith(".db") else b"x" * 100 * (name != "README")) for name in names
    ]
    found = of_rule(find(copied(layer(MANIFEST, CODE, *members))), RULE)
    assert [one.title for one in found] == [
        "the project's tests: /app/spec/a_spec.rb",
        "the project's tests: /app/tests/test_a.py",
        "the project's documents: /app/doc/a.md",
        "the project's documents: /app/docs/b.md",
        "logs of development: /app/log/a.log",
        "logs of development: /app/logs/b.log",
        "reports of coverage: /app/coverage/lcov.info",
        "reports of coverage: /app/.coverage",
        "reports of coverage: /app/htmlcov/index.html",
        "the cache of a tool for development: /app/.mypy_cache/a",
        "the cache of a tool for development: /app/.tox/b",
        "files about the project: /app/.editorconfig and 1 more",
        "a database of development: /app/a.dev.db",
        "logs of development: /app/debug.log",
    ]


def test_what_is_empty_is_no_finding(find: Find) -> None:
    assert of_rule(find(copied(layer(MANIFEST, CODE, file("app/logs/x.log"), file("app/.gitignore")))), RULE) == ()
