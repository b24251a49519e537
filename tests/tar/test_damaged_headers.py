"""Damaged and hostile headers end in an error with its offset."""

import struct

import pytest

from layerscope.errors import Damaged, LimitExceeded
from layerscope.image.options import ReadOptions
from layerscope.model.limits import Limits
from tests.builder import Member, file, gnu_sparse, header, layer, pax_header, raw, wrong_checksum
from tests.tar.walking import failure_of, layer_of


@pytest.mark.parametrize(
    ("data", "message", "offset"),
    [
        pytest.param(
            layer(file("a", b"x"), wrong_checksum(file("b"))), "a tar header fails its checksum", 1024, id="sum"
        ),
        pytest.param(layer(file("a"), raw(bytes(512)), file("b")), "a lone block of zeros", 1024, id="one zero block"),
        pytest.param(layer(file("a", b"x" * 600))[:1100], "the data ends within an entry", 1100, id="cut in content"),
        pytest.param(layer(file("a", b"x"))[:1500], "the data ends within a tar header", 1024, id="cut in the end"),
        pytest.param(layer(file("a", b"x"))[:300], "the data ends within a tar header", 0, id="cut in a header"),
        pytest.param(
            layer(file("a", declared_bytes=1 << 40)), "the data ends within an entry", None, id="beyond the end"
        ),
        pytest.param(
            layer(raw(header(b"a", declared_bytes=-1))), "a tar header has an impossible size or time", 0, id="negative"
        ),
        pytest.param(
            layer(raw(header(b"a", declared_bytes=1 << 63, base256=True))),
            "a tar header has an impossible size or time",
            0,
            id="size of 2^63",
        ),
        pytest.param(
            layer(file("a", pax={"size": b"-1"})), "a pax record has a bad size: '-1'", 1024, id="PAX negative"
        ),
        pytest.param(layer(file("a", pax={"size": b"9" * 30})), "a pax record has a bad size", 1024, id="PAX huge"),
        pytest.param(
            layer(file("a", pax={"mtime": b"soon"})), "a pax record has a bad mtime: 'soon'", 1024, id="PAX time"
        ),
    ],
)
def test_damage_is_told_with_its_place(data: bytes, message: str, offset: int | None) -> None:
    failure = failure_of(data)
    assert failure.kind is Damaged
    if offset is not None:
        assert failure.message.startswith(f"layer, offset {offset:,}: {message}")
    else:
        assert message in failure.message


def spoilt(field: slice, value: bytes) -> bytes:
    """A layer of one header with a field replaced and the checksum made right again."""
    block = bytearray(header(b"a"))
    block[field] = value.ljust(field.stop - field.start, b"\0")
    block[148:156] = b" " * 8
    block[148:156] = b"%06o\0 " % sum(block)
    return layer(raw(bytes(block)))


@pytest.mark.parametrize("text", [b"0o17", b"1_0", b"+1", b"-1", b"8", b"1 2", b"0x1", b"zz"])
@pytest.mark.parametrize("field", [slice(100, 108), slice(108, 116), slice(124, 136), slice(136, 148)])
def test_a_field_that_is_not_octal_is_damage(field: slice, text: bytes) -> None:
    assert failure_of(spoilt(field, text)).message == "layer, offset 0: a tar header has a field that is not a number"


@pytest.mark.parametrize("length", [b"zz", b"\xff" * 12, b"\x80" + b"\xff" * 11], ids=["text", "negative", "huge"])
def test_a_sparse_file_of_impossible_length_is_damage(length: bytes) -> None:
    block = bytearray(gnu_sparse("s", [(0, b"x")], real_bytes=1).to_bytes()[:512])
    block[483:495] = length.ljust(12, b"\0")
    block[148:156] = b" " * 8
    block[148:156] = b"%06o\0 " % sum(block)
    failure = failure_of(layer(raw(bytes(block)), raw(bytes(512))))
    assert (failure.kind, failure.message[:26]) == (Damaged, "layer, offset 0: a sparse ")


@pytest.mark.parametrize("text", [b"  17 ", b"17\0zz", b"0000017", b"17 \0"])
def test_padded_octal_fields_are_read(text: bytes) -> None:
    assert layer_of(spoilt(slice(108, 116), text)).changeset[0].uid == 0o17


@pytest.mark.parametrize("checksum", [b"812371\0 ", b"0o1234\0 ", b"\0" * 8, b" " * 8, b"\xff" * 8, b"-12345\0 "])
def test_a_checksum_that_is_no_number_is_damage(checksum: bytes) -> None:
    block = bytearray(header(b"a"))
    block[148:156] = checksum
    assert failure_of(layer(raw(bytes(block)))).message == "layer, offset 0: a tar header fails its checksum"


@pytest.mark.parametrize("name", ["é", "\x7fé", "\x7f\x80"])
def test_checksums_over_signed_bytes_are_taken_as_well(name: str) -> None:
    block = bytearray(header(name.encode()))
    block[148:156] = b" " * 8
    signed = sum(struct.unpack("512b", block))
    block[148:156] = b"%06o\0 " % signed
    assert layer_of(layer(raw(bytes(block)))).changeset.paths == [f"/{name}"]


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"0 a=b\n", id="length zero"),
        pytest.param(b"99 a=b\n", id="too long"),
        pytest.param(b"-6 a=b\n", id="negative"),
        pytest.param(b"6 a=bc\n", id="too short"),
        pytest.param(b"6 abc\n", id="no value"),
        pytest.param(b"99999999999999999999999 a=b\n", id="endless digits"),
        pytest.param(b"\xb2 a=b\n", id="a digit that is none"),
    ],
)
def test_a_wrong_pax_record_is_damage(body: bytes) -> None:
    block = header(b"x", typeflag=b"x", declared_bytes=len(body))
    failure = failure_of(layer(raw(block + body.ljust(512, b"\0")), file("a")))
    assert (failure.kind, failure.message[:24]) == (Damaged, "layer, offset 512: a pax")


@pytest.mark.parametrize(
    ("members", "limits", "message"),
    [
        pytest.param((file("a" * 90),), Limits(path_bytes=80), "a path of 91 characters", id="path"),
        pytest.param((file("a"), file("b"), file("c")), Limits(entries=2), "over 2 entries", id="entries"),
        pytest.param(
            (file("a", pax={"comment": b"x" * 900}),), Limits(pax_bytes=500), "extended headers of 913 bytes", id="PAX"
        ),
        pytest.param(
            (pax_header({"a": b"x" * 300}), pax_header({"b": b"x" * 300}), file("a")),
            Limits(pax_bytes=500),
            "extended headers of 614 bytes for one entry",
            id="PAX in small pieces",
        ),
        pytest.param(
            (raw(header(b"x", typeflag=b"x", declared_bytes=1 << 30)),),
            Limits(),
            "extended headers of 1,073,741,824 bytes",
            id="PAX of 1 GB",
        ),
    ],
)
def test_limits_stop_the_walk(members: tuple[Member, ...], limits: Limits, message: str) -> None:
    failure = failure_of(layer(*members), ReadOptions(limits=limits))
    assert failure.kind is LimitExceeded
    assert message in failure.message


def test_many_extended_headers_are_no_problem_when_each_is_small() -> None:
    members = [file(f"f{number}", pax={"comment": b"x" * 300}) for number in range(20)]
    assert len(layer_of(layer(*members), ReadOptions(limits=Limits(pax_bytes=313))).changeset) == 20
    assert failure_of(layer(*members), ReadOptions(limits=Limits(pax_bytes=312))).kind is LimitExceeded
