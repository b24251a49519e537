"""Python packages that only development needs: what a project says, followed through what is installed."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice

from msgspec import Struct
from msgspec.structs import replace

from layerscope.model.finding import Severity
from layerscope.model.pathset import PathSet, Wanted
from layerscope.model.patterns import pattern
from layerscope.rules.documents import toml_values
from layerscope.rules.lockfiles import PYTHON, Declared, Locked, Node, Wishes, closure, nodes, normal
from layerscope.rules.ownership import by_instruction, listing, loose, owned_by, starts
from layerscope.rules.requirements import REQUIREMENTS, is_requirements, requirements
from layerscope.rules.rule import RuleContext, RuleMatch, rule
from layerscope.rules.views import calls, living, texts, warn_of_limits

_FILE_BYTES = 4 << 20
_METADATA_BYTES = 64 << 10
_REQUIRES = b"\nRequires-Dist:"
_EXTRA = pattern(r"""\bextra\s*==\s*["']([^"']*)["']""")
_INSTALLS = pattern(r"\b(?:install|add)\b([^;&|]*)")
_MOST_FILES = 4
_MOST_VALUES = 200_000
"""Values of all manifests and lockfiles together; a lockfile of a thousand packages has a tenth."""
_MOST_PROJECTS = 256
_MOST_WORDS = 1000
_QUOTES = "'\""
_TOOLS = frozenset({"pip", "setuptools", "wheel"})
_FIXES = {
    "Pipfile": "run `pipenv install` without `--dev`",
    "poetry.lock": "run `poetry install --only main`",
    "pdm.lock": "run `pdm install --prod`",
    "uv.lock": "run `uv sync --no-dev`",
}

_PLACES = ("site-packages", "dist-packages")

Needs = Mapping[Node, frozenset[Node]]
"""What each installed package needs, and what it needs besides for each of its extras."""


class _Project(Struct, frozen=True, kw_only=True):
    """What one project asks for, and by which file; ``fix`` is how to install it without development packages."""

    directory: str
    path: str
    wishes: Wishes
    fix: str


@rule(
    "py-dev-deps",
    severity=Severity.HIGH,
    title="Python packages that only development needs",
    fix="install without development packages where {place} is made",
    names_packages=True,
    wanted=Wanted(
        paths=PathSet(names=(*PYTHON, *REQUIREMENTS.names, "METADATA", "PKG-INFO"), trees=REQUIREMENTS.trees),
        head=_FILE_BYTES,
    ),
)
def py_dev_deps(context: RuleContext) -> Iterator[RuleMatch]:
    """Python packages are installed that the project needs for development only.

    Pipfile.lock (`develop`), poetry.lock, pdm.lock or uv.lock (groups) says which; without a lockfile, what Pipfile,
    pyproject.toml or requirements files (`requirements-dev.txt`, `requirements/test.in`) ask for is followed through
    the installed packages. A group or requirements file counts as development's if its name says so. Not reported are
    what production or another installed package requires, with the extras it asks for, what was installed by its own
    name, and a project whose development packages the image starts. The files may also be next to the Dockerfile or
    in a builder image.
    """
    if calls(context, "pytest", "tox", "nox"):
        return
    projects = tuple(_projects(context))
    if not any(_develops(project) for project in projects):
        return
    installed, needs = _installed(context), python_needs(context)
    production = frozenset(node for project in projects for node in project.wishes.production)
    asked, named = _marked(context, installed), _named(context)
    for project in islice(filter(_develops, projects), _MOST_PROJECTS):
        if isinstance(project.wishes, Declared) and not _is_installed(project, projects, needs):
            continue
        versions = {name: versions for name, (versions, _) in installed.items()}
        names = _only_development(project.wishes, needs, production | named, asked, versions)
        owned = owned_by(context, [index for name in names for index in installed[name][1]])
        if starts(context, names, owned.values()):
            continue
        owned = {index: (*numbers, *_bytecode(context, numbers)) for index, numbers in owned.items()}
        for found, packages in by_instruction(context, owned):
            yield RuleMatch(versions=found, detail=f"by {project.path}: {packages}", fix=project.fix)


def _is_installed(project: _Project, projects: Iterable[_Project], needs: Needs) -> bool:
    """Whether at least half of what a directory's files say to be installed for production is installed."""
    beside = (one.wishes for one in projects if one.directory == project.directory)
    expected = {name for wishes in beside if isinstance(wishes, Declared) for name in wishes.expected}
    return bool(expected) and 2 * sum((name, "") in needs for name in expected) >= len(expected)


def _without_development(wishes: Wishes) -> Declared:
    expected = wishes.expected if isinstance(wishes, Declared) else frozenset[str]()
    return Declared(production=wishes.production, development=frozenset(), expected=expected)


def _bytecode(context: RuleContext, numbers: Iterable[int]) -> list[int]:
    """What Python compiled of these modules later, so that no package lists it."""
    filesystem, found = context.filesystem, list[int]()
    modules: dict[str, set[str]] = {}
    for number in numbers:
        directory, _, name = filesystem.paths[number].rpartition("/")
        if name.endswith(".py"):
            modules.setdefault(f"{directory}/__pycache__", set()).add(name.removesuffix(".py"))
    for directory, stems in modules.items():
        for number in loose(context, filesystem.children.get(directory, ())):
            name = filesystem.paths[number].rpartition("/")[2]
            if name.endswith(".pyc") and name.partition(".")[0] in stems:
                found.append(number)
    return found


def _develops(project: _Project) -> bool:
    return bool(project.wishes.versions if isinstance(project.wishes, Locked) else project.wishes.development)


def _installed(context: RuleContext) -> dict[str, tuple[frozenset[str], tuple[int, ...]]]:
    """The versions and the catalogue's indexes of each Python package that own layers install."""
    found: dict[str, tuple[frozenset[str], tuple[int, ...]]] = {}
    for index, package in enumerate(context.catalog.packages):
        if package.type == "pypi" and not package.shared and normal(package.name) not in _TOOLS:
            versions, indexes = found.get(normal(package.name), (frozenset[str](), ()))
            if package.layer is None or package.layer >= context.base_layers:
                found[normal(package.name)] = (versions | {package.version}, (*indexes, index))
    return found


def _projects(context: RuleContext) -> Iterator[_Project]:
    """The projects, with what each of its files says; of the manifests and lockfiles that which knows most.

    The other files are there for what they say of production alone.
    """
    manifests, requirements_files = _texts(context)
    done: set[str] = set()
    beside: dict[str, frozenset[Node]] = {}
    for path, text in manifests:
        directory, _, name = path.rpartition("/")
        wishes = PYTHON[name](text)
        beside[directory] = beside.get(directory, frozenset()) | wishes.production
        fix = _FIXES.get(name) or _FIXES.get(name.removesuffix(".lock"), "")
        project = _Project(
            directory=directory, path=path, wishes=wishes, fix=f"{fix} where {{place}} is made" if fix else ""
        )
        if directory in done or not _develops(project):
            yield replace(project, wishes=_without_development(wishes))
        else:
            done.add(directory)
            yield project
    for one in requirements(requirements_files, beside):
        files = [f"{one.root}/{name}" if one.root else name for name in one.files]
        without = " ".join(f"-r {name}" for name in one.files[:_MOST_FILES])
        yield _Project(
            directory=one.root,
            path=listing(files),
            wishes=one.wishes,
            fix=f"run `pip install` without `{without}` where {{place}} is made",
        )


def _texts(context: RuleContext) -> tuple[list[tuple[str, bytes]], dict[str, str]]:
    """The manifests and lockfiles, those of each directory together, the best first; and requirements files."""
    ranks, paths = list(PYTHON), context.filesystem.paths
    inside = (one for one in living(context) if _is_project(paths[one]) and not _is_of_package(paths[one]))
    found = texts(context, "py-dev-deps", inside)
    found += [(path, text) for path, text in context.lockfiles if _is_project(path)]
    manifests = [(path, text) for path, text in found if not is_requirements(path)]
    if sum(toml_values(text) for _, text in manifests) > _MOST_VALUES:
        warn_of_limits(context, "py-dev-deps", f"{_MOST_VALUES:,} values")
        return [], {}
    manifests.sort(key=lambda item: (item[0].rpartition("/")[0], ranks.index(item[0].rpartition("/")[2])))
    return manifests, {path: text.decode("utf-8", "replace") for path, text in found if is_requirements(path)}


def _is_project(path: str) -> bool:
    return path.rpartition("/")[2] in PYTHON or is_requirements(path)


def _is_of_package(path: str) -> bool:
    return any(f"/{place}/" in path for place in _PLACES)


def _marked(context: RuleContext, installed: Mapping[str, tuple[frozenset[str], tuple[int, ...]]]) -> frozenset[str]:
    """The packages that pip marked as asked for in a command or a file (PEP 376, REQUESTED).

    Where every package has that mark, as those have that Pipenv installs, it says nothing.
    """
    packages, live = context.catalog.packages, context.filesystem.live
    found = frozenset(
        name
        for name, (_, numbers) in installed.items()
        if any(f"{packages[index].location.rpartition('/')[0]}/REQUESTED" in live for index in numbers)
    )
    return found if found != installed.keys() else frozenset()


def _named(context: RuleContext) -> frozenset[Node]:
    """What the image's own instructions install by its name."""
    commands = (match[1] for step in context.instructions for match in _INSTALLS.finditer(step.text))
    return frozenset(
        node for command in commands for word in command.split()[:_MOST_WORDS] for node in nodes(word.strip(_QUOTES))
    )


def python_needs(context: RuleContext) -> Needs:
    """Read from the METADATA of everything that is installed (core metadata, Requires-Dist)."""
    filesystem = context.filesystem
    packages = [(normal(one.name), one.location) for one in context.catalog.packages if one.type == "pypi"]
    found: dict[Node, set[Node]] = {(name, ""): set() for name, _ in packages}
    for name, location in packages:
        number = filesystem.live.get(location)
        data = filesystem.read(number, 0, _METADATA_BYTES) if number is not None else None
        # The long texts behind the headers are searched too, and bytes are split much faster than matched.
        for need in (b"\n" + (data or b"")).split(_REQUIRES)[1:]:
            line = need.partition(b"\n")[0].partition(b"\r")[0].decode("utf-8", "replace")
            # Other conditions, such as the version of Python, are taken to hold.
            for extra in _EXTRA.findall(line.partition(";")[2]) or [""]:
                found.setdefault((name, normal(extra)), {(name, "")}).update(nodes(line))
    return {node: frozenset(wanted) for node, wanted in found.items()}


def _only_development(
    wishes: Wishes,
    needs: Needs,
    production: frozenset[Node],
    asked: frozenset[str],
    versions: Mapping[str, frozenset[str]],
) -> list[str]:
    """The installed packages that development alone needs, in the order of their names."""

    def followed(roots: Iterable[Node]) -> set[str]:
        return {name for name, _ in closure(roots, lambda node: needs.get(node, frozenset()))}

    if isinstance(wishes, Locked):
        candidates = {n for n, version in wishes.versions.items() if n in versions and version in {"", *versions[n]}}
    else:
        roots = {name for name, _ in wishes.development}
        candidates = followed(wishes.development) & versions.keys()
        candidates -= asked - roots
    others = {node for node in needs if not node[1] and node[0] not in candidates}
    return sorted(candidates - followed(production | others))
