"""Files around interpreted code: tests, bytecode, source maps."""

from collections.abc import Iterator
from collections.abc import Set as AbstractSet

from layerscope.model.finding import Severity
from layerscope.model.pathset import PathSet, Wanted
from layerscope.model.patterns import pattern
from layerscope.packages.catalog import UNOWNED
from layerscope.rules.ownership import is_owned, is_packaged, is_vendored
from layerscope.rules.rule import RuleContext, RuleMatch, rule
from layerscope.rules.views import calls, compiled_from, files, is_written_by_running, living, within

_PYTHON_TESTS = pattern(r"/(?:site|dist)-packages/([^/]+)/(?:.+/)?tests/")
_IMPORTED = frozenset({"astropy", "sunpy", "hypothesis", "pytest", "_pytest", "nose", "testtools", "plotly"})
"""Packages that import their own tests while they run, or whose purpose tests are."""


@rule(
    "tests",
    severity=Severity.LOW,
    title="tests of the application or of its packages",
    fix="leave {path} in the build stage, or delete it in {step}",
    wanted=Wanted(paths=PathSet(trees=("tests", "__tests__", "testdata")), head=0),
)
def tests(context: RuleContext) -> Iterator[RuleMatch]:
    """Tests are in the image: `tests` in installed Python packages, `__tests__` of JavaScript or `testdata` of Go.

    Modules for testing that other packages import, such as `numpy.testing`, have other names and are not reported, nor
    are packages known to import their own tests. An image that starts a test runner is not reported. Tests of packages
    are a trade: to delete them is work, and a package's list of files no longer fits.
    """
    if calls(context, "pytest", "py.test", "jest", "tox", "nox", "vitest", "mocha", "unittest"):
        return
    path_of = context.filesystem.path_of
    found = [number for number in files(context, living(context)) if _is_test(path_of(number))]
    published = [number for number in found if is_owned(context, number) or is_vendored(path_of(number))]
    yield RuleMatch(versions=tuple(set(found).difference(published)), apart=False)
    yield RuleMatch(
        versions=tuple(published),
        title="tests of packages",
        fix="delete {path} where the packages are installed, in {step}",
        apart=False,
        trade=True,
    )


def _is_test(path: str) -> bool:
    if "/__tests__/" in path or ("/testdata/" in path and not path.startswith("/usr/")):
        return True
    match = _PYTHON_TESTS.search(path)
    return match is not None and match[1] not in _IMPORTED


_WRITTEN_BY = (
    (
        "compiled copies of Python modules",
        "install with `pip install --no-compile` to avoid {place}, if start-up may be slower",
    ),
    (
        "compiled copies of Python modules that running Python wrote",
        "set PYTHONDONTWRITEBYTECODE=1 before {step} to avoid {place}, if start-up may be slower",
    ),
    (
        "compiled copies of Python modules of the project",
        "set PYTHONDONTWRITEBYTECODE=1 where they are written, and name `**/__pycache__` in .dockerignore, if start-up "
        "may be slower",
    ),
    (
        "compiled copies of Python modules that come with a virtual environment",
        "delete the `__pycache__` directories of pip and setuptools in {place} where the environment is made, if "
        "start-up may be slower: `ensurepip` ignores `--no-compile`",
    ),
    (
        "compiled copies of Python modules of the system's packages",
        "delete every `__pycache__` below {place} in the RUN that installs the packages, if start-up may be slower: "
        "PYTHONDONTWRITEBYTECODE has no effect on their installation",
    ),
)
"""Title and fix for each way in which bytecode is written."""
_INSTALLED, _RUNNING, _PROJECT, _ENSUREPIP, _SYSTEM = range(len(_WRITTEN_BY))
_BUNDLED = frozenset({"pip", "setuptools"})


@rule(
    "bytecode",
    severity=Severity.LOW,
    title=_WRITTEN_BY[_INSTALLED][0],
    fix="use `pip install --no-compile` and PYTHONDONTWRITEBYTECODE=1 to avoid {place}, if start-up may be slower",
    wanted=Wanted(paths=PathSet(trees=("__pycache__",), names=("pyvenv.cfg",)), head=0),
)
def bytecode(context: RuleContext) -> Iterator[RuleMatch]:
    """Python's `__pycache__` directories are in the image.

    They shorten start-up and are about as large as the sources: a trade, not waste. A `.pyc` outside of such a
    directory may be the program itself and is not reported. How it can be avoided depends on what writes it, so there
    is a finding for each: an installation with pip, Python itself when it imports a module that was there before (pip
    of the base image, for instance), the project's own modules, `ensurepip`, which fills a virtual environment, and
    the installation of the operating system's packages.
    """
    filesystem, writers = context.filesystem, dict[tuple[str, int], int]()
    live = files(context, living(context))
    environments = {filesystem.directories[n] for n in live if filesystem.paths[n].endswith("/pyvenv.cfg")}
    groups: dict[int, list[int]] = {}
    for number in live:
        if filesystem.paths[number].endswith(".pyc"):
            # What is in one directory of one layer was written at once.
            place = (filesystem.directories[number], filesystem.layer_of(number))
            if place not in writers:
                writers[place] = _writer(context, number, environments)
            groups.setdefault(writers[place], []).append(number)
    for writer, versions in sorted(groups.items()):
        title, fix = _WRITTEN_BY[writer]
        yield RuleMatch(versions=tuple(versions), title=title, fix=fix, apart=writer == _RUNNING, trade=True)


def _writer(context: RuleContext, number: int, environments: AbstractSet[str]) -> int:
    """What wrote a compiled module: one of ``_WRITTEN_BY``."""
    source = compiled_from(context, number)
    if is_packaged(context, number) or (source is not None and is_packaged(context, source)):
        return _SYSTEM
    if context.filesystem.layer_of(number) < context.base_layers:
        return _INSTALLED
    if is_written_by_running(context, number):
        return _RUNNING
    owner = context.catalog.owners[number]
    if owner == UNOWNED:
        return _PROJECT if not is_vendored(context.filesystem.paths[number]) else _INSTALLED
    bundled = context.catalog.packages[owner].name in _BUNDLED
    return _ENSUREPIP if bundled and within(context.filesystem.paths[number], environments) else _INSTALLED


_MAPS = (".js.map", ".mjs.map", ".cjs.map", ".css.map", ".ts.map")
_TRACES = "enable-source-maps"


@rule(
    "source-maps",
    severity=Severity.MEDIUM,
    title="source maps, which give the application's sources to anyone who downloads them",
    fix="build for production without source maps, or leave {path} out of the copy",
    wanted=Wanted(paths=PathSet(suffixes=(".map",)), head=64 << 10),
)
def source_maps(context: RuleContext) -> Iterator[RuleMatch]:
    """Source maps (`*.js.map` and the like) are next to bundled scripts, often with the original sources
    (`sourcesContent`).

    A web server that serves them publishes the sources. Where Node uses them for stack traces
    (`--enable-source-maps`), they are not reported. Those of published packages reveal nothing: they are of low
    severity, and a trade.
    """
    configured = " ".join((*context.command_words, *context.image.config.env))
    if _TRACES in configured or "source-map-support" in configured:
        return
    path_of, read = context.filesystem.path_of, context.filesystem.read
    found = [n for n in files(context, living(context)) if path_of(n).endswith(_MAPS)]
    published = tuple(n for n in found if is_owned(context, n) or _is_published(path_of(n)))
    own, with_sources = list[int](), 0
    for number in sorted(set(found).difference(published)):
        data = read(number) or b""
        if data.startswith(b"{"):
            own.append(number)
            with_sources += b'"sourcesContent"' in data
    detail = f"{with_sources} of {len(own)} with sources inside" if with_sources else ""
    yield RuleMatch(versions=tuple(own), detail=detail)
    yield RuleMatch(
        versions=published,
        severity=Severity.LOW,
        title="source maps of published packages",
        fix="delete {path} where the packages are installed, in {step}",
        trade=True,
    )


def _is_published(path: str) -> bool:
    return "/node_modules/" in path or "/site-packages/" in path or "/dist-packages/" in path


SCRIPTS = (tests, bytecode, source_maps)
