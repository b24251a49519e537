"""Documents that are wrong, hostile or too large are told with their place."""

import base64
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from layerscope.errors import ArchiveError, Damaged, LimitExceeded, NotAnImage, UsageError
from layerscope.image.document import parse
from layerscope.model.limits import Limits
from layerscope.model.platform import Platform
from tests.builder import (
    Compression,
    ImageSpec,
    archive,
    compress,
    containerd,
    contents,
    digest,
    docker_legacy,
    docker_save,
    edit,
    file,
    jib,
    layer,
    oci_archive,
    rootfs,
    to_json,
)
from tests.image.opening import error_of, opened
from tests.image.samples import LOWER, OTHER, S390, SPEC, STATEMENT


@pytest.mark.parametrize(
    ("manifest", "message"),
    [
        pytest.param(b"[", "manifest.json: not JSON (Expecting value: line 1 column 2 (char 1))", id="cut"),
        pytest.param(b"\xff\xfe[]", "manifest.json: not JSON", id="not UTF-8"),
        pytest.param(b"{}", "manifest.json: the document is not an array", id="an object"),
        pytest.param(b"[7]", "manifest.json: [0] is not an object", id="a number in it"),
        pytest.param(b'[{"Config":7}]', "manifest.json: [0].Config is not a string", id="config is a number"),
        pytest.param(b'[{"Config":"c","Layers":{}}]', "manifest.json: [0].Layers is not an array", id="layers"),
        pytest.param(b'[{"Config":"c","Layers":[1]}]', "manifest.json: [0].Layers[0] is not a string", id="a layer"),
        pytest.param(
            b'[{"Config":"c"}]', "the image cannot be read: its config c is not in the archive", id="no config"
        ),
        pytest.param(b"[{}]", "the image cannot be read: manifest.json names no config for it", id="nothing at all"),
        pytest.param(b"[" * 200 + b"]" * 200, "manifest.json: the JSON is nested too deep", id="deep"),
        pytest.param(b"[" * 200_000, "manifest.json: ", id="very deep"),
        pytest.param(b"null", "manifest.json names no image", id="null"),
        pytest.param(b" \n null", "manifest.json names no image", id="null behind blanks"),
        pytest.param(b"\xef\xbb\xbf[]", "manifest.json names no image", id="a byte order mark"),
        pytest.param(b"5", "manifest.json: the document is not an array", id="a number"),
        pytest.param(b'"x"', "manifest.json: the document is not an array", id="a string"),
        pytest.param(b"hello", "manifest.json: not JSON (", id="a word"),
        pytest.param(b"\0\1\2", "manifest.json: not JSON (", id="no text"),
        pytest.param(b"", "manifest.json: not JSON (", id="empty"),
    ],
)
@pytest.mark.parametrize("outer", ["", "gzip"])
def test_wrong_metadata_is_told_with_its_place(
    manifest: bytes, message: str, outer: Compression, tmp_path: Path
) -> None:
    path = tmp_path / "image.tar"
    path.write_bytes(compress(layer(file("manifest.json", manifest)), outer))
    error = error_of(path)
    assert isinstance(error, ArchiveError)
    assert error.message.startswith(message)


@pytest.mark.parametrize(
    ("config", "message"),
    [
        pytest.param({"rootfs": {"diff_ids": ["sha256:short"]}}, ".rootfs.diff_ids[0] is not a digest", id="digest"),
        pytest.param({"rootfs": []}, ".rootfs is not an object", id="rootfs"),
        pytest.param(
            {"history": [{"empty_layer": "yes"}]}, ".history[0].empty_layer is not true or false", id="history"
        ),
        pytest.param({"config": {"Env": "A=b"}}, ".Env is not an array", id="env"),
        pytest.param({"architecture": 64}, ".architecture is not a string", id="architecture"),
    ],
)
def test_a_wrong_config_is_told_with_its_place(config: dict[str, object], message: str, tmp_path: Path) -> None:
    path = tmp_path / "image.tar"
    path.write_bytes(jib(ImageSpec(layers=(LOWER,), config_extra=config)))
    error = error_of(path)
    assert isinstance(error, Damaged)
    assert message in error.message


@pytest.mark.parametrize("name", ["Cmd", "Entrypoint"])
@pytest.mark.parametrize(
    ("written", "words"), [(["sh", "-c", "run"], ("sh", "-c", "run")), ("run it", ("run it",)), (None, ())]
)
def test_a_command_may_be_one_text(name: str, written: object, words: tuple[str, ...], tmp_path: Path) -> None:
    path = tmp_path / "image.tar"
    path.write_bytes(jib(ImageSpec(layers=(LOWER,), config_extra={"config": {name: written}})))
    config = opened(path)[0].config
    assert (config.cmd, config.entrypoint) == ((words, ()) if name == "Cmd" else ((), words))


def test_a_layer_without_a_name_is_told_by_what_names_it(tmp_path: Path) -> None:
    path = tmp_path / "image.tar"
    path.write_bytes(docker_legacy(SPEC))
    members = contents(path.read_bytes())
    manifest = json.loads(members["manifest.json"])
    manifest[0]["Layers"][0] = ""
    path.write_bytes(edit(path.read_bytes(), replace={"manifest.json": to_json(manifest)}))
    image, _ = opened(path)
    assert image.layers[0].problem == "the manifest names no file for it"


def test_a_document_that_is_both_index_and_manifest_is_damage(tmp_path: Path) -> None:
    both = to_json({"schemaVersion": 2, "manifests": [], "layers": []})
    index = to_json({"manifests": [{"digest": digest(both), "mediaType": "application/vnd.oci.image.index.v1+json"}]})
    path = tmp_path / "image.tar"
    path.write_bytes(layer(file("blobs/sha256/" + digest(both)[7:], both), file("index.json", index)))
    assert "CVE-2021-41190" in error_of(path).message


def test_an_index_that_names_itself_is_no_loop(tmp_path: Path) -> None:
    path = tmp_path / "image.tar"
    inner = to_json({"manifests": []})
    again = {"digest": digest(inner), "mediaType": "application/vnd.oci.image.index.v1+json"}
    path.write_bytes(
        layer(
            file("blobs/sha256/" + digest(inner)[7:], inner), file("index.json", to_json({"manifests": [again, again]}))
        )
    )
    assert error_of(path).message == "index.json names no image"


@pytest.mark.parametrize(
    ("name", "document"),
    [("manifest.json", b'{"name":"app"}'), ("index.json", b"{}"), ("index.json", b"[]")],
)
def test_what_web_pages_call_so_makes_no_damaged_image_of_a_tar(name: str, document: bytes, tmp_path: Path) -> None:
    path = tmp_path / "page.tar"
    path.write_bytes(layer(file(name, document), file("index.html", b"<p>")))
    assert isinstance(error_of(path), NotAnImage)


def test_a_layout_whose_index_has_no_manifests_is_damaged(tmp_path: Path) -> None:
    path = tmp_path / "image.tar"
    path.write_bytes(edit(oci_archive(SPEC), replace={"index.json": b"{}"}))
    error = error_of(path)
    assert isinstance(error, Damaged) and error.message == "index.json: it has no manifests"


@pytest.mark.parametrize("outer", ["", "gzip"])
def test_metadata_longer_than_the_limit_is_refused(outer: Compression, tmp_path: Path) -> None:
    path = tmp_path / "image.tar"
    path.write_bytes(compress(docker_legacy(SPEC), outer))
    error = error_of(path, limits=Limits(json_bytes=10))
    assert isinstance(error, LimitExceeded) and error.message.endswith(" bytes of metadata")
    assert error.hint == "raise --limit json_bytes"


def test_so_are_those_of_a_directory_and_by_one_byte(tmp_path: Path) -> None:
    documents = contents(oci_archive(SPEC))
    for name, content in documents.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(content)
    longest = max(len(content) for content in documents.values() if content[:1] == b"{")
    assert opened(tmp_path, limits=Limits(json_bytes=longest))[0].tags == SPEC.tags
    error = error_of(tmp_path, limits=Limits(json_bytes=longest - 1))
    assert isinstance(error, LimitExceeded) and error.message.endswith(f": {longest:,} bytes of metadata")


@pytest.mark.parametrize("outer", ["gzip", "zstd", "xz", "bzip2"])
def test_a_bomb_ends_at_the_limit(outer: Compression, tmp_path: Path) -> None:
    path = tmp_path / "image.tar"
    path.write_bytes(compress(rootfs(file("zeros", bytes(8 << 20))), outer))
    error = error_of(path, limits=Limits(ratio_from=1 << 20))
    assert isinstance(error, LimitExceeded)
    assert error.hint == "raise --limit ratio if this archive is to be trusted"
    error = error_of(path, limits=Limits(ratio_from=1 << 20, ratio=1 << 30, expanded_bytes=4 << 20))
    assert error.hint == "raise --limit expanded_bytes"


@pytest.mark.parametrize("outer", ["", "gzip"])
def test_a_bomb_inside_a_layer_ends_at_the_limit(outer: Compression, tmp_path: Path) -> None:
    path = tmp_path / "image.tar"
    path.write_bytes(compress(oci_archive(ImageSpec(layers=(layer(file("zeros", bytes(8 << 20))),))), outer))
    assert isinstance(error_of(path, limits=Limits(ratio_from=1 << 20)), LimitExceeded)


@pytest.mark.parametrize("outer", ["", "gzip"])
def test_a_manifest_with_another_digest_is_damage(outer: Compression, tmp_path: Path) -> None:
    data = oci_archive(ImageSpec(layers=(LOWER,)))
    name = next(name for name, content in contents(data).items() if b'"layers"' in content)
    path = tmp_path / "image.tar"
    path.write_bytes(compress(edit(data, replace={name: contents(data)[name] + b"\n"}), outer))
    assert error_of(path).message == f"{name}: its content does not have the digest of its name"


@pytest.mark.parametrize("outer", ["", "gzip"])
def test_an_attestation_that_cannot_be_read_is_warned_of(outer: Compression, tmp_path: Path) -> None:
    data = containerd(S390, attestations=(STATEMENT,))
    name = next(name for name, content in contents(data).items() if content == to_json(STATEMENT))
    path = tmp_path / "image.tar"
    path.write_bytes(compress(edit(data, replace={name: b"[]"}), outer))
    image, _ = opened(path)
    assert image.attestations == ()
    assert [warning.partition(":")[0] for warning in image.warnings] == ["an attestation cannot be read"]


@pytest.mark.parametrize("outer", ["", "gzip"])
def test_both_indexes_of_one_image_are_one_image(outer: Compression, tmp_path: Path) -> None:
    path = tmp_path / "image.tar"
    path.write_bytes(compress(containerd(SPEC), outer))
    image, _ = opened(path)
    assert (image.tags, image.format) == (("app:1", "app:latest"), "docker-archive")
    assert image.manifest_digest.startswith("sha256:")
    assert {layer.media_type for layer in image.layers} == {"application/vnd.oci.image.layer.v1.tar+gzip"}


def test_an_image_without_its_config_does_not_stand_in_the_way_of_the_other(tmp_path: Path) -> None:
    data = docker_legacy(SPEC, OTHER)
    path = tmp_path / "image.tar"
    path.write_bytes(edit(data, remove=[OTHER.image_id[7:] + ".json"]))
    assert opened(path)[0].image_id == SPEC.image_id
    missing = error_of(path, image="other")
    name = OTHER.image_id[7:] + ".json"
    assert missing.message == f"the image cannot be read: its config {name} is not in the archive"


@pytest.mark.parametrize("outer", ["", "gzip", "zstd"])
def test_data_behind_the_archive_is_warned_of_either_way(outer: Compression, tmp_path: Path) -> None:
    path = tmp_path / "image.tar"
    path.write_bytes(compress(docker_save(SPEC) + b"more", outer))
    image, _ = opened(path)
    assert [warning.rpartition(": ")[2] for warning in image.warnings] == [
        "data behind the end of the tar; engines ignore it"
    ]


@pytest.mark.parametrize("outer", ["", "gzip"])
def test_the_last_of_two_files_of_one_name_counts(outer: Compression, tmp_path: Path) -> None:
    path = tmp_path / "image.tar"
    first = archive([("manifest.json", b"[]"), ("manifest.json", contents(docker_save(SPEC))["manifest.json"])])
    rest = edit(docker_save(SPEC), remove=["manifest.json"])
    path.write_bytes(compress(first[:-1024] + rest, outer))
    assert opened(path)[0].image_id == SPEC.image_id


@pytest.mark.parametrize("writer", [docker_legacy, oci_archive])
def test_more_layers_than_the_limit_are_refused(writer: Callable[..., bytes], tmp_path: Path) -> None:
    path = tmp_path / "image.tar"
    path.write_bytes(writer(SPEC))
    error = error_of(path, limits=Limits(layers=2))
    assert isinstance(error, LimitExceeded)
    assert "an image of 3 layers" in error.message


def test_one_layer_a_thousand_times_is_read_once_and_counted_each_time(tmp_path: Path) -> None:
    path = tmp_path / "image.tar"
    path.write_bytes(docker_save(ImageSpec(layers=(LOWER,) * 1000)))
    steps: list[int] = []
    image, _ = opened(path, progress=steps.append)
    assert sum(steps) == len(LOWER)
    assert image.docker_size == 1000 * (6000 + len("bin/tool"))
    assert "entries" in error_of(path, limits=Limits(entries=6999)).message


def test_an_index_whose_manifests_are_all_absent_is_damage(tmp_path: Path) -> None:
    path = tmp_path / "image.tar"
    index = to_json({"manifests": [{"digest": digest(b"absent"), "size": 6}]})
    path.write_bytes(archive([("index.json", index)]))
    assert error_of(path).message == "index.json: none of the manifests that it names is in the archive"


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        pytest.param("application/vnd.dev.cosign.simplesigning.v1+json", "a signature", id="cosign"),
        pytest.param("application/vnd.wasm.config.v0+json", "a WebAssembly module", id="wasm"),
        pytest.param("application/vnd.example+json", "an artifact", id="unknown"),
    ],
)
@pytest.mark.parametrize("field", ["artifactType", "config"])
def test_other_artifacts_are_called_what_they_are(field: str, kind: str, name: str, tmp_path: Path) -> None:
    config = {"digest": digest(b"{}"), "size": 2, "mediaType": kind if field == "config" else ""}
    extra = {"artifactType": kind} if field == "artifactType" else {}
    manifest = to_json({"schemaVersion": 2, "config": config, "layers": [], **extra})
    index = to_json({"manifests": [{"digest": digest(manifest), "size": len(manifest)}]})
    path = tmp_path / "image.tar"
    path.write_bytes(archive([("blobs/sha256/" + digest(manifest)[7:], manifest), ("index.json", index)]))
    assert error_of(path).message == f"this is {name} ({kind}), not a container image"


@pytest.mark.parametrize(
    ("descriptor", "message"),
    [
        pytest.param({"size": -1}, ".layers[0].size is not a number of bytes", id="negative"),
        pytest.param({"size": "5"}, ".layers[0].size is not a number of bytes", id="text"),
        pytest.param({"size": True}, ".layers[0].size is not a number of bytes", id="truth"),
        pytest.param({"digest": "sha256:../../../etc/passwd"}, ".layers[0].digest is not a digest", id="path"),
        pytest.param({"digest": None}, ".layers[0].digest is not a digest: ''", id="none"),
    ],
)
def test_a_wrong_descriptor_is_told_with_its_place(descriptor: dict[str, object], message: str, tmp_path: Path) -> None:
    layers = [{"digest": digest(LOWER), "size": len(LOWER), **descriptor}]
    manifest = to_json({"schemaVersion": 2, "config": {"digest": digest(b"{}"), "size": 2}, "layers": layers})
    index = to_json({"manifests": [{"digest": digest(manifest), "size": len(manifest)}]})
    path = tmp_path / "image.tar"
    path.write_bytes(archive([("blobs/sha256/" + digest(manifest)[7:], manifest), ("index.json", index)]))
    error = error_of(path)
    assert isinstance(error, Damaged)
    assert message in error.message


def test_a_platform_that_the_only_image_is_not_for_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "image.tar"
    path.write_bytes(docker_legacy(SPEC))
    error = error_of(path, platform=Platform.parse("linux/arm64"))
    assert isinstance(error, UsageError)
    assert error.message == "the archive holds no image for linux/arm64; there is linux/amd64"


def other_case(value: object) -> object:
    """The document with the names of all members in capitals, but for maps, whose names are values."""
    if isinstance(value, dict):
        return {name.upper() if name.isidentifier() else name: other_case(member) for name, member in value.items()}
    return [other_case(member) for member in value] if isinstance(value, list) else value


@pytest.mark.parametrize("outer", ["", "gzip"])
def test_names_of_members_are_matched_as_the_engines_match_them(outer: Compression, tmp_path: Path) -> None:
    config = other_case(ImageSpec(layers=(LOWER,), env=("A=b",), history=({"created_by": "RUN a"},)).config)
    spec = ImageSpec(layers=(LOWER,), tags=("app:1",), raw_config=to_json(config))
    for data in (docker_legacy(spec), oci_archive(spec)):
        documents = {
            name: json.loads(data) for name, data in contents(data).items() if name in ("manifest.json", "index.json")
        }
        path = tmp_path / "image.tar"
        replaced = {name: to_json(other_case(document)) for name, document in documents.items()}
        path.write_bytes(compress(edit(data, replace=replaced), outer))
        image, _ = opened(path)
        assert (image.tags, image.config.env, image.config.history[0].created_by) == (("app:1",), ("A=b",), "RUN a")
        assert image.config.document["config"]["Env"] == ["A=b"]
        assert image.complete


@pytest.mark.parametrize(
    ("text", "value"),
    [
        pytest.param('{"Config":"a","config":"b"}', "b", id="the last of two cases"),
        pytest.param('{"config":"b","Config":"a"}', "a", id="also where it is the usual one"),
        pytest.param('{"Config":"a","config":"b","Config":"c"}', "c", id="the last of three"),
        pytest.param('{"Config":"a","config":null}', "a", id="null leaves a string"),
        pytest.param('{"Config":["a"],"config":null}', None, id="null empties an array"),
        pytest.param('{"con\ufb01g":"b"}', None, id="a ligature is another name"),
    ],
)
def test_the_last_of_equal_names_counts_as_in_go(text: str, value: object) -> None:
    assert parse(text.encode(), "manifest.json", Limits())["Config"].value == value


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("NaN", "not JSON (JSON has no NaN)"),
        ("Infinity", "not JSON (JSON has no Infinity)"),
        ("-Infinity", "not JSON (JSON has no -Infinity)"),
        ("1e999", "the number 1e999 is too large"),
        ("-1e999", "the number -1e999 is too large"),
        ("9" * 5000, f"the number {'9' * 20}... is too large"),
        ("9" * 5000 + ".5", f"the number {'9' * 20}... is too large"),
    ],
)
def test_a_number_that_json_cannot_write_is_refused(value: str, message: str, tmp_path: Path) -> None:
    """Python reads them, and would write reports that nothing else can read."""
    config = SPEC.config_bytes.replace(b'"config":{', b'"config":{"Healthcheck":{"Interval":%s},' % value.encode())
    path = tmp_path / "image.tar"
    path.write_bytes(docker_legacy(ImageSpec(layers=SPEC.layers, raw_config=config)))
    assert error_of(path).message.endswith(f".json: {message}")
    for usual in (b"-1.5e9", b"9" * 4000, b"0." + b"1" * 5000):
        whole = config.replace(value.encode(), usual)
        path.write_bytes(docker_legacy(ImageSpec(layers=SPEC.layers, raw_config=whole)))
        assert opened(path)[0].complete


def test_null_in_the_place_of_an_object_is_an_empty_one_as_in_go(tmp_path: Path) -> None:
    config = to_json({**SPEC.config, "history": [None, {"created_by": "RUN x"}], "config": None})
    path = tmp_path / "image.tar"
    path.write_bytes(docker_legacy(ImageSpec(layers=SPEC.layers, raw_config=config)))
    assert [step.created_by for step in opened(path)[0].config.history] == ["", "RUN x"]


def test_a_manifest_of_an_artifact_without_a_config_is_named(tmp_path: Path) -> None:
    manifest = to_json(
        {"mediaType": "application/vnd.oci.artifact.manifest.v1+json", "artifactType": "x/y", "blobs": []}
    )
    index = to_json({"manifests": [{"digest": digest(manifest), "size": len(manifest)}]})
    path = tmp_path / "image.tar"
    path.write_bytes(layer(file("blobs/" + digest(manifest).replace(":", "/"), manifest), file("index.json", index)))
    error = error_of(path)
    assert isinstance(error, NotAnImage) and error.message.endswith("this is an artifact (x/y), not a container image")


def test_the_long_s_and_the_kelvin_sign_are_letters_to_go() -> None:
    document = parse('{"layer\u017f":1,"\u212aind":2}'.encode(), "manifest.json", Limits())
    assert ("Layers" in document, document["kind"].value) == (True, 2)


def with_data(spec: ImageSpec, *, keep: bool, spoil: bool = False) -> bytes:
    """An image layout whose config, layers and manifest stand in their descriptors; ``keep`` keeps their blobs."""
    blobs = {digest(content): content for content in contents(oci_archive(spec)).values()}

    def embedded(descriptor: dict[str, Any]) -> dict[str, Any]:
        data = base64.b64encode(blobs[descriptor["digest"]]).decode()
        return descriptor | {"data": data[4:] if spoil else data}

    index = json.loads(contents(oci_archive(spec))["index.json"])
    manifest = json.loads(blobs[index["manifests"][0]["digest"]])
    manifest["config"] = embedded(manifest["config"])
    manifest["layers"] = [embedded(one) for one in manifest["layers"]]
    inner = to_json(manifest)
    blobs[digest(inner)] = inner
    top = {"mediaType": index["manifests"][0]["mediaType"], "digest": digest(inner), "size": len(inner)}
    files = {f"blobs/sha256/{name[7:]}": content for name, content in blobs.items() if keep}
    return archive([*files.items(), ("index.json", to_json({"manifests": [embedded(top)]}))])


@pytest.mark.parametrize("outer", ["", "gzip"])
@pytest.mark.parametrize("keep", [False, True])
def test_what_stands_in_a_descriptor_needs_no_blob(keep: bool, outer: Compression, tmp_path: Path) -> None:
    path = tmp_path / "image.tar"
    path.write_bytes(compress(with_data(SPEC, keep=keep), outer))
    image, facts = opened(path)
    assert (image.image_id, facts.diff_ids, image.complete) == (SPEC.image_id, SPEC.diff_ids, True)


def test_wrong_data_in_a_descriptor_are_damage(tmp_path: Path) -> None:
    path = tmp_path / "image.tar"
    path.write_bytes(with_data(SPEC, keep=False, spoil=True))
    assert isinstance(error_of(path), Damaged)
    index = to_json({"manifests": [{"digest": digest(b"x"), "data": "eA="}]})
    path.write_bytes(archive([("index.json", index)]))
    assert error_of(path).message == "index.json: .manifests[0].data is not base64"


def test_many_missing_layers_get_few_warnings(tmp_path: Path) -> None:
    spec = ImageSpec(layers=(layer(file("a")),), config_extra={"rootfs": {"diff_ids": [digest(b"none")] * 1_000}})
    path = tmp_path / "image.tar"
    path.write_bytes(docker_legacy(spec))
    image, _ = opened(path)
    assert len(image.layers) == 1_000 and len(image.warnings) < 30
    assert any("980 more layers are left out" in warning for warning in image.warnings), image.warnings[-2:]


BAD_INDEXES = {
    "absent manifests": to_json({"manifests": [{"digest": digest(b"absent"), "size": 6}]}),
    "no manifests": b"{}",
    "no JSON": b'{"manifests":[',
    "a bad digest": to_json({"manifests": [{"digest": "sha256:1"}]}),
}


@pytest.mark.parametrize("index", [BAD_INDEXES[one] for one in BAD_INDEXES if one != "no manifests"])
def test_a_damaged_index_beside_a_whole_manifest_is_warned_of(index: bytes, tmp_path: Path) -> None:
    """As docker load has it, which reads manifest.json; with --strict it is an error."""
    path = tmp_path / "image.tar"
    path.write_bytes(edit(docker_save(SPEC), replace={"index.json": index}))
    image, _ = opened(path)
    assert [str(one) for one in image.config.diff_ids] == list(SPEC.diff_ids) and image.complete
    [warning] = [one for one in image.warnings if "index.json" in one]
    assert warning.endswith("; manifest.json is used, and other images in the archive may be missing")
    assert isinstance(error_of(path, strict=True), Damaged)


@pytest.mark.parametrize("index", BAD_INDEXES.values(), ids=BAD_INDEXES)
def test_a_damaged_index_alone_is_an_error(index: bytes, tmp_path: Path) -> None:
    path = tmp_path / "image.tar"
    path.write_bytes(edit(docker_save(SPEC), replace={"index.json": index}, remove=["manifest.json"]))
    assert isinstance(error_of(path), Damaged)
    lost = [name for name in contents(docker_save(SPEC)) if SPEC.image_id[7:] in name]
    path.write_bytes(edit(docker_save(SPEC), replace={"index.json": index}, remove=lost))
    assert error_of(path).message


@pytest.mark.parametrize("config", ["", "blobs/sha256/" + "0" * 64])
def test_an_image_of_the_manifest_that_is_not_there_is_warned_of_where_another_is_read(
    config: str, tmp_path: Path
) -> None:
    path = tmp_path / "image.tar"
    document = json.loads(contents(docker_save(SPEC))["manifest.json"])
    for manifest, said in ((document, 0), ([*document, {**document[0], "Config": config}], 1)):
        path.write_bytes(edit(docker_save(SPEC), replace={"manifest.json": to_json(manifest)}))
        image, _ = opened(path)
        assert image.complete
        assert sum("an image that manifest.json names is left out: " in one for one in image.warnings) == said
    assert error_of(path, strict=True).message.startswith("manifest.json: ")


@pytest.mark.parametrize("kind", ["application/vnd.oci.image.config.v1+json", ""])
def test_an_artifact_type_that_is_an_image_s_makes_no_artifact(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "image.tar"
    config = {"digest": digest(SPEC.config_bytes), "size": 1, "mediaType": "application/vnd.oci.image.config.v1+json"}
    layers = [{"digest": digest(one), "size": len(one)} for one in SPEC.layers]
    manifest = to_json({"schemaVersion": 2, "config": config, "layers": layers, "artifactType": kind})
    index = to_json({"manifests": [{"digest": digest(manifest), "size": len(manifest)}]})
    blobs = {"blobs/sha256/" + digest(one)[7:]: one for one in (manifest, SPEC.config_bytes, *SPEC.layers)}
    path.write_bytes(archive([*blobs.items(), ("index.json", index)]))
    assert opened(path)[0].complete
