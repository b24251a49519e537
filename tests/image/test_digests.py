"""What contradicts its digest is damage, where it is read; what is missing is worked out or told."""

import hashlib
from collections.abc import Callable
from pathlib import Path

import pytest

from layerscope.errors import ArchiveError, Damaged, LimitExceeded
from layerscope.history.alignment import image_instructions
from layerscope.model.limits import Limits
from tests.builder import (
    Compression,
    ImageSpec,
    compress,
    containerd,
    contents,
    crane,
    digest,
    docker_legacy,
    docker_save,
    edit,
    file,
    layer,
    oci_archive,
    to_json,
)
from tests.image.opening import error_of, opened
from tests.image.samples import COPY, LOWER, SPEC, UPPER


@pytest.mark.parametrize("diff_ids", [None, [], [digest(LOWER)]], ids=["no rootfs", "none", "too few"])
def test_missing_diff_ids_leave_the_layers_readable(diff_ids: list[str] | None, tmp_path: Path) -> None:
    extra: dict[str, object] = {"rootfs": None if diff_ids is None else {"type": "layers", "diff_ids": diff_ids}}
    path = tmp_path / "image.tar"
    path.write_bytes(docker_legacy(ImageSpec(layers=(LOWER, UPPER), config_extra=extra)))
    image, _ = opened(path)
    assert [each.content_bytes for each in image.layers] == [6000, 604]
    assert image.layers[1].diff_id is None
    assert image.warnings[0] == f"the manifest has 2 layers, the config {len(diff_ids or ())} diff_ids"
    assert image.complete == (not diff_ids)


def test_missing_diff_ids_are_computed_where_the_layer_is_read_whole(tmp_path: Path) -> None:
    path = tmp_path / "image.tar"
    path.write_bytes(oci_archive(ImageSpec(layers=(LOWER,), config_extra={"rootfs": None})))
    image, _ = opened(path)
    assert (str(image.layers[0].diff_id), image.layers[0].verified) == (digest(LOWER), "headers")


WRONG = ImageSpec(
    layers=(LOWER, UPPER),
    config_extra={"rootfs": {"type": "layers", "diff_ids": [digest(LOWER), digest(COPY)]}},
)


@pytest.mark.parametrize(
    ("data", "verify"),
    [
        pytest.param(oci_archive(WRONG), False, id="compressed layers"),
        pytest.param(compress(docker_legacy(WRONG), "gzip"), False, id="compressed archive"),
        pytest.param(docker_legacy(WRONG), True, id="verify"),
    ],
)
def test_a_wrong_diff_id_is_a_mismatch_where_the_content_is_read(data: bytes, verify: bool, tmp_path: Path) -> None:
    path = tmp_path / "image.tar"
    path.write_bytes(data)
    image, _ = opened(path, verify=verify)
    assert [each.verified for each in image.layers] == ["contents", "mismatch"]
    assert [each.content_bytes for each in image.layers] == [6000, 604]
    assert str(image.layers[1].diff_id) == digest(UPPER), "that of what is there"
    assert not image.complete
    [warning] = image.warnings
    assert warning.startswith("layer 1 (")
    assert warning.endswith(f"the content is not what its diff_id says: {digest(UPPER)} instead of {digest(COPY)}")
    error = error_of(path, verify=verify, strict=True)
    assert isinstance(error, Damaged) and error.message == warning and "changed after it was written" in error.hint


@pytest.mark.parametrize(("digests", "verify"), [(["gzip", "zstd"], False), (["", "gzip"], True)])
def test_a_blob_that_is_not_what_its_descriptor_says_is_a_mismatch(
    digests: list[Compression], verify: bool, tmp_path: Path
) -> None:
    """Packed anew with another compression: the content is what the diff_id says, and no registry would take it."""
    named, held = (compress(UPPER, each) for each in digests)
    data = oci_archive(ImageSpec(layers=(LOWER, UPPER)), compression=digests[0])
    path = tmp_path / "image.tar"
    path.write_bytes(edit(data, replace={f"blobs/sha256/{digest(named)[7:]}": held}))
    image, _ = opened(path, verify=verify)
    assert (image.layers[1].verified, str(image.layers[1].diff_id)) == ("mismatch", digest(UPPER))
    [warning] = image.warnings
    assert warning.endswith(f"the content is not what its digest says: {digest(held)} instead of {digest(named)}")


@pytest.mark.parametrize("verify", [False, True])
@pytest.mark.parametrize("outer", ["", "gzip"])
def test_a_length_that_is_not_the_descriptor_s_is_warned_of(outer: Compression, verify: bool, tmp_path: Path) -> None:
    """The digest proves the content, but registries and engines refuse it."""
    held = compress(UPPER, "gzip")
    layers = [{"digest": digest(held), "size": len(held) + 1}, {"digest": digest(held), "size": len(held)}]
    config = to_json({"os": "linux", "rootfs": {"diff_ids": [digest(UPPER)] * 2}})
    manifest = to_json({"config": {"digest": digest(config), "size": len(config)}, "layers": layers})
    blobs = {"blobs/" + digest(one).replace(":", "/"): one for one in (held, config, manifest)}
    index = to_json({"manifests": [{"digest": digest(manifest), "size": len(manifest)}]})
    path = tmp_path / "image.tar"
    path.write_bytes(compress(layer(*(file(*one) for one in {**blobs, "index.json": index}.items())), outer))
    image, _ = opened(path, verify=verify)
    assert image.complete and [each.verified for each in image.layers] == ["contents"] * 2
    [warning] = image.warnings
    assert warning.startswith("layer 0 (")
    assert warning.endswith(f"its descriptor says {len(held) + 1:,} bytes, but it has {len(held):,}")
    assert isinstance(error_of(path, verify=verify, strict=True), Damaged)


def named_by(algorithm: str, content: bytes) -> str:
    return f"{algorithm}:{hashlib.new(algorithm, content).hexdigest()}"


def layout(algorithm: str, held: bytes, named: bytes, diff_id: str) -> bytes:
    """An OCI archive all of whose blobs are named by one algorithm; ``held`` lies where ``named`` should."""

    def blob(content: bytes) -> dict[str, object]:
        return {"digest": named_by(algorithm, content), "size": len(content)}

    config = to_json({"os": "linux", "architecture": "amd64", "rootfs": {"type": "layers", "diff_ids": [diff_id]}})
    manifest = to_json({"schemaVersion": 2, "config": blob(config), "layers": [blob(named) | {"size": len(held)}]})
    contents = {config: config, manifest: manifest, named: held}
    return layer(
        file("oci-layout", to_json({"imageLayoutVersion": "1.0.0"})),
        file("index.json", to_json({"schemaVersion": 2, "manifests": [blob(manifest)]})),
        *(file("blobs/" + named_by(algorithm, one).replace(":", "/"), held) for one, held in contents.items()),
    )


@pytest.mark.parametrize("algorithm", ["sha384", "sha512"])
@pytest.mark.parametrize(("diff_id", "proven"), [(LOWER, "contents"), (UPPER, "mismatch")])
@pytest.mark.parametrize(
    ("dialect", "verify"), [(oci_archive, False), (docker_legacy, True)], ids=["compressed", "verify"]
)
def test_a_diff_id_by_another_algorithm_is_compared(
    algorithm: str, diff_id: bytes, proven: str, dialect: Callable[[ImageSpec], bytes], verify: bool, tmp_path: Path
) -> None:
    diff_ids = [named_by(algorithm, diff_id)]
    spec = ImageSpec(layers=(LOWER,), config_extra={"rootfs": {"type": "layers", "diff_ids": diff_ids}})
    path = tmp_path / "image.tar"
    path.write_bytes(dialect(spec))
    image, _ = opened(path, verify=verify)
    assert [one.verified for one in image.layers] == [proven]
    assert (image.warnings == ()) == image.complete == (proven == "contents")


@pytest.mark.parametrize("algorithm", ["sha384", "sha512"])
@pytest.mark.parametrize("outer", ["", "gzip"])
@pytest.mark.parametrize("stored", ["", "gzip"])
def test_blobs_named_by_another_algorithm_are_compared(
    algorithm: str, stored: Compression, outer: Compression, tmp_path: Path
) -> None:
    path, named = tmp_path / "image.tar", compress(LOWER, stored)
    diff_id = named_by(algorithm, LOWER)
    path.write_bytes(compress(layout(algorithm, named, named, diff_id), outer))
    image, _ = opened(path, verify=True)
    assert [one.verified for one in image.layers] == ["contents"] and image.warnings == () and image.complete
    path.write_bytes(compress(layout(algorithm, compress(UPPER, stored), named, named_by(algorithm, UPPER)), outer))
    image, _ = opened(path, verify=True)
    assert [one.verified for one in image.layers] == ["mismatch"] and not image.complete
    path.write_bytes(compress(layout(algorithm, b"", named, diff_id), outer))
    assert "only an empty file" in error_of(path, verify=True).message


def test_the_order_of_layers_is_known_by_diff_ids_of_another_algorithm(tmp_path: Path) -> None:
    diff_ids = [named_by("sha512", one) for one in (COPY, LOWER)]
    spec = ImageSpec(layers=(LOWER,), config_extra={"rootfs": {"type": "layers", "diff_ids": diff_ids}})
    path = tmp_path / "image.tar"
    path.write_bytes(oci_archive(spec))
    image, _ = opened(path)
    assert [(one.verified, bool(one.problem)) for one in image.layers] == [("", True), ("contents", False)]


def test_a_diff_id_by_another_algorithm_that_comes_too_late_is_not_called_proven(tmp_path: Path) -> None:
    diff_id = named_by("sha512", LOWER)
    spec = ImageSpec(layers=(LOWER,), config_extra={"rootfs": {"type": "layers", "diff_ids": [diff_id]}})
    path = tmp_path / "image.tar"
    path.write_bytes(compress(oci_archive(spec), "gzip"))
    image, _ = opened(path)
    assert (str(image.layers[0].diff_id), image.layers[0].verified) == (diff_id, "headers")
    [warning] = image.warnings
    assert "its sha512 diff_id is not compared: " in warning


@pytest.mark.parametrize(
    ("dialect", "proven"),
    [(oci_archive, "headers"), (containerd, "headers"), (docker_legacy, "unterminated")],
    ids=["compressed", "plain", "no digest"],
)
def test_a_layer_without_its_end_is_whole_where_its_digest_says_so(
    dialect: Callable[[ImageSpec], bytes], proven: str, tmp_path: Path
) -> None:
    path, unended = tmp_path / "image.tar", layer(file("a", b"abc"), trailer=False)
    path.write_bytes(dialect(ImageSpec(layers=(unended,), config_extra={"rootfs": None})))
    image, _ = opened(path)
    assert [one.verified for one in image.layers] == [proven]
    assert image.complete == (proven == "headers")


def test_a_repeated_layer_is_proven_against_each_of_its_diff_ids(tmp_path: Path) -> None:
    diff_ids = [digest(LOWER), digest(COPY)]
    spec = ImageSpec(layers=(LOWER, LOWER), config_extra={"rootfs": {"type": "layers", "diff_ids": diff_ids}})
    path = tmp_path / "image.tar"
    path.write_bytes(oci_archive(spec))
    assert [each.verified for each in opened(path)[0].layers] == ["contents", "mismatch"]


def test_a_plain_layer_is_not_called_proven_when_only_its_headers_were_read(tmp_path: Path) -> None:
    path = tmp_path / "image.tar"
    path.write_bytes(docker_legacy(WRONG))
    image, _ = opened(path)
    assert [each.verified for each in image.layers] == ["headers", "headers"]


SAME = ImageSpec(
    layers=(LOWER, LOWER),
    config_extra={"rootfs": {"type": "layers", "diff_ids": [digest(LOWER), digest(COPY)]}},
)


@pytest.mark.parametrize(
    ("data", "told"),
    [
        pytest.param(docker_legacy(SAME), ["contents", "mismatch"], id="one file with two diff_ids"),
        pytest.param(docker_save(WRONG), ["headers", "mismatch"], id="a plain blob with two digests"),
        pytest.param(
            edit(
                oci_archive(ImageSpec(layers=(LOWER, UPPER)), compression=""),
                replace={f"blobs/sha256/{digest(LOWER)[7:]}": LOWER + bytes(512)},
            ),
            ["mismatch", "contents"],
            id="another length than the descriptor says",
        ),
    ],
)
def test_plain_layers_whose_documents_contradict_them_are_read_to_the_end(
    data: bytes, told: list[str], tmp_path: Path
) -> None:
    path = tmp_path / "image.tar"
    path.write_bytes(data)
    image, _ = opened(path)
    assert [each.verified for each in image.layers] == told
    assert image.complete == ("mismatch" not in told)


@pytest.mark.parametrize("writer", [docker_legacy, docker_save, oci_archive])
@pytest.mark.parametrize("outer", ["", "gzip"])
def test_a_config_with_another_digest_is_damage_where_the_digest_is_its_address(
    writer: Callable[..., bytes], outer: Compression, tmp_path: Path
) -> None:
    """An engine loads a docker-archive whose config was edited, and the image has another id then."""
    data = writer(SPEC)
    name = next(name for name, content in contents(data).items() if content == SPEC.config_bytes)
    edited, path = SPEC.config_bytes + b" ", tmp_path / "image.tar"
    path.write_bytes(compress(edit(data, replace={name: edited}), outer))
    if writer is not oci_archive:
        image, _ = opened(path)
        assert (image.image_id, image.complete) == (digest(edited), True)
        [warning] = image.warnings
        assert warning.startswith(f"{name}: its content does not have the digest of its name; ")
    error = error_of(path, strict=writer is not oci_archive)
    assert isinstance(error, Damaged)
    assert error.message == f"{name}: its content does not have the digest of its name"


STEPS = tuple({"created_by": f"RUN {name} # buildkit"} for name in "abc")
THREE = ImageSpec(layers=(LOWER, UPPER, COPY), history=STEPS)


@pytest.mark.parametrize("kept", [(), (0,), (1,), (2,), (0, 2), (1, 2)], ids=str)
@pytest.mark.parametrize("writer", [docker_legacy, docker_save, crane, oci_archive])
@pytest.mark.parametrize("outer", ["", "xz"])
def test_layers_that_only_the_config_names_are_left_out_in_their_places(
    writer: Callable[..., bytes], kept: tuple[int, ...], outer: Compression, tmp_path: Path
) -> None:
    config = {"rootfs": {"type": "layers", "diff_ids": list(THREE.diff_ids)}}
    layers = tuple(THREE.layers[index] for index in kept)
    path = tmp_path / "image.tar"
    data = writer(ImageSpec(layers=layers, history=SPEC.history, config_extra=config))
    path.write_bytes(compress(data, outer))
    image, _ = opened(path)
    assert [str(each.diff_id) for each in image.layers] == list(THREE.diff_ids)
    assert [each.problem for each in image.layers] == [
        "" if index in kept else "the manifest does not name it" for index in range(3)
    ]
    assert [each.content_bytes for each in image.layers] == [
        size if index in kept else 0 for index, size in enumerate((6000, 604, 2004))
    ]
    assert {each.verified for each in image.layers if not each.problem} <= {"contents"}
    assert not image.complete
    assert image.warnings[0] == f"the manifest has {len(kept)} layers, the config 3 diff_ids"
    assert isinstance(error_of(path, strict=True), ArchiveError)


def test_a_layer_that_fits_no_diff_id_leaves_open_which_are_missing(tmp_path: Path) -> None:
    config = {"rootfs": {"type": "layers", "diff_ids": list(THREE.diff_ids)}}
    path = tmp_path / "image.tar"
    other = layer(file("other", b"1"))
    path.write_bytes(docker_legacy(ImageSpec(layers=(other, UPPER), config_extra=config)))
    image, _ = opened(path)
    assert [each.verified for each in image.layers] == ["mismatch", "contents", ""]
    assert image.warnings[0].endswith("; which of the layers are missing is not known")


@pytest.mark.parametrize("null", [False, True])
def test_a_manifest_without_layers_is_of_an_incomplete_image(null: bool, tmp_path: Path) -> None:
    config = {"rootfs": {"type": "layers", "diff_ids": list(THREE.diff_ids)}}
    data = docker_legacy(ImageSpec(config_extra=config))
    if null:
        manifest = contents(data)["manifest.json"]
        data = edit(data, replace={"manifest.json": manifest.replace(b'"Layers":[]', b'"Layers":null')})
    path = tmp_path / "image.tar"
    path.write_bytes(data)
    image, _ = opened(path)
    assert (len(image.layers), image.complete) == (3, False)


def test_a_layer_that_the_config_does_not_name_is_a_mismatch(tmp_path: Path) -> None:
    config = {"rootfs": {"type": "layers", "diff_ids": [digest(LOWER), digest(COPY)]}}
    path = tmp_path / "image.tar"
    path.write_bytes(docker_legacy(ImageSpec(layers=THREE.layers, history=STEPS[:2], config_extra=config)))
    image, _ = opened(path)
    assert [each.verified for each in image.layers] == ["contents", "mismatch", "contents"]
    assert [each.diff_id and str(each.diff_id) for each in image.layers] == [digest(LOWER), None, digest(COPY)]
    steps, warnings = image_instructions(image)
    assert ([step.layer for step in steps], warnings) == ([0, 2], ())


def test_more_diff_ids_than_the_limit_on_layers_are_refused(tmp_path: Path) -> None:
    config = {"rootfs": {"type": "layers", "diff_ids": [digest(LOWER)] * 9}}
    path = tmp_path / "image.tar"
    path.write_bytes(docker_legacy(ImageSpec(config_extra=config)))
    assert isinstance(error_of(path, limits=Limits(layers=8)), LimitExceeded)
