"""The ``rpmdb.sqlite`` of rpm since 4.16: header blobs in the table ``Packages`` (rpm, lib/backend/sqlite.c).

SQLite reads the file, so what it may do for a hostile one is held down: the schema is not trusted, the table must
be a plain one with just the two columns that rpm makes, instructions are counted, and no more bytes are read out
than the file has.

The write-ahead log, ``rpmdb.sqlite-wal``, holds pages that are not yet in the database itself: a head of 32 bytes and
frames of 24 bytes and a page each, in big-endian order. A frame counts if it carries the salt of the head and the
running checksum holds, and only up to the last frame that ends a transaction (SQLite, "Database File Format",
chapter 4). rpm empties the log when it ends; if it is killed the log remains.
"""

import sqlite3
import struct
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from functools import partial
from itertools import repeat
from pathlib import Path

from layerscope.errors import Damaged

_HEADER_BYTES = 100
_JOURNAL_VERSIONS = slice(18, 20)
_ROLLBACK = b"\1\1"
_STEP = 1000
_SPARE_STEPS = 100
_LEAST_LENGTH_LIMIT = 10_000

_LOG_HEAD = struct.Struct(">8I")
_FRAME = struct.Struct(">6I")
_LOG_MAGICS = {0x377F0682: "<", 0x377F0683: ">"}
_LOG_VERSION = 3_007_000
_PAGE_SIZES = frozenset(1 << power for power in range(9, 17))
_WORD = 0xFFFFFFFF

_TABLE = "SELECT type, rootpage FROM sqlite_master WHERE lower(name) = 'packages'"
# NOT INDEXED keeps a foreign index out of the question; the length of a blob is known without reading it.
_LENGTHS = "SELECT rowid, CASE typeof(blob) WHEN 'blob' THEN length(blob) END FROM Packages NOT INDEXED"
# In a damaged table a search may end at another row than the listing did; its blob must be the same one.
_BLOB = "SELECT blob FROM Packages NOT INDEXED WHERE rowid = ? AND typeof(blob) = 'blob' AND length(blob) = ?"


def records(data: bytes, *, where: str, warn: Callable[[str], None]) -> Iterator[tuple[int, bytes]]:
    """Yield package numbers and header blobs in the order of the table; ``warn`` takes what is left out.

    Raises Damaged where the database cannot be opened or has no such table.
    """
    if len(data) < _HEADER_BYTES:
        raise Damaged(f"an SQLite database of {len(data)} bytes", where=where)
    # A message of SQLite may quote the file, so it may not be UTF-8 and cannot be decoded.
    try:
        with _opened(_without_log(data)) as connection:
            _guard(connection, len(data))
            _check_table(connection, where)
            yield from _blobs(connection, len(data), where, warn)
    except (sqlite3.Error, UnicodeError, OverflowError, MemoryError) as problem:
        raise Damaged(f"SQLite cannot read it: {problem}", where=where) from problem


def _without_log(data: bytes) -> bytes:
    """The same database marked as one without a write-ahead log, which SQLite would want beside it."""
    return data[: _JOURNAL_VERSIONS.start] + _ROLLBACK + data[_JOURNAL_VERSIONS.stop :]


@contextmanager
def _opened(data: bytes) -> Iterator[sqlite3.Connection]:
    if hasattr(sqlite3.Connection, "deserialize"):
        with closing(sqlite3.connect(":memory:")) as connection:
            connection.deserialize(data)
            yield connection
        return
    # Some builds of SQLite leave deserialize out.
    with tempfile.TemporaryDirectory(prefix="layerscope-") as folder:
        path = Path(folder, "rpmdb.sqlite")
        path.write_bytes(data)
        with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro&immutable=1", uri=True)) as connection:
            yield connection


def _guard(connection: sqlite3.Connection, data_bytes: int) -> None:
    connection.execute("PRAGMA trusted_schema = OFF")
    connection.execute("PRAGMA query_only = ON")
    connection.execute("PRAGMA cell_size_check = ON")
    connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, max(data_bytes, _LEAST_LENGTH_LIMIT))
    # One instruction for each byte of the file is plenty: a row takes about ten, and more than ten bytes. SQLite would
    # swallow what a signal raises, but none is handled where no Python runs.
    connection.set_progress_handler(partial(next, repeat(0, _SPARE_STEPS + data_bytes // _STEP), 1), _STEP)


def _check_table(connection: sqlite3.Connection, where: str) -> None:
    tables = connection.execute(_TABLE).fetchmany(2)
    if len(tables) != 1 or tables[0][0] != "table" or not tables[0][1]:
        raise Damaged("no plain table Packages", where=where)
    columns = connection.execute("PRAGMA table_xinfo(Packages)").fetchmany(3)
    # Name, place in the primary key, and whether the column is hidden or computed.
    if [(column[1], column[5], column[6]) for column in columns] != [("hnum", 1, 0), ("blob", 0, 0)]:
        raise Damaged("the table Packages has other columns than rpm makes", where=where)


def _blobs(
    connection: sqlite3.Connection, data_bytes: int, where: str, warn: Callable[[str], None]
) -> Iterator[tuple[int, bytes]]:
    budget = data_bytes
    for number, blob_bytes in _lengths(connection, data_bytes, where, warn):
        if not isinstance(blob_bytes, int):
            warn(f"{where}: record {number}: no blob")
            continue
        budget -= blob_bytes
        if budget < 0:
            warn(f"{where}: record {number} and those after it: more bytes than the file has, left out")
            return
        try:
            row = connection.execute(_BLOB, (number, blob_bytes)).fetchone()
        except (sqlite3.Error, UnicodeError) as problem:
            warn(f"{where}: record {number}: {problem}")
            continue
        if row is None:
            warn(f"{where}: record {number}: not found by its number")
            continue
        yield number, row[0]


def _lengths(
    connection: sqlite3.Connection, data_bytes: int, where: str, warn: Callable[[str], None]
) -> list[tuple[int, object]]:
    """All record numbers with the lengths of their blobs, up to where the table is damaged."""
    rows: list[tuple[int, object]] = []
    try:
        for row in connection.execute(_LENGTHS):
            rows.append(row)
            # A row takes more than four bytes; a page that is listed twice would give more.
            if len(rows) > data_bytes // 4:
                raise Damaged("more rows than the file has room for", where=where)
    except (sqlite3.Error, UnicodeError) as problem:
        if not rows:
            raise
        warn(f"{where}: the packages after the first {len(rows):,} cannot be read: {problem}")
    return rows


def apply_log(data: bytes, log: bytes, *, where: str) -> bytes:
    """Return the database with all finished transactions of its log; ``data`` itself where there are none.

    ``data`` may be empty, as a new database is until its log is written back. Raises Damaged where the log
    declares a database that is longer than both together.
    """
    finished = _finished(log)
    if finished is None:
        return data
    pages, page_bytes, page_count = finished
    if page_count * page_bytes > len(data) + len(log):
        raise Damaged(f"the write-ahead log declares {page_count:,} pages of {page_bytes:,} bytes", where=where)
    result = bytearray(data[: page_count * page_bytes].ljust(page_count * page_bytes, b"\0"))
    for number, place in pages.items():
        # A later transaction of the same log may have cut the database before this page.
        if 0 < number <= page_count:
            result[(number - 1) * page_bytes : number * page_bytes] = log[place : place + page_bytes]
    return bytes(result)


def _finished(log: bytes) -> tuple[dict[int, int], int, int] | None:
    """Where the newest version of each page lies in ``log``, the length of pages, and their count in the database.

    None where no transaction is finished.
    """
    if len(log) < _LOG_HEAD.size:
        return None
    magic, version, page_bytes, _, salt_1, salt_2, *head_sums = _LOG_HEAD.unpack_from(log)
    order = _LOG_MAGICS.get(magic)
    if order is None or version != _LOG_VERSION or page_bytes not in _PAGE_SIZES:
        return None
    sums = _checksum(log[: _LOG_HEAD.size - 8], order, (0, 0))
    if list(sums) != head_sums:
        return None
    pages: dict[int, int] = {}
    open_pages: dict[int, int] = {}
    page_count = 0
    for place in range(_LOG_HEAD.size, len(log) - _FRAME.size - page_bytes + 1, _FRAME.size + page_bytes):
        number, count_after, *salts_and_sums = _FRAME.unpack_from(log, place)
        body = place + _FRAME.size
        sums = _checksum(log[place : place + 8] + log[body : body + page_bytes], order, sums)
        # Frames of an older round, under another salt, may follow those of this one.
        if salts_and_sums != [salt_1, salt_2, *sums]:
            break
        open_pages[number] = body
        if count_after:
            pages |= open_pages
            open_pages = {}
            page_count = count_after
    return (pages, page_bytes, page_count) if page_count else None


def _checksum(raw: bytes, order: str, sums: tuple[int, int]) -> tuple[int, int]:
    first, second = sums
    for even, odd in struct.iter_unpack(f"{order}II", raw):
        first = (first + even + second) & _WORD
        second = (second + odd + first) & _WORD
    return first, second
