import struct

import pytest

from layerscope.errors import Damaged
from layerscope.packages.formats.rpm.header import Header, Type
from tests.packages.rpm.header_builder import Item, blob

_TEXT, _TEXTS, _NUMBERS, _WIDE = 1000, 1117, 1028, 5008
_ITEMS: tuple[Item, ...] = (
    (_TEXT, Type.STRING, "name"),
    (_NUMBERS, Type.INT32, [1, 2**32 - 1]),
    (_WIDE, Type.INT64, [2**40]),
    (_TEXTS, Type.STRING_ARRAY, ["a", "", "ü"]),
)


@pytest.mark.parametrize("region", [False, True], ids=["without a region", "within a region"])
def test_values_are_read_by_their_type(region: bool) -> None:
    header = Header(blob(_ITEMS, region=region), where="db")
    assert header.text(_TEXT) == "name"
    assert header.texts(_TEXTS) == ["a", "", "ü"]
    assert header.numbers(_NUMBERS, Type.INT32) == (1, 2**32 - 1)
    assert header.numbers(_WIDE, Type.INT64) == (2**40,)


def test_an_absent_tag_has_no_values() -> None:
    header = Header(blob(_ITEMS), where="db")
    assert (header.text(1), header.texts(1), header.numbers(1, Type.INT32)) == ("", None, None)


def test_a_dribble_wins_over_the_signed_entry_of_its_tag() -> None:
    dribbles: tuple[Item, ...] = ((_TEXT, Type.STRING, "later"),)
    assert Header(blob(_ITEMS, region=True, dribbles=dribbles), where="db").text(_TEXT) == "later"


def test_the_first_of_a_translated_text_is_read() -> None:
    assert Header(blob([(_TEXT, Type.I18NSTRING, ["one", "eins"])]), where="db").text(_TEXT) == "one"


def test_a_lone_text_is_a_list_of_one() -> None:
    assert Header(blob([(_TEXTS, Type.STRING, "one")]), where="db").texts(_TEXTS) == ["one"]


@pytest.mark.parametrize("raw", [b"a\xff", b"\xe4", b"a\xf0\x9f"], ids=["last byte", "alone", "cut sequence"])
def test_bytes_that_are_no_utf8_are_kept(raw: bytes) -> None:
    text = raw.decode("utf-8", "surrogateescape")
    header = Header(blob([(_TEXT, Type.STRING, text), (_TEXTS, Type.STRING_ARRAY, [text, "\u00e4", text])]), where="db")
    assert header.text(_TEXT).encode("utf-8", "surrogateescape") == raw
    assert header.texts(_TEXTS) == [text, "\u00e4", text]


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param(struct.pack(">II", 0, 0), id="no tags"),
        pytest.param(struct.pack(">II", 2**31, 0), id="2^31 tags"),
        pytest.param(struct.pack(">II", 1, 2**31) + bytes(16), id="2^31 bytes of values"),
        pytest.param(blob(_ITEMS)[:-1], id="cut by one byte"),
        pytest.param(blob(_ITEMS) + b"\0", id="one byte too long"),
    ],
)
def test_a_header_of_another_length_than_it_declares_is_damaged(raw: bytes) -> None:
    with pytest.raises(Damaged, match="db, offset 0: a header of .* declares"):
        Header(raw, where="db")


@pytest.mark.parametrize("length", [0, 4, 7])
def test_half_an_introduction_is_damaged(length: int) -> None:
    with pytest.raises(Damaged, match=f"db: a header of {length} bytes"):
        Header(blob(_ITEMS)[:length], where="db")


@pytest.mark.parametrize("tags", [65_535, 65_536])
def test_so_many_tags_may_a_header_have(tags: int) -> None:
    raw = struct.pack(">II", tags, 1) + struct.pack(">IIiI", _NUMBERS, Type.CHAR, 0, 1) * tags + b"x"
    if tags == 65_535:
        assert Header(raw, where="db").numbers(_NUMBERS, Type.CHAR) == (ord("x"),)
    else:
        with pytest.raises(Damaged, match="declares 65,536 tags"):
            Header(raw, where="db")


def test_a_text_that_counts_as_two_is_damaged() -> None:
    header = Header(struct.pack(">IIIIiI", 1, 4, _TEXT, Type.STRING, 0, 2) + b"a\0b\0", where="db")
    with pytest.raises(Damaged, match="tag 1000 holds 2 values of type 6"):
        header.text(_TEXT)


def test_a_first_entry_that_is_no_region_has_no_trailer() -> None:
    sound = blob(_ITEMS[:2])
    header = Header(sound[:8] + sound[24:40] + sound[8:24] + sound[40:], where="db")
    assert (header.text(_TEXT), header.numbers(_NUMBERS, Type.INT32)) == ("name", (1, 2**32 - 1))


def test_a_region_may_hold_nothing_but_itself() -> None:
    assert Header(blob([], region=True, dribbles=_ITEMS), where="db").text(_TEXT) == "name"


@pytest.mark.parametrize(
    ("kind", "offset", "values"),
    [
        pytest.param(Type.INT32, 0, 2**31, id="2^31 values"),
        pytest.param(Type.INT32, 0, 3, id="one value too many"),
        pytest.param(Type.INT32, 6, 1, id="ends behind the store"),
        pytest.param(Type.CHAR, -1, 1, id="begins before the store"),
        pytest.param(Type.STRING, 8, 1, id="begins behind the store"),
        pytest.param(Type.STRING_ARRAY, 0, 9, id="more texts than bytes"),
        pytest.param(Type.INT32, 0, 0, id="no values"),
        pytest.param(10, 0, 1, id="unknown type"),
    ],
)
def test_an_index_entry_that_leaves_the_store_is_damaged(kind: int, offset: int, values: int) -> None:
    raw = struct.pack(">IIIIiI", 1, 8, _NUMBERS, kind, offset, values) + bytes(8)
    with pytest.raises(Damaged, match=r"db: tag 1028 of type"):
        Header(raw, where="db")


def test_a_text_without_end_is_damaged() -> None:
    header = Header(struct.pack(">IIIIiI", 1, 3, _TEXT, Type.STRING, 0, 1) + b"abc", where="db")
    with pytest.raises(Damaged, match="tag 1000 has no end"):
        header.text(_TEXT)


def test_fewer_texts_than_declared_are_damaged() -> None:
    header = Header(struct.pack(">IIIIiI", 1, 4, _TEXTS, Type.STRING_ARRAY, 0, 2) + b"abc\0", where="db")
    with pytest.raises(Damaged, match="declares 2 texts, and 1 are terminated"):
        header.texts(_TEXTS)


def test_a_value_of_the_wrong_type_is_damaged() -> None:
    header = Header(blob(_ITEMS), where="db")
    with pytest.raises(Damaged):
        header.text(_TEXTS)
    with pytest.raises(Damaged):
        header.texts(_NUMBERS)
    with pytest.raises(Damaged):
        header.numbers(_NUMBERS, Type.INT16)


@pytest.mark.parametrize(
    "trailer",
    [
        pytest.param((63, Type.BIN, -16 * 2**26, 16), id="more entries than there are"),
        pytest.param((63, Type.BIN, 16, 16), id="a positive length"),
        pytest.param((63, Type.BIN, -17, 16), id="no multiple of an entry"),
        pytest.param((62, Type.BIN, -32, 16), id="another region"),
        pytest.param((63, Type.BIN, -32, 17), id="another count"),
    ],
)
def test_a_region_whose_trailer_contradicts_it_is_damaged(trailer: tuple[int, int, int, int]) -> None:
    sound = blob([(_TEXT, Type.STRING, "name")], region=True)
    assert Header(sound, where="db").text(_TEXT) == "name"
    with pytest.raises(Damaged, match="trailer of region 63"):
        Header(sound[:-16] + struct.pack(">IIiI", *trailer), where="db")


@pytest.mark.parametrize(
    ("kind", "values"), [pytest.param(Type.CHAR, 16, id="type"), pytest.param(Type.BIN, 15, id="count")]
)
def test_a_region_of_another_shape_is_damaged(kind: Type, values: int) -> None:
    sound = blob([(_TEXT, Type.STRING, "name")], region=True)
    offset = struct.unpack_from(">I", sound, 16)[0]
    with pytest.raises(Damaged, match="tag 63 holds"):
        Header(sound[:8] + struct.pack(">IIII", 63, kind, offset, values) + sound[24:], where="db")


def test_a_region_at_offset_zero_has_no_trailer_to_check() -> None:
    sound = blob([(_TEXT, Type.STRING, "name of sixteen b")], region=True)
    header = Header(sound[:8] + struct.pack(">IIII", 63, Type.BIN, 0, 16) + sound[24:], where="db")
    assert header.text(_TEXT) == "name of sixteen b"
