"""Bitnami's components: ``/opt/bitnami/<component>`` with an SPDX document, ``.spdx-<component>.spdx``, in it.

The document's packages (SPDX 2.3, clause 7) are the component and what was built into it.
"""

from collections.abc import Iterator
from functools import partial
from typing import Any

from layerscope.model.pathset import PathSet, Wanted
from layerscope.packages.cataloger import Cataloger, Claim, Evidence
from layerscope.packages.database import Database, Listed, Reader, parse_json

_ROOT = "/opt/bitnami/"
_PREFIX, _SUFFIX = ".spdx-", ".spdx"
_MOST_BYTES = 32 << 20


def _catalog(evidence: Evidence) -> Iterator[Claim]:
    if evidence.matches:
        database = Database(evidence, "bitnami")
        yield from database.claims(_listings(evidence, database))


def _listings(evidence: Evidence, database: Database) -> Iterator[tuple[int, list[Listed]]]:
    records = [(number, evidence.filesystem.path_of(number)) for number in evidence.matches]
    records = [(number, path) for number, path in records if path.startswith(_ROOT) and f"/{_PREFIX}" in path]
    in_directory: dict[str, set[str]] = {}
    for _, path in records:
        in_directory.setdefault(path.rpartition("/")[0], set()).add(path)
    for number, path in records:
        directory, _, name = path.rpartition("/")
        component = name.removeprefix(_PREFIX).removesuffix(_SUFFIX)
        version = _version(parse_json(database.read(number, _MOST_BYTES), path, evidence.warn), component)
        if version:
            alone = len(in_directory[directory]) == 1
            paths = partial(_paths, evidence, path, directory, component, alone)
            yield number, [Listed(name=component, version=version, paths=paths)]
        else:
            evidence.warn(f"{path} tells no version of {component}")


def _version(document: Any, component: str) -> str:
    """The version of the package that has the component's name, else of the first."""
    packages = document.get("packages") if isinstance(document, dict) else None
    found = [package for package in packages if isinstance(package, dict)] if isinstance(packages, list) else []
    named = [package for package in found if package.get("name") == component]
    version = next((package.get("versionInfo") for package in (*named, *found)), "")
    return version if isinstance(version, str) else ""


def _paths(evidence: Evidence, record: str, directory: str, component: str, alone: bool, _: Reader) -> Iterator[str]:
    """All of the directory, or where several components share one (``common``) the files that bear its name."""
    filesystem = evidence.filesystem
    yield record
    for number in filesystem.below(directory):
        path = filesystem.path_of(number)
        name = path.rpartition("/")[2]
        if alone or name == component or name.startswith((f"{component}-", f"{component}.")):
            yield path


BITNAMI = Cataloger(
    name="bitnami", wanted=Wanted(paths=PathSet(suffixes=(_SUFFIX,)), head=_MOST_BYTES), catalog=_catalog, is_os=True
)
