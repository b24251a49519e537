"""Which packages a project wants for development only, by the files in which it says so.

A lockfile lists the packages themselves (``Locked``). A manifest without one names the roots alone
(``Declared``), and what they need must be followed through the installed packages. Files come from images: what
cannot be parsed says nothing.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from msgspec import Struct, field

from layerscope.model.patterns import pattern
from layerscope.rules.documents import json_object, toml_object

_SEPARATORS = pattern(r"[-_.]+")
_REQUIREMENT = pattern(r"\s*([A-Za-z0-9][A-Za-z0-9._-]*)\s*(?:\[([^\]]*)\])?")
_MAIN = frozenset({"main", "default"})


class Locked(Struct, frozen=True, kw_only=True):
    """The packages that only development needs, with the locked version, empty if unknown."""

    versions: Mapping[str, str] = field(default_factory=dict)


class Declared(Struct, frozen=True, kw_only=True):
    """The packages that a project asks for itself: for production, and for development only."""

    production: frozenset[str]
    development: frozenset[str]


Wishes = Locked | Declared


def normal(name: str) -> str:
    """A Python package's name as it is compared (PEP 503)."""
    return _SEPARATORS.sub("-", name).lower()


def required(text: str) -> tuple[str, frozenset[str]] | None:
    """Name and extras of a requirement (PEP 508); None for anything else, such as a comment or an option."""
    match = _REQUIREMENT.match(text)
    if match is None:
        return None
    return normal(match[1]), frozenset(normal(extra.strip()) for extra in (match[2] or "").split(",") if extra.strip())


def closure(roots: Iterable[str], needs: Callable[[str], Iterable[str]]) -> set[str]:
    """The names, and all that they need, and what that needs, and so on."""
    todo, found = list(roots), set[str]()
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


def _names(requirements: object) -> frozenset[str]:
    """The names in a table by name, or in a list of requirements."""
    if isinstance(requirements, dict):
        return frozenset(normal(name) for name in requirements)
    texts = requirements if isinstance(requirements, list) else ()
    return frozenset(found[0] for text in texts if isinstance(text, str) and (found := required(text)))


def _pipfile_lock(data: bytes) -> Wishes | None:
    document = json_object(data)
    default = _names(_table(document.get("default")))
    return Locked(
        versions={
            normal(name): str(_table(pin).get("version", "")).lstrip("=")
            for name, pin in _table(document.get("develop")).items()
            if normal(name) not in default
        }
    )


def _grouped_lock(data: bytes) -> Wishes | None:
    """poetry.lock and pdm.lock: each package with its groups, or the category of Poetry before 1.5."""
    versions: dict[str, str] = {}
    needed: set[str] = set()
    for package in _tables(toml_object(data).get("package")):
        groups = package.get("groups", [package["category"]] if "category" in package else None)
        name = normal(str(package.get("name", "")))
        if not isinstance(groups, list) or not _MAIN.isdisjoint(map(str, groups)):
            needed.add(name)
        else:
            versions[name] = str(package.get("version", ""))
    return Locked(versions={name: version for name, version in versions.items() if name not in needed})


def _uv_lock(data: bytes) -> Wishes | None:
    """uv.lock: the workspace's own members are the roots, their extras and groups stand apart."""
    packages = {normal(str(package.get("name", ""))): package for package in _tables(toml_object(data).get("package"))}
    roots = [p for p in packages.values() if {"editable", "virtual", "directory"} & set(_table(p.get("source")))]
    extras = [_table(root.get("optional-dependencies")).values() for root in roots]
    production = _needed(packages, [*(root.get("dependencies") for root in roots), *(e for es in extras for e in es)])
    groups = [group for root in roots for group in _table(root.get("dev-dependencies")).values()]
    development = _needed(packages, groups) - production
    return Locked(versions={name: str(packages[name].get("version", "")) for name in development if name in packages})


def _needed(packages: Mapping[str, dict[str, Any]], lists: Iterable[object]) -> set[str]:
    """What lists of dependencies need, with all that those need, their extras too."""

    def needs(name: str) -> Iterator[str]:
        package = packages.get(name, {})
        return _listed(package.get("dependencies"), *_table(package.get("optional-dependencies")).values())

    return closure(_listed(*lists), needs)


def _listed(*lists: object) -> Iterator[str]:
    """The names in lists of dependencies."""
    return (normal(str(item.get("name", ""))) for dependencies in lists for item in _tables(dependencies))


def _pipfile(data: bytes) -> Wishes | None:
    document = toml_object(data)
    production = _names(_table(document.get("packages")))
    return Declared(production=production, development=_names(_table(document.get("dev-packages"))) - production)


def _pyproject(data: bytes) -> Wishes | None:
    """PEP 621 and PEP 735, and the tables of Poetry, PDM and uv."""
    document = toml_object(data)
    project, tool = _table(document.get("project")), _table(document.get("tool"))
    poetry = _table(tool.get("poetry"))
    production = _names(project.get("dependencies")) | _names(_table(poetry.get("dependencies")))
    for extra in _table(project.get("optional-dependencies")).values():
        production |= _names(extra)
    groups: list[object] = [*_table(document.get("dependency-groups")).values(), _table(poetry.get("dev-dependencies"))]
    for name, group in _table(poetry.get("group")).items():
        if name not in _MAIN:
            groups.append(_table(_table(group).get("dependencies")))
    groups += _table(_table(tool.get("pdm")).get("dev-dependencies")).values()
    groups.append(_table(tool.get("uv")).get("dev-dependencies"))
    development = frozenset(name for group in groups for name in _names(group)) - production - {"python"}
    return Declared(production=production, development=development) if development and production else None


PYTHON: Mapping[str, Callable[[bytes], Wishes | None]] = {
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
