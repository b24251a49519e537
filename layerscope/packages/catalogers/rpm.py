"""rpm packages, from the databases of all three formats."""

import stat
from collections.abc import Iterator
from functools import partial
from itertools import chain
from typing import TYPE_CHECKING

from layerscope.errors import Damaged
from layerscope.model.pathset import PathSet, Wanted
from layerscope.model.patterns import pattern
from layerscope.packages.cataloger import Cataloger, Claim
from layerscope.packages.context import Context
from layerscope.packages.database import Database, Listed, Reader
from layerscope.packages.relations import Relations

if TYPE_CHECKING:
    from layerscope.packages.formats.rpm.package import RpmPackage

_MOST_BYTES, _MOST_LOG_BYTES = 256 << 20, 64 << 20
_DIRECTORIES = ("/var/lib/rpm", "/usr/lib/sysimage/rpm", "/usr/share/rpm")
# The newest format first: a conversion keeps the older file, which rpm no longer reads.
_NAMES = ("rpmdb.sqlite", "Packages.db", "Packages")
_LOG = "rpmdb.sqlite-wal"
_WORD = pattern(r"(?:[^\s()]|\([^\s()]*\))+")


def _catalog(context: Context) -> Iterator[Claim]:
    """The packages of the databases of all layers."""
    database = Database(context, "rpm", namespace="")
    by_path: dict[str, list[int]] = {}
    for number in context.matches:
        by_path.setdefault(context.filesystem.path_of(number), []).append(number)
    known: dict[bytes, RpmPackage] = {}
    for directory in _DIRECTORIES:
        paths = [path for name in _NAMES if (path := f"{directory}/{name}") in by_path]
        in_use = [path for path in paths if path in context.filesystem.live] or paths
        logs = by_path.get(f"{directory}/{_LOG}", []) if f"{directory}/{_NAMES[0]}" in in_use else []
        for path in in_use[:1]:
            yield from database.claims(_listings(context, by_path[path], logs, known))


def _listings(
    context: Context, numbers: list[int], logs: list[int], known: "dict[bytes, RpmPackage]"
) -> Iterator[tuple[int, list[Listed]]]:
    """What each version of one database lists, with the log that lies beside it in the same layer."""
    # The readers of three formats are loaded only where there is a database to read.
    from layerscope.packages.formats.rpm import read_database

    layer_of = context.filesystem.layer_of
    for number in numbers:
        data = context.read_all(number, _MOST_BYTES, None)
        log = next((log for log in reversed(logs) if layer_of(log) == layer_of(number)), None)
        log_data = b"" if log is None else context.read_all(log, _MOST_LOG_BYTES, None) or b""
        # A new database is empty until its log is written back.
        if data is None or not (data or log_data):
            continue
        path = context.filesystem.path_of(number)
        try:
            packages, warnings = read_database(data, where=path, log=log_data, known=known)
        except Damaged as problem:
            context.warn(problem.message)
            continue
        for warning in warnings:
            context.warn(warning)
        yield number, [_listed(package) for package in packages]
    known.clear()  # Packages are let go of one by one as they are claimed.


def _listed(package: "RpmPackage") -> Listed:
    return Listed(
        name=package.name,
        version=f"{package.version}-{package.release}",
        arch=package.arch,
        qualifiers=(("epoch", str(package.epoch or "")), ("upstream", package.source_rpm)),
        relations=relations_of(package),
        paths=partial(_paths, package),
    )


def relations_of(package: "RpmPackage") -> Relations:
    """What a package needs and offers."""
    return Relations(
        needs=_names(package.requires), recommends=_names(package.recommends), provides=_names(package.provides)
    )


def _names(needs: tuple[str, ...]) -> tuple[str, ...]:
    """The names; of a boolean expression all words (rpm, docs/manual/boolean_dependencies.md).

    Its operators and versions are the names of no package.
    """
    found = (_WORD.findall(need) if need.startswith("(") else (need,) for need in needs)
    return tuple(dict.fromkeys(chain.from_iterable(found)))


def _paths(package: "RpmPackage", _: Reader) -> Iterator[str]:
    """The files that rpm wrote and no other package replaced; it does not write ghosts, so they are left out."""
    for file in package.files:
        if file.is_installed and not file.is_ghost and not stat.S_ISDIR(file.mode):
            yield file.path


RPM = Cataloger(
    name="rpm",
    wanted=Wanted(
        paths=PathSet(paths=tuple(f"{directory}/{name}" for directory in _DIRECTORIES for name in (*_NAMES, _LOG))),
        head=_MOST_BYTES,
    ),
    catalog=_catalog,
    is_os=True,
)
