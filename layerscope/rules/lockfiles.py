"""Which packages a project wants for development only, by the files in which it says so.

A lockfile knows, so its answer is a set of names (``Locked``). A manifest without one names the roots alone
(``Declared``), and what they need must be followed through the installed packages. Files come from images: what
cannot be parsed says nothing.
"""

import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

_SEPARATORS = re.compile(r"[-_.]+")
_REQUIREMENT = re.compile(r"\s*([A-Za-z0-9][A-Za-z0-9._-]*)\s*(?:\[([^\]]*)\])?")
_LONG_KEY = re.compile(r"(?<![\w\"'-])(?:[\w\"'-]++[ \t]*+\.[ \t]*+){200}")
_MAIN = frozenset({"main", "default"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Locked:
    """The packages that only development needs, with the locked version, empty where it is not told."""

    versions: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Declared:
    """The packages that a project asks for itself: for production, and for development only."""

    production: frozenset[str]
    development: frozenset[str]


Wishes = Locked | Declared


def normal(name: str) -> str:
    """A Python package's name as it is compared (PEP 503)."""
    return _SEPARATORS.sub("-", name).lower()


def required(text: str) -> tuple[str, frozenset[str]] | None:
    """Name and extras of a requirement (PEP 508); None for what is none, such as a comment or an option."""
    match = _REQUIREMENT.match(text)
    if match is None:
        return None
    return normal(match[1]), frozenset(normal(extra.strip()) for extra in (match[2] or "").split(",") if extra.strip())


def json_object(data: bytes) -> dict[str, Any]:
    """A JSON object; empty for anything else."""
    try:
        document = json.loads(data)
    except (ValueError, RecursionError):
        return {}
    return document if isinstance(document, dict) else {}


def _toml(data: bytes) -> dict[str, Any]:
    """A TOML document; empty for what is none, or has a key of very many parts, which tomllib reads in square time."""
    import tomllib

    try:
        text = data.decode("utf-8")
        return {} if _LONG_KEY.search(text) else tomllib.loads(text)
    except (ValueError, RecursionError):
        return {}


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
    for package in _tables(_toml(data).get("package")):
        groups = package.get("groups", [package["category"]] if "category" in package else None)
        name = normal(str(package.get("name", "")))
        if not isinstance(groups, list) or not _MAIN.isdisjoint(map(str, groups)):
            needed.add(name)
        else:
            versions[name] = str(package.get("version", ""))
    return Locked(versions={name: version for name, version in versions.items() if name not in needed})


def _uv_lock(data: bytes) -> Wishes | None:
    """uv.lock: the workspace's own members are the roots, their extras and groups stand apart."""
    packages = {normal(str(package.get("name", ""))): package for package in _tables(_toml(data).get("package"))}
    roots = [p for p in packages.values() if {"editable", "virtual", "directory"} & set(_table(p.get("source")))]
    extras = [_table(root.get("optional-dependencies")).values() for root in roots]
    production = _closure(packages, [*(root.get("dependencies") for root in roots), *(e for es in extras for e in es)])
    groups = [group for root in roots for group in _table(root.get("dev-dependencies")).values()]
    development = _closure(packages, groups) - production
    return Locked(versions={name: str(packages[name].get("version", "")) for name in development if name in packages})


def _closure(packages: Mapping[str, dict[str, Any]], lists: Iterable[object]) -> set[str]:
    todo = [normal(str(item.get("name", ""))) for dependencies in lists for item in _tables(dependencies)]
    found: set[str] = set()
    while todo:
        name = todo.pop()
        if name not in found:
            found.add(name)
            package = packages.get(name, {})
            optional = _table(package.get("optional-dependencies")).values()
            for dependencies in (package.get("dependencies"), *optional):
                todo += [normal(str(item.get("name", ""))) for item in _tables(dependencies)]
    return found


def _pipfile(data: bytes) -> Wishes | None:
    document = _toml(data)
    production = _names(_table(document.get("packages")))
    return Declared(production=production, development=_names(_table(document.get("dev-packages"))) - production)


def _pyproject(data: bytes) -> Wishes | None:
    """PEP 621 and PEP 735, and the tables of Poetry, PDM and uv."""
    document = _toml(data)
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
