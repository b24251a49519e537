"""Numbers, checksums and pax records of headers: each form that tars have, and what only looks like one."""

from zlib import adler32

import pytest

from layerscope.errors import Damaged
from layerscope.model.entry import Kind
from layerscope.model.limits import Limits
from layerscope.tar.header import LARGEST, Numbers, checksum_holds, expected_adler, is_header, number, pax_records, text
from layerscope.tar.markers import classify, is_aside
from layerscope.tar.pax import Extended, Extensions
from tests.builder import header


@pytest.mark.parametrize(
    ("field", "value"),
    [
        (b"0000017\0", 0o17),
        (b"0000017 ", 0o17),
        (b"00000017", 0o17),
        (b"     17\0", 0o17),
        (b"  17\0 \0 ", 0o17),
        (b"17\0" + b"9" * 5, 0o17),
        (b"\0" * 8, 0),
        (b" " * 8, 0),
        (b"\0" + b"7" * 7, 0),
        (b"\x80" + bytes(6) + b"\x05", 5),
        (b"\x80\x01" + bytes(6), 1 << 48),
        (b"\xbf" + b"\xff" * 7, (1 << 62) - 1),
        (b"\xff" * 8, -1),
        (b"\xc0" + bytes(7), -(1 << 62)),
        (b"\xff" * 6 + b"\x00\x00", -(1 << 16)),
        (b"\x81", 1),
    ],
)
def test_a_number_is_octal_or_of_base_256(field: bytes, value: int) -> None:
    assert number(field) == value


@pytest.mark.parametrize("field", [b"8", b"19\0", b"+1", b"-1", b"1_0", b"0o1", b"1 7", b"1\n7", b"x"])
def test_no_other_text_is_a_number(field: bytes) -> None:
    with pytest.raises(ValueError, match=r"^no number$"):
        number(field)


def field_of(value: int) -> bytes:
    """A number of twelve bytes to the base of 256."""
    return ((1 << 95) | (value & ((1 << 95) - 1))).to_bytes(12, "big")


@pytest.mark.parametrize("value", [LARGEST, -LARGEST])
def test_a_number_is_as_large_as_any_size_or_time_and_no_larger(value: int) -> None:
    known = Numbers()
    assert known[field_of(value)] == value == known[field_of(value)]
    with pytest.raises(OverflowError):
        known[field_of(value + (1 if value > 0 else -1))]
    assert len(known) == 1


def test_no_more_numbers_are_remembered_than_a_layer_has_alike() -> None:
    known = Numbers()
    for value in range(100_002):
        assert known[b"%o" % value] == value
    assert len(known) == 1


@pytest.mark.parametrize("name", [b"a", "é".encode(), b"\xff" * 100])
@pytest.mark.parametrize("end", [b"\0 ", b"\0\0"])
def test_what_an_adler_must_be_is_told_by_the_checksum(name: bytes, end: bytes) -> None:
    block = bytearray(header(name))
    block[154:156] = end
    assert adler32(bytes(block)) & 0xFFFF == expected_adler(bytes(block[148:156]))
    assert checksum_holds(bytes(block)) and is_header(bytes(block))
    block[0] ^= 1
    assert adler32(bytes(block)) & 0xFFFF != expected_adler(bytes(block[148:156]))
    assert not checksum_holds(bytes(block)) and not is_header(bytes(block))


@pytest.mark.parametrize("field", [b"01234567", b"0123457 ", b" 01234\0 ", b"812345\0 ", b"+12345\0 ", b"\0" * 8])
def test_an_unusual_checksum_is_left_to_the_slow_check(field: bytes) -> None:
    assert expected_adler(field) == -1


@pytest.mark.parametrize("checksum", [b"  %o\0", b"%o  ", b"%o\0\0"])
def test_the_slow_check_takes_any_form_of_the_checksum(checksum: bytes) -> None:
    block = header(b"a")
    stated = (checksum % (sum(block[:148]) + sum(block[156:]) + 8 * 32)).ljust(8, b"\0")
    assert checksum_holds(block[:148] + stated + block[156:])
    assert not checksum_holds(block[:148] + b"none\0 \0 " + block[156:])


def test_a_block_of_zeros_is_no_header_whatever_its_length() -> None:
    assert not any(is_header(bytes(length)) for length in (0, 511, 512, 513))
    assert not is_header(header(b"a")[:511]) and is_header(header(b"a"))


@pytest.mark.parametrize(
    ("field", "expected"), [(b"a\0b", "a"), (b"ab", "ab"), (b"", ""), (b"\0", ""), (b"\xffx", "\udcffx")]
)
def test_a_text_ends_at_its_nul(field: bytes, expected: str) -> None:
    assert text(field) == expected


@pytest.mark.parametrize(
    ("body", "records"),
    [
        pytest.param(b"5 a=\n", {"a": ""}, id="the shortest"),
        pytest.param(b"6 a=b\n7 c=dd\n", {"a": "b", "c": "dd"}, id="two"),
        pytest.param(b"6 a=b\n6 a=c\n", {"a": "c"}, id="the last counts"),
        pytest.param(b"6 a=b\n\0\0\0", {"a": "b"}, id="padded with zeros"),
        pytest.param(b"8 a=b=c\n", {"a": "b=c"}, id="another equals sign"),
        pytest.param(b"8 a=b\nc\n", {"a": "b\nc"}, id="a line end in the value"),
        pytest.param(b"%019d k=v\n" % 24, {"k": "v"}, id="nineteen digits"),
        pytest.param(b"6 \xff=v\n", {"\udcff": "v"}, id="a key that is no UTF-8"),
        pytest.param(b"", {}, id="none"),
    ],
)
def test_records_of_pax(body: bytes, records: dict[str, str]) -> None:
    assert pax_records(body, "x", 512) == records


@pytest.mark.parametrize(
    ("body", "problem", "offset"),
    [
        pytest.param(b"4 a\n\n", "a pax record has a wrong length", 512, id="four"),
        pytest.param(b"6 a=b\n6 a=b", "a pax record has a wrong length", 518, id="behind the end"),
        pytest.param(b"6 a=bc\n", "a pax record has a wrong length", 512, id="no line end"),
        pytest.param(b" 6 a=b\n", "a pax record has a wrong length", 512, id="a blank first"),
        pytest.param(b"%020d k=v\n" % 25, "a pax record has a wrong length", 512, id="twenty digits"),
        pytest.param(b"abcdef\n", "a pax record has a wrong length", 512, id="no blank"),
        pytest.param(b"6 a=b\n6 abc\n", "a pax record has no value", 518, id="no value"),
        pytest.param(b"6 a=b\n12 path=a\0b\n", "a pax record has a NUL in its path", 518, id="a NUL"),
    ],
)
def test_a_record_that_is_none_is_told_with_its_place(body: bytes, problem: str, offset: int) -> None:
    with pytest.raises(Damaged) as caught:
        pax_records(body, "x", 512)
    assert caught.value.message == f"x, offset {offset}: {problem}"


def extended(
    body: bytes = b"", *, flag: bytes = b"x", size: int = 9, mtime: int = 3, block: bytes = header(b"n")
) -> Extended:
    """The header ``n`` with the extension before it."""
    extensions = Extensions("x", Limits())
    if body:
        extensions.begin(flag, len(body), 0)
        extensions.finish(body, 512)
    found = extensions.apply("name", "link", size, mtime, (0o644, 1, 2), block, 1024)
    assert not extensions.pending
    return found


def record(key: str, value: str) -> bytes:
    """One record of pax."""
    rest = f" {key}={value}\n".encode()
    length = next(n for n in range(5, 999) if len(b"%d%s" % (n, rest)) == n)
    return b"%d%s" % (length, rest)


@pytest.mark.parametrize(
    ("records", "field", "value"),
    [
        ({"path": "p"}, "name", "p"),
        ({"GNU.sparse.map": "0,7", "GNU.sparse.name": "s", "path": "p"}, "name", "s"),
        ({"GNU.sparse.name": "s", "path": "p"}, "name", "p"),
        ({"path": ""}, "name", "name"),
        ({"linkpath": "t"}, "link", "t"),
        ({"linkpath": ""}, "link", "link"),
        ({"size": "7"}, "content_bytes", 7),
        ({"size": "7"}, "stored_bytes", 7),
        ({"size": "9" * 18}, "stored_bytes", 10**18 - 1),
        ({"GNU.sparse.map": "0,7", "GNU.sparse.size": "70", "size": "7"}, "content_bytes", 70),
        ({"GNU.sparse.map": "0,7", "GNU.sparse.size": "70", "size": "7"}, "stored_bytes", 7),
        ({"GNU.sparse.map": "0,7", "GNU.sparse.realsize": "70", "GNU.sparse.size": "8"}, "content_bytes", 70),
        ({"GNU.sparse.map": "0,7", "GNU.sparse.realsize": ""}, "content_bytes", 9),
        ({"GNU.sparse.map": "0,7", "GNU.sparse.realsize": "9"}, "is_sparse", True),
        ({"mtime": "12.9"}, "mtime", 12),
        ({"mtime": "-12.9"}, "mtime", -13),
        ({"mtime": "-12.00"}, "mtime", -12),
        ({"mtime": "-" + "9" * 18}, "mtime", -(10**18 - 1)),
        ({"uid": "5", "gid": "6"}, "ownership", (0o644, 5, 6)),
        ({"gid": "6"}, "ownership", (0o644, 1, 6)),
        ({"uid": "-2", "gid": "-1"}, "ownership", (0o644, -2, -1)),
        ({"gid": "+0000000000000000000006"}, "ownership", (0o644, 1, 6)),
        ({"mtime": "-0.5"}, "mtime", -1),
        ({"mtime": "7."}, "mtime", 7),
        ({"mtime": "+7.05"}, "mtime", 7),
        ({"SCHILY.xattr.b": "2", "SCHILY.xattr.a": "1"}, "xattrs", (("a", b"1"), ("b", b"2"))),
        ({"LIBARCHIVE.xattr.a": "MQ=="}, "xattrs", (("a", b"1"),)),
        ({"SCHILY.xattr": "1", "LIBARCHIVE.xattr": "MQ=="}, "xattrs", ()),
        ({"LIBARCHIVE.xattr.a": "A", "LIBARCHIVE.xattr.b": "MQ=="}, "xattrs", (("b", b"1"),)),
    ],
)
def test_what_a_record_says_counts_before_the_header(records: dict[str, str], field: str, value: object) -> None:
    body = b"".join(record(*pair) for pair in records.items())
    plain, found = extended(), extended(body)
    assert getattr(found, field) == value
    others = {name for name in Extended.__struct_fields__ if getattr(found, name) != getattr(plain, name)}
    told = {"size", "GNU.sparse.map"} & records.keys()
    assert others <= {field} | ({"content_bytes", "stored_bytes", "is_sparse"} if told else set())


def test_without_extensions_the_header_counts() -> None:
    assert extended() == Extended(
        name="name",
        link="link",
        content_bytes=9,
        stored_bytes=9,
        is_sparse=False,
        continues=False,
        mtime=3,
        ownership=(0o644, 1, 2),
        xattrs=(),
        position=1024,
    )


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("size", "-7"),
        ("size", "9" * 19),
        ("size", "7x"),
        ("size", "7.0"),
        ("uid", "7.5"),
        ("uid", "--7"),
        ("uid", "-"),
        ("gid", "²"),
        ("mtime", "7.x"),
        ("mtime", "7e5"),
        ("mtime", ".5"),
        ("mtime", "--7"),
        ("mtime", "."),
        ("mtime", "-" + "9" * 19),
        ("GNU.sparse.realsize", "-5"),
        ("GNU.sparse.size", "x" * 50),
    ],
)
def test_a_record_that_is_no_number_is_damage(key: str, value: str) -> None:
    with pytest.raises(Damaged) as caught:
        extended(record("GNU.sparse.map", "0,7") + record(key, value))
    assert caught.value.message == f"x, offset 1,024: a pax record has a bad {key}: {value[:40]!r}"


@pytest.mark.parametrize(
    ("flag", "body", "field", "value"),
    [
        (b"L", b"long\0rest", "name", "long"),
        (b"L", b"\xff", "name", "\udcff"),
        (b"L", b"\0", "name", "name"),
        (b"K", b"far\0", "link", "far"),
        (b"K", b"\0x", "link", "link"),
        (b"X", record("path", "p"), "name", "p"),
        (b"g", record("path", "p"), "name", "name"),
    ],
)
def test_each_type_of_extension_has_its_field(flag: bytes, body: bytes, field: str, value: str) -> None:
    extensions = Extensions("x", Limits())
    assert not extensions.pending
    extensions.begin(flag, len(body), 0)
    assert extensions.open == flag
    extensions.finish(body, 512)
    assert (extensions.open, extensions.pending) == (b"", value not in ("name", "link"))
    assert getattr(extensions.apply("name", "link", 0, 0, (0, 0, 0), header(b"n"), 0), field) == value


def test_the_bodies_of_one_entry_s_headers_are_put_together_and_those_of_another_are_not() -> None:
    extensions = Extensions("x", Limits())
    one, other, third = record("a", "1"), record("b", "2"), record("c", "3")
    for body in (one, other):
        extensions.begin(b"x", len(body), 0)
        extensions.finish(body, 512)
    assert extensions.body == one + other
    extensions.apply("", "", 0, 0, (0, 0, 0), header(b"n"), 0)
    extensions.begin(b"x", len(third), 0)
    extensions.finish(third, 512)
    assert extensions.body == third


@pytest.mark.parametrize(
    ("length", "said"), [(b"\x90" + bytes(11), False), (b"\x80" + bytes(3) + b"\x10" + bytes(7), True)]
)
def test_a_sparse_file_is_as_long_as_any_file_may_be(length: bytes, said: bool) -> None:
    block = bytearray(header(b"s", typeflag=b"S"))
    block[483:495] = length
    if said:
        assert extended(block=bytes(block)).content_bytes == LARGEST
        block[494] = 1
    with pytest.raises(Damaged, match="x, offset 1,024: a sparse file has an impossible length"):
        extended(block=bytes(block))


@pytest.mark.parametrize(
    ("block", "goes_on"),
    [
        (b"\1".rjust(505).ljust(512), True),
        (bytes(504) + b"\1" + bytes(7), True),
        (bytes(503) + b"\1\0" + bytes(7), False),
        (bytes(504) + b"\0\1" + bytes(6), False),
        (b"\1" * 511, False),
    ],
)
def test_a_sparse_map_goes_on_where_its_block_says_so(block: bytes, goes_on: bool) -> None:
    assert Extensions("x", Limits()).continues(block) == goes_on


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("/a/.wh.b", ("/a/b", Kind.WHITEOUT)),
        ("/.wh.b", ("/b", Kind.WHITEOUT)),
        ("/.wh..wh..opq", ("/", Kind.OPAQUE)),
        ("/a/.wh..wh..opq", ("/a", Kind.OPAQUE)),
        ("/a/.wh..wh.x", ("/a/.wh..wh.x", Kind.BOOKKEEPING)),
        ("/.wh..wh.plnk/1", ("/.wh..wh.plnk/1", Kind.BOOKKEEPING)),
        ("/a/.wh..wh.plnk/b/.wh.c", ("/a/.wh..wh.plnk/b/.wh.c", Kind.BOOKKEEPING)),
        ("/a/.wh.b/c", ("/a/.wh.b/c", Kind.FIFO)),
        ("/.no.prefetch.landmark", ("/.no.prefetch.landmark", Kind.BOOKKEEPING)),
        ("/a/.prefetch.landmark", ("/a/.prefetch.landmark", Kind.FIFO)),
    ],
)
def test_a_name_makes_a_marker(path: str, found: tuple[str, Kind]) -> None:
    assert classify(path, Kind.FIFO) == found
    assert is_aside(path) == ("/.wh..wh.plnk/" in path)
