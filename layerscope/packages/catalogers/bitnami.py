"""Bitnami's components: ``/opt/bitnami/<component>`` with an SPDX document, ``.spdx-<component>.spdx``, in it.

The document's packages (SPDX 2.3, clause 7) are the component and what was built into it.
"""

from collections.abc import Iterable, Iterator
from functools import partial
from typing import Any

from layerscope.filesystem.tree import Filesystem
from layerscope.model.pathset import PathSet, Wanted
from layerscope.packages.cataloger import Cataloger, Claim
from layerscope.packages.context import Context
from layerscope.packages.database import Database, Listed, Reader

_ROOT = "/opt/bitnami/"
_PREFIX, _SUFFIX = ".spdx-", ".spdx"
_MOST_BYTES = 32 << 20
_DEEPEST = 6
_MOST_PARTS = 10


def _catalog(context: Context) -> Iterator[Claim]:
    return Database(context, "bitnami").claims(_listings(context))


def _listings(context: Context) -> Iterator[tuple[int, list[Listed]]]:
    filesystem = context.filesystem
    in_directory: dict[str, dict[str, None]] = {}
    records = []
    for number in context.matches:
        path = filesystem.path_of(number)
        directory, _, name = path.rpartition("/")
        if path.startswith(_ROOT) and name.startswith(_PREFIX) and path.count("/") <= _DEEPEST:
            in_directory.setdefault(directory, {})[path] = None
            records.append((number, path, directory, name.removeprefix(_PREFIX).removesuffix(_SUFFIX)))
    files = {
        directory: _files(filesystem, directory, alone=len(paths) == 1) for directory, paths in in_directory.items()
    }
    for number, path, directory, component in records:
        version = _version(context.read_object(number, _MOST_BYTES), component)
        if version:
            own = files[directory].get(component) or files[directory].get("", [])
            yield number, [Listed(name=component, version=version, place=path, paths=partial(_paths, path, own))]
        else:
            context.warn(f"{path} names no version of {component}")


def _version(document: dict[str, Any], component: str) -> str:
    """The version of the package that has the component's name, else of the first."""
    packages = document.get("packages")
    found = [package for package in packages if isinstance(package, dict)] if isinstance(packages, list) else []
    named = [package for package in found if package.get("name") == component]
    version = next((package.get("versionInfo") for package in (*named, *found)), "")
    return version if isinstance(version, str) else ""


def _files(filesystem: Filesystem, directory: str, *, alone: bool) -> dict[str, list[str]]:
    """The paths below a directory, all under the empty name where one component has it alone.

    Where several share one (``common``) they are under every name that theirs begins with: ``yq-4.txt`` under
    ``yq`` and ``yq-4``.
    """
    found: dict[str, list[str]] = {}
    for number in filesystem.below(directory):
        path = filesystem.path_of(number)
        name = path.rpartition("/")[2]
        ends = [index for index, letter in enumerate(name) if index and letter in "-."]
        for beginning in [""] if alone else [name, *(name[:end] for end in ends[:_MOST_PARTS])]:
            found.setdefault(beginning, []).append(path)
    return found


def _paths(record: str, paths: list[str], _: Reader) -> Iterable[str]:
    return dict.fromkeys((record, *paths))


BITNAMI = Cataloger(
    name="bitnami", wanted=Wanted(paths=PathSet(suffixes=(_SUFFIX,)), head=_MOST_BYTES), catalog=_catalog, is_os=True
)
