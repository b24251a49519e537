"""What a plan asks for, and that no form of a layer gives more."""

import re
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from typing import BinaryIO, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from layerscope.image.layer import LayerData, read_positional
from layerscope.image.options import ReadOptions
from layerscope.image.plan import Planner, Plans, Share
from layerscope.model.limits import KIB
from layerscope.model.pathset import PathSet, RangedFile, RangeReader, Wanted
from layerscope.tar.positional import PositionalFile
from tests.builder import file, hardlink, layer
from tests.tar.walking import streamed

CONTENT = bytes(index * 7 % 251 for index in range(3000))
OPEN = ExitStack()
NAMED = PathSet(names=("file",))


def by_position(tar: bytes, reading: ReadOptions) -> LayerData:
    """The plain layer in a file that stays open, so that its contents can be read."""
    raw = OPEN.enter_context(tempfile.TemporaryFile(buffering=0))  # noqa: SIM115
    raw.write(tar)
    file = PositionalFile(cast(BinaryIO, raw))
    return read_positional(file, 0, file.length, "layer", reading)


@pytest.fixture(autouse=True)
def closed() -> Iterator[None]:
    """Close the files of a test at its end."""
    with OPEN:
        yield


@settings(max_examples=100, deadline=None)
@given(
    st.integers(0, 3000),
    st.integers(0, 3500),
    st.integers(0, 3500),
    st.integers(0, 3200),
    st.none() | st.integers(0, 3200),
)
def test_a_plain_layer_gives_what_a_compressed_one_keeps(
    length: int, head: int, tail: int, start: int, asked: int | None
) -> None:
    tar = layer(file("file", CONTENT[:length]))
    reading = ReadOptions(wanted=(Wanted(paths=NAMED, head=head, tail=tail),))
    assert by_position(tar, reading).contents.read(0, start, asked) == streamed(tar, reading).contents.read(
        0, start, asked
    )


@pytest.mark.parametrize(
    ("wish", "path", "content", "is_given"),
    [
        pytest.param(Wanted(small=9, holding=b"to.en"), "a/x", b"a token", True, id="holds it"),
        pytest.param(Wanted(small=9, holding=b"to.en"), "a/x", b"nothing", False, id="holds it not"),
        pytest.param(Wanted(small=9, holding=b"token"), "a/x", b"a token..", True, id="just small enough"),
        pytest.param(Wanted(small=9, holding=b"token"), "a/x", b"a token...", False, id="too long"),
        pytest.param(Wanted(small=9, holding=b"token"), "a/x", b"\0token", False, id="no text"),
        pytest.param(Wanted(small=9, beginning=b"#!"), "a/x", b"#!sh", True, id="begins so"),
        pytest.param(Wanted(small=9, beginning=b"#!"), "a/x", b"#!\0", True, id="begins so, and is no text"),
        pytest.param(Wanted(small=9, beginning=b"#!"), "a/x", b" #!sh", False, id="has it elsewhere"),
        pytest.param(
            Wanted(small=9, beginning=b"#!", holding=b"z"), "a/x", b"#!sh", False, id="begins so, holds it not"
        ),
        pytest.param(Wanted(small=9, holding=b"t", without="/a/"), "a/x", b"t", False, id="in a directory left out"),
        pytest.param(Wanted(small=9, holding=b"t", without="/a/"), "b/a", b"t", True, id="a file of that name"),
        pytest.param(Wanted(paths=PathSet(numbered=("core",)), head=9), "a/core.12", b"t", True, id="numbered"),
        pytest.param(Wanted(paths=PathSet(numbered=("core",)), head=9), "a/core.1x", b"t", False, id="no number"),
        pytest.param(Wanted(paths=PathSet(numbered=("core",)), head=9), "a/score.1", b"t", False, id="another stem"),
    ],
)
def test_a_file_is_given_for_what_it_holds(wish: Wanted, path: str, content: bytes, is_given: bool) -> None:
    tar, reading = layer(file(path, content)), ReadOptions(wanted=(wish,))
    for data in (streamed(tar, reading), by_position(tar, reading)):
        assert data.contents.read(0) == (content if is_given else None)


@pytest.mark.parametrize(("tail", "is_given"), [(6, True), (5, False)])
def test_a_head_and_a_tail_that_meet_give_what_lies_across(tail: int, is_given: bool) -> None:
    tar, reading = layer(file("file", CONTENT[:10])), ReadOptions(wanted=(Wanted(paths=NAMED, head=4, tail=tail),))
    for data in (streamed(tar, reading), by_position(tar, reading)):
        assert data.contents.read(0, 2, 5) == (CONTENT[2:7] if is_given else None)


def test_texts_and_heads_of_one_file_are_both_kept() -> None:
    wanted = (Wanted(paths=NAMED, head=3, tail=2), Wanted(small=9, holding=b"token"), Wanted(small=4, holding=b"."))
    for content, whole in ((b"a token", b"a token"), (b"1234567", None)):
        for data in (
            streamed(layer(file("file", content)), ReadOptions(wanted=wanted)),
            by_position(layer(file("file", content)), ReadOptions(wanted=wanted)),
        ):
            assert data.contents.read(0, 0, 7) == whole
            assert data.contents.read(0, 0, 3) == content[:3]
            assert data.contents.read(0, 5, 2) == content[5:]


def test_a_file_is_given_under_the_name_of_a_hardlink() -> None:
    tar = layer(file("data", CONTENT), hardlink("other", "data"), hardlink("file", "other"), file("more", CONTENT))
    reading = ReadOptions(wanted=(Wanted(paths=NAMED, head=100),))
    plain, gone_by = by_position(tar, reading), streamed(tar, reading)
    assert [plain.contents.read(index, 0, 100) for index in (0, 3)] == [CONTENT[:100], None]
    assert gone_by.contents.read(0, 0, 100) is None
    assert "/data" in gone_by.warnings[0] and "1 files were not looked at" in gone_by.warnings[0]
    assert not plain.warnings


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.sampled_from([0, 5, 600, 20_000, 70_000]), st.booleans()), min_size=1, max_size=12))
def test_a_search_finds_the_same_however_far_apart_files_lie(files: list[tuple[int, bool]]) -> None:
    contents = [(b"token" if hit else b"") + b"x" * length for length, hit in files]
    tar = layer(*(file(f"f{index}", content) for index, content in enumerate(contents)))
    text, reading = re.compile(b"token"), ReadOptions(wanted=(Wanted(small=64 * KIB, holding=b"token"),))
    asked = [index for index, content in enumerate(contents) if 0 < len(content) <= 64 * KIB]
    expected = [(index, contents[index]) for index in asked if files[index][1]]
    for data in (streamed(tar, reading), by_position(tar, reading)):
        assert list(data.contents.search(asked, text)) == expected


def test_files_that_lie_together_are_read_together(monkeypatch: pytest.MonkeyPatch) -> None:
    tar = layer(
        *(file(f"f{index}", b"x" * 100) for index in range(1000)), file("big", bytes(1 << 20)), file("last", b"y")
    )
    reading = ReadOptions(wanted=(Wanted(small=64 * KIB, holding=b"x"),))
    contents, reads = by_position(tar, reading).contents, list[int]()
    read = PositionalFile.read

    def counted(self: PositionalFile, position: int, length: int) -> bytes:
        reads.append(length)
        return read(self, position, length)

    monkeypatch.setattr(PositionalFile, "read", counted)
    assert len(list(contents.search([*range(1000), 1001], re.compile(b"x")))) == 1000
    assert len(reads) <= 3
    assert sum(reads) < 1_100_000


def test_one_plan_serves_all_layers_of_a_run() -> None:
    plans, wanted = Plans(), (Wanted(paths=NAMED),)
    assert plans.of(wanted) is plans.of(wanted)
    assert plans.of((Wanted(paths=PathSet(names=("x",))),))("/x", 1, 0) is not None


def _nothing(file: RangedFile) -> None:
    """A reader that asks for nothing."""


def test_ranges_are_for_the_files_that_ask() -> None:
    reader = RangeReader(_nothing)
    wanted = (
        Wanted(paths=NAMED, head=1, ranges=reader),
        Wanted(paths=PathSet(names=("other",)), head=1),
        Wanted(paths=NAMED, head=9, ranges=reader),
    )
    plan = Planner(wanted)
    shares = [plan(path, 9, 0) for path in ("/file", "/other")]
    assert [share.readers for share in shares if share is not None] == [(reader,), ()]
    data = by_position(layer(file("file", CONTENT), file("other", CONTENT)), ReadOptions(wanted=wanted))
    assert (data.contents.read(0, 100, 5), data.contents.read(1, 100, 5)) == (CONTENT[100:105], None)
    assert data.contents.read(0) == CONTENT[:9], "without a length no more than the head"
    assert data.contents.peek(1, 100, 5) == CONTENT[100:105]


@pytest.mark.parametrize("mode", [0o100, 0o010, 0o001, 0o4711])
def test_any_execute_bit_makes_an_executable(mode: int) -> None:
    plan = Planner((Wanted(executables=10, head=3),))
    assert [plan("/x", length, mode) is not None for length in (9, 10)] == [False, True]
    assert plan("/x", 10, 0o666) is None


def test_all_that_is_asked_of_executables_and_of_a_path_is_joined() -> None:
    one, other, third = RangeReader(_nothing, b"1"), RangeReader(_nothing, b"2"), RangeReader(_nothing, b"3")
    plan = Planner(
        (
            Wanted(executables=10, head=3, tail=7, ranges=one),
            Wanted(executables=20, head=5, tail=1, ranges=other),
            Wanted(paths=NAMED, head=4, tail=9, ranges=third),
        )
    )
    assert plan("/x", 30, 0o755) == Share(head=5, tail=7, readers=(one, other))
    assert plan("/file", 30, 0o755) == Share(head=5, tail=9, readers=(one, other, third))
    assert plan("/file", 30, 0o644) == Share(head=4, tail=9, readers=(third,))


@pytest.mark.parametrize(("length", "texts"), [(3, 2), (4, 2), (5, 1), (9, 1), (10, 0)])
def test_a_text_is_looked_for_up_to_its_own_length(length: int, texts: int) -> None:
    plan = Planner((Wanted(small=9, holding=b"a"), Wanted(small=4, holding=b"b"), Wanted(paths=NAMED, head=1)))
    for path in ("/x", "/file"):
        share = plan(path, length, 0)
        assert len(share.texts if share is not None else ()) == texts


def test_links_to_links_are_followed_to_the_file_that_all_of_them_name() -> None:
    tar = layer(
        file("data", CONTENT), hardlink("a", "data"), hardlink("b", "a"), hardlink("other", "b"), hardlink("file", "b")
    )
    wanted = (Wanted(paths=NAMED, head=100), Wanted(paths=PathSet(names=("other",)), head=10, tail=20))
    contents = by_position(tar, ReadOptions(wanted=wanted)).contents
    assert contents.read(0, 0, 100) == CONTENT[:100]
    assert contents.read(0, 2980, 20) == CONTENT[-20:]
    assert contents.read(0, 0, 101) is None


def test_a_search_finds_only_what_is_there_as_a_whole() -> None:
    tar, text = layer(file("file", b"token" + b"x" * 100), file("x", b"a token"), file("y", b"")), re.compile(b"token")
    wanted = (Wanted(paths=NAMED, head=10), Wanted(small=50, holding=b"token"))
    contents = streamed(tar, ReadOptions(wanted=wanted)).contents
    assert list(contents.search([0, 1, 2], text)) == [(1, b"a token")]
    assert list(contents.search([1], re.compile(b"other"))) == []
