"""What the readers of ranges ask for is kept, wherever it lies in a file, and nothing else."""

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import IO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from layerscope.image import aside, spool
from layerscope.image.layer import LayerData
from layerscope.image.open import open_image
from layerscope.image.options import ReadOptions
from layerscope.model.limits import MIB, Limits
from layerscope.model.pathset import PathSet, RangedFile, RangeReader, Wanted
from tests.builder import ImageSpec, crane, docker_legacy, file, hardlink, layer
from tests.tar.walking import streamed, tiny_windows

MAGIC = b"LEADS"
CONTENT = MAGIC + bytes(index * 7 % 251 for index in range(90_000))
Ranges = list[tuple[int, int]]


def wish(*ranges: tuple[int, int], head: int = 0, tail: int = 0, magic: bytes = MAGIC) -> Wanted:
    """The files called ``file``, of which a reader asks for these ranges."""

    def analyse(file: RangedFile) -> None:
        for start, count in ranges:
            file.read(start, count)

    return Wanted(paths=PathSet(names=("file",)), head=head, tail=tail, ranges=RangeReader(analyse, magic))


def read(*wanted: Wanted, content: bytes = CONTENT, limits: Limits | None = None) -> LayerData:
    """A layer with one file ``/file``, which passed once."""
    return streamed(layer(file("file", content)), ReadOptions(wanted=wanted, limits=limits or Limits()))


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.integers(-5, 91_000), st.integers(-5, 30_000)), max_size=6),
    st.sampled_from([0, 64, 50_000]),
    st.sampled_from([0, 64, 50_000]),
    st.sampled_from([100, MIB]),
    st.booleans(),
)
def test_every_range_that_was_asked_for_can_be_read_again(
    ranges: Ranges, head: int, tail: int, in_memory: int, small: bool
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(aside, "_IN_MEMORY", in_memory)
        with tiny_windows() if small else pytest.MonkeyPatch.context():
            contents = read(wish(*ranges, head=head, tail=tail)).contents
    for start, count in ranges:
        if start >= 0 < count and start + count <= len(CONTENT):
            assert contents.read(0, start, count) == CONTENT[start : start + count]
    given = contents.read(0)  # More of it where head and tail meet.
    assert (given or b"").startswith(CONTENT[:head])


def test_only_what_was_asked_for_is_kept() -> None:
    contents = read(wish((100, 50), (150, 10), (40_000, 5)), wish((155, 20))).contents
    assert contents.read(0, 100, 75) == CONTENT[100:175]
    assert [contents.read(0, *part) for part in ((99, 2), (174, 2), (39_999, 2), (40_004, 2), (95, 90), (40_000, None))] == [
        None
    ] * 6  # fmt: skip


def test_a_file_that_begins_otherwise_is_not_put_aside() -> None:
    contents = read(wish((500, 10)), content=b"ELSE!" + CONTENT).contents
    assert contents.read(0, 500, 10) is None
    assert read(wish((500, 10), magic=b""), content=b"ELSE!" + CONTENT).contents.read(0, 500, 10) is not None


def test_one_file_after_the_other_is_put_aside(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(aside, "_IN_MEMORY", 1000)
    made, begin = list[IO[bytes]](), tempfile.TemporaryFile

    def counted(buffering: int) -> IO[bytes]:
        made.append(begin(buffering=buffering))
        return made[-1]

    monkeypatch.setattr(tempfile, "TemporaryFile", counted)
    contents = [MAGIC + bytes([number]) * length for number, length in enumerate((5000, 9000, 30, 3000, 700), 1)]
    tar = layer(*(file(f"{number}/file", content) for number, content in enumerate(contents)))
    data = streamed(tar, ReadOptions(wanted=(wish((10, 20), (2000, 500)),)))
    for index, content in enumerate(contents):
        assert data.contents.read(index, 10, 20) == content[10:30]
        assert data.contents.read(index, 2000, 500) == content[2000:2500]
    assert len(made) == 1
    assert made[0].closed


def _full(**_: int) -> object:
    raise OSError("no space left on device")


def test_without_room_the_layer_says_what_was_not_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(aside, "_IN_MEMORY", 1000)
    monkeypatch.setattr(tempfile, "TemporaryFile", _full)
    data = read(wish((40_000, 5), head=64, tail=32))
    assert not data.looked_at_all
    assert "/file" in data.warnings[0] and "1 files were not looked at" in data.warnings[0]
    assert data.contents.read(0, 0, 64) == CONTENT[:64]
    assert data.contents.read(0, len(CONTENT) - 32, 32) == CONTENT[-32:]


def test_a_file_longer_than_all_that_may_be_kept_is_not_put_aside() -> None:
    data = read(wish((40_000, 5)), limits=Limits(captured_bytes=len(CONTENT) - 1))
    assert not data.looked_at_all
    assert read(wish((40_000, 5)), limits=Limits(captured_bytes=len(CONTENT))).looked_at_all


@pytest.mark.parametrize("dialect", [crane, docker_legacy], ids=["compressed", "plain"])
@pytest.mark.parametrize("name", ["file", "data"])
def test_the_layer_that_was_not_looked_at_in_full_is_marked(
    name: str, dialect: Callable[[ImageSpec], bytes], tmp_path: Path
) -> None:
    path = tmp_path / "image.tar"
    members = {"file": (file("file", CONTENT),), "data": (file("data", CONTENT), hardlink("file", "data"))}[name]
    others = (file("b/file", b"x" + CONTENT), file("other", CONTENT))  # Of another format, and not asked for.
    path.write_bytes(dialect(ImageSpec(layers=(layer(file("a", b"a")), layer(*members, *others)))))
    wanted = (wish((40_000, 5), head=64),)
    reading = ReadOptions(wanted=wanted, limits=Limits(captured_bytes=len(CONTENT) - 1))
    with open_image(str(path), reading) as image:
        assert [one.partial for one in image.layers] == ["", "some files were not looked at"]
        assert not image.complete
        [warning] = image.warnings
        assert f"1 files were not looked at, since there was no room to put them aside as a whole: /{name}" in warning
        contents = image.layers[1].contents
        assert (contents.read(0, 40_000, 5), contents.read(0, 0, 64)) == (None, CONTENT[:64])
    with open_image(str(path), ReadOptions(wanted=wanted)) as image:
        assert image.complete and not any(one.partial for one in image.layers)
        assert image.layers[1].contents.read(0, 40_000, 5) == CONTENT[40_000:40_005]


@pytest.mark.parametrize("count", [1 << 16, (1 << 16) + 1])
def test_only_so_many_ranges_are_remembered(count: int) -> None:
    data = read(wish(*((start, 1) for start in range(count))))
    assert data.looked_at_all == (count <= 1 << 16)
    assert data.contents.read(0, 0, 1000) == CONTENT[:1000]


@pytest.mark.parametrize(("times", "fits"), [(370, True), (380, False)])
def test_reading_the_same_again_and_again_ends(times: int, fits: bool) -> None:
    ranges = [(0, len(CONTENT))] * times
    assert read(wish(*ranges)).looked_at_all == fits


def test_what_comes_out_of_an_archive_counts_too() -> None:
    def analyse(file: RangedFile) -> None:
        for _ in range(40):
            file.spend(MIB)

    assert not read(Wanted(paths=PathSet(names=("file",)), ranges=RangeReader(analyse))).looked_at_all


def test_a_reader_that_fails_costs_nothing_but_what_it_did_not_ask_for() -> None:
    def analyse(file: RangedFile) -> None:
        file.warn("this is said by the step that reads the same again")
        file.read(10, 5)
        raise KeyError("nothing of that name")

    failing = Wanted(paths=PathSet(names=("file",)), head=0, ranges=RangeReader(analyse))
    data = read(failing, wish((500, 10)))
    assert (data.contents.read(0, 10, 5), data.contents.read(0, 500, 10)) == (CONTENT[10:15], CONTENT[500:510])
    assert data.looked_at_all and not data.warnings


def test_ranges_are_put_aside_where_memory_is_full(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spool, "_IN_MEMORY", 0)
    monkeypatch.setattr(spool, "_BLOCK", 1)
    data = read(wish((10, 80_000), (85_000, 300)))
    assert data.contents.read(0, 20, 79_000) == CONTENT[20:79_020]
    assert data.contents.read(0, 85_100, 200) == CONTENT[85_100:85_300]
    assert data.contents.read(0, 85_100, 201) is None


def test_a_file_that_a_hardlink_names_is_put_aside_by_a_second_reading() -> None:
    tar = layer(file("data", CONTENT), hardlink("file", "data"))
    reading = ReadOptions(wanted=(wish((40_000, 5)),))
    gone_by = streamed(tar, reading)
    assert gone_by.contents.read(0, 40_000, 5) is None
    assert not gone_by.looked_at_all
