"""Manifests and configs that are huge, deep, wide, ambiguous or of the wrong types."""

import json
from array import array
from collections.abc import Callable

import pytest

from layerscope.errors import LimitExceeded
from layerscope.image.store import StreamStore, WithData
from layerscope.model.changeset import Changeset
from layerscope.model.limits import Limits
from tests.builder import ImageSpec, crane, digest, edit, file, layer, oci_archive, to_json
from tests.building.docker import described
from tests.hostile.conftest import Command

SPEC = ImageSpec(layers=(layer(file("a", b"abc")),))
CONFIG = json.loads(SPEC.config_bytes)


def with_manifest(manifest: bytes) -> bytes:
    return edit(crane(SPEC), replace={"manifest.json": manifest})


def with_config(config: bytes) -> bytes:
    return crane(ImageSpec(layers=SPEC.layers, raw_config=config))


def test_a_manifest_of_many_gigabytes_is_never_read(command: Command) -> None:
    path = command.directory / "image.tar"
    declared = 8 << 30
    head = file("manifest.json", declared_bytes=declared).to_bytes("gnu")
    with path.open("wb") as archive:  # All of it is one hole, which takes no room on the disk.
        archive.write(head)
        archive.truncate(512 + declared + 1024)
    done = command("report", path.name)
    assert done.code == 3 and "image.tar: manifest.json: 8,589,934,592 bytes of metadata" in done.errors
    assert "--limit json_bytes" in done.errors


def test_metadata_beyond_the_limit_of_a_pipe_is_not_kept(command: Command) -> None:
    data = with_manifest(b"[" + b" " * (1 << 20) + b"]")
    done = command("report", "-", "--limit", "json_bytes=1000000", stdin=data)
    assert done.code == 3 and "manifest.json" in done.errors


@pytest.mark.parametrize("opening", [b"[", b'{"a":'])
@pytest.mark.parametrize("make", [with_manifest, with_config])
def test_json_nested_without_end_is_refused(command: Command, opening: bytes, make: Callable[[bytes], bytes]) -> None:
    assert "the JSON is nested too deep" in command.error(make(opening * 100_000))


def test_json_deeper_than_any_real_one_is_refused_though_it_can_be_parsed(command: Command) -> None:
    assert "the JSON is nested too deep" in command.error(with_config(b'{"a":' * 200 + b"1" + b"}" * 200))
    assert command.report(with_config(b'{"a":' * 50 + b"1" + b"}" * 50))["complete"]


def test_json_of_many_empty_values_is_read_up_to_a_limit(command: Command) -> None:
    config = to_json({"config": {"Labels": {f"l{n}": "" for n in range(40_000)}}, "x": [[]] * 30_000})
    assert command.report(with_config(config))["totals"]["content_bytes"] == 3
    error = command.error(with_config(to_json({"x": [[]] * 1_000_000})))
    assert "JSON of over 120,000 values" in error and "--limit json_values" in error


def test_one_document_under_many_names_is_not_parsed_again_and_again() -> None:
    config = to_json({"x": [[]] * 100_000})
    outer = Changeset(paths=("/config",), kinds=b"\0", sizes=array("q", [len(config)]))
    store, read = WithData(StreamStore(outer, {0: config}, {}, Limits()), Limits()), 0
    with pytest.raises(LimitExceeded, match="all documents together"):
        for read in range(1000):
            assert store.document("./" * read + "config") == config
    assert read < 50


def test_a_history_has_no_more_steps_than_its_limit(command: Command) -> None:
    steps = [{"created_by": "x", "empty_layer": True}] * 20_000
    assert command.report(with_config(to_json({**CONFIG, "history": steps})))["totals"]["content_bytes"] == 3
    error = command.error(with_config(to_json({**CONFIG, "history": [*steps, {}]})))
    assert "a history of 20,001 steps" in error and "--limit history" in error


def test_numbers_of_a_million_digits_cost_nothing(command: Command) -> None:
    assert "too large" in command.error(with_config(b'{"a":' + b"9" * 1_000_000 + b"}"))


def test_the_last_of_duplicate_keys_counts_as_the_engine_has_it(command: Command) -> None:
    name = digest(SPEC.config_bytes)
    layers = to_json(described(SPEC, name, [])["Layers"])
    assert layers == b"[]"
    twice = with_manifest(b'[{"Config":"nowhere","Config":"%s","Layers":[]}]' % name.encode())
    assert command.report(twice)["image"]["image_id"] == name


@pytest.mark.parametrize(
    ("manifest", "message"),
    [
        pytest.param(b"null", "manifest.json names no image", id="null"),
        pytest.param(b"{}", "the document is not an array", id="an object"),
        pytest.param(b"[null]", "", id="null inside"),
        pytest.param(b"[1]", "[0] is not an object", id="a number inside"),
        pytest.param(b'[{"Config":1}]', "[0].Config is not a string", id="a number for a name"),
        pytest.param(b'[{"Config":"c","Layers":"l"}]', "[0].Layers is not an array", id="a string for a list"),
        pytest.param(b'[{"Config":"c","Layers":[null]}]', "is not in the archive", id="a null layer"),
        pytest.param(b'[{"Config":"c\xff"}]', "not JSON", id="not UTF-8"),
        pytest.param(b"\xff\xfe[\0]\0", "not JSON", id="UTF-16"),
        pytest.param(b"[NaN", "not JSON", id="cut"),
        pytest.param(b"", "not JSON", id="nothing"),
        pytest.param(b'[{"Config":"\\ud800"}]', "is not in the archive", id="half a surrogate pair"),
        pytest.param(b'[{"Config":"\\u001b[31m\\u202e"}]', "\\x1b[31m\\u202e", id="escape sequences"),
        pytest.param(b'[{"Config":"a\\u0000b"}]', "is not in the archive", id="NUL"),
    ],
)
def test_a_wrong_manifest_is_told_with_its_place(command: Command, manifest: bytes, message: str) -> None:
    error = command.error(with_manifest(manifest))
    assert (message in error and "manifest.json" in error) or "config" in error


@pytest.mark.parametrize(
    "config",
    [b"null", b"[]", b'"x"', b'{"rootfs":[]}', b'{"history":{}}', b'{"history":[1]}', b'{"config":[]}', b'{"os":1}'],
)
def test_a_config_of_the_wrong_type_is_told_with_its_place(command: Command, config: bytes) -> None:
    done = command("report", command.write(with_config(config)))
    assert (done.code == 3 and " is not " in done.errors and digest(config) in done.errors) or config == b"null"


def test_a_document_that_is_index_and_manifest_is_refused(command: Command) -> None:
    both = to_json({"manifests": [], "layers": [], "config": {"digest": digest(b"")}})
    descriptor = {"digest": digest(both), "size": len(both), "mediaType": "application/vnd.oci.image.index.v1+json"}
    data = edit(
        oci_archive(SPEC),
        replace={"index.json": to_json({"manifests": [descriptor]})},
        add=[(f"blobs/sha256/{digest(both)[7:]}", both)],
    )
    assert "is both an index and a manifest" in command.error(data)


def test_indexes_in_indexes_end_at_some_depth(command: Command) -> None:
    blobs: list[tuple[str, bytes]] = []
    inner = to_json({"manifests": []})
    for _ in range(100):
        blobs.append((f"blobs/sha256/{digest(inner)[7:]}", inner))
        inner = to_json({"manifests": [{"digest": digest(inner), "size": len(inner)}] * 50})
    data = edit(oci_archive(SPEC), replace={"index.json": inner}, add=blobs)
    assert "names no image" in command.error(data)
