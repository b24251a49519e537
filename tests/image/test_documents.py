"""What the documents and storages of images may say, value by value, and what each of them leads to."""

import hashlib
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from layerscope.errors import ArchiveError, Damaged, LimitExceeded, NotAnImage
from layerscope.image import docker, v1
from layerscope.image.content import (
    ContentStore,
    KnownLayers,
    Storage,
    StorageKind,
    blob_name,
    config_platform,
    images_in,
    json_blob,
    stored_blob,
)
from layerscope.image.document import Node, image_config, parse, renamed
from layerscope.image.images import images, is_archive
from layerscope.image.layer import NOTHING, LayerData
from layerscope.image.layer_cache import Cache
from layerscope.image.layer_results import has_result, keep_result, read_whole, result_of
from layerscope.image.layouts import archive_in, image_in
from layerscope.image.oci import platform_of, proven
from layerscope.image.open import _expect_root_file_system, _expect_tar, _system_error
from layerscope.image.options import ReadOptions
from layerscope.image.store import DirectoryStore, StreamStore, TarStore, WithData
from layerscope.model.image import Digest, HistoryEntry
from layerscope.model.limits import Limits
from layerscope.model.platform import Platform
from tests.builder import Member, compress, digest, directory, file, gnu_sparse, hardlink, layer, symlink, to_json
from tests.image.test_assembly import Blobs
from tests.tar.walking import by_position, layer_of

HEXES = "a" * 64
WRONG = {
    what: Damaged(what)
    for what in ("a string", "an array", "an object", "a number of bytes", "true or false", "base64")
}
"""What a value would have to be."""
ASK: dict[str, Callable[[Node], object]] = {
    "text": Node.text,
    "texts": Node.texts,
    "number": Node.number,
    "truth": Node.truth,
    "mapping": Node.mapping,
    "strings": Node.strings,
    "decoded": Node.decoded,
    "digest": Node.digest,
    "list": list,
}


@pytest.mark.parametrize(
    ("ask", "value", "found"),
    [
        ("text", "a", "a"), ("text", None, ""), ("text", 7, WRONG["a string"]), ("text", [], WRONG["a string"]),
        ("texts", ["a", None], ("a", "")), ("texts", None, ()), ("texts", "a", WRONG["an array"]), ("texts", {"a": "b"}, WRONG["an array"]),
        ("number", 7, 7), ("number", 0, 0), ("number", None, 0), ("number", -1, WRONG["a number of bytes"]), ("number", 7.0, WRONG["a number of bytes"]),
        ("number", True, WRONG["a number of bytes"]), ("number", "7", WRONG["a number of bytes"]), ("truth", True, True), ("truth", False, False),
        ("truth", None, False), ("truth", 1, WRONG["true or false"]), ("mapping", {"a": 1}, {"a": 1}), ("mapping", None, {}),
        ("mapping", [], WRONG["an object"]), ("strings", {"a": "b"}, {"a": "b"}), ("strings", {"a": None}, {"a": ""}),
        ("strings", {}, {}), ("strings", [], WRONG["an object"]), ("decoded", "YQ==", b"a"), ("decoded", "Y\r\nQ==\n", b"a"),
        ("decoded", None, b""), ("decoded", "YQ", WRONG["base64"]), ("decoded", "Y*Q==", WRONG["base64"]), ("digest", f"sha256:{HEXES}", Digest("sha256", HEXES)),
        ("list", 7, WRONG["an array"]),
    ],
)  # fmt: skip
@pytest.mark.parametrize("place", ["", ".a[0].b"])
def test_a_value_is_of_its_type_or_damage(ask: str, value: object, found: object, place: str) -> None:
    node = Node(value, "x.json", place)
    if isinstance(found, Damaged):
        with pytest.raises(Damaged) as caught:
            ASK[ask](node)
        assert caught.value.message == f"x.json: {place or 'the document'} is not {found.message}"
    else:
        assert ASK[ask](node) == found


def test_a_value_says_where_it_stands() -> None:
    node = Node({"A": [{"b": 7}, None], "c": None}, "x.json")
    assert ("a" in node, "A" in node, "d" in node) == (True, True, False)
    with pytest.raises(Damaged, match=r"^x.json: \.a\[0\]\.b is not a string$"):
        next(iter(node["a"]))["b"].text()
    assert [one.value for one in node["a"]] == [{"b": 7}, None]
    assert node["c"]["d"]["e"].value is None and list(node["c"]) == []
    assert [(key, member.value) for key, member in node.members()] == [("A", [{"b": 7}, None]), ("c", None)]
    with pytest.raises(Damaged, match=r"^x.json: the document is not an object$"):
        Node(None, "x.json")["a"]
    with pytest.raises(Damaged, match=r"^x.json: \.c is not a digest: ''"):
        node["c"].digest()
    assert "a" not in Node(["a"], "x.json")


def test_members_get_the_names_that_are_asked_for() -> None:
    assert renamed({"ENV": 1, "x": 2, "env": None, "Cmd": 3, "cmd": [4], "CMD": None}, ("Env", "Cmd")) == {
        "Env": 1, "x": 2, "Cmd": None
    }  # fmt: skip


@pytest.mark.parametrize(
    ("number", "shown"),
    [("9" * 4301, "9" * 20 + "..."), ("1e999", "1e999"), ("-" + "9" * 4300, "-" + "9" * 19 + "...")],
)
def test_a_number_that_python_cannot_write_is_damage(number: str, shown: str) -> None:
    assert parse(b"9" * 4300, "x", Limits()).value == 10**4300 - 1
    with pytest.raises(Damaged) as caught:
        parse(number.encode(), "x", Limits())
    assert caught.value.message == f"x: the number {shown} is too large"


def config(**members: object) -> Node:
    return parse(to_json(members), "c.json", Limits())


def test_a_config_says_what_the_image_is() -> None:
    found = image_config(
        config(
            os="linux", architecture="arm", variant="v6", created="now",
            rootfs={"diff_ids": [f"sha256:{HEXES}"]},
            history=[{"created": "t", "created_by": "RUN", "author": "me", "comment": "c", "empty_layer": True}, {}],
            config={"ENV": ["A=b"], "Labels": {"l": "v"}, "Entrypoint": "sh", "Cmd": ["a", "b"], "WorkingDir": "/w", "User": "u"},
        ),
        Limits(),
    )  # fmt: skip
    assert found.platform == Platform(os="linux", architecture="arm", variant="v6")
    assert (found.created, found.diff_ids, found.env, found.labels) == (
        "now",
        (Digest("sha256", HEXES),),
        ("A=b",),
        {"l": "v"},
    )
    assert (found.entrypoint, found.cmd, found.working_dir, found.user) == (("sh",), ("a", "b"), "/w", "u")
    assert found.history == (
        HistoryEntry(created="t", created_by="RUN", author="me", comment="c", empty_layer=True), HistoryEntry()
    )  # fmt: skip
    assert found.document["config"]["Env"] == ["A=b"]
    empty = image_config(config(config=None, rootfs=None), Limits())
    assert (empty.env, empty.diff_ids, empty.history, empty.entrypoint) == ((), (), (), ())


@pytest.mark.parametrize("count", [2, 3])
def test_a_history_has_so_many_steps_and_no_more(count: int) -> None:
    if count == 2:
        assert len(image_config(config(history=[{}] * count), Limits(history=2)).history) == 2
        return
    with pytest.raises(LimitExceeded, match="^a history of 3 steps$"):
        image_config(config(history=[{}] * count), Limits(history=2))


@pytest.mark.parametrize(
    ("value", "found"),
    [
        (None, None), ({}, None), ({"os": "unknown"}, None), ({"os": "", "architecture": "arm"}, None),
        ({"os": "linux"}, Platform(os="linux")),
        ({"os": "linux", "architecture": "arm", "variant": "v7"}, Platform(os="linux", architecture="arm", variant="v7")),
    ],
)  # fmt: skip
def test_a_platform_has_a_system(value: object, found: Platform | None) -> None:
    assert platform_of(Node(value, "x", ".platform")) == found


@pytest.mark.parametrize("algorithm", ["sha256", "sha512"])
def test_a_blob_has_the_digest_of_its_name(algorithm: str) -> None:
    right = Digest(algorithm, hashlib.new(algorithm, b"data").hexdigest())
    assert proven(b"data", right, "name") == b"data"
    with pytest.raises(Damaged, match="^name: its content does not have the digest of its name$"):
        proven(b"Data", right, "name")


MANIFEST: dict[str, Any] = {
    "Config": f"{HEXES}.json",
    "Layers": ["a.tar", f"blobs/sha256/{HEXES}"],
    "RepoTags": ["a:1", "b:i-was-a-digest"],
}


@pytest.mark.parametrize(
    ("config_name", "has_digest"),
    [
        (f"{HEXES}.json", True), (f"blobs/sha256/{HEXES}", True), (f"sha256:{HEXES}", True), (f"x{HEXES}.json", False),
        (f"{HEXES}.json.bak", False), (f"{HEXES[1:]}.json", False), ("config.json", False), (f"{HEXES}xjson", False),
    ],
)  # fmt: skip
def test_an_element_of_a_manifest_is_an_image(config_name: str, has_digest: bool) -> None:
    store = Blobs({config_name: b"{}"})
    [found] = docker.candidates(store, Node([MANIFEST | {"Config": config_name}], "manifest.json"), Limits(layers=2))
    assert (found.group, found.format, found.config, found.tags, found.missing) == (
        "docker:0", "docker-archive", config_name, ("a:1",), ""
    )  # fmt: skip
    assert found.config_digest == (Digest("sha256", HEXES) if has_digest else None)
    assert [(one.name, one.digest) for one in found.layers] == [
        ("a.tar", None), (f"blobs/sha256/{HEXES}", Digest("sha256", HEXES))
    ]  # fmt: skip


def test_an_element_without_its_config_or_with_too_many_layers() -> None:
    found = docker.candidates(Blobs({}), Node([MANIFEST, MANIFEST | {"Config": None}], "manifest.json"), Limits())
    assert [one.missing for one in found] == [
        f"its config {HEXES}.json is not in the archive", "manifest.json names no config for it"
    ]  # fmt: skip
    assert [one.group for one in found] == ["docker:0", "docker:1"]
    with pytest.raises(LimitExceeded, match="^manifest.json: an image of 2 layers$"):
        docker.candidates(Blobs({}), Node([MANIFEST], "manifest.json"), Limits(layers=1))
    with pytest.raises(NotAnImage):
        docker.candidates(Blobs({}), Node({}, "manifest.json"), Limits())


@pytest.mark.parametrize(
    ("document", "is_one"),
    [
        ({"schemaVersion": 2, "layers": []}, True), ({"schemaVersion": 2, "manifests": []}, True),
        ({"schemaVersion": 1, "fsLayers": []}, True), ({"layers": []}, False), ({"schemaVersion": 2}, False), ([], False),
    ],
)  # fmt: skip
def test_a_manifest_of_one_image(document: object, is_one: bool) -> None:
    assert docker.is_manifest(Node(document, "x")) == is_one


class Folders(Blobs):
    """A store with directories at its top."""

    def folders(self) -> Iterator[str]:
        return iter(dict.fromkeys(name.partition("/")[0] for name in self._files if "/" in name))


IDS = [letter * 64 for letter in "abcd"]


def old(*parents: str | None, **files: bytes) -> WithData:
    """An old archive whose layers have these parents, the first none."""
    steps = {
        f"{one}/json": to_json({"id": one} | ({"parent": parent} if parent else {}))
        for one, parent in zip(IDS, parents, strict=False)
    }
    return WithData(Folders({**steps, **files}), Limits())


def test_an_old_archive_has_an_image_for_each_name_and_each_top() -> None:
    store = old(None, IDS[0], IDS[0], repositories=to_json({"x": {"1": IDS[0]}, "y": {"2": IDS[1], "3": IDS[1]}}))
    found = v1.candidates(store, Limits())
    assert [(one.image_id, one.tags) for one in found] == [(IDS[0], ("x:1",)), (IDS[1], ("y:2", "y:3")), (IDS[2], ())]
    assert [[blob.name[0] for blob in one.layers] for one in found] == [["a"], ["a", "b"], ["a", "c"]]
    assert {(one.format, one.missing) for one in found} == {("docker-v1", "")}
    assert [one.config for one in found] == [f"{one.image_id}/config" for one in found]
    assert v1.is_archive(store)
    for most, fits in ((5, True), (4, False)):
        try:
            v1.candidates(store, Limits(layers=most))
            assert fits
        except LimitExceeded as error:
            assert not fits and error.message == "images of over 4 layers together"
    with pytest.raises(LimitExceeded, match="images of over 2 layers together"):
        v1.candidates(store, Limits(layers=2))


def test_the_config_of_an_old_image_is_its_top_layer_s_with_a_history() -> None:
    lower = {
        "id": IDS[0],
        "created": "t",
        "container_config": {"Cmd": ["sh", "-c", "x"]},
        "author": "me",
        "comment": "",
    }
    upper = {
        "id": IDS[1], "parent": IDS[0], "os": "linux", "architecture": "arm", "container_config": {"Cmd": "words"}, "Size": 7,
        "config": {"Env": ["A=b"]}, "throwaway": True,
    }  # fmt: skip
    store = WithData(Folders({f"{IDS[0]}/json": to_json(lower), f"{IDS[1]}/json": to_json(upper)}), Limits())
    [found] = v1.candidates(store, Limits())
    assert found.platform == Platform(os="linux", architecture="arm")
    assert json.loads(store.document(found.config)) == {
        "os": "linux", "architecture": "arm", "config": {"Env": ["A=b"]},
        "history": [{"created": "t", "author": "me", "created_by": "sh -c x"}, {"created_by": "words"}],
    }  # fmt: skip


@pytest.mark.parametrize(
    ("parents", "missing", "chain"),
    [
        ((None, IDS[3]), "", "db"), ((IDS[1], IDS[0]), f"its layer {IDS[1]} is its own ancestor", "ba"),
        ((IDS[0],), f"its layer {IDS[0]} is its own ancestor", "a"),
    ],
)  # fmt: skip
def test_a_chain_of_parents_ends(parents: tuple[str | None, ...], missing: str, chain: str) -> None:
    store = old(*parents, repositories=to_json({"x": {"1": IDS[len(parents) - 1 if not missing else 0]}}))
    found = v1.candidates(store, Limits())[0]
    assert (found.missing, "".join(blob.name[0] for blob in found.layers)) == (missing, chain)


def test_a_later_archive_without_its_manifest_is_no_old_one() -> None:
    assert not v1.is_archive(WithData(Folders({f"{IDS[0]}/json": b"{}", f"{IDS[0]}.json": b"{}"}), Limits()))
    assert not v1.is_archive(WithData(Folders({f"{IDS[0]}x/json": b"{}", f"{IDS[1]}/x": b"{}"}), Limits()))


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({"oci-layout": b"{}", "index.json": b"{"}, True), ({"index.json": b"{"}, False),
        ({"index.json": b'{"manifests":[{"digest":"x"}]}'}, True), ({"index.json": b'{"manifests":[]}'}, False),
        ({"index.json": b'{"manifests":[{"digest":"x"},{}]}'}, False), ({"manifest.json": b'[{"Config":"","Layers":[]}]'}, True),
        ({"manifest.json": b'[{"Config":""}]'}, False), ({"manifest.json": b"[]"}, False), ({"manifest.json": b"[7]"}, False),
        ({"oci-layout": b"{}"}, False), ({}, False),
    ],
)  # fmt: skip
def test_files_are_those_of_an_archive(files: dict[str, bytes], expected: bool) -> None:
    assert is_archive(Folders(files), Limits()) == expected


def tar_store(members: tuple[Member, ...], root: str = "/", limits: Limits | None = None) -> tuple[TarStore, bytes]:
    data = layer(*members)
    outer = layer_of(data).changeset
    return TarStore(_Bytes(data), outer, limits or Limits(), root), data  # type: ignore[arg-type]


class _Bytes:
    """A file in memory, read by position."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self.length = len(data)

    def read(self, position: int, length: int) -> bytes:
        return self._data[position : position + length]

    def read_into(self, view: memoryview, position: int) -> int:
        piece = self._data[position : position + len(view)]
        view[: len(piece)] = piece
        return len(piece)


MEMBERS = (
    directory("d"), file("d/a", b'{"a":1}'), symlink("d/l", "a"), symlink("d/up", "../../x"), hardlink("h", "d/a"), file("x", b"xyz"),
    symlink("d/loop", "loop"), directory("d/e"), file("d/e/f", b"1"), file("dd", b"2"),
    gnu_sparse("d/s", [(0, b"[" + b" " * 511)], real_bytes=1000),
)  # fmt: skip


@pytest.mark.parametrize(
    ("root", "name", "content"),
    [
        ("/", "d/a", b'{"a":1}'), ("/", "./d//a", b'{"a":1}'), ("/", "d/l", b'{"a":1}'), ("/", "h", b'{"a":1}'), ("/", "d/up", b"xyz"),
        ("/d", "a", b'{"a":1}'), ("/d/", "l", b'{"a":1}'), ("/d", "../x", None), ("/", "d", None), ("/", "d/loop", None), ("/", "none", None),
        ("/", "d/s", b"[" + b" " * 511 + bytes(488)), ("/d", "up", b"xyz"),
    ],
)  # fmt: skip
def test_a_file_of_a_tar_is_found_by_its_name(root: str, name: str, content: bytes | None) -> None:
    store, _ = tar_store(MEMBERS, root)
    assert store.has(name) == (content is not None)
    assert store.length(name) == len(content or b"")
    if content is None:
        assert store.file_of(name) == name
        with pytest.raises(ArchiveError, match=f"^the archive has no file {name}$"):
            store.document(name)
    else:
        assert store.document(name) == content
        assert isinstance(store.file_of(name), int)
        limited, _ = tar_store(MEMBERS, root, Limits(json_bytes=len(content) - 1))
        with pytest.raises(LimitExceeded, match="bytes of metadata$"):
            limited.document(name)
        assert tar_store(MEMBERS, root, Limits(json_bytes=len(content)))[0].document(name) == content


def test_the_directories_at_the_top_of_a_tar() -> None:
    assert list(tar_store(MEMBERS)[0].folders()) == ["d"]
    assert list(tar_store(MEMBERS, "/d")[0].folders()) == ["e"]
    assert tar_store(MEMBERS)[0].file_of("h") == tar_store(MEMBERS)[0].file_of("d/l") == 1


def test_what_was_kept_of_a_stream_is_found_by_its_name() -> None:
    outer = layer_of(layer(*MEMBERS, file("empty"), file("big", b"b" * 20))).changeset
    data = LayerData(stored_bytes=3)
    kept: dict[int, LayerData | ArchiveError] = {5: data, 8: ArchiveError("it is damaged")}
    store = StreamStore(outer, {1: b'{"a":1}'}, kept, Limits(json_bytes=19))
    assert store.document("d/l") == b'{"a":1}' and store.document("empty") == b"" and store.length("d/a") == 0
    for name, message in (
        ("big", "big: 20 bytes of metadata"), ("dd", "dd: not JSON"), ("none", "the archive has no file none"),
        ("d/up", "d/up is a link to /x, which was not kept while the archive passed"),
    ):  # fmt: skip
        with pytest.raises(ArchiveError) as caught:
            store.document(name)
        assert caught.value.message == message
    assert store.layer("x", "w", ReadOptions()) is data
    empty = store.layer("empty", "w", ReadOptions())
    assert (empty.diff_id, empty.digest, empty.ended, len(empty.changeset)) == (NOTHING, NOTHING, False, 0)
    for name, message in (
        ("d/a", "it is a JSON document, not a tar archive"), ("dd", "w: dd is not in the archive or not a layer"), ("d/e/f", "it is damaged"),
    ):  # fmt: skip
        with pytest.raises(ArchiveError) as caught:
            store.layer(name, "w", ReadOptions())
        assert caught.value.message == message


def test_a_directory_gives_what_lies_in_it(tmp_path: Path) -> None:
    (tmp_path / "image" / "d").mkdir(parents=True)
    (tmp_path / "image" / "c").mkdir()
    (tmp_path / "image" / "a").write_bytes(b"{}")
    (tmp_path / "outside").write_bytes(b"x")
    (tmp_path / "image" / "out").symlink_to("../outside")
    (tmp_path / "image" / "in").symlink_to("a")
    (tmp_path / "image" / "l.tar").write_bytes(layer(file("a")))
    store = DirectoryStore(tmp_path / "image", Limits(json_bytes=2))
    assert [store.has(name) for name in ("a", "in", "out", "d", "none", "../outside", "a\0")] == [
        True,
        True,
        False,
        False,
        False,
        False,
        False,
    ]
    assert (store.document("a"), store.document("in"), store.length("a"), store.length("none")) == (b"{}", b"{}", 2, 0)
    assert store.file_of("in") == store.file_of("a") != "a" and store.file_of("none") == "none"
    assert list(store.folders()) == ["c", "d"]
    with pytest.raises(LimitExceeded):
        DirectoryStore(tmp_path / "image", Limits(json_bytes=1)).document("a")
    assert not store.changed
    assert len(store.layer("l.tar", "w", ReadOptions()).changeset) == 1
    (tmp_path / "image" / "l.tar").write_bytes(b"x")
    assert store.changed
    store.close()


def storage(tmp_path: Path, kind: StorageKind, *blobs: bytes, index: bytes = b"") -> Storage:
    """A storage on disk with these blobs."""
    found = Storage(kind=kind, root=str(tmp_path), place="place")
    for blob in blobs:
        path = Path(found.blob(Digest.parse(digest(blob))))
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(blob)
    if index:
        (tmp_path / "index.json").write_bytes(index)
    return found


PACKED = compress(layer(file("a", b"abc")), "gzip")


def test_a_storage_has_a_place_for_each_blob(tmp_path: Path) -> None:
    one = Digest("sha256", "ab" * 32)
    places = {kind: Storage(kind=kind, root="/r", place="p").blob(one) for kind in StorageKind}
    assert places == {
        StorageKind.REGISTRY: f"/r/blobs/sha256/ab/{'ab' * 32}/data",
        StorageKind.LAYOUT: f"/r/blobs/sha256/{'ab' * 32}",
        StorageKind.CONTAINERD: f"/r/blobs/sha256/{'ab' * 32}",
    }
    assert blob_name(one) == f"blobs/sha256/{'ab' * 32}"


@pytest.mark.parametrize("kind", StorageKind)
def test_a_blob_of_a_storage_is_found_by_its_digest(kind: StorageKind, tmp_path: Path) -> None:
    found = storage(tmp_path, kind, b"{}", PACKED, index=b"[]")
    name, packed = blob_name(Digest.parse(digest(b"{}"))), blob_name(Digest.parse(digest(PACKED)))
    with ContentStore(found, Limits(json_bytes=2)) as store:
        assert (store.has(name), store.length(name), store.document(name)) == (True, 2, b"{}")
        assert store.document("index.json") == store.document("../../index.json") == b"[]"
        assert store.file_of(name) == name and list(store.folders()) == []
        gone = blob_name(Digest.parse(digest(b"gone")))
        assert (store.has(gone), store.length(gone)) == (False, 0)
        for missing in (gone, "blobs/x", "blobs/sha256/xyz"):
            with pytest.raises(ArchiveError, match=f"^{missing} is not there$"):
                store.document(missing)
        with pytest.raises(LimitExceeded, match=f"^{packed}: {len(PACKED)} bytes of metadata$"):
            store.document(packed)
        assert len(store.layer(packed, "w", ReadOptions()).changeset) == 1
        assert store.read_layers == 1
        with pytest.raises(ArchiveError, match=f"^{gone} cannot be read: No such file or directory$"):
            store.layer(gone, "w", ReadOptions())


def test_the_files_of_a_storage_are_open_as_long_as_it_is(tmp_path: Path) -> None:
    plain = layer(file("a", b"abc"))
    found = storage(tmp_path, StorageKind.LAYOUT, plain)
    with ContentStore(found, Limits()) as store:
        contents = store.layer(blob_name(Digest.parse(digest(plain))), "w", ReadOptions()).contents
        assert contents.read(0) == b"abc"
    with pytest.raises(OSError):
        contents.read(0)


def test_what_is_known_of_a_layer_is_not_read_again(tmp_path: Path) -> None:
    one, bad, named = Digest.parse(digest(PACKED)), Digest("sha256", "b" * 64), Digest("sha256", "c" * 64)
    found = storage(tmp_path, StorageKind.LAYOUT, PACKED)
    Path(found.blob(named)).write_bytes(PACKED)
    reading = ReadOptions(cache=Cache(tmp_path / "cache"))
    assert not has_result(one, reading)
    data = read_whole(stored_blob(found.blob(one), blob_name(one), "w"), reading)
    keep_result(data, reading)
    assert has_result(one, reading) and not has_result(named, reading)
    assert not has_result(Digest("sha512", "0" * 128), reading)
    known = KnownLayers(
        errors={str(bad): ArchiveError(f"{blob_name(bad)}: it is damaged, {blob_name(bad)}")},
        digests={str(named): str(one)},
    )
    with ContentStore(found, Limits(), known) as store:
        for name in (blob_name(one), blob_name(named)):
            again = store.layer(name, "w", reading)
            assert (again.diff_id, again.digest, again.tar_bytes) == (data.diff_id, one, data.tar_bytes)
        assert store.read_layers == 0
        with pytest.raises(ArchiveError) as caught:
            store.layer(blob_name(bad), "layer 3", reading)
        assert caught.value.message == f"layer 3: it is damaged, {blob_name(bad)}"
    blob = stored_blob(found.blob(one), blob_name(one), "w")
    assert result_of(one, blob, ReadOptions(cache=reading.cache, algorithms=("sha512",))) is None
    assert result_of(Digest("sha512", "0" * 128), blob, reading) is None
    assert result_of(named, blob, reading) is None
    with ContentStore(found, Limits()) as store:
        assert store.layer(blob_name(one), "w", ReadOptions()).digest == one and store.read_layers == 1


def test_a_result_names_the_layer_by_its_place_in_each_image(tmp_path: Path) -> None:
    packed = compress(layer(file("a")) + b"behind", "gzip")
    one, reading = Digest.parse(digest(packed)), ReadOptions(cache=Cache(tmp_path / "cache"))
    found = storage(tmp_path, StorageKind.LAYOUT, packed)
    data = read_whole(stored_blob(found.blob(one), blob_name(one), "w"), reading)
    assert data.warnings[0].startswith(f"{blob_name(one)}, offset")
    keep_result(data, reading)
    again = result_of(one, stored_blob(found.blob(one), blob_name(one), "layer 7"), reading)
    assert again is not None and again.warnings == (data.warnings[0].replace(blob_name(one), "layer 7"),)


@pytest.mark.parametrize(
    ("content", "most", "found"),
    [
        (b'{"a":1}', 7, {"a": 1}), (b'{"a":1}', 6, None), (b' {"a":1}', 99, None), (b"[1]", 99, None), (b"{", 99, None), (b"", 99, None),
        (b"\x1f\x8b", 99, None), (b"{}", 99, {}),
    ],
)  # fmt: skip
def test_a_blob_may_be_a_document(content: bytes, most: int, found: object, tmp_path: Path) -> None:
    (tmp_path / "blob").write_bytes(content)
    node = json_blob(str(tmp_path / "blob"), Limits(json_bytes=most))
    assert (None if node is None else node.value) == found
    assert json_blob(str(tmp_path / "none"), Limits()) is None


def test_the_images_of_a_storage_are_those_of_its_index_or_of_one_manifest(tmp_path: Path) -> None:
    settings = to_json({"os": "linux", "architecture": "arm"})
    manifest = to_json({"schemaVersion": 2, "config": {"digest": digest(settings)}, "layers": []})
    index = to_json(
        {"manifests": [{"digest": digest(manifest), "annotations": {"org.opencontainers.image.ref.name": "x"}}]}
    )
    found = storage(tmp_path, StorageKind.LAYOUT, settings, manifest, index=index)
    [one] = images_in(found, Limits())
    [other] = images_in(found, Limits(), Digest.parse(digest(manifest)))
    assert (one.tags, other.tags, one.config_digest) == (("x",), (), other.config_digest)
    assert config_platform(found, one, Limits()) == Platform(os="linux", architecture="arm")
    Path(found.blob(Digest.parse(digest(settings)))).unlink()
    assert config_platform(found, one, Limits()) is None
    gone = Digest("sha256", "d" * 64)
    with pytest.raises(ArchiveError, match=f"^its manifest {gone} is not in the storage$"):
        images_in(found, Limits(), gone)


@pytest.mark.parametrize(
    ("members", "root"),
    [
        ((file("index.json", b"{}"),), "/"), ((file("manifest.json", b"[]"), file("x/y")), "/"), ((file("a/x"), file("b/x")), None),
        ((file("a/index.json", b'{"manifests":[{"digest":"x"}]}'), file("a/b/c")), "/a"),
        ((file("a/b/manifest.json", b'[{"Config":"","Layers":[]}]'), file("a/b/x"), file("a/._x")), "/a/b"),
        ((directory("z"), file("a/index.json", b'{"manifests":[{"digest":"x"}]}')), "/a"),
        ((file("a/index.json", b"{}"), file("a/x")), None), ((file(f"{IDS[0]}/json", b"{}"), file(f"{IDS[0]}/layer.tar")), "/"),
        ((file(f"a/{IDS[0]}/json", b"{}"), file(f"a/{IDS[0]}/layer.tar")), "/a"), ((file("x"),), None), ((), None),
    ],
)  # fmt: skip
def test_an_archive_may_lie_a_level_too_deep(members: tuple[Member, ...], root: str | None) -> None:
    data, made = layer(*members), dict[str, TarStore]()
    outer = by_position(data).changeset

    def at(place: str) -> TarStore:
        return made.setdefault(place, TarStore(_Bytes(data), outer, Limits(), place))  # type: ignore[arg-type]

    found = archive_in(at, outer, Limits())
    assert found is (None if root is None else made[root])


@pytest.mark.parametrize("kind", ["vnd.oci.image.index.v1", "vnd.docker.distribution.manifest.list.v2"])
def test_an_index_of_nothing_is_no_manifest(kind: str) -> None:
    descriptor = {"digest": digest(b"{}"), "mediaType": f"application/{kind}+json"}
    files = {f"blobs/{digest(b'{}').replace(':', '/')}": b"{}", "index.json": to_json({"manifests": [descriptor]})}
    with pytest.raises(NotAnImage, match="^index.json names no image$"):
        images(WithData(Blobs(files), Limits()), Limits())


def test_an_image_in_a_directory_may_lie_deeper(tmp_path: Path) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    assert image_in(tmp_path) == tmp_path
    (tmp_path / "a" / "b" / "x").write_text("")
    assert image_in(tmp_path) == tmp_path
    (tmp_path / "a" / "b" / "x").unlink()
    (tmp_path / "a" / "b" / "manifest.json").write_text('[{"Config": "c", "Layers": []}]')
    (tmp_path / "a" / "._b").write_text("")
    assert image_in(tmp_path) == tmp_path / "a" / "b"
    (tmp_path / "a" / "c").write_text("")
    assert image_in(tmp_path) == tmp_path


@pytest.mark.parametrize(
    ("paths", "message"),
    [
        (("blobs/x", "repositories"), "x holds layers, but neither manifest.json nor index.json"),
        ((f"{HEXES}.json", f"sha256:{HEXES}", "oci-layout", "./"), "x holds layers, but neither manifest.json nor index.json"),
        ((f"{HEXES}.tar.gz", "x"), ""), (("a.tar", "b.tgz", "c/d.oci", "e.tar.zst"), "x is a tar of other archives, such as a.tar"),
        (("a.tar", "b.tart"), ""), (("b.tar.x-y",), ""), (("etc/passwd",), ""), ((), ""),
    ],
)  # fmt: skip
def test_a_tar_that_is_no_root_file_system(paths: tuple[str, ...], message: str) -> None:
    members = [directory(path) if path.endswith("/") else file(path, b"1") for path in paths]
    outer = layer_of(layer(*members)).changeset
    if message:
        with pytest.raises(NotAnImage) as caught:
            _expect_root_file_system(outer, "x", None)
        assert caught.value.message == message
        return
    _expect_root_file_system(outer, "x", None)
    with pytest.raises(Damaged, match="^x: a bad map$"):
        _expect_root_file_system(outer, "x", Damaged("a bad map", where="x"))


def test_what_is_no_tar_is_said_with_a_hint() -> None:
    _expect_tar(layer(file("a")), "x")
    _expect_tar(bytes(512), "x")
    for head, message in (
        (b"", "x is empty"),
        (b"text", "x is not a tar archive"),
        (b"{}", "x is a JSON document, not a container image"),
    ):
        with pytest.raises(NotAnImage) as caught:
            _expect_tar(head, "x")
        assert caught.value.message == message and caught.value.hint


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (FileNotFoundError(2, "No such file"), "there is no file x"), (PermissionError(13, "denied"), "no permission to read x"),
        (IsADirectoryError(21, "Is a directory"), "x cannot be read: Is a directory"), (OSError("odd"), "x cannot be read: odd"),
    ],
)  # fmt: skip
def test_an_error_of_the_system_is_said_in_words(error: OSError, message: str) -> None:
    assert _system_error("x", error).message == message
