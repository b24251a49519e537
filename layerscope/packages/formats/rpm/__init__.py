"""Reads rpm's databases, in all three formats, from their bytes alone."""

import hashlib
from collections.abc import Callable, Iterator

from layerscope.errors import Damaged
from layerscope.packages.formats.rpm import bdb, ndb
from layerscope.packages.formats.rpm.package import RpmPackage, parse_package

_MOST_WARNINGS = 20
_MOST_PACKAGES = 30_000
"""More are listed of no image."""
_PUBLIC_KEY = "gpg-pubkey"
_SQLITE = b"SQLite format 3\0"


def read_database(
    data: bytes, *, where: str, log: bytes = b"", known: dict[bytes, RpmPackage] | None = None
) -> tuple[tuple[RpmPackage, ...], tuple[str, ...]]:
    """Return the installed packages of a ``Packages``, ``Packages.db`` or ``rpmdb.sqlite``, and warnings.

    ``where`` names the database in messages; ``log`` is the ``rpmdb.sqlite-wal`` beside it, empty where there is
    none. A record that cannot be read costs a warning that names it, and the others are read; of many warnings the
    first are given and the rest counted. Public keys, which rpm keeps as packages without files, are left out.
    ``known`` holds packages of earlier versions of the same database, by the SHA-256 of each record, and is added to.
    Raises Damaged where ``data`` has none of the formats, or no record of it can be found. Work and memory are
    bounded by the length of ``data`` and ``log``.
    """
    known = {} if known is None else known
    warnings: list[str] = []
    packages: list[RpmPackage] = []
    for number, blob in _records(data, log, where, warnings.append):
        if len(packages) == _MOST_PACKAGES:
            warnings.insert(0, f"{where}: over {_MOST_PACKAGES:,} packages; the rest are not listed")
            break
        digest = hashlib.sha256(blob).digest()
        try:
            package = known.get(digest) or parse_package(blob, where=f"{where}: record {number}")
        except Damaged as problem:
            warnings.append(problem.message)
            continue
        known[digest] = package
        if package.name != _PUBLIC_KEY:
            packages.append(package)
    more = len(warnings) - _MOST_WARNINGS
    if more > 0:
        warnings[_MOST_WARNINGS:] = [f"{where}: {more:,} more warnings of this kind"]
    return tuple(packages), tuple(warnings)


def _records(data: bytes, log: bytes, where: str, warn: Callable[[str], None]) -> Iterator[tuple[int, bytes]]:
    if log or data.startswith(_SQLITE):
        # SQLite is loaded only where there is a database for it.
        from layerscope.packages.formats.rpm import sqlite

        return sqlite.records(sqlite.apply_log(data, log, where=where), where=where, warn=warn)
    if data.startswith(ndb.MAGIC):
        return ndb.records(data, where=where, warn=warn)
    if bdb.is_hash_database(data):
        return bdb.records(data, where=where, warn=warn)
    raise Damaged("not an rpm database: neither SQLite, ndb nor a hash of Berkeley DB", where=where)
