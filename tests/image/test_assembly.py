"""How layers are shared out to threads, and how much one image may take of documents and warnings."""

import hashlib
import io
import threading
from collections.abc import Iterator
from typing import cast

import pytest

from layerscope.errors import ArchiveError, Damaged, LimitExceeded, NotAnImage
from layerscope.image import assemble, spool
from layerscope.image.assemble import _contradictory, _in_parallel, _notes, _outcomes, _read, _ways
from layerscope.image.candidate import Candidate, LayerBlob
from layerscope.image.document import parse
from layerscope.image.images import images
from layerscope.image.layer import Counted, LayerData, Proof, digests_of, first_bytes
from layerscope.image.options import ReadOptions
from layerscope.image.spool import Room, Spool
from layerscope.image.store import WithData
from layerscope.image.stream import OuterTar, part, read_outer
from layerscope.model.image import Digest
from layerscope.model.limits import Limits
from layerscope.model.platform import Platform
from layerscope.tar.positional import PositionalFile
from layerscope.tar.tally import Tally
from tests.builder import Member, compress, digest, file, layer, to_json
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


@pytest.mark.parametrize(
    ("form", "digest", "image_id", "is_changed"),
    [
        ("oci-archive", Digest("sha512", hashlib.sha512(b"{}").hexdigest()), "", False),
        ("oci-archive", Digest("sha256", hashlib.sha256(b"{}").hexdigest()), "", False),
        ("oci-archive", None, "", False),
        ("docker-archive", Digest("sha256", "0" * 64), "", True),
        ("docker-v1", None, "its id", False),
    ],
)
def test_the_id_of_an_image_is_its_config_s(form: str, digest: Digest | None, image_id: str, is_changed: bool) -> None:
    candidate = Candidate(group="", format=form, config="config", config_digest=digest, image_id=image_id)
    image = assemble.from_candidate(candidate, Blobs({"config": b"{}"}), "source", ReadOptions())
    own = f"sha256:{hashlib.sha256(b'{}').hexdigest()}"
    assert image.image_id == (image_id or (own if is_changed or digest is None else str(digest)))
    assert any("it was changed after the image was built" in warning for warning in image.warnings) == is_changed
    assert (image.format, image.source, image.complete) == (form, "source", True)


@pytest.mark.parametrize(
    ("layout", "form"), [("", "oci-archive"), ("oci-layout", "oci-layout"), ("registry", "registry")]
)
def test_what_holds_an_image_layout_is_its_format(layout: str, form: str) -> None:
    for given, expected in (("oci-archive", form), ("docker-archive", "docker-archive")):
        candidate = Candidate(group="", format=given, config="config")
        store = Blobs({"config": b"{}"})
        assert assemble.from_candidate(candidate, store, "source", ReadOptions(), layout=layout).format == expected


def index_of(depth: int) -> tuple[dict[str, bytes], bytes]:
    """The blobs and the ``index.json`` of an image layout whose manifest lies below so many other indexes."""
    found: dict[str, bytes] = {}

    def add(content: bytes) -> dict[str, object]:
        found[f"blobs/{digest(content).replace(':', '/')}"] = content
        return {"digest": digest(content), "size": len(content)}

    one = add(to_json({"schemaVersion": 2, "config": add(b"{}"), "layers": [add(SMALL)]}))
    for _ in range(depth):
        one = add(to_json({"manifests": [one]}))
    return found, to_json({"manifests": [one]})


@pytest.mark.parametrize("depth", [0, 1, 8, 9])
def test_indexes_are_followed_to_a_depth(depth: int) -> None:
    files, index = index_of(depth)
    store = WithData(Blobs({**files, "index.json": index, "oci-layout": b"{}"}), Limits())
    if depth > 8:
        with pytest.raises(NotAnImage, match="index.json names no image"):
            images(store, Limits())
    else:
        assert len(images(store, Limits())) == 1


def test_a_document_has_so_many_values_and_no_more() -> None:
    assert len(list(parse(b"[1,2,3]", "x", Limits(json_values=3)))) == 3
    with pytest.raises(LimitExceeded, match="^x: JSON of over 2 values$"):
        parse(b"[1,2,3]", "x", Limits(json_values=2))


@pytest.mark.parametrize(
    ("text", "depth"), [(b"1", 1), (b"[]", 1), (b"[[]]", 2), (b'{"a":[{}]}', 3), (b"[1,[2],[[3]]]", 3)]
)
def test_a_document_is_nested_so_deep_and_no_deeper(text: bytes, depth: int) -> None:
    parse(text, "x", Limits(json_depth=depth))
    if depth > 1:
        with pytest.raises(Damaged, match="^x: the JSON is nested too deep$"):
            parse(text, "x", Limits(json_depth=depth - 1))


def outer(*members: Member, limits: Limits | None = None) -> OuterTar:
    """An outer tar that passed once."""
    counted = Counted(io.BytesIO(layer(*members)))
    return read_outer(counted, counted, "", "source", ReadOptions(limits=limits or Limits()), None)


LONG, HEXES = b'{"a": "' + b"x" * 991 + b'"}', "a" * 64


@pytest.mark.parametrize(
    ("path", "content", "limits", "kept"),
    [
        ("manifest.json", b'{"a":1}', Limits(), "document"),
        ("manifest.json", b"text", Limits(), "document"),
        ("manifest.json", LONG, Limits(json_bytes=1000), "document"),
        ("manifest.json", LONG, Limits(json_bytes=999), "it is a JSON document, not a tar archive"),
        ("blobs/sha256/x", b'{"a":1}', Limits(), "document"),
        ("blobs/sha256/x", b" \n{", Limits(), "document"),
        ("blobs/sha256/x", b"[", Limits(), "document"),
        ("blobs/sha256/x", b'"', Limits(), "document"),
        ("blobs/sha256/x", b"-1", Limits(), "document"),
        ("blobs/sha256/x", b"7", Limits(), "document"),
        ("blobs/sha256/x", b"null", Limits(), "document"),
        ("blobs/sha256/x", b"true", Limits(), "document"),
        ("blobs/sha256/x", b"false", Limits(), "document"),
        ("blobs/sha256/x", b"\xef\xbb\xbf{}", Limits(), "document"),
        ("blobs/sha256/x", b"text", Limits(), "document"),
        ("blobs/sha256/x", b"hello", Limits(), "it is not a tar archive"),
        ("blobs/sha256/x", SMALL, Limits(), "layer"),
        (f"{HEXES}/layer.tar", SMALL, Limits(), "layer"),
        (f"sha256:{HEXES}", SMALL, Limits(), "layer"),
        ("layer.tar.gz", SMALL, Limits(), "layer"),
        ("a/b/layer.tar", SMALL, Limits(), "layer"),
        (f"a/b/{HEXES}", SMALL, Limits(), "layer"),
        ("repositories", b"{}", Limits(), "document"),
        ("oci-layout", b"{}", Limits(), "document"),
        (f"{'0a' * 16}-x-1", SMALL, Limits(), "layer"),
        ("bin/layer", SMALL, Limits(), ""),
        ("bin/x.json", b"{}", Limits(), ""),
        ("xblobs", SMALL, Limits(), ""),
        (f"{HEXES[:63]}", SMALL, Limits(), ""),
    ],
)
def test_what_an_archive_would_have_is_kept_of_a_stream(path: str, content: bytes, limits: Limits, kept: str) -> None:
    found = outer(file("first/file", b"1"), file("other", b"2"), file(path, content), limits=limits)
    documents, layers = dict(found.documents), found.layers
    if kept == "document":
        assert (documents, layers) == ({2: content}, {})
    elif kept == "layer":
        one = layers[2]
        assert isinstance(one, LayerData) and (documents, one.stored_bytes) == ({}, len(content))
    elif kept:
        assert (documents, [str(error) for error in layers.values()]) == ({}, [kept])
    else:
        assert (documents, layers) == ({}, {})


@pytest.mark.parametrize(
    ("paths", "kept"),
    [
        (("x/blobs/sha256/" + HEXES, "x/blobs/sha256/" + HEXES[1:] + "b"), {0, 1}),
        (("x/manifest.json", "x/" + HEXES + "/json", "x/l.tar"), {0, 1, 2}),
        (("x/other.json", "x/l.tar", "x/y.json"), {1}),
        (("._x", "x/l.tar"), {1}),
        (("x/l", "y/l.tar"), {1}),
        (("x/l.tar", "y/manifest.json"), {0}),
    ],
)
def test_an_archive_a_level_too_deep_is_one_while_all_files_lie_there(paths: tuple[str, ...], kept: set[int]) -> None:
    contents = {".tar": SMALL}
    found = outer(*(file(path, contents.get(path[-4:], b"{}")) for path in paths))
    assert {*found.documents, *found.layers} == kept


def test_a_stretch_of_a_stream_is_read_behind_what_comes_before() -> None:
    for position, length, step in ((0, 3, 9), (2, 3, 1), (4, 9, 2), (6, 1, 9), (9, 1, 9), (3, 0, 9)):
        stream = part(lambda step=step: Drip(b"abcdef", step), position, length)  # type: ignore[misc]
        assert stream is not None
        assert cast(io.RawIOBase, stream()).readall() == b"abcdef"[position : position + length]
    assert part(None, 0, 1) is None


@pytest.mark.parametrize(("length", "in_memory"), [(100, True), (101, False)])
def test_contents_are_in_memory_up_to_a_limit(length: int, in_memory: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spool, "_IN_MEMORY", 150)
    monkeypatch.setattr(spool, "_SHORT", 10)
    monkeypatch.setattr(spool, "_BLOCK", 1)
    room = Room()
    one, other = Spool(room), Spool(room)
    one[0] = b"x" * 50
    other[0] = b"y" * length
    assert (room._end == 0) == in_memory
    one[1] = b"z" * 10  # So short a one is in memory always.
    assert (room._end == 0) == in_memory
    one[2] = b"w" * 60
    assert room._end > 0
    assert (one[0], other[0], one[1], one[2]) == (b"x" * 50, b"y" * length, b"z" * 10, b"w" * 60)
    del one[1]
    assert list(one) == [0, 2]


def test_what_a_layer_takes_from_a_stream_counts_for_its_ratio() -> None:
    data = compress(layer(file("a", bytes(range(256)) * 40)), "gzip")
    reading = ReadOptions(limits=Limits(ratio_from=100, ratio=100), tally=Tally())
    assert len(streamed(data, reading).changeset) == 1
    inner = reading.inside()
    assert (inner.nested, inner.progress, inner.tally) == (True, None, reading.tally)
