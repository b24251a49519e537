import sqlite3
import struct
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from layerscope.errors import Damaged
from layerscope.packages.formats.rpm import read_database
from layerscope.packages.formats.rpm.sqlite import apply_log
from tests.packages.rpm.header_builder import NEVR, blob
from tests.packages.rpm.samples import database

_HEAD_BYTES, _FRAME_BYTES = 32, 24 + 4096


def _names(data: bytes, log: bytes) -> list[str]:
    packages, warnings = read_database(data, where="db", log=log)
    assert warnings == ()
    return [package.name for package in packages]


def test_what_rpm_wrote_before_it_was_killed_is_read_from_the_log() -> None:
    data, log = database("killed.sqlite"), database("killed.sqlite-wal")
    assert _names(data, b"") == ["beta"]
    assert _names(data, log) == ["beta", "slow"]


def test_a_transaction_that_was_not_finished_does_not_count() -> None:
    log = database("killed.sqlite-wal")
    frames = (len(log) - _HEAD_BYTES) // _FRAME_BYTES
    read = [_names(database("killed.sqlite"), log[: _HEAD_BYTES + n * _FRAME_BYTES]) for n in range(frames + 1)]
    assert read == [["beta"]] * frames + [["beta", "slow"]]


def test_a_database_whose_pages_are_all_in_the_log_is_read(tmp_path: Path) -> None:
    path = tmp_path / "db"
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("CREATE TABLE Packages (hnum INTEGER PRIMARY KEY AUTOINCREMENT, blob BLOB NOT NULL)")
    connection.execute("INSERT INTO Packages (blob) VALUES (?)", (blob(NEVR),))
    connection.commit()
    log = (tmp_path / "db-wal").read_bytes()
    connection.close()
    assert _names(b"", log) == ["made"]


def test_the_log_gives_the_same_pages_as_sqlite_writes_back(tmp_path: Path) -> None:
    (tmp_path / "db").write_bytes(database("killed.sqlite"))
    (tmp_path / "db-wal").write_bytes(database("killed.sqlite-wal"))
    connection = sqlite3.connect(tmp_path / "db")
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    connection.close()
    applied = apply_log(database("killed.sqlite"), database("killed.sqlite-wal"), where="db")
    assert applied == (tmp_path / "db").read_bytes()


@pytest.mark.parametrize(
    ("place", "raw"),
    [
        pytest.param(0, b"\0", id="magic"),
        pytest.param(4, b"\1", id="version"),
        pytest.param(8, struct.pack(">I", 0), id="page length"),
        pytest.param(16, b"\0\0\0\0", id="salt"),
        pytest.param(24, b"\0\0\0\0", id="checksum of the head"),
        pytest.param(_HEAD_BYTES + 8, b"\0\0\0\0", id="salt of the first frame"),
        pytest.param(_HEAD_BYTES + 16, b"\0\0\0\0", id="checksum of the first frame"),
        pytest.param(_HEAD_BYTES + 1000, b"\0\1\2\3", id="first page"),
    ],
)
def test_a_log_that_does_not_prove_itself_is_left_alone(place: int, raw: bytes) -> None:
    log = database("killed.sqlite-wal")
    changed = log[:place] + raw + log[place + len(raw) :]
    assert apply_log(database("killed.sqlite"), changed, where="db") == database("killed.sqlite")


def test_a_log_that_declares_a_longer_database_than_there_is_is_damaged() -> None:
    log = _signed(page_count=2**31)
    with pytest.raises(Damaged, match=r"db: the write-ahead log declares 2,147,483,648 pages"):
        apply_log(b"", log, where="db")


@pytest.mark.parametrize("number", [0, 2, 2**32 - 1], ids=["page 0", "behind the end", "2^32-1"])
def test_a_page_outside_the_database_is_left_out(number: int) -> None:
    assert apply_log(b"", _signed(page_count=1, number=number), where="db") == bytes(512)


@pytest.mark.parametrize(("declared", "is_damaged"), [(2, False), (3, True)])
def test_a_database_is_no_longer_than_it_and_its_log(declared: int, is_damaged: bool) -> None:
    log = _signed(page_count=declared)
    data = b"y" * (2 * 512 - len(log))
    if is_damaged:
        with pytest.raises(Damaged, match="declares 3 pages of 512 bytes"):
            apply_log(data, log, where="db")
    else:
        assert apply_log(data, log, where="db") == (b"x" * 512).ljust(1024, b"\0")


@pytest.mark.parametrize(
    ("log", "page"),
    [
        pytest.param(lambda: _log((1, 1, b"a"), (1, 0, b"b")), b"a", id="the second is not finished"),
        pytest.param(lambda: _log((1, 1, b"a"), (1, 1, b"b")), b"b", id="both are finished"),
        pytest.param(lambda: _log((1, 1, b"a"), (1, 1, b"b"))[:-1], b"a", id="the second is cut in its page"),
        pytest.param(lambda: _log((1, 1, b"a"), (1, 1, b"b"))[:-500], b"a", id="the second is cut in its head"),
        pytest.param(lambda: _log((1, 0, b"a")), b"", id="none is finished"),
        pytest.param(lambda: _log(), b"", id="no frames"),
        pytest.param(lambda: _log((1, 1, b"a"), version=3_007_001), b"", id="another version"),
        pytest.param(lambda: _log((1, 1, b"a"), page_bytes=504), b"", id="pages of another length"),
    ],
)
def test_the_last_finished_transaction_counts(log: Callable[[], bytes], page: bytes) -> None:
    assert apply_log(b"old", log(), where="db") == (page * 512 or b"old")


def _signed(*, page_count: int, number: int = 1) -> bytes:
    """A log with one page of 512 bytes and right checksums."""
    return _log((number, page_count, b"x"))


def _log(*frames: tuple[int, int, bytes], version: int = 3_007_000, page_bytes: int = 512) -> bytes:
    """A log with right checksums: of each frame the page's number, the count of pages after it, and its content."""
    log = struct.pack(">6I", 0x377F0683, version, page_bytes, 0, 1, 2)
    sums = _sums(log, (0, 0))
    log += struct.pack(">II", *sums)
    for number, count_after, content in frames:
        start, page = struct.pack(">II", number, count_after), content * page_bytes
        sums = _sums(start + page, sums)
        log += start + struct.pack(">IIII", 1, 2, *sums) + page
    return log


def _sums(raw: bytes, sums: tuple[int, int]) -> tuple[int, int]:
    for even, odd in struct.iter_unpack(">II", raw):
        first = (sums[0] + even + sums[1]) % 2**32
        sums = first, (sums[1] + odd + first) % 2**32
    return sums


@given(changes=st.lists(st.tuples(st.integers(0, 60_000), st.integers(0, 255)), max_size=4), kept=st.floats(0, 1))
@settings(max_examples=40, deadline=None)
def test_a_damaged_log_costs_no_more_than_what_it_added(changes: list[tuple[int, int]], kept: float) -> None:
    log = bytearray(database("killed.sqlite-wal"))
    for place, value in changes:
        log[place % len(log)] = value
    names = _names(database("killed.sqlite"), bytes(log[: int(len(log) * kept)]))
    assert names in (["beta"], ["beta", "slow"])
