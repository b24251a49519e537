import sqlite3
import struct
from collections.abc import Callable, Sequence
from contextlib import closing
from functools import partial
from types import SimpleNamespace
from typing import cast

import pytest

from layerscope.errors import Damaged
from layerscope.packages.formats.rpm import read_database
from layerscope.packages.formats.rpm.sqlite import _guard, _lengths, records
from tests.packages.rpm.header_builder import NEVR, blob
from tests.packages.rpm.samples import database

_TABLE = "CREATE TABLE Packages (hnum INTEGER PRIMARY KEY AUTOINCREMENT, blob BLOB NOT NULL)"


def _made(statements: Sequence[str], rows: Sequence[object] = ()) -> bytes:
    connection = sqlite3.connect(":memory:")
    for statement in statements:
        connection.execute(statement)
    for row in rows:
        connection.execute("INSERT INTO Packages (blob) VALUES (?)", (row,))
    connection.commit()
    data = connection.serialize()
    connection.close()
    return data


def _read(data: bytes) -> tuple[list[int], list[str]]:
    warnings: list[str] = []
    numbers = [number for number, _ in records(data, where="db", warn=warnings.append)]
    return numbers, warnings


def test_the_sample_is_marked_for_a_write_ahead_log_and_read_all_the_same() -> None:
    data = database("rpmdb.sqlite")
    assert data[18:20] == b"\2\2"
    assert _read(data) == ([1, 2, 3, 4, 5, 6, 7], [])


def test_a_build_without_deserialize_reads_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    class Bare(sqlite3.Connection):
        def __getattribute__(self, name: str) -> object:
            assert name != "deserialize"
            return super().__getattribute__(name)

    expected = dict(records(database("rpmdb.sqlite"), where="db", warn=pytest.fail))
    original = sqlite3.connect
    monkeypatch.setattr(sqlite3, "Connection", object)
    monkeypatch.setattr(sqlite3, "connect", lambda *args, **kwargs: original(*args, factory=Bare, **kwargs))
    assert dict(records(database("rpmdb.sqlite"), where="db", warn=pytest.fail)) == expected


def test_a_row_that_is_no_header_costs_a_warning_that_names_it() -> None:
    packages, warnings = read_database(_made([_TABLE], [blob(NEVR), b"?", "text", blob(NEVR)]), where="db")
    assert [package.name for package in packages] == ["made", "made"]
    assert [warning.partition(",")[0].partition(": no")[0] for warning in sorted(warnings)] == [
        "db: record 2: a header of 1 bytes",
        "db: record 3",
    ]


@pytest.mark.parametrize(("rows", "more"), [(20, ""), (21, "1"), (1020, "1,000")])
def test_of_many_warnings_the_first_are_given_and_the_rest_counted(rows: int, more: str) -> None:
    _, warnings = read_database(_made([_TABLE], [b"?"] * rows), where="db")
    assert len(warnings) == 20 + bool(more)
    assert warnings[20:] == ((f"db: {more} more warnings of this kind",) if more else ())


@pytest.mark.parametrize(("length", "message"), [(99, "an SQLite database of 99 bytes"), (100, "SQLite cannot")])
def test_what_is_shorter_than_a_header_is_no_database(length: int, message: str) -> None:
    with pytest.raises(Damaged, match=message):
        _read(_made([_TABLE])[:length])


def test_a_database_is_read_in_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.TemporaryDirectory", pytest.fail)
    assert _read(database("rpmdb.sqlite")) == ([1, 2, 3, 4, 5, 6, 7], [])


def test_a_database_that_takes_too_many_steps_is_damaged(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("layerscope.packages.formats.rpm.sqlite._STEP", 1)
    monkeypatch.setattr("layerscope.packages.formats.rpm.sqlite._SPARE_STEPS", -1_000_000)
    with pytest.raises(Damaged, match="interrupted"):
        _read(database("rpmdb.sqlite"))


@pytest.mark.parametrize(("data_bytes", "longest"), [(5_000, 10_000), (20_000, 20_000)])
def test_what_sqlite_may_do_is_held_down(data_bytes: int, longest: int) -> None:
    with closing(sqlite3.connect(":memory:")) as connection:
        _guard(connection, data_bytes)
        names = ("trusted_schema", "query_only", "cell_size_check")
        assert [connection.execute(f"PRAGMA {name}").fetchone() for name in names] == [(0,), (1,), (1,)]
        assert connection.getlimit(sqlite3.SQLITE_LIMIT_LENGTH) == longest


_LINES = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n)"


@pytest.mark.parametrize(
    "statements",
    [
        pytest.param(["CREATE TABLE Other (hnum INTEGER PRIMARY KEY, blob BLOB)"], id="no such table"),
        pytest.param([f"CREATE VIEW Packages AS {_LINES} SELECT x AS hnum, x AS blob FROM n"], id="endless view"),
        pytest.param(["CREATE VIRTUAL TABLE Packages USING fts5(hnum, blob)"], id="virtual table"),
        pytest.param(["CREATE TABLE Other (hnum)", "CREATE INDEX Packages ON Other (hnum)"], id="index"),
    ],
)
def test_what_is_no_plain_table_is_damaged(statements: Sequence[str]) -> None:
    with pytest.raises(Damaged, match="no plain table Packages"):
        _read(_made(statements))


@pytest.mark.parametrize(
    "statements",
    [
        pytest.param(["CREATE TABLE Packages (hnum INTEGER, blob BLOB)"], id="no primary key"),
        pytest.param(
            ["CREATE TABLE Packages (hnum INTEGER PRIMARY KEY, blob BLOB) WITHOUT ROWID"], id="no row numbers"
        ),
        pytest.param(
            ["CREATE TABLE Packages (hnum INTEGER PRIMARY KEY, blob AS (zeroblob(1000000000)))"],
            id="computed column",
        ),
        pytest.param(["CREATE TABLE Packages (hnum INTEGER PRIMARY KEY, blob BLOB, rowid TEXT)"], id="extra column"),
    ],
)
def test_a_table_that_rpm_would_not_make_is_damaged(statements: Sequence[str]) -> None:
    with pytest.raises(Damaged, match="other columns than rpm makes|SQLite cannot read it"):
        _read(_made(statements))


def test_two_tables_that_differ_by_case_are_damaged() -> None:
    data = _made([_TABLE, "CREATE TABLE pockages (hnum INTEGER PRIMARY KEY, blob BLOB)"])
    with pytest.raises(Damaged, match="db"):
        _read(data.replace(b"pockages", b"packages"))


def test_a_schema_that_is_no_utf8_is_damaged() -> None:
    data = database("rpmdb.sqlite")
    assert b"CREATE TABLE 'Packages'" in data
    with pytest.raises(Damaged, match="db: SQLite cannot read it"):
        _read(data.replace(b"CREATE TABLE 'Packages'", b"CREATE TABLE 'P'\xcc ages "))


def _root(data: bytes) -> tuple[int, int]:
    """Where the first page of the table starts, and the length of pages."""
    connection = sqlite3.connect(":memory:")
    connection.deserialize(data)
    page: int = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = 'Packages'").fetchone()[0]
    connection.close()
    page_bytes = int.from_bytes(data[16:18], "big")
    return (page - 1) * page_bytes, page_bytes


def _with_root(data: bytes, kind: bytes, right: bytes, cells: Sequence[bytes]) -> bytes:
    """The same database with another first page of the table, made of ``cells``."""
    start, page_bytes = _root(data)
    content = b"".join(cells)
    head = kind + bytes(2) + struct.pack(">HHB", len(cells), page_bytes - len(content), 0) + right
    places = [page_bytes - len(content) + sum(map(len, cells[:position])) for position in range(len(cells))]
    pointers = struct.pack(f">{len(cells)}H", *places)
    page = head + pointers + bytes(page_bytes - len(head) - len(pointers) - len(content)) + content
    return data[:start] + page + data[start + page_bytes :]


def test_rows_that_share_one_long_blob_are_read_once() -> None:
    # Of a blob of this length the least possible lies on the page itself, so that four such rows fit.
    sound = _made(["PRAGMA page_size = 512", _TABLE], [bytes(99_602)])
    data = _with_root(sound, b"\x0d", b"", [_row(sound, number) for number in range(1, 5)])
    assert _read(data) == ([1], ["db: record 2 and those after it: more bytes than the file has, left out"])


def _row(data: bytes, number: int) -> bytes:
    """The only cell of a table with one row of a long blob, under another row number."""
    start, page_bytes = _root(data)
    cell = data[start + struct.unpack_from(">H", data, start + 8)[0] : start + page_bytes]
    return cell[:3] + bytes([number]) + cell[4:]


def test_a_blob_whose_further_pages_are_absent_costs_its_record_alone() -> None:
    sound = _made(["PRAGMA page_size = 512", _TABLE], [bytes(99_602)])
    lost = _row(sound, 1)[:-4] + b"\x7f\xff\xff\xff"
    numbers, warnings = _read(_with_root(sound + bytes(99_840), b"\x0d", b"", [lost, _row(sound, 2)]))
    assert numbers == [2]
    assert len(warnings) == 1
    assert warnings[0].startswith("db: record 1: ")


def test_a_row_that_its_number_does_not_lead_to_costs_a_warning() -> None:
    sound = _made(["PRAGMA page_size = 512", _TABLE], [bytes(99_602)])
    rows = [_row(sound, number) for number in (3, 1, 2)]
    numbers, warnings = _read(_with_root(sound + bytes(3 * 99_840), b"\x0d", b"", rows))
    assert (numbers, warnings) == ([1, 2], ["db: record 3: not found by its number"])


@pytest.mark.parametrize(("data_bytes", "is_damaged"), [(12, False), (11, True)])
def test_a_row_takes_four_bytes_at_least(data_bytes: int, is_damaged: bool) -> None:
    rows: list[tuple[int, object]] = [(1, 0), (2, 0), (3, 0)]
    connection = cast(sqlite3.Connection, SimpleNamespace(execute=lambda _: rows))
    if is_damaged:
        with pytest.raises(Damaged, match="more rows than the file has room for"):
            _lengths(connection, data_bytes, "db", pytest.fail)
    else:
        assert _lengths(connection, data_bytes, "db", pytest.fail) == rows


def test_a_page_that_is_listed_again_and_again_does_not_make_work_without_end() -> None:
    sound = _made([_TABLE], [b"?"] * 1000)
    start, _ = _root(sound)
    cell = start + struct.unpack_from(">H", sound, start + 12)[0]
    leaf = sound[cell : cell + 4]
    data = _with_root(sound, b"\x05", leaf, [leaf + b"\x01"] * 500)
    with pytest.raises(Damaged, match="more rows than the file has room for"):
        _read(data)


def test_a_damaged_page_costs_the_packages_on_it() -> None:
    data = database("rpmdb.sqlite")
    whole = dict(records(data, where="db", warn=pytest.fail))
    place = data.index(whole[4][:64])
    start = place - place % 4096
    numbers, warnings = _read(data[:start] + b"\xff" * 4096 + data[start + 4096 :])
    assert len(numbers) < 7
    assert warnings


def test_no_python_runs_within_sqlite_which_would_swallow_what_a_signal_raises() -> None:
    given: list[Callable[[], int | None]] = []

    class Watched(sqlite3.Connection):
        def set_progress_handler(self, handler: Callable[[], int | None] | None, n: int) -> None:
            assert handler is not None
            given.append(handler)

    with closing(sqlite3.connect(":memory:", factory=Watched)) as connection:
        _guard(connection, 5_000)
    (handler,) = given
    assert isinstance(handler, partial) and handler.func is next
    assert [bool(handler()) for _ in range(107)] == [False] * 105 + [True] * 2
