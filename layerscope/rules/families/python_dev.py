"""Python packages that only development needs: what a project says, followed through what is installed."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import chain

from layerscope.model.finding import Severity
from layerscope.model.pathset import PathSet, Wanted
from layerscope.model.patterns import pattern
from layerscope.rules.lockfiles import PYTHON, Declared, Locked, Wishes, closure, normal, required
from layerscope.rules.ownership import by_instruction, owned_by
from layerscope.rules.rule import RuleContext, RuleMatch, rule
from layerscope.rules.views import calls, living

_FILE_BYTES = 4 << 20
_METADATA_BYTES = 64 << 10
_REQUIRES = b"\nRequires-Dist:"
_EXTRA = pattern(r"""\bextra\s*==\s*["']([^"']*)["']""")
_TOOLS = frozenset({"pip", "setuptools", "wheel"})
_FIXES = {
    "Pipfile": "run `pipenv install` without `--dev`",
    "poetry.lock": "run `poetry install --only main`",
    "pdm.lock": "run `pdm install --prod`",
    "uv.lock": "run `uv sync --no-dev`",
}

Requirements = Mapping[str, frozenset[tuple[str, str]]]
"""What each installed package needs: pairs of name, and the extra under which it needs it (empty for always)."""


@rule(
    "py-dev-deps",
    severity=Severity.HIGH,
    title="Python packages that only development needs",
    fix="install without development packages where {place} is made",
    names_packages=True,
    wanted=Wanted(
        paths=PathSet(names=(*PYTHON, "METADATA", "PKG-INFO")),
        head=_FILE_BYTES,
    ),
)
def py_dev_deps(context: RuleContext) -> Iterator[RuleMatch]:
    """Python packages are installed that the project needs for development only.

    Pipfile.lock (`develop`), poetry.lock, pdm.lock or uv.lock (groups) says which; without a lockfile, the
    requirements in Pipfile or pyproject.toml are followed through the installed packages. A package that any other
    installed package requires is not reported, nor is a project whose development packages the image starts.
    """
    if calls(context, "pytest", "tox", "nox"):
        return
    installed = _installed(context)
    needs: Requirements | None = None
    for path, wishes in _projects(context):
        needs = _requirements(context) if needs is None else needs
        names = _only_development(wishes, needs, {name: v for name, (v, _) in installed.items()})
        owned = owned_by(context, [index for name in names for index in installed[name][1]])
        if _starts(context, names, owned.values()):
            continue
        name = path.rpartition("/")[2]
        fix = _FIXES.get(name) or _FIXES.get(name.removesuffix(".lock"), "")
        for versions, packages in by_instruction(context, owned):
            yield RuleMatch(
                versions=versions,
                detail=f"by {path}: {packages}",
                fix=f"{fix} where {{place}} is made" if fix else "",
            )


def _starts(context: RuleContext, names: Iterable[str], owned: Iterable[Iterable[int]]) -> bool:
    """Whether the image starts one of these packages, by its name or by a program that it owns."""
    paths = map(context.filesystem.paths.__getitem__, chain.from_iterable(owned))
    programs = {path.rpartition("/")[2] for path in paths if "/bin/" in path}
    return not programs.isdisjoint(context.called) or not {*map(normal, context.called)}.isdisjoint(names)


def _installed(context: RuleContext) -> dict[str, tuple[frozenset[str], tuple[int, ...]]]:
    """The versions and the catalogue's indexes of each Python package that own layers install."""
    found: dict[str, tuple[frozenset[str], tuple[int, ...]]] = {}
    for index, package in enumerate(context.catalog.packages):
        if package.type == "pypi" and not package.shared and normal(package.name) not in _TOOLS:
            versions, indexes = found.get(normal(package.name), (frozenset[str](), ()))
            if package.layer is None or package.layer >= context.base_layers:
                found[normal(package.name)] = (versions | {package.version}, (*indexes, index))
    return found


def _projects(context: RuleContext) -> Iterator[tuple[str, Wishes]]:
    """The projects that say what development needs; of each the file that knows most."""
    filesystem = context.filesystem
    live = {filesystem.path_of(number): number for number in living(context)}
    texts = [(path, filesystem.read(number, 0, _FILE_BYTES)) for path, number in live.items() if _is_project(path)]
    texts += [(path, text) for path, text in context.lockfiles if _is_project(path)]
    texts.sort(key=lambda item: (item[0].rpartition("/")[0], list(PYTHON).index(item[0].rpartition("/")[2])))
    done: set[str] = set()
    for path, text in texts:
        directory, _, name = path.rpartition("/")
        wishes = PYTHON[name](text or b"") if directory not in done else None
        if wishes is not None and (isinstance(wishes, Declared) or wishes.versions):
            done.add(directory)
            yield path, wishes


def _is_project(path: str) -> bool:
    return path.rpartition("/")[2] in PYTHON and "/site-packages/" not in path and "/dist-packages/" not in path


def _requirements(context: RuleContext) -> Requirements:
    """Read from the METADATA of everything that is installed (core metadata, Requires-Dist)."""
    filesystem = context.filesystem
    names = {package.location: normal(package.name) for package in context.catalog.packages if package.type == "pypi"}
    found: dict[str, frozenset[tuple[str, str]]] = dict.fromkeys(names.values(), frozenset())
    for location, name in names.items():
        number = filesystem.live.get(location)
        data = filesystem.read(number, 0, _METADATA_BYTES) if number is not None else None
        # The long texts behind the headers are searched too, and bytes are split much faster than matched.
        needs = (b"\n" + (data or b"")).split(_REQUIRES)[1:]
        lines = [need.partition(b"\n")[0].partition(b"\r")[0].decode("utf-8", "replace") for need in needs]
        found[name] |= {(need[0], _extra(line)) for line in lines if (need := required(line))}
    return found


def _extra(line: str) -> str:
    match = _EXTRA.search(line.partition(";")[2])
    return normal(match[1]) if match else ""


def _only_development(wishes: Wishes, needs: Requirements, versions: Mapping[str, frozenset[str]]) -> list[str]:
    """The installed packages that development alone needs, in the order of their names."""

    def plain(name: str) -> list[str]:
        return [need for need, extra in needs.get(name, ()) if not extra]

    if isinstance(wishes, Locked):
        candidates = {n for n, version in wishes.versions.items() if n in versions and version in {"", *versions[n]}}
    else:
        candidates = (closure(wishes.development, plain) - closure(wishes.production, plain)) & versions.keys()
    shared: set[str] | None = None
    while shared is None or shared:
        required_by_others = (pair for name, pairs in needs.items() if name not in candidates for pair in pairs)
        shared = {need for need, extra in required_by_others if not extra} & candidates
        candidates -= shared
    return sorted(candidates)
