"""Files around interpreted code: tests, bytecode, source maps."""

from collections.abc import Iterator

from layerscope.model.finding import Severity
from layerscope.model.pathset import PathSet, Wanted
from layerscope.model.patterns import pattern
from layerscope.rules.ownership import is_owned, is_packaged, is_vendored
from layerscope.rules.rule import RuleContext, RuleMatch, rule
from layerscope.rules.views import calls, files, living

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
    if len(published) < len(found):
        yield RuleMatch(versions=tuple(set(found).difference(published)), apart=False)
    if published:
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


@rule(
    "bytecode",
    severity=Severity.LOW,
    title="compiled copies of Python modules",
    fix="use `pip install --no-compile` and PYTHONDONTWRITEBYTECODE=1 to avoid {place}, if start-up may be slower",
    wanted=Wanted(paths=PathSet(trees=("__pycache__",)), head=0),
)
def bytecode(context: RuleContext) -> Iterator[RuleMatch]:
    """Python's `__pycache__` directories are in the image.

    They shorten start-up and are about as large as the sources: a trade, not waste. A `.pyc` outside of such a
    directory may be the program itself and is not reported. Modules of the operating system's packages are a finding
    of their own, since PYTHONDONTWRITEBYTECODE does not affect their installation.
    """
    filesystem, of_system = context.filesystem, dict[str, bool]()
    theirs, others = list[int](), list[int]()
    for number in files(context, living(context)):
        if filesystem.paths[number].endswith(".pyc"):
            directory = filesystem.directories[number]
            if directory not in of_system:
                of_system[directory] = _is_of_system(context, number)
            (theirs if of_system[directory] else others).append(number)
    if others:
        yield RuleMatch(versions=tuple(others), apart=False, trade=True)
    if theirs:
        yield RuleMatch(
            versions=tuple(theirs),
            title="compiled copies of Python modules of the system's packages",
            fix="delete every `__pycache__` below {place} in the RUN that installs the packages, if start-up may be "
            "slower: PYTHONDONTWRITEBYTECODE has no effect on their installation",
            apart=False,
            trade=True,
        )


def _is_of_system(context: RuleContext, number: int) -> bool:
    """Whether a package of the system owns a compiled module, or the module that it was compiled from."""
    folder, _, name = context.filesystem.path_of(number).rpartition("/__pycache__/")
    source = context.filesystem.live.get(f"{folder}/{name.partition('.')[0]}.py")
    return is_packaged(context, number) or (source is not None and is_packaged(context, source))


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
    own = tuple(n for n in sorted(set(found).difference(published)) if (read(n, 0, 1) or b"") == b"{")
    if own:
        with_sources = sum(b'"sourcesContent"' in (read(n, 0, 64 << 10) or b"") for n in own)
        yield RuleMatch(
            versions=own, detail=f"{with_sources} of {len(own)} with sources inside" if with_sources else ""
        )
    if published:
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
