"""Sparse files of every format count with their real length."""

from collections.abc import Callable

import pytest

from layerscope.errors import Damaged
from tests.builder import Member, file, gnu_sparse, header, layer, pax_sparse, raw
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


@pytest.mark.parametrize("maker", [gnu_sparse, pax_sparse_in_header])
@pytest.mark.parametrize("segments", WRONG.values(), ids=WRONG)
def test_a_sparse_map_that_engines_refuse_is_damage(
    maker: Callable[..., Member], segments: list[tuple[int, bytes]]
) -> None:
    found = the_only(layer(maker("s", segments, real_bytes=2000)))
    assert isinstance(found, Failure) and found.kind is Damaged, found
    assert "a sparse map points outside its file" in found.message
