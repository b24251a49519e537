import struct

import pytest

from layerscope.errors import Damaged
from layerscope.packages.formats.rpm import read_database
from layerscope.packages.formats.rpm.bdb import records
from tests.packages.rpm.samples import database

_PAGE_BYTES = 4096
_HASH_PAGES, _OVERFLOW = (2, 13), 7


def _read(data: bytes) -> tuple[list[int], list[str]]:
    warnings: list[str] = []
    numbers = [number for number, _ in records(data, where="db", warn=warnings.append)]
    return sorted(numbers), warnings


def _pages(data: bytes, *kinds: int) -> list[int]:
    """Where the pages of these kinds start."""
    return [start for start in range(0, len(data), _PAGE_BYTES) if data[start + 25] in kinds]


def _continued(data: bytes) -> int:
    """Where the first overflow page starts that another one follows."""
    return next(start for start in _pages(data, _OVERFLOW) if any(data[start + 16 : start + 20]))


def _changed(data: bytes, place: int, raw: bytes) -> bytes:
    return data[:place] + raw + data[place + len(raw) :]


@pytest.mark.parametrize("name", ["Packages.little", "Packages.big"])
def test_the_counter_is_no_record(name: str) -> None:
    assert _read(database(name)) == ([1, 2, 3, 4, 5, 6, 7], [])


def test_pages_of_either_kind_of_hash_hold_records() -> None:
    data = database("Packages.little")
    for start in _pages(data, *_HASH_PAGES):
        numbers = {kind: _read(_changed(data, start + 25, bytes((kind,)))) for kind in _HASH_PAGES}
        assert numbers[2] == numbers[13] == _read(data)


def test_both_byte_orders_hold_the_same_records() -> None:
    little, big = (
        dict(records(database(name), where="db", warn=pytest.fail)) for name in ("Packages.little", "Packages.big")
    )
    assert little == big


@pytest.mark.parametrize(
    ("place", "raw"),
    [
        pytest.param(16, struct.pack("<I", 7), id="version"),
        pytest.param(20, struct.pack("<I", 0), id="pages of no bytes"),
        pytest.param(20, struct.pack("<I", 4095), id="pages of an odd length"),
        pytest.param(20, struct.pack("<I", 2**31), id="pages of 2 GiB"),
        pytest.param(24, b"\1", id="encrypted"),
    ],
)
def test_a_meta_page_that_cannot_be_right_is_damaged(place: int, raw: bytes) -> None:
    with pytest.raises(Damaged, match="db, offset"):
        _read(_changed(database("Packages.little"), place, raw))


def test_a_page_count_beyond_the_file_costs_a_warning() -> None:
    numbers, warnings = _read(_changed(database("Packages.little"), 32, struct.pack("<I", 2**32 - 2)))
    assert (numbers, len(warnings)) == ([1, 2, 3, 4, 5, 6, 7], 1)


def test_a_chain_of_overflow_pages_that_loops_costs_its_record_alone() -> None:
    data = database("Packages.little")
    page = _continued(data)
    numbers, warnings = _read(_changed(data, page + 16, struct.pack("<I", page // _PAGE_BYTES)))
    assert len(numbers) == 6
    assert [warning for warning in warnings if "absent or taken" in warning] == warnings != []


@pytest.mark.parametrize(
    ("place", "raw"),
    [
        pytest.param(8, struct.pack("<I", 1), id="another page number"),
        pytest.param(16, struct.pack("<I", 2**32 - 1), id="next page beyond the file"),
        pytest.param(22, struct.pack("<H", 0), id="no bytes used"),
        pytest.param(22, struct.pack("<H", 65535), id="more bytes used than a page has"),
        pytest.param(25, b"\0", id="another kind"),
    ],
)
def test_a_broken_overflow_page_costs_its_record_alone(place: int, raw: bytes) -> None:
    data = database("Packages.little")
    numbers, warnings = _read(_changed(data, _continued(data) + place, raw))
    assert (len(numbers), len(warnings)) == (6, 1)
    assert warnings[0].startswith("db")


@pytest.mark.parametrize("length", [2**31, 2**32 - 1, 200_000], ids=["2^31", "2^32-1", "more than the chain"])
def test_a_length_that_its_overflow_pages_do_not_have_costs_the_record_alone(length: int) -> None:
    data = database("Packages.little")
    page = next(start for start in _pages(data, *_HASH_PAGES) if _off_pages(data, start))
    numbers, warnings = _read(_changed(data, _off_pages(data, page)[0] + 8, struct.pack("<I", length)))
    assert (len(numbers), len(warnings)) == (6, 1)


def _off_pages(data: bytes, start: int) -> list[int]:
    """Where the items of a hash page lie that point to overflow pages."""
    items = struct.unpack_from("<H", data, start + 20)[0]
    offsets = struct.unpack_from(f"<{items}H", data, start + 26)
    return [start + offset for offset in offsets if data[start + offset] == 3]


@pytest.mark.parametrize(
    ("place", "raw"),
    [
        pytest.param(8, struct.pack("<I", 77), id="another page number"),
        pytest.param(20, struct.pack("<H", 3), id="a key without value"),
        pytest.param(20, struct.pack("<H", 65534), id="more items than fit"),
        pytest.param(26, struct.pack("<H", 65535), id="an item beyond the page"),
        pytest.param(26, struct.pack("<H", 1), id="an item within the head"),
    ],
)
def test_a_broken_hash_page_costs_what_lies_on_it(place: int, raw: bytes) -> None:
    data = database("Packages.little")
    hash_pages = [start for start in _pages(data, *_HASH_PAGES) if struct.unpack_from("<H", data, start + 20)[0]]
    numbers, warnings = _read(_changed(data, hash_pages[0] + place, raw))
    assert len(warnings) == 1
    assert 0 < len(numbers) < 7


@pytest.mark.parametrize("kind", [2, 4, 77], ids=["duplicates", "duplicates off the page", "unknown"])
def test_an_item_that_rpm_does_not_store_costs_its_record_alone(kind: int) -> None:
    data = database("Packages.little")
    page = next(start for start in _pages(data, *_HASH_PAGES) if _off_pages(data, start))
    numbers, warnings = _read(_changed(data, _off_pages(data, page)[0], bytes([kind])))
    assert (len(numbers), len(warnings)) == (6, 1)
    assert f"is an item of type {kind}" in warnings[0]


def test_a_key_of_another_length_costs_a_warning() -> None:
    data = bytearray(database("Packages.little"))
    page = next(start for start in _pages(bytes(data), *_HASH_PAGES) if data[start + 20])
    key = struct.unpack_from("<H", data, page + 26)[0]
    # The first item of a page ends where the page does: one byte less of it makes the key shorter.
    struct.pack_into("<H", data, page + 26, key + 1)
    data[page + key + 1] = 1
    numbers, warnings = _read(bytes(data))
    assert len(numbers) >= 6
    assert len(warnings) == 1
    assert warnings[0].endswith("a key of 3 bytes")


def test_a_cut_database_gives_what_is_whole() -> None:
    data = database("Packages.little")
    packages, warnings = read_database(data[: len(data) // 2], where="db")
    assert 0 < len(packages) < 6
    assert warnings


def _hash_page(number: int, *items: bytes, kind: int = 13) -> bytes:
    """A page of 512 bytes that holds these items, the first at its end."""
    page, end = bytearray(512), 512
    struct.pack_into("<8xIIIHHBB", page, 0, number, 0, 0, len(items), 0, 0, kind)
    for index, item in enumerate(items):
        end -= len(item)
        page[end : end + len(item)] = item
        struct.pack_into("<H", page, 26 + 2 * index, end)
    return bytes(page)


def _overflow_page(number: int, content: bytes, *, used: int | None = None, following: int = 0) -> bytes:
    head = struct.pack("<8xIIIHHBB", number, 0, following, 0, len(content) if used is None else used, 0, _OVERFLOW)
    return (head + content).ljust(512, b"\0")


def _hash_database(*pages: bytes) -> bytes:
    meta = bytearray(512)
    struct.pack_into("<12xIII", meta, 0, 0x061561, 9, 512)
    struct.pack_into("<I", meta, 32, len(pages))
    return bytes(meta) + b"".join(pages)


def _key(number: int) -> bytes:
    return b"\1" + struct.pack("<I", number)


def _off_page(page: int, length: int) -> bytes:
    return b"\3" + bytes(3) + struct.pack("<II", page, length)


def _made(*pages: bytes) -> tuple[list[tuple[int, bytes]], list[str]]:
    warnings: list[str] = []
    return list(records(_hash_database(*pages), where="db", warn=warnings.append)), warnings


@pytest.mark.parametrize("length", [71, 72])
def test_a_database_shorter_than_its_meta_page_is_damaged(length: int) -> None:
    data = _hash_database()[:length]
    if length == 72:
        assert _read(data) == ([], ["db: 1 pages are declared, and 0 are there"])
    else:
        with pytest.raises(Damaged, match="a Berkeley DB of 71 bytes"):
            _read(data)


def test_pages_of_other_kinds_and_empty_ones_hide_none() -> None:
    pages = [_hash_page(1, kind=5), _hash_page(9), _hash_page(3, _key(7), b"\1blob")]
    assert _made(*pages) == ([(7, b"blob")], [])


@pytest.mark.parametrize("more", [0, 1])
def test_a_page_may_be_full_to_the_byte(more: int) -> None:
    items = [item for number in range(1, 49) for item in (_key(number), b"\1")]
    items[-1] += bytes(6 + more)
    found, warnings = _made(_hash_page(1, *items))
    if more:
        assert (found, warnings) == ([], ["db, offset 512: an item at 217 of its page"])
    else:
        assert ([number for number, _ in found], warnings) == (list(range(1, 49)), [])


def test_more_items_than_the_last_page_has_room_for_cost_what_lies_on_it() -> None:
    broken = bytearray(_hash_page(2, _key(2), b"\1b"))
    struct.pack_into("<H", broken, 20, 244)
    assert _made(_hash_page(1, _key(1), b"\1a"), bytes(broken)) == (
        [(1, b"a")],
        ["db, offset 1,024: a page of 244 items"],
    )


@pytest.mark.parametrize("rest", [1, 2, 486])
def test_a_chain_of_overflow_pages_is_followed_to_its_last_byte(rest: int) -> None:
    content = bytes(range(1, 244)) * 2 + b"z" * rest
    pages = [
        _overflow_page(1, content[:486], following=3),
        _hash_page(2, _key(5), _off_page(1, len(content))),
        _overflow_page(3, content[486:]),
    ]
    assert _made(*pages) == ([(5, content)], [])


@pytest.mark.parametrize(
    ("item", "used", "message"),
    [
        pytest.param(_off_page(2, 487), 487, "record 5 continues on a page that does not fit", id="more than a page"),
        pytest.param(_off_page(2, 9), 10, "record 5 continues on a page that does not fit", id="more than is missing"),
        pytest.param(_off_page(0, 9), 9, "record 5 continues on page 0, which is absent or taken", id="the meta page"),
        pytest.param(_off_page(3, 9), 9, "record 5 continues on page 3, which is absent or taken", id="no page"),
        pytest.param(_off_page(2, 1537), 9, "record 5 declares 1,537 bytes", id="more than the file has"),
        pytest.param(_off_page(2, 1536), 9, "record 5 continues on page 0, which is absent or taken", id="the file's"),
        pytest.param(_off_page(2, 9)[:5], 9, "record 5 is an item of type 3 and 5 bytes", id="a short pointer"),
    ],
)
def test_a_pointer_to_what_does_not_fit_costs_its_record_alone(item: bytes, used: int, message: str) -> None:
    pages = [_hash_page(1, _key(5), item, _key(6), b"\1x"), _overflow_page(2, b"x" * 486, used=used)]
    found, [warning] = _made(*pages)
    assert found == [(6, b"x")]
    assert warning.rpartition("db")[2].partition(": ")[2] == message
