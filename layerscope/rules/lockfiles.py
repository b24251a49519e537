"""Which packages a project wants for development only, by the files in which it says so.

A lockfile lists the packages themselves (``Locked``). A manifest without one names the roots alone
(``Declared``), and what they need must be followed through the installed packages. Files come from images: what
cannot be parsed says nothing.
"""

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from typing import Any, TypeVar

from msgspec import Struct, field

from layerscope.model.patterns import pattern
from layerscope.rules.documents import json_object, toml_object

_SEPARATORS = pattern(r"[-_.]+")
_REQUIREMENT = pattern(r"\s*([A-Za-z0-9][A-Za-z0-9._-]*)\s*(?:\[([^\]]*)\])?")
_WORDS = pattern(r"[^a-z]+")
_PRODUCTION = frozenset(
    {"prod", "production", "base", "main", "common", "default", "runtime", "deploy", "server", "no", "non", "without"}
)
DEVELOPMENT = (
    "dev", "devel", "develop", "development", "local", "test", "tests", "testing", "lint", "linting", "linters",
    "style", "format", "formatting", "check", "checks", "typing", "types", "typecheck", "mypy", "qa", "quality", "ci",
    "doc", "docs", "documentation", "cov", "coverage", "bench", "benchmark", "benchmarks", "debug",
)  # fmt: skip
"""Words in the names of files, groups and extras that only development needs."""
_DEVELOPMENT = frozenset(DEVELOPMENT)
_T = TypeVar("_T", bound=Hashable)

Node = tuple[str, str]
"""A package, and one of its extras; an empty one is the package itself."""


class Locked(Struct, frozen=True, kw_only=True):
    """The packages that only development needs, with the locked version, empty if unknown; and production's."""

    versions: Mapping[str, str] = field(default_factory=dict)
    production: frozenset[Node] = frozenset()


class Declared(Struct, frozen=True, kw_only=True):
    """The packages that a project asks for itself: for production, and for development only.

    ``expected`` are the packages that are installed for production wherever the project is; where hardly any of them
    is, the project is not one whose packages are installed.
    """

    production: frozenset[Node]
    development: frozenset[Node]
    expected: frozenset[str] = frozenset()


Wishes = Locked | Declared


def is_for_development(label: str) -> bool:
    """Whether the name of a file, group or extra says that only development needs it."""
    words = set(_WORDS.split(label.lower()))
    return not words.isdisjoint(_DEVELOPMENT) and words.isdisjoint(_PRODUCTION)


def normal(name: str) -> str:
    """A Python package's name as it is compared (PEP 503)."""
    return _SEPARATORS.sub("-", name).lower()


def required(text: str) -> tuple[str, frozenset[str]] | None:
    """Name and extras of a requirement (PEP 508); None for anything else, such as a comment or an option."""
    match = _REQUIREMENT.match(text)
    if match is None:
        return None
    return normal(match[1]), frozenset(normal(extra.strip()) for extra in (match[2] or "").split(",") if extra.strip())


def nodes(requirement: str) -> frozenset[Node]:
    """The package that a requirement asks for, and its extras; nothing for what is no requirement."""
    found = required(requirement)
    return frozenset((found[0], extra) for extra in ("", *found[1])) if found is not None else frozenset()


def closure(roots: Iterable[_T], needs: Callable[[_T], Iterable[_T]]) -> set[_T]:
    """The roots, and all that they need, and what that needs, and so on."""
    todo, found = list(roots), set[_T]()
    while todo:
        name = todo.pop()
        if name not in found:
            found.add(name)
            todo += needs(name)
    return found


def _table(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _tables(value: object) -> list[dict[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _asked(requirements: object) -> frozenset[Node]:
    """What a table by name asks for, or a list of requirements."""
    if isinstance(requirements, dict):
        extras = ((name, _table(pin).get("extras")) for name, pin in requirements.items())
        named = ((name, wanted if isinstance(wanted, list) else ()) for name, wanted in extras)
        return frozenset((normal(name), normal(str(extra))) for name, wanted in named for extra in ("", *wanted))
    texts = requirements if isinstance(requirements, list) else ()
    return frozenset(node for text in texts if isinstance(text, str) for node in nodes(text))


def _pipfile_lock(data: bytes) -> Wishes:
    document = json_object(data)
    default = _asked(_table(document.get("default")))
    return Locked(
        versions={
            normal(name): str(_table(pin).get("version", "")).lstrip("=")
            for name, pin in _table(document.get("develop")).items()
            if (normal(name), "") not in default
        },
        production=default,
    )


def _grouped_lock(data: bytes) -> Wishes:
    """poetry.lock and pdm.lock: each package with its groups, or the category of Poetry before 1.5."""
    versions: dict[str, str] = {}
    needed: set[str] = set()
    for package in _tables(toml_object(data).get("package")):
        groups = package.get("groups", [package["category"]] if "category" in package else None)
        name = normal(str(package.get("name", "")))
        if isinstance(groups, list) and groups and all(is_for_development(str(group)) for group in groups):
            versions[name] = str(package.get("version", ""))
        else:
            needed.add(name)
    return _locked(versions, needed)


def _uv_lock(data: bytes) -> Wishes:
    """uv.lock: the workspace's own members are the roots, their extras and groups stand apart."""
    packages = {normal(str(package.get("name", ""))): package for package in _tables(toml_object(data).get("package"))}
    roots = [p for p in packages.values() if {"editable", "virtual", "directory"} & set(_table(p.get("source")))]
    extras = [_table(root.get("optional-dependencies")).values() for root in roots]
    production = _needed(packages, [*(root.get("dependencies") for root in roots), *(e for es in extras for e in es)])
    groups = [group for root in roots for group in _table(root.get("dev-dependencies")).items()]
    production |= _needed(packages, [group for name, group in groups if not is_for_development(name)])
    development = _needed(packages, [group for name, group in groups if is_for_development(name)])
    return _locked({name: str(packages[name].get("version", "")) for name in development & packages.keys()}, production)


def _locked(versions: Mapping[str, str], production: Iterable[str]) -> Locked:
    needed = frozenset((name, "") for name in production)
    return Locked(
        versions={name: version for name, version in versions.items() if (name, "") not in needed}, production=needed
    )


def _needed(packages: Mapping[str, dict[str, Any]], lists: Iterable[object]) -> set[str]:
    """What lists of dependencies need, with all that those need, their extras too."""

    def needs(name: str) -> Iterator[str]:
        package = packages.get(name, {})
        return _listed(package.get("dependencies"), *_table(package.get("optional-dependencies")).values())

    return closure(_listed(*lists), needs)


def _listed(*lists: object) -> Iterator[str]:
    """The names in lists of dependencies."""
    return (normal(str(item.get("name", ""))) for dependencies in lists for item in _tables(dependencies))


def _pipfile(data: bytes) -> Wishes:
    document = toml_object(data)
    production = _asked(_table(document.get("packages")))
    return _declared(production, [("dev", _table(document.get("dev-packages")))])


def _pyproject(data: bytes) -> Wishes:
    """PEP 621 and PEP 735, and the tables of Poetry, PDM, uv and Hatch."""
    document = toml_object(data)
    project, tool = _table(document.get("project")), _table(document.get("tool"))
    poetry = _table(tool.get("poetry"))
    groups: list[tuple[str, object]] = [
        *_table(project.get("optional-dependencies")).items(),
        *_table(document.get("dependency-groups")).items(),
        *_table(_table(tool.get("pdm")).get("dev-dependencies")).items(),
        ("dev", _table(poetry.get("dev-dependencies"))),
        ("dev", _table(tool.get("uv")).get("dev-dependencies")),
    ]
    groups += [(name, _table(_table(group).get("dependencies"))) for name, group in _table(poetry.get("group")).items()]
    for environment in _table(_table(tool.get("hatch")).get("envs")).values():
        groups += [("dev", _table(environment).get(key)) for key in ("dependencies", "extra-dependencies")]
    return _declared(_asked(project.get("dependencies")) | _asked(_table(poetry.get("dependencies"))), groups)


def _declared(production: frozenset[Node], groups: Iterable[tuple[str, object]]) -> Declared:
    """The groups by their names: what is not said to be development's counts as production's."""
    development = frozenset[Node]()
    expected = frozenset(name for name, _ in production) - {"python"}
    for name, group in groups:
        if is_for_development(name):
            development |= _asked(group)
        else:
            production |= _asked(group)
    production -= {("python", "")}
    development -= production | {("python", "")}
    return Declared(production=production, development=development, expected=expected)


PYTHON: Mapping[str, Callable[[bytes], Wishes]] = {
    "Pipfile.lock": _pipfile_lock,
    "poetry.lock": _grouped_lock,
    "pdm.lock": _grouped_lock,
    "uv.lock": _uv_lock,
    "Pipfile": _pipfile,
    "pyproject.toml": _pyproject,
}
"""Reads a file of that name; the lockfiles come before the manifests, as they know more."""


def node_dev_packages(lockfile: bytes) -> dict[str, str]:
    """Place (relative to the project, ``node_modules/x``) and version of what npm's lockfile marks as development's.

    Takes ``package-lock.json`` of all versions and ``node_modules/.package-lock.json``. A package that an optional
    production dependency needs as well is marked ``devOptional`` and left out.
    """
    document = json_object(lockfile)
    found: dict[str, str] = {}
    for place, package in _table(document.get("packages")).items():
        if _table(package).get("dev") is True and "node_modules/" in place and not _table(package).get("link"):
            found[place] = str(package.get("version", ""))
    if "packages" not in document:
        todo = [("", _table(document.get("dependencies")))]
        while todo:
            parent, dependencies = todo.pop()
            for name, package in dependencies.items():
                place = f"{parent}node_modules/{name}"
                if _table(package).get("dev") is True:
                    found[place] = str(package.get("version", ""))
                todo.append((f"{place}/", _table(_table(package).get("dependencies"))))
    return found
