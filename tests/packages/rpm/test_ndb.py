import struct
import zlib
from collections.abc import Sequence

import pytest

from layerscope.errors import Damaged
from layerscope.packages.formats.rpm import read_database
from layerscope.packages.formats.rpm.ndb import records
from tests.packages.rpm.header_builder import NEVR, blob
from tests.packages.rpm.samples import database

_FIRST_BLOCK = 4096 // 16
_BLOB = blob(NEVR)
_BLOCKS = -(-(len(_BLOB) + 28) // 16)

Slot = tuple[int, int, int]


def _stored(number: int, raw: bytes = _BLOB) -> bytes:
    """The blocks of one package."""
    body = struct.pack("<4sIII", b"BlbS", number, 1, len(raw)) + raw
    body += bytes(-(len(body) + 12) % 16)
    return body + struct.pack("<II4s", zlib.adler32(body), len(raw), b"BlbE")


def _made(slots: Sequence[Slot], blocks: bytes, *, version: int = 0, pages: int = 1) -> bytes:
    """A database of one page of slots, each of them a number, first block and count of blocks, and ``blocks``."""
    head = struct.pack("<4sIII", b"RpmP", version, 1, pages) + bytes(16)
    raw = b"".join(struct.pack("<4sIII", b"Slot", *slot) for slot in slots)
    free = struct.pack("<4s12x", b"Slot") * (254 - len(slots))
    return head + raw + free + blocks


def _read(data: bytes) -> tuple[list[int], list[str]]:
    warnings: list[str] = []
    numbers = [number for number, _ in records(data, where="db", warn=warnings.append)]
    return numbers, warnings


def test_all_records_of_a_real_database_are_found() -> None:
    numbers, warnings = _read(database("Packages.db"))
    assert (sorted(numbers), warnings) == ([1, 2, 3, 4, 5, 6, 7], [])


def test_a_handmade_database_is_read() -> None:
    packages, warnings = read_database(_made([(5, _FIRST_BLOCK, _BLOCKS)], _stored(5)), where="db")
    assert ([package.name for package in packages], warnings) == (["made"], ())


@pytest.mark.parametrize(
    ("version", "pages"),
    [
        pytest.param(1, 1, id="another version"),
        pytest.param(0, 2, id="more pages of slots than there are"),
        pytest.param(0, 2**31, id="2^31 pages of slots"),
    ],
)
def test_a_file_header_that_cannot_be_right_is_damaged(version: int, pages: int) -> None:
    with pytest.raises(Damaged, match="db, offset"):
        _read(_made([], b"", version=version, pages=pages))


@pytest.mark.parametrize(
    "slot",
    [
        pytest.param((6, 2**31, _BLOCKS), id="first block far behind the file"),
        pytest.param((6, 2**32 - 1, 2**32 - 1), id="largest numbers"),
        pytest.param((6, _FIRST_BLOCK + _BLOCKS, 2**31), id="2^31 blocks"),
        pytest.param((6, _FIRST_BLOCK + _BLOCKS, 0), id="no blocks"),
        pytest.param((6, _FIRST_BLOCK + _BLOCKS, 1), id="too few blocks"),
        pytest.param((6, _FIRST_BLOCK + _BLOCKS, _BLOCKS + 1), id="one block too many"),
        pytest.param((6, 1, _BLOCKS), id="within the slots"),
        pytest.param((7, _FIRST_BLOCK + _BLOCKS, _BLOCKS), id="another package's blocks"),
        pytest.param((6, _FIRST_BLOCK, _BLOCKS), id="the blocks of the first"),
        pytest.param((5, _FIRST_BLOCK, _BLOCKS), id="the first once more"),
        pytest.param((6, _FIRST_BLOCK + _BLOCKS - 1, _BLOCKS), id="the last block of the first"),
    ],
)
def test_a_slot_that_is_wrong_costs_its_record_alone(slot: Slot) -> None:
    data = _made([(5, _FIRST_BLOCK, _BLOCKS), slot], _stored(5) + _stored(6) + bytes(16))
    numbers, warnings = _read(data)
    assert numbers == [5]
    assert len(warnings) == 1
    assert warnings[0].startswith(f"db: record {slot[0]}")


def test_a_slot_without_its_magic_costs_a_warning() -> None:
    data = _made([(5, _FIRST_BLOCK, _BLOCKS)], _stored(5))
    numbers, warnings = _read(data[:64] + b"Slop" + data[68:])
    assert (numbers, warnings) == ([5], ["db, offset 64: not a slot, left out"])


@pytest.mark.parametrize(
    ("place", "raw"),
    [
        pytest.param(0, b"BlbT", id="head's magic"),
        pytest.param(12, b"\xff\xff\xff\xff", id="head's length"),
        pytest.param(-8, b"\xff\xff\xff\xff", id="tail's length"),
        pytest.param(-4, b"BlbF", id="tail's magic"),
    ],
)
def test_blocks_that_contradict_themselves_cost_their_record(place: int, raw: bytes) -> None:
    stored = bytearray(_stored(5))
    start = place % len(stored)
    stored[start : start + 4] = raw
    numbers, warnings = _read(_made([(5, _FIRST_BLOCK, _BLOCKS)], bytes(stored)))
    assert (numbers, len(warnings)) == ([], 1)


def test_a_wrong_checksum_is_told_and_the_record_read() -> None:
    data = _made([(5, _FIRST_BLOCK, _BLOCKS)], _stored(5).replace(b"made", b"mode"))
    packages, warnings = read_database(data, where="db")
    assert [package.name for package in packages] == ["mode"]
    assert warnings == ("db: record 5: wrong checksum, read all the same",)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        pytest.param(b"RpmP" + bytes(27), "an ndb database of 31 bytes", id="shorter than the header"),
        pytest.param(b"RpmP" + bytes(28), "", id="a header alone"),
        pytest.param(_made([], b""), "", id="slots alone"),
        pytest.param(_made([], b"")[:-1], "1 pages of slots in 4,095 bytes", id="fewer slots than declared"),
    ],
)
def test_an_empty_database_has_a_header_and_whole_pages_of_slots(data: bytes, message: str) -> None:
    if message:
        with pytest.raises(Damaged, match=message):
            _read(data)
    else:
        assert _read(data) == ([], [])


def test_a_record_that_does_not_fit_hides_none() -> None:
    last = _FIRST_BLOCK + _BLOCKS
    data = _made([(5, _FIRST_BLOCK, 1), (6, last, _BLOCKS)], _stored(5) + _stored(6))
    numbers, warnings = _read(data)
    assert (numbers, len(warnings)) == ([6], 1)
    assert warnings[0].endswith(": 1 blocks do not fit")


@pytest.mark.parametrize(
    ("length", "numbers", "warning"),
    [
        pytest.param(17, [5], "wrong checksum, read all the same", id="as they were written"),
        pytest.param(5, [5], "wrong checksum, read all the same", id="15 bytes of padding"),
        pytest.param(20, [5], "wrong checksum, read all the same", id="no padding"),
        pytest.param(4, [], "its 3 blocks do not end as they begin", id="16 bytes of padding"),
        pytest.param(21, [], "its 3 blocks do not end as they begin", id="into the tail"),
    ],
)
def test_only_padding_lies_between_a_record_and_its_end(length: int, numbers: list[int], warning: str) -> None:
    stored = bytearray(_stored(5, b"x" * 17))
    struct.pack_into("<I", stored, 12, length)
    struct.pack_into("<I", stored, len(stored) - 8, length)
    stored[-12] ^= 1
    found, [message] = _read(_made([(5, _FIRST_BLOCK, len(stored) // 16)], bytes(stored)))
    assert (found, message.rpartition(": ")[2]) == (numbers, warning)
