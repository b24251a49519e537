"""Sparse files of every format count with their real length."""

import time
from collections.abc import Callable

import pytest

from layerscope.errors import Damaged
from layerscope.image.options import ReadOptions
from layerscope.model.limits import Limits
from tests.builder import Member, file, gnu_sparse, header, layer, pax_sparse, raw
from tests.building.header import padded
from tests.building.tar import pax_sparse_in_header
from tests.image.peers import PEERS, Listed, ours
from tests.tar.walking import Failure, layer_of, the_only


def sparse_pax_0(pieces: list[tuple[bytes, bytes]], records: dict[str, bytes], content: bytes) -> bytes:
    """A sparse file of PAX format 0.0, whose map repeats its keys."""
    lines = [(key.encode(), value) for key, value in records.items()] + pieces
    body = b"".join(_record(key, value) for key, value in lines)
    block = header(b"PaxHeaders/s", typeflag=b"x", declared_bytes=len(body))
    return layer(raw(block + body + bytes(-len(body) % 512)), file("s", content), file("after", b"x"))


def _record(key: bytes, value: bytes) -> bytes:
    length = next(n for n in range(5, 1000) if len(b"%d %s=%s\n" % (n, key, value)) == n)
    return b"%d %s=%s\n" % (length, key, value)


SPARSE = [
    pytest.param(layer(gnu_sparse("s", [(0, b"x" * 512)], real_bytes=9000), file("after", b"x")), id="old GNU"),
    pytest.param(
        layer(gnu_sparse("s", [(n * 1024, b"x" * 512) for n in range(60)], real_bytes=99_000), file("after", b"x")),
        id="old GNU with extension blocks",
    ),
    pytest.param(layer(pax_sparse("s", [(512, b"x" * 512)], real_bytes=9000), file("after", b"x")), id="PAX 1.0"),
    pytest.param(
        layer(
            file(
                "GNUSparseFile.0/s",
                b"x" * 512,
                pax={
                    "GNU.sparse.size": b"9000",
                    "GNU.sparse.numblocks": b"2",
                    "GNU.sparse.map": b"512,512,9000,0",
                    "GNU.sparse.name": b"s",
                },
            ),
            file("after", b"x"),
        ),
        id="PAX 0.1",
    ),
    pytest.param(
        sparse_pax_0(
            [
                (b"GNU.sparse.offset", b"512"),
                (b"GNU.sparse.numbytes", b"512"),
                (b"GNU.sparse.offset", b"9000"),
                (b"GNU.sparse.numbytes", b"0"),
            ],
            {"GNU.sparse.size": b"9000", "GNU.sparse.numblocks": b"2"},
            b"x" * 512,
        ),
        id="PAX 0.0",
    ),
]


@pytest.mark.parametrize("peer", PEERS)
@pytest.mark.parametrize("data", SPARSE)
def test_sparse_files_count_with_their_real_length(data: bytes, peer: Callable[[bytes], list[Listed]]) -> None:
    changeset = layer_of(data).changeset
    assert [entry.path for entry in changeset] == ["/s", "/after"]
    assert changeset.sizes[0] in (9000, 99_000)
    assert set(changeset.sparse) == {0}
    assert ours(changeset) == peer(data)


def test_a_sparse_file_takes_its_payload_from_the_pax_size() -> None:
    records = {"GNU.sparse.size": b"9000", "GNU.sparse.map": b"0,3", "size": b"3"}
    data = layer(file("s", b"abc", declared_bytes=0, pax=records), file("after"))
    assert [(entry.path, entry.content_bytes) for entry in layer_of(data).changeset] == [("/s", 9000), ("/after", 0)]


WRONG = {
    "overlapping": [(0, b"a" * 512), (256, b"b" * 512)],
    "backwards": [(1024, b"a" * 512), (0, b"b" * 512)],
    "outside the file": [(5000, b"a" * 512)],
    "outside the file, in an extension block": [*((n, b"a") for n in range(30)), (5000, b"a" * 512)],
}


@pytest.mark.parametrize("maker", [gnu_sparse, pax_sparse_in_header, pax_sparse])
@pytest.mark.parametrize("segments", WRONG.values(), ids=WRONG)
def test_a_sparse_map_that_engines_refuse_is_damage(
    maker: Callable[..., Member], segments: list[tuple[int, bytes]]
) -> None:
    assert "a sparse map points outside its file" in refusal(layer(maker("s", segments, real_bytes=2000)))


def refusal(data: bytes) -> str:
    """Why a layer is refused, in whatever way it is read."""
    found = the_only(data)
    assert isinstance(found, Failure) and issubclass(found.kind, Damaged), found
    return found.message


def before_the_data(sparse_map: bytes, data: bytes = b"") -> bytes:
    """A layer of one sparse file of 9,000 bytes with this map before its data (PAX format 1.0)."""
    records = {"GNU.sparse.major": b"1", "GNU.sparse.minor": b"0", "GNU.sparse.realsize": b"9000"}
    return layer(file("s", sparse_map + data, pax=records), file("after", b"x"))


@pytest.mark.parametrize(
    ("sparse_map", "data", "what"),
    [
        (b"", b"", "does not end"),
        (b"1\n0\n5\n", b"", "does not end"),
        (padded(b"1\n0\n"), b"x" * 512, "contains something that is not a number"),
        (padded(b"1\n0\n600\n"), b"x" * 512, "claims more data than there is"),
        (padded(b"1\n0\n500\n"), b"x" * 512, "leaves out data that is there"),
        (padded(b"1\n0\n-5\n"), b"x" * 512, "contains something that is not a number"),
        (b"9" * 18 + b"\n" + b"0\n" * 200, b"", "does not end"),
    ],
)
def test_a_map_before_the_data_is_checked_though_nobody_reads_the_file(
    sparse_map: bytes, data: bytes, what: str
) -> None:
    assert f"a sparse map {what}" in refusal(before_the_data(sparse_map, data))


@pytest.mark.parametrize(
    ("sparse_map", "data"),
    [
        (padded(b"0\n"), b""),
        (padded(b"2\n0\n512\n9000\n0\n"), b"x" * 512),
        (padded(b"300\n" + b"".join(b"%d\n1\n" % (n * 30) for n in range(300))), b"x" * 300),
    ],
)
def test_a_map_that_makes_sense_is_no_damage(sparse_map: bytes, data: bytes) -> None:
    assert layer_of(before_the_data(sparse_map, data)).changeset.sizes[0] == 9000


def test_a_map_in_the_headers_that_leaves_out_data_is_damage() -> None:
    records = {"GNU.sparse.size": b"9000", "GNU.sparse.map": b"0,3"}
    assert "leaves out data that is there" in refusal(layer(file("s", b"abcd", pax=records)))


@pytest.mark.parametrize(("maker", "most"), [(gnu_sparse, 12_000), (pax_sparse, 3_000), (pax_sparse_in_header, 2_000)])
def test_the_maps_of_all_sparse_files_have_one_limit(maker: Callable[..., Member], most: int) -> None:
    """Reading a map takes far longer than skipping as many bytes."""
    members = [maker(f"s{n}", [(n * 2, b"x") for n in range(300)], real_bytes=2000) for n in range(3)]
    limits = ReadOptions(limits=Limits(sparse_bytes=most))
    assert len(layer_of(layer(members[0]), limits).changeset) == 1
    found = the_only(layer(*members), limits)
    assert isinstance(found, Failure) and found.message == f"layer: sparse maps of over {most:,} bytes"


def test_a_long_record_beside_a_sparse_map_takes_no_longer_than_others() -> None:
    records = {
        "GNU.sparse.size": b"100",
        "GNU.sparse.offset": b"100",
        "GNU.sparse.numbytes": b"0",
        "comment": b"1" * 1_000_000,
    }
    started = time.perf_counter()
    assert layer_of(layer(file("s", pax=records))).changeset.sizes[0] == 100
    assert time.perf_counter() - started < 5


@pytest.mark.parametrize("value", [b"x", b""])
def test_a_map_of_pairs_that_are_no_numbers_is_damage(value: bytes) -> None:
    pairs = [(b"GNU.sparse.offset", value), (b"GNU.sparse.numbytes", b"1")]
    assert "cannot be read" in refusal(sparse_pax_0(pairs, {"GNU.sparse.size": b"9"}, b"x"))


@pytest.mark.parametrize(
    "records",
    [
        {"GNU.sparse.realsize": b"9000"},
        {"GNU.sparse.size": b"9000", "GNU.sparse.map": b""},
        {"GNU.sparse.major": b"2", "GNU.sparse.minor": b"0", "GNU.sparse.realsize": b"9000", "GNU.sparse.map": b"0,3"},
        {"GNU.sparse.major": b"1", "GNU.sparse.realsize": b"9000", "GNU.sparse.name": b"other"},
    ],
)
def test_what_engines_do_not_take_for_a_sparse_file_is_an_ordinary_one(records: dict[str, bytes]) -> None:
    changeset = layer_of(layer(file("s", b"abc", pax=records), file("after", b"x"))).changeset
    assert (changeset.paths, list(changeset.sizes), changeset.sparse) == (["/s", "/after"], [3, 1], {})
