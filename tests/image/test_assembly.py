"""How layers are shared out to threads, and how much one image may take of documents and warnings."""

import hashlib
import io
import threading
from collections.abc import Iterator
from typing import cast

import pytest

from layerscope.errors import ArchiveError, LimitExceeded
from layerscope.image import assemble
from layerscope.image.assemble import _contradictory, _in_parallel, _notes, _outcomes, _read, _ways
from layerscope.image.candidate import Candidate, LayerBlob
from layerscope.image.layer import Counted, LayerData, Proof, digests_of, first_bytes
from layerscope.image.options import ReadOptions
from layerscope.image.store import WithData
from layerscope.model.image import Digest
from layerscope.model.limits import Limits
from layerscope.model.platform import Platform
from layerscope.tar.positional import PositionalFile
from layerscope.tar.tally import Tally
from tests.builder import file, layer
from tests.tar.walking import Drip, streamed


class Blobs:
    """A store of files by name, some of which are the same; it counts what is read."""

    def __init__(self, files: dict[str, bytes], same: dict[str, str] | None = None) -> None:
        self._files = files
        self._same = same or {}
        self.read: list[tuple[str, str, int]] = []

    def has(self, name: str) -> bool:
        return name in self._files

    def file_of(self, name: str) -> object:
        return self._same.get(name, name)

    def length(self, name: str) -> int:
        return len(self._files.get(name, b""))

    def document(self, name: str) -> bytes:
        self.read.append((name, "", 0))
        return self._files[name]

    def layer(self, name: str, where: str, reading: ReadOptions) -> LayerData:
        self.read.append((name, where, reading.threads))
        if self._files[name] == b"damaged":
            raise ArchiveError("it is damaged")
        if self._files[name] == b"bomb":
            raise LimitExceeded("it is too large")
        return streamed(self._files[name])

    def folders(self) -> Iterator[str]:
        return iter(())


@pytest.mark.parametrize(
    ("lengths", "threads", "ahead"),
    [
        pytest.param([100], 2, [True], id="one"),
        pytest.param([100], 1, [False], id="one thread"),
        pytest.param([100, 100], 2, [False, True], id="two alike"),
        pytest.param([100, 99], 2, [True, True], id="less is left than this one"),
        pytest.param([100, 100, 100], 3, [False, True, True], id="three threads"),
        pytest.param([100, 99, 100], 3, [True, True, True], id="less is left than two of this one"),
        pytest.param([100, 60, 60], 2, [False, False, True], id="many small ones"),
        pytest.param([0], 2, [False], id="of unknown length"),
    ],
)
def test_a_layer_is_read_ahead_where_the_others_leave_a_thread_idle(
    lengths: list[int], threads: int, ahead: list[bool]
) -> None:
    reading = ReadOptions(threads=threads)
    ways = _ways(range(len(lengths)), dict(enumerate(lengths)), reading)
    assert list(ways) == list(range(len(lengths)))
    assert [way is reading for way in ways.values()] == ahead
    assert all(way is reading or way.threads == 1 for way in ways.values())


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_each_of_several_is_read_once_on_so_many_threads(threads: int) -> None:
    seen: list[tuple[int, int]] = []
    barrier = threading.Barrier(threads)

    def read(index: int) -> None:
        if index < threads:
            barrier.wait(20)  # So many are at work at once.
        seen.append((index, threading.get_ident()))

    _in_parallel(read, range(6), ReadOptions(threads=threads))
    assert sorted(index for index, _ in seen) == list(range(6))
    assert len({ident for _, ident in seen}) == threads


def test_what_one_thread_fails_with_stops_the_others() -> None:
    reading, begun = ReadOptions(threads=2), threading.Event()

    def read(index: int) -> None:
        if index == 0:
            begun.wait(20)
            raise ValueError("the first")
        begun.set()
        while not reading.tally.stopped:
            pass

    with pytest.raises(ValueError, match="the first"):
        _in_parallel(read, range(9), reading)
    assert reading.tally.stopped


def blobs(*names: str, media_type: str = "", stored_bytes: int = 0) -> list[LayerBlob]:
    return [LayerBlob(name=name, media_type=media_type, stored_bytes=stored_bytes) for name in names]


SMALL, LARGE = layer(file("a")), layer(file("a"), file("b", b"b" * 9000))


def test_each_file_is_read_once_the_largest_first() -> None:
    store = Blobs({"a": SMALL, "b": LARGE, "c": SMALL, "d": SMALL}, {"c": "a"})
    found = _outcomes(blobs("a", "b", "c", "d", "gone"), store, ReadOptions(threads=1))
    assert [name for name, _, _ in store.read] == ["b", "a", "d"]
    assert [where for _, where, _ in store.read] == ["layer 1 (b)", "layer 0 (a)", "layer 3 (d)"]
    assert found[0] is found[2] is not found[3]
    assert isinstance(found[4], ArchiveError) and found[4].message == "gone is not there"


def test_a_layer_that_is_laid_twice_counts_twice() -> None:
    store = Blobs({"a": SMALL, "b": LARGE}, {"c": "a"})
    for limits, fits in ((Limits(entries=4), True), (Limits(entries=3), False)):
        reading = ReadOptions(limits=limits, tally=Tally())
        try:
            _outcomes([*blobs("a", "b"), LayerBlob(name="c")], store, reading)
            assert fits
        except LimitExceeded as error:
            assert not fits and error.message == "all layers together have over 3 entries"


def test_what_is_too_large_is_no_layer_left_out() -> None:
    store, reading = Blobs({"a": b"damaged", "b": b"bomb"}), ReadOptions()
    with pytest.raises(LimitExceeded, match="it is too large"):
        _outcomes(blobs("a", "b"), store, reading)
    assert reading.tally.stopped


@pytest.mark.parametrize(
    ("name", "media_type", "message"),
    [
        ("a", "x+encrypted", "it is encrypted"),
        ("gone", "", "gone is not there"),
        ("", "", "the manifest names no file for it"),
        ("gone", "x.foreign.y", "it is foreign, only its address is given"),
        ("gone", "x.nondistributable.y", "it is foreign, only its address is given"),
        ("b", "", "it is damaged"),
    ],
)
def test_a_layer_that_cannot_be_read_says_why(name: str, media_type: str, message: str) -> None:
    store = Blobs({"a": SMALL, "b": b"damaged"})
    found = _read(LayerBlob(name=name, media_type=media_type), 0, store, ReadOptions())
    assert isinstance(found, ArchiveError) and found.message == message


A, B = (Digest("sha256", letter * 64) for letter in "ab")


@pytest.mark.parametrize(
    ("names", "stored_bytes", "diff_ids", "contradictory"),
    [
        (("a", "b"), 0, (A, B), False),
        (("a", "c"), 0, (A, B), True),
        (("a", "c"), 0, (A, A), False),
        (("a", "b"), 0, (A, A), False),
        (("a",), len(SMALL), (A,), False),
        (("a",), len(SMALL) - 1, (A,), True),
        (("gone",), 7, (A,), False),
    ],
)
def test_a_file_of_two_diff_ids_or_of_another_length_contradicts_itself(
    names: tuple[str, ...], stored_bytes: int, diff_ids: tuple[Digest, ...], contradictory: bool
) -> None:
    store = Blobs({"a": SMALL, "b": LARGE, "c": SMALL}, {"c": "a"})
    assert _contradictory(blobs(*names, stored_bytes=stored_bytes), diff_ids, store) == contradictory


@pytest.mark.parametrize(
    ("platform", "asked", "image", "has_note"),
    [("s390x", "", "", True), ("amd64", "", "", False), ("", "", "", False), ("s390x", "s390x", "", False), ("s390x", "", "0", False)],
)  # fmt: skip
def test_a_choice_that_the_machine_cannot_run_is_noted(
    platform: str, asked: str, image: str, has_note: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("platform.machine", lambda: "x86_64")
    candidate = Candidate(group="", format="", config="", platform=Platform.parse(platform) if platform else None)
    reading = ReadOptions(image=image, platform=Platform.parse(asked) if asked else None)
    note = "the archive has no image for linux/amd64; this one is for linux/s390x"
    assert _notes(candidate, reading) == ((note,) if has_note else ())


def test_documents_have_a_limit_of_values_together() -> None:
    limits = Limits(json_values=10, json_bytes=1000)
    documents = {"ten": b"[,,,,,,,,,", "one": b"[", "hundred": b"," * 100, "long": b" " * 1001, "whole": b" " * 1000}
    store = Blobs(documents)
    whole = WithData(store, limits)
    for _ in range(15):
        assert whole.document("hundred") == documents["hundred"]  # Is refused when it is parsed; it counts as ten.
    assert whole.document("ten") == documents["ten"]
    assert whole.document("whole") == documents["whole"]
    with pytest.raises(LimitExceeded, match="^long: 1,001 bytes of metadata$"):
        whole.document("long")
    read = len(store.read)
    for _ in range(2):
        with pytest.raises(LimitExceeded, match="^all documents together have over 160 values$"):
            whole.document("one")
    assert len(store.read) == read + 1  # No more are read.


def test_what_a_descriptor_brings_along_counts_where_there_is_no_file() -> None:
    whole = WithData(Blobs({"a": b"{}", "b": SMALL}), Limits())
    whole.add("a", lambda: b"[]")
    whole.add("x", lambda: b"[1]")
    whole.add("y", lambda: LARGE)
    assert (whole.document("a"), whole.document("x")) == (b"{}", b"[1]")
    assert [whole.has(name) for name in ("a", "x", "z")] == [True, True, False]
    assert (whole.length("b"), whole.length("y")) == (len(SMALL), 0)
    assert (whole.file_of("b"), list(whole.folders())) == ("b", [])
    assert len(whole.layer("b", "w", ReadOptions()).changeset) == 1
    found = whole.layer("y", "w", ReadOptions())
    assert len(found.changeset) == 2
    assert [bytes(b"".join(map(bytes, pieces))) for _, pieces in found.contents.stream([1])] == [b"b" * 9000]


@pytest.mark.parametrize("most", [20, 21])
def test_so_many_layers_get_a_warning_each(most: int, monkeypatch: pytest.MonkeyPatch) -> None:
    candidate = Candidate(
        group="", format="docker-archive", config="config", layers=tuple(blobs("a", *["gone"] * most))
    )
    store = Blobs({"config": b"{}", "a": SMALL})
    image = assemble.from_candidate(candidate, store, "source", ReadOptions())
    left_out = [f"layer {index} is left out: gone is not there" for index in range(1, 21)]
    more = ["1 more layers are left out or not what the image names"] * (most - 20)
    assert list(image.warnings[-len(left_out + more) :]) == left_out + more


def test_statements_about_an_image_have_a_limit_of_values_together() -> None:
    candidate = Candidate(group="", format="oci-archive", config="config", attestations=("a", "b", "a", "c", "d"))
    store = Blobs({"config": b"{}", "a": b'{"x":[1]}', "b": b'{"y":[1]}', "c": b"[]", "d": b'{"z":1}'})
    for most, attestations, problems in (
        (6, ({"x": [1]}, {"y": [1]}, {"z": 1}), ["c: the document is not an object"]),
        (5, ({"x": [1]}, {"y": [1]}), ["c: the document is not an object", "d: over 5 values with those before it"]),
        (4, ({"x": [1]}, {"y": [1]}), [f"{name}: over 4 values with those before it" for name in "cd"]),
    ):
        image = assemble.from_candidate(candidate, store, "source", ReadOptions(limits=Limits(json_values=most)))
        assert image.attestations == attestations
        assert list(image.warnings) == [f"an attestation cannot be read: {one}" for one in problems]


@pytest.mark.parametrize("others", [(), ("sha512",), ("sha384", "sha512")])
def test_all_that_passes_is_in_each_digest(others: tuple[str, ...]) -> None:
    proof = Proof(others)
    for piece in (b"abc", b"", b"def"):
        proof.update(memoryview(piece))
    names = ("sha256", *others)
    assert proof.digests() == tuple(Digest(name, hashlib.new(name, b"abcdef").hexdigest()) for name in names)


@pytest.mark.parametrize("head", [b"", b"head"])
def test_what_passes_is_counted(head: bytes) -> None:
    seen, steps, tally = bytearray(), list[int](), Tally()
    counted = Counted(io.BytesIO(b"body" * 3), head, steps.append, tally, seen.extend)
    assert counted.readable()
    assert counted.readall() == head + b"body" * 3
    assert counted.count == sum(steps) == len(head) + 12
    assert bytes(seen) == head + b"body" * 3
    tally.expand(counted.count, Limits(ratio_from=1, ratio=1))
    with pytest.raises(LimitExceeded):
        tally.expand(1, Limits(ratio_from=1, ratio=1))


@pytest.mark.parametrize(
    ("step", "length", "found"), [(1, 4, b"abcd"), (3, 4, b"abcd"), (9, 9, b"abcdef"), (9, 0, b"")]
)
def test_the_first_bytes_may_come_in_pieces(step: int, length: int, found: bytes) -> None:
    assert first_bytes(Drip(b"abcdef", step), length) == found


class Sparse:
    """A file of a thousand bytes of which its disk has fewer."""

    def __init__(self, stored_bytes: int) -> None:
        self.stored_bytes = stored_bytes

    def read_into(self, view: memoryview, position: int) -> int:
        return len(view)


@pytest.mark.parametrize(
    ("limits", "stored_bytes", "fits"),
    [
        (Limits(ratio_from=1000, ratio=1), 0, True),
        (Limits(ratio_from=999, ratio=10), 100, True),
        (Limits(ratio_from=999, ratio=10), 99, False),
    ],
)
def test_a_file_that_is_nearly_a_hole_is_not_hashed(limits: Limits, stored_bytes: int, fits: bool) -> None:
    steps: list[int] = []
    file, reading = cast(PositionalFile, Sparse(stored_bytes)), ReadOptions(limits=limits)
    if fits:
        expected = (Digest("sha256", hashlib.sha256(bytes(1000)).hexdigest()),)
        assert digests_of(file, 0, 1000, "layer", reading, steps.append) == expected
        assert sum(steps) == 1000
        return
    with pytest.raises(LimitExceeded, match="^layer: 1,000 bytes, nearly all of them a hole of the file$"):
        digests_of(file, 0, 1000, "layer", reading, steps.append)
