from hypothesis import given, settings
from hypothesis import strategies as st

from layerscope.errors import Damaged
from layerscope.packages.formats.rpm import read_database
from layerscope.packages.formats.rpm.ndb import records
from layerscope.packages.formats.rpm.package import parse_package
from tests.packages.rpm.samples import NAMES, database

_PAGE_BYTES = 4096
_ALPHA = max(
    (blob for _, blob in records(database("Packages.db"), where="", warn=print) if b"alpha.conf" in blob), key=len
)
_VALUES = st.one_of(st.integers(0, 255), st.sampled_from([0, 1, 0x7F, 0x80, 0xFF]))

_anywhere = st.integers(0, 600_000)
_near_a_page_start = st.builds(lambda page, place: page * _PAGE_BYTES + place, st.integers(0, 130), st.integers(0, 120))
_changes = st.lists(st.tuples(st.one_of(_anywhere, _near_a_page_start), _VALUES), max_size=12)


def _damaged(data: bytes, changes: list[tuple[int, int]], kept: float) -> bytes:
    raw = bytearray(data)
    for place, value in changes:
        raw[place % len(raw)] = value
    return bytes(raw[: int(len(raw) * kept)])


@given(name=st.sampled_from(NAMES), changes=_changes, kept=st.one_of(st.just(1.0), st.floats(0, 1)))
@settings(max_examples=150, deadline=None)
def test_a_damaged_database_gives_warnings_or_is_damaged(
    name: str, changes: list[tuple[int, int]], kept: float
) -> None:
    try:
        packages, warnings = read_database(_damaged(database(name), changes, kept), where="db")
    except Damaged as problem:
        assert problem.message.startswith("db")
    else:
        assert len(packages) <= 7
        assert all(warning.startswith("db") for warning in warnings)


@given(changes=st.lists(st.tuples(st.integers(0, len(_ALPHA) - 1), _VALUES), max_size=8))
@settings(max_examples=300, deadline=None)
def test_a_damaged_header_is_read_or_is_damaged(changes: list[tuple[int, int]]) -> None:
    try:
        package = parse_package(_damaged(_ALPHA, changes, 1.0), where="db")
    except Damaged as problem:
        assert problem.message.startswith("db")
    else:
        assert all(file.path.startswith("/") for file in package.files)


@given(data=st.binary(max_size=300))
@settings(max_examples=100, deadline=None)
def test_any_bytes_behind_a_magic_are_damaged_or_give_warnings(data: bytes) -> None:
    for magic in (b"SQLite format 3\0", b"RpmP\0\0\0\0", bytes(12) + b"\x61\x15\x06\x00\x09\0\0\0\0\x02\0\0"):
        try:
            packages, _ = read_database(magic + data, where="db")
        except Damaged:
            continue
        assert packages == ()
