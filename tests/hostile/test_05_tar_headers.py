"""Sparse maps without end, sizes that disagree, negative numbers, extension headers that are too large."""

import re
from pathlib import Path

import pytest

from layerscope.errors import LimitExceeded
from layerscope.image.open import open_image
from layerscope.image.options import ReadOptions
from layerscope.model.limits import Limits
from tests.builder import file, gnu_sparse, header, layer, pax_header, pax_sparse, raw
from tests.building.header import padded
from tests.building.member import Member
from tests.hostile.conftest import BOTH, Archive, Command


@BOTH
def test_an_old_sparse_map_of_a_million_pieces_is_passed_over(command: Command, archive: Archive) -> None:
    pieces = [(number * 2, b"x") for number in range(100_000)]
    report = command.report(archive([gnu_sparse("a", pieces, real_bytes=200_001), file("b", b"12")]))
    assert report["totals"]["content_bytes"] == 200_003


@BOTH
def test_an_old_sparse_map_that_never_ends_is_damage(command: Command, archive: Archive) -> None:
    head = gnu_sparse("a", [(number * 2, b"x") for number in range(5)], real_bytes=100).to_bytes()[:512]
    endless = (b"00000000000\0" * 42 + b"\1").ljust(512, b"\0") * 10_000
    error = command.error(archive(layer(raw(head + endless), trailer=False)))
    assert "layer 0 (" in error and "offset" in error


@BOTH
def test_a_pax_sparse_map_without_end_is_the_file_s_own_matter(command: Command, archive: Archive) -> None:
    member = pax_sparse("a", [(number * 2, b"x") for number in range(50_000)], real_bytes=100_000)
    assert command.report(archive([member, file("b", b"12")]))["totals"]["content_bytes"] == 100_002


@BOTH
def test_a_sparse_file_of_an_exabyte_is_counted_and_never_expanded(command: Command, archive: Archive) -> None:
    report = command.report(archive([gnu_sparse("a", [(0, b"x")], real_bytes=1 << 59)]))
    assert report["totals"]["content_bytes"] == 1 << 59


@BOTH
def test_the_size_of_pax_is_the_right_one(command: Command, archive: Archive) -> None:
    inner = file("smuggled", b"evil").to_bytes()
    carrier = pax_header({"size": b"%d" % len(inner)}).to_bytes() + header(b"a", declared_bytes=0) + inner
    report = command.report(archive([raw(carrier), file("b", b"12")]))
    assert report["totals"]["content_bytes"] == len(inner) + 2
    assert report["totals"]["entries"] == 2


NEGATIVE = {
    "a negative size": header(b"a", declared_bytes=-512),
    "a size of 2 to the 63": header(b"a", declared_bytes=1 << 63, base256=True),
    "a size of 2 to the 90": header(b"a", declared_bytes=1 << 90, base256=True),
    "a negative size of pax": pax_header({"size": b"-512"}).to_bytes() + header(b"a"),
    "a size of pax of many digits": pax_header({"size": b"9" * 5000}).to_bytes() + header(b"a"),
    "a negative size of an extension": header(b"a", typeflag=b"x", declared_bytes=-1),
    "a pax record of length zero": header(b"a", typeflag=b"x", declared_bytes=10) + padded(b"0 path=aa\n"),
    "a pax record that leads out": header(b"a", typeflag=b"x", declared_bytes=10) + padded(b"99 path=a\n"),
    "a pax record without a number": header(b"a", typeflag=b"x", declared_bytes=10) + padded(b"path=aaaa\n"),
    "a negative sparse length": pax_header({"GNU.sparse.map": b"0,0", "GNU.sparse.realsize": b"-5"}).to_bytes()
    + header(b"a"),
}


@BOTH
@pytest.mark.parametrize("data", NEGATIVE.values(), ids=NEGATIVE)
def test_numbers_that_cannot_be_are_told_with_layer_and_offset(command: Command, archive: Archive, data: bytes) -> None:
    error = command.error(archive([file("before", b"1"), raw(data), file("behind", b"22")]))
    assert re.search(r"image.tar: layer 0 \(\S+\), offset [126],", error)


@BOTH
@pytest.mark.parametrize("flag", [b"x", b"g", b"L", b"K"])
def test_an_extension_header_of_a_gigabyte_is_never_read(command: Command, archive: Archive, flag: bytes) -> None:
    error = command.error(archive([raw(header(b"a", typeflag=flag, declared_bytes=1 << 30))]))
    assert "layer 0 (" in error and "offset 0" in error and "--limit pax_bytes" in error


@BOTH
def test_extension_headers_without_end_are_one_too_large(command: Command, archive: Archive) -> None:
    body = pax_header({"comment": b"x" * 90_000}).to_bytes()
    assert "--limit pax_bytes" in command.error(archive([raw(body * 60), file("a")]))


@BOTH
def test_a_global_header_before_each_of_many_entries_is_no_work_for_each(command: Command, archive: Archive) -> None:
    everything = pax_header({f"k{number}": b"v" for number in range(5_000)}, for_all=True)
    members: list[Member] = [everything, *(file(f"f{number}", b"1") for number in range(5_000))]
    assert command.report(archive(members))["totals"]["content_bytes"] == 5_000


@BOTH
def test_a_size_that_leads_out_of_the_layer_is_damage(command: Command, archive: Archive) -> None:
    error = command.error(archive([file("a", b"abc", declared_bytes=1 << 40, base256=True)]))
    assert "the data ends within an entry" in error and "layer 0 (" in error


@BOTH
def test_a_sparse_map_beyond_its_limit_is_not_kept(archive: Archive, tmp_path: Path) -> None:
    pieces = [(number * 2, b"x") for number in range(1_000)]
    path = tmp_path / "image.tar"
    path.write_bytes(archive([gnu_sparse("a", pieces, real_bytes=2_000)]))
    reading = ReadOptions(limits=Limits(sparse_bytes=10_000))
    with pytest.raises(LimitExceeded, match="sparse maps of over 10,000 bytes"), open_image(str(path), reading):
        pass
