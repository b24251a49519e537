"""Contents that are read a second time: whole, in order, with nothing kept in memory, sparse files at full length."""

import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from layerscope.errors import ArchiveError, Damaged
from layerscope.image.open import open_image
from layerscope.image.options import ReadOptions
from layerscope.model.contents import Contents, NoContents
from layerscope.model.entry import Kind
from tests.builder import (
    Compression,
    ImageSpec,
    Member,
    compress,
    crane,
    directory,
    docker_legacy,
    file,
    gnu_sparse,
    layer,
    oci_archive,
    pax_header,
    pax_sparse,
    rootfs,
)
from tests.building.member import gnu_long
from tests.image.opening import fifo_of

BIG = bytes(range(256)) * 4096
FILES = {"/a": b"first", "/dir/big": BIG, "/empty": b"", "/z": b"last"}
MEMBERS = (file("a", b"first"), directory("dir"), file("dir/big", BIG), file("empty"), file("z", b"last"))
SPEC = ImageSpec(layers=(layer(*MEMBERS),))


def streamed(contents: Contents, indexes: Sequence[int]) -> Iterator[tuple[int, bytes]]:
    for index, pieces in contents.stream(indexes):
        yield index, b"".join(bytes(one) if isinstance(one, int) else one.tobytes() for one in pieces)


def whole(path: Path) -> dict[str, bytes]:
    """All regular files of the lowest layer by a second reading."""
    with open_image(str(path), ReadOptions()) as image:
        (one, *_) = image.layers
        files = [index for index, kind in enumerate(one.changeset.kinds) if kind == Kind.FILE]
        return {one.changeset.paths[index]: content for index, content in streamed(one.contents, files)}


@pytest.fixture
def written(tmp_path: Path) -> Callable[[bytes], Path]:
    def write(data: bytes) -> Path:
        path = tmp_path / "image.tar"
        path.write_bytes(data)
        return path

    return write


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(docker_legacy(SPEC), id="plain layer, plain archive"),
        pytest.param(crane(SPEC), id="gzip layer, plain archive"),
        pytest.param(oci_archive(SPEC, compression="zstd"), id="zstd layer, plain archive"),
        pytest.param(compress(docker_legacy(SPEC), "gzip"), id="plain layer, gzip archive"),
        pytest.param(compress(crane(SPEC), "xz"), id="gzip layer, xz archive"),
        pytest.param(rootfs(*MEMBERS), id="root file system"),
        pytest.param(compress(rootfs(*MEMBERS), "bzip2"), id="compressed root file system"),
    ],
)
def test_contents_come_whole_in_every_way_of_packing(data: bytes, written: Callable[[bytes], Path]) -> None:
    assert whole(written(data)) == FILES


PIECES = ((0, b"head"), (1_000_000, b"x" * 700), (2_000_001, b"tail"))
CONTENT = (b"head".ljust(1_000_000, b"\0") + b"x" * 700).ljust(2_000_001, b"\0") + b"tail" + bytes(999)
MANY = tuple((n * 4096, b"%04d" % n) for n in range(100))


def _pax_0(key: str) -> Member:
    """The first two pax formats keep the map in records: pairs of records, or one list."""
    numbers = [(offset, len(data)) for offset, data in (*PIECES, (len(CONTENT), b""))]
    records = {"GNU.sparse.size": b"%d" % len(CONTENT), "GNU.sparse.numblocks": b"%d" % len(numbers)}
    if key == "map":
        records |= {"GNU.sparse.name": b"s", "GNU.sparse.map": b",".join(b"%d,%d" % pair for pair in numbers)}
        return file("GNUSparseFile.0/s", b"".join(data for _, data in PIECES), pax=records)
    return file("s", b"".join(data for _, data in PIECES), pax=records)


def _behind(*extensions: Member, member: Member) -> Member:
    """The member with other extension headers before its own."""
    return Member(literal=b"".join(one.to_bytes() for one in (*extensions, member)))


@pytest.mark.parametrize("compression", ["gzip", ""])
@pytest.mark.parametrize(
    ("member", "content"),
    [
        pytest.param(
            _behind(gnu_long(b"long", b"L"), member=_pax_0("map")), CONTENT, id="pax 0.1 behind a long name of GNU"
        ),
        pytest.param(
            _behind(pax_header({"GNU.sparse.major": b"1"}, for_all=True), member=_pax_0("map")),
            CONTENT,
            id="pax 0.1 behind a global header",
        ),
        pytest.param(
            _behind(pax_header({"comment": b"x"}), member=_pax_0("map")),
            CONTENT,
            id="pax 0.1 in the second of two",
        ),
        pytest.param(gnu_sparse("s", PIECES, real_bytes=len(CONTENT)), CONTENT, id="old GNU"),
        pytest.param(pax_sparse("s", PIECES, real_bytes=len(CONTENT)), CONTENT, id="pax 1.0"),
        pytest.param(_pax_0("map"), CONTENT, id="pax 0.1"),
        pytest.param(
            gnu_sparse("s", MANY, real_bytes=99 * 4096 + 4),
            b"".join(data.ljust(4096, b"\0") for _, data in MANY)[: 99 * 4096 + 4],
            id="a map that goes on in further blocks",
        ),
        pytest.param(
            pax_sparse("s", MANY, real_bytes=99 * 4096 + 4),
            b"".join(data.ljust(4096, b"\0") for _, data in MANY)[: 99 * 4096 + 4],
            id="a map of several blocks in the content",
        ),
        pytest.param(gnu_sparse("s", (), real_bytes=5000), bytes(5000), id="one hole"),
    ],
)
def test_sparse_files_have_their_full_length(
    member: Member, content: bytes, compression: Compression, written: Callable[[bytes], Path]
) -> None:
    for members in ((file("a", b"1"), member, file("z", b"2")), (member, file("a", b"1"), file("z", b"2"))):
        spec = ImageSpec(layers=(layer(*members),))
        data = crane(spec, compression=compression) if compression else docker_legacy(spec)
        assert whole(written(data)) == {"/a": b"1", "/s": content, "/z": b"2"}


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        pytest.param(b"1\n0\n99999\n", "more data than there is", id="more than is stored"),
        pytest.param(b"1\n9000\n4\n", "points outside", id="behind the end"),
        pytest.param(b"2\n10\n2\n0\n2\n", "points outside", id="going back"),
        pytest.param(b"x\n", "not a number", id="a letter"),
        pytest.param(b"-1\n", "not a number", id="a negative number"),
        pytest.param(b"9" * 30 + b"\n", "not a number", id="a number without end"),
        pytest.param(b"9" * 5000, "not a number", id="a number that no line ends"),
        pytest.param(b"999999999\n0\n1\n", "does not end", id="a count of more than there is"),
    ],
)
def test_a_sparse_map_that_lies_is_an_error(body: bytes, problem: str, written: Callable[[bytes], Path]) -> None:
    records = {"GNU.sparse.major": b"1", "GNU.sparse.minor": b"0", "GNU.sparse.name": b"s"}
    real = b"200000" if problem == "more data than there is" else b"8000"
    member = file("GNUSparseFile.0/s", body.ljust(512, b"\0") + b"data", pax=records | {"GNU.sparse.realsize": real})
    with pytest.raises(Damaged, match=problem):
        whole(written(docker_legacy(ImageSpec(layers=(layer(member),)))))


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="the system has no named pipes")
def test_what_came_through_a_pipe_cannot_be_read_twice(written: Callable[[bytes], Path]) -> None:
    path = written(crane(SPEC))
    with (
        fifo_of(path.read_bytes(), path.with_name("pipe")) as pipe,
        pytest.raises(ArchiveError, match="cannot be read twice"),
    ):
        whole(pipe)


def test_an_archive_that_changed_meanwhile_is_noticed(written: Callable[[bytes], Path]) -> None:
    path = written(oci_archive(SPEC, compression="gzip"))
    other = oci_archive(ImageSpec(layers=(layer(file("a", b"First"), *MEMBERS[1:]),)), compression="gzip")
    with pytest.raises(Damaged, match="the archive changed"), open_image(str(path), ReadOptions()) as image:
        with path.open("r+b") as archive:  # The same file, so that what is open sees it.
            archive.write(other)
        with pytest.raises(Damaged):
            list(streamed(image.layers[0].contents, [0]))


def test_files_that_were_not_taken_whole_do_not_move_the_next(written: Callable[[bytes], Path]) -> None:
    with open_image(str(written(crane(SPEC))), ReadOptions()) as image:
        contents = image.layers[0].contents
        taken = {}
        for index, pieces in contents.stream([2, 4]):
            if index == 4:
                taken[index] = b"".join(one.tobytes() for one in pieces if not isinstance(one, int))
            else:
                next(pieces)
        assert taken == {4: b"last"}


def test_a_layer_that_could_not_be_read_has_nothing_to_give() -> None:
    with pytest.raises(ArchiveError):
        NoContents().stream([0])
