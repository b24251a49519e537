"""What only the work on a project needs, in the project's own directory: tests, documents, reports, caches."""

import re
from collections.abc import Iterator

from layerscope.model.finding import Severity
from layerscope.model.pathset import PathSet, Wanted
from layerscope.model.patterns import pattern
from layerscope.rules.projects import MARKERS, Project, linked_into, named_by_config, own_entries, project, roots_of
from layerscope.rules.rule import RuleContext, RuleMatch, rule
from layerscope.rules.views import calls, content_bytes, weight

_RUNNERS = (
    "ava", "behave", "cucumber", "cypress", "jest", "k6", "karma", "locust", "minitest", "mocha", "newman",
    "nightwatch", "nox", "phpunit", "playwright", "py.test", "pytest", "robot", "rspec", "testcafe", "tox", "unittest",
    "vitest", "wdio",
)  # fmt: skip
_BARE = frozenset({"sh", "bash", "ash", "python", "python3", "node", "irb", "php"})
"""An image that starts one of these alone may be used for anything, and a caller may run its tests."""
_TESTS = frozenset({"tests", "test", "__tests__", "spec", "specs", "e2e", "cypress"})
_IS_TEST = pattern(
    r"/(?:test_[^/]+\.py|conftest\.py|tests?\.py|[^/]+_test\.(?:py|go|rb|exs)|[^/]+[._-](?:test|spec|cy)\.[cm]?[jt]sx?"
    r"|[^/]+_spec\.rb|(?:spec|test)_helper\.(?:rb|exs)|[^/]*Test\.(?:php|java|kt|cs))\Z"
)
_DOCS = frozenset({"docs", "doc", "documentation"})
_SITES = (
    "docusaurus.config.js", "docusaurus.config.ts", "_config.yml", "mint.json", "gatsby-config.js", "hugo.toml",
)  # fmt: skip
"""A project with one of these is a site of documents."""
_SERVERS = (
    "nginx", "httpd", "apache2", "apache2ctl", "apache2-foreground", "caddy", "lighttpd", "serve", "http-server",
    "http.server", "static-web-server", "mkdocs", "sphinx-autobuild", "vitepress", "docusaurus", "hugo", "jekyll",
)  # fmt: skip
_SERVED = pattern(r"/(?:html?|htdocs|www|wwwroot|public_html|webapps)/")
_SPECIFICATION = pattern(r"/(?:[^/]*(?:swagger|openapi)[^/]*|index\.html?|__init__\.py|docs\.go)\Z", re.IGNORECASE)
"""Found in a directory of documents that a program may read."""
_LOGS = frozenset({"logs", "log"})
_LOG = pattern(r"\.(?:log|out)(?:\.\d{1,3})?(?:\.gz)?\Z")
_REPORTS = frozenset({"htmlcov", ".nyc_output", ".coverage", "coverage.xml", "lcov.info", "playwright-report"})
_COVERAGE = frozenset({"lcov.info", "coverage-final.json", "clover.xml", ".last_run.json", ".resultset.json"})
"""One of these is in a directory ``coverage`` that a tool wrote."""
_CACHES = frozenset(
    {
        ".pytest_cache", ".mypy_cache", ".ruff_cache", ".tox", ".nox", ".hypothesis", ".pytype", ".ipynb_checkpoints",
        ".eslintcache", ".stylelintcache", ".phpunit.cache", ".phpunit.result.cache", ".php-cs-fixer.cache",
        ".scannerwork", ".sass-cache",
    }
)  # fmt: skip
_SETTINGS = frozenset({".gitignore", ".gitattributes", ".gitmodules", ".editorconfig"})
_TEXT = pattern(r"(?:README|CHANGELOG|CHANGES|CONTRIBUTING|HISTORY|CODE_OF_CONDUCT)(?:\.(?:md|rst|txt|adoc))?")
_READ_BY = ("pyproject.toml", "setup.py", "setup.cfg", "Cargo.toml", "mix.exs")
"""Manifests whose installation reads the README."""
_DATABASE = pattern(r"(?:[\w.-]+[_.-])?(?:dev|development|test|tests|testing|local)(?:[_.-][\w.-]+)?\.(?:db|sqlite3?)")
_SQLITE = b"SQLite format 3\0"


@rule(
    "project-files",
    severity=Severity.MEDIUM,
    title="what only the work on a project needs: {path}",
    fix="delete {path} in {step}",
    copied_fix="leave {path} in the build stage: copy less than {step} does",
    ignored_fix="keep {path} out of the build context (.dockerignore) if no step of the build uses it, or copy less "
    "than {step} does",
    wanted=Wanted(paths=PathSet(names=MARKERS, suffixes=(".db", ".sqlite", ".sqlite3")), head=64),
)
def project_files(context: RuleContext) -> Iterator[RuleMatch]:
    """A project has its tests, documents, logs, development databases, or reports and caches of tools in the image.

    A project is a directory with a manifest (pyproject.toml, package.json, Gemfile, ...) that a COPY or ADD brought, or
    that is the working directory. Covered are `tests`, `spec` and the like if tests are in them, `docs`, `htmlcov`,
    `coverage`, `logs`, SQLite databases named after development or tests, `.pytest_cache`, `.mypy_cache`, `.tox` and
    other caches, `.gitignore` and the README, all at the top of the project.

    What commands, Env, volumes, symlinks, or the project's own code and settings name is in use and not reported. Where
    the code cannot be read, since it is compiled or too long, documents, logs and databases are not reported; nor are
    tests in an image that starts a test runner, and documents that a web server may deliver.
    """
    roots = roots_of(context)
    named = named_by_config(context) if roots else frozenset[str]()
    for root in roots:
        found = _Found(context, root, named)
        for title, versions in found.all():
            if content_bytes(context, versions):
                yield RuleMatch(versions=versions, title=title, severity=weight(content_bytes(context, versions)))


def _runs_tests(context: RuleContext) -> bool:
    """Whether the image starts tests, or an interpreter alone."""
    config = context.image.config
    words = " ".join((*config.entrypoint, *config.cmd)).split()
    if len(words) == 1 and words[0].rpartition("/")[2] in _BARE:
        return True
    return calls(context, *_RUNNERS) or any(word == "test" or word.startswith("test:") for word in words)


class _Found:
    """The candidates at the top of one project, judged by what names them."""

    def __init__(self, context: RuleContext, root: str, named: frozenset[str]) -> None:
        self._context, self._root, self._named = context, root, named
        filesystem = context.filesystem
        self._top: dict[str, int] = {}
        for number in filesystem.children.get(root, ()):
            self._top[filesystem.paths[number].rpartition("/")[2]] = number
        below = (directory.rpartition("/")[2] for directory in filesystem.subdirectories.get(root, ()))
        self._directories = frozenset(below)
        self._read: Project | None = None

    def all(self) -> Iterator[tuple[str, tuple[int, ...]]]:
        """Pairs of title and versions."""
        for name in sorted(self._directories & _TESTS):
            if not _runs_tests(self._context) and any(map(_IS_TEST.search, self._paths(name))):
                yield from self._claim("the project's tests: {path}", name, may_be_unread=True)
        if not self._serves_documents():
            for name in sorted(self._directories & _DOCS):
                if not any(map(_SPECIFICATION.search, self._paths(name))):
                    yield from self._claim("the project's documents: {path}", name)
        for name in sorted(self._directories & _LOGS):
            yield from self._claim("logs of development: {path}", name, only=_LOG)
        for name in sorted(self._directories & {"coverage"}):
            names = {path.rpartition("/")[2] for path in self._paths(name)}
            if names & _COVERAGE:
                yield from self._claim("reports of coverage: {path}", name, may_be_unread=True)
        for name in sorted((self._directories | self._top.keys()) & _REPORTS):
            yield from self._claim("reports of coverage: {path}", name, may_be_unread=True)
        for name in sorted((self._directories | self._top.keys()) & _CACHES):
            yield from self._claim("the cache of a tool for development: {path}", name, may_be_unread=True)
        yield "files about the project: {path}", self._texts()
        for name in sorted(self._top):
            if _DATABASE.fullmatch(name) and self._is_database(name):
                yield from self._claim("a database of development: {path}", name)
            elif (name.endswith(".log") or name == "nohup.out") and name not in self._directories:
                yield from self._claim("logs of development: {path}", name)

    def _serves_documents(self) -> bool:
        is_site = not self._top.keys().isdisjoint(_SITES) or _SERVED.search(f"{self._root}/") is not None
        return is_site or calls(self._context, *_SERVERS)

    def _is_database(self, name: str) -> bool:
        return self._context.filesystem.read(self._top[name], 0, 16) == _SQLITE

    def _paths(self, name: str) -> list[str]:
        filesystem = self._context.filesystem
        return [filesystem.paths[number] for number in filesystem.below(f"{self._root}/{name}")]

    def _claim(
        self, title: str, name: str, *, may_be_unread: bool = False, only: "re.Pattern[str] | None" = None
    ) -> Iterator[tuple[str, tuple[int, ...]]]:
        """What lies at or below a name, unless something names it."""
        if name in self._named or linked_into(self._context, f"{self._root}/{name}"):
            return
        names = self._project().names
        if name in names if names is not None else not may_be_unread:
            return
        filesystem = self._context.filesystem
        numbers = [*filesystem.below(f"{self._root}/{name}"), *([self._top[name]] if name in self._top else ())]
        paths = filesystem.paths
        yield (
            title,
            own_entries(self._context, (number for number in numbers if only is None or only.search(paths[number]))),
        )

    def _texts(self) -> tuple[int, ...]:
        """The files at the top that only a person or git reads."""
        names = {name for name in self._top if name in _SETTINGS}
        if self._top.keys().isdisjoint(_READ_BY) and not self._serves_documents():
            read = self._project().names
            names |= {name for name in self._top if _TEXT.fullmatch(name) and read is not None and name not in read}
        return own_entries(self._context, (self._top[name] for name in names if name not in self._named))

    def _project(self) -> Project:
        if self._read is None:
            self._read = project(self._context, self._root, _TESTS | _DOCS | _REPORTS | _CACHES | {"coverage"})
        return self._read
