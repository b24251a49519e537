"""Layers that are absent, empty, repeated, in a wrong order or behind links."""

import os
import sys
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest

from layerscope.errors import ArchiveError
from layerscope.model.pathset import PathSet, Wanted
from tests.builder import (
    Compression,
    ImageSpec,
    Member,
    archive,
    compress,
    contents,
    digest,
    docker_legacy,
    docker_save,
    edit,
    hardlink,
    oci_archive,
    symlink,
    to_json,
)
from tests.image.opening import Told, error_of, fifo_of, opened
from tests.image.samples import DIALECTS, LOWER, SPEC, UPPER


@pytest.mark.parametrize("outer", ["", "gzip"])
@pytest.mark.parametrize(
    ("media_type", "gone", "problem"),
    [
        pytest.param("", True, "blobs/sha256/{} is not there", id="missing"),
        pytest.param(
            "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip",
            True,
            "it is foreign, only its address is given",
            id="foreign",
        ),
        pytest.param(
            "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip",
            True,
            "it is foreign, only its address is given",
            id="nondistributable",
        ),
        pytest.param("application/vnd.oci.image.layer.v1.tar+gzip+encrypted", False, "it is encrypted", id="encrypted"),
    ],
)
def test_the_others_are_shown_when_a_layer_cannot_be_read(
    outer: Compression, media_type: str, gone: bool, problem: str, tmp_path: Path
) -> None:
    spec = ImageSpec(layers=(LOWER, UPPER), media_types={0: media_type} if media_type else {})
    blob = digest(compress(LOWER, "gzip"))[7:]
    data = edit(oci_archive(spec), remove=[f"blobs/sha256/{blob}"] if gone else [])
    path = tmp_path / "image.tar"
    path.write_bytes(compress(data, outer))
    image, _ = opened(path)
    assert not image.complete
    assert image.layers[0].problem == problem.format(blob)
    assert (image.layers[0].stored_bytes, len(image.layers[0].changeset)) == (len(compress(LOWER, "gzip")), 0)
    assert image.layers[1].content_bytes == 604
    assert image.warnings == (f"layer 0 is left out: {problem.format(blob)}",)
    strict = error_of(path, strict=True)
    assert strict.message == f"layer 0 cannot be read: {problem.format(blob)}"


@pytest.mark.parametrize("outer", ["", "gzip"])
def test_an_empty_placeholder_is_no_layer(outer: Compression, tmp_path: Path) -> None:
    spec = ImageSpec(layers=(LOWER, UPPER))
    data = docker_legacy(spec)
    first = next(name for name, content in contents(data).items() if content == LOWER)
    path = tmp_path / "image.tar"
    path.write_bytes(compress(edit(data, replace={first: b""}), outer))
    image, _ = opened(path)
    assert [each.problem for each in image.layers] == ["the archive has only an empty file in its place", ""]


@pytest.mark.parametrize("outer", ["", "gzip"])
def test_layers_of_no_bytes_and_of_zeros_are_layers(outer: Compression, tmp_path: Path) -> None:
    path = tmp_path / "image.tar"
    path.write_bytes(compress(docker_save(ImageSpec(layers=(b"", bytes(1024), LOWER))), outer))
    image, _ = opened(path)
    assert image.complete
    assert [len(each.changeset) for each in image.layers] == [0, 0, 7]


@pytest.mark.parametrize("outer", ["", "gzip"])
@pytest.mark.parametrize(
    "dialect", ["docker_legacy", "docker_save", "skopeo_docker_archive", "oci gzip", "nix", "crane"]
)
def test_a_repeated_layer_counts_each_time(dialect: str, outer: Compression, tmp_path: Path) -> None:
    path = tmp_path / "image.tar"
    path.write_bytes(compress(DIALECTS[dialect](ImageSpec(layers=(LOWER, UPPER, LOWER))), outer))
    image, facts = opened(path)
    assert [each.content_bytes for each in image.layers] == [6000, 604, 6000]
    assert [each.index for each in image.layers] == [0, 1, 2]
    assert facts.hidden_bytes == (6000, 0, 0)
    assert [str(each.diff_id) for each in image.layers] == [digest(LOWER), digest(UPPER), digest(LOWER)]


def test_an_image_without_layers(tmp_path: Path) -> None:
    path = tmp_path / "image.tar"
    path.write_bytes(docker_save(ImageSpec(layers=())))
    image, facts = opened(path)
    assert (image.layers, image.docker_size, facts.live) == ((), 0, {})


def test_the_config_s_order_of_layers_is_the_right_one(tmp_path: Path, expected: Told) -> None:
    data = edit(docker_save(SPEC, wrong_order=True), remove=["manifest.json"])
    path = tmp_path / "image.tar"
    path.write_bytes(data)
    image, facts = opened(path)
    assert facts == expected
    assert image.warnings == (
        "the manifest has the layers in another order than the config; the config's order is used",
    )


def linked(*targets: tuple[str, str]) -> bytes:
    """An archive whose only layer is reached through these symlinks, the first of which the manifest names."""
    manifest = [{"Config": "config.json", "RepoTags": ["a:1"], "Layers": [targets[0][0]]}]
    spec = ImageSpec(layers=(LOWER,))
    links = [symlink(name, target) for name, target in targets]
    files = {"store/real.tar": LOWER, "config.json": spec.config_bytes, "manifest.json": to_json(manifest)}
    return archive([*links, *files.items()])


@pytest.mark.parametrize("outer", ["", "gzip"])
@pytest.mark.parametrize(
    ("targets", "readable"),
    [
        pytest.param((("id/layer.tar", "../store/real.tar"),), True, id="before its target"),
        pytest.param((("id/layer.tar", "second"), ("id/second", "../store/real.tar")), True, id="a chain"),
        pytest.param((("id/layer.tar", "/store/real.tar"),), True, id="absolute, inside the archive"),
        pytest.param((("id/layer.tar", "../../../../store/real.tar"),), True, id="the root is its own parent"),
        pytest.param((("id/layer.tar", "second"), ("id/second", "layer.tar")), False, id="a circle"),
        pytest.param((("id/layer.tar", "layer.tar"),), False, id="itself"),
        pytest.param((("id/layer.tar", "../../../../etc/passwd"),), False, id="out of the archive"),
        pytest.param((("id/layer.tar", "/etc/passwd"),), False, id="an absolute file of the machine"),
    ],
)
def test_links_to_layers(
    targets: tuple[tuple[str, str], ...], readable: bool, outer: Compression, tmp_path: Path
) -> None:
    path = tmp_path / "image.tar"
    path.write_bytes(compress(linked(*targets), outer))
    if readable:
        assert opened(path)[0].layers[0].content_bytes == 6000
    else:
        assert error_of(path).message == "layer 0 cannot be read: id/layer.tar is not there"


@pytest.mark.skipif(sys.platform == "win32", reason="making symlinks needs a privilege")
@pytest.mark.parametrize("target", ["/etc/passwd", "../../outside.tar", "layer.tar"])
def test_a_directory_s_links_lead_nowhere_outside(target: str, tmp_path: Path) -> None:
    (tmp_path / "outside.tar").write_bytes(LOWER)
    root = tmp_path / "image"
    (root / "id").mkdir(parents=True)
    (root / "id" / "layer.tar").symlink_to(target)
    manifest = [{"Config": "config.json", "RepoTags": None, "Layers": ["id/layer.tar"]}]
    (root / "manifest.json").write_bytes(to_json(manifest))
    (root / "config.json").write_bytes(ImageSpec(layers=(LOWER,)).config_bytes)
    assert error_of(root).message == "layer 0 cannot be read: id/layer.tar is not there"


@pytest.mark.parametrize("name", ["../outside.tar", "/etc/passwd", "a\0b", "../../../../../../etc/passwd"])
def test_a_directory_s_metadata_leads_nowhere_outside(name: str, tmp_path: Path) -> None:
    (tmp_path / "outside.tar").write_bytes(LOWER)
    root = tmp_path / "image"
    root.mkdir()
    (root / "manifest.json").write_bytes(to_json([{"Config": "config.json", "RepoTags": None, "Layers": [name]}]))
    (root / "config.json").write_bytes(ImageSpec(layers=(LOWER,)).config_bytes)
    assert error_of(root).message == f"layer 0 cannot be read: {name} is not there"


@pytest.mark.parametrize("form", ["docker", "plain", "gzip", "outer gzip"])
@pytest.mark.parametrize(
    ("data", "kind"),
    [
        pytest.param(b"hsqs" + b"s" * 5000, "a squashfs file system", id="squashfs"),
        pytest.param(bytes(1024) + b"\xe2\xe1\xf5\xe0" + b"e" * 5000, "an erofs file system", id="erofs"),
        pytest.param(bytes(1080) + b"\x53\xef" + b"e" * 5000, "an ext file system", id="ext4"),
        pytest.param(b"QFI\xfb" + bytes(5000), "a qcow2 disk image", id="qcow2"),
        pytest.param(b"PK\3\4" + bytes(30), "a zip archive", id="a short zip"),
        pytest.param(b'{"a": 1}', "a JSON document", id="JSON"),
        pytest.param(b"GGUF" + bytes(600), "a model", id="model"),
        pytest.param(b"\x04\x22\x4d\x18" + b"4" * 600, "lz4 data", id="lz4"),
        pytest.param(b"\x5d\0\0\x80\0" + b"\xff" * 600, "lzma data", id="lzma"),
        pytest.param(b"<html>404</html>" * 60, "a web page", id="an error of a proxy"),
        pytest.param(b"text\n" * 300, "", id="text"),
        pytest.param(b"hi", "", id="a short text"),
        pytest.param(zlib.compress(LOWER, 0), "", id="zlib"),
    ],
)
def test_a_layer_that_is_no_tar_is_named_and_left_out(data: bytes, kind: str, form: str, tmp_path: Path) -> None:
    spec = ImageSpec(layers=(LOWER, data), media_types={1: "application/vnd.example.layer"})
    path = tmp_path / "image.tar"
    if form in ("docker", "outer gzip"):
        path.write_bytes(compress(docker_save(spec), "gzip" if form == "outer gzip" else ""))
    else:
        path.write_bytes(oci_archive(spec, compression="gzip" if form == "gzip" else ""))
    image, _ = opened(path)
    problem = f"it is {kind}, not a tar archive" if kind else "it is not a tar archive"
    assert [layer.problem for layer in image.layers] == ["", problem]
    assert not image.complete
    assert isinstance(error_of(path, strict=True), ArchiveError)


@pytest.mark.parametrize("outer", ["", "gzip"])
def test_a_layer_that_is_compressed_twice_is_called_so(outer: Compression, tmp_path: Path) -> None:
    path = tmp_path / "image.tar"
    path.write_bytes(compress(oci_archive(ImageSpec(layers=(LOWER, compress(UPPER, "zstd")))), outer))
    image, _ = opened(path)
    assert [layer.problem for layer in image.layers] == ["", "it is zstd data, compressed twice, not a tar archive"]


@pytest.mark.parametrize("outer", ["", "gzip"])
def test_a_first_header_that_is_damaged_is_damage_in_every_form(outer: Compression, tmp_path: Path) -> None:
    path = tmp_path / "image.tar"
    path.write_bytes(compress(docker_legacy(ImageSpec(layers=(LOWER, b"x" + UPPER[1:]))), outer))
    image, _ = opened(path)
    assert [layer.problem[-32:] for layer in image.layers] == ["", ": a tar header fails its checksum"[1:]]


@pytest.mark.parametrize("link", [symlink, hardlink])
@pytest.mark.parametrize("outer", ["", "gzip"])
def test_blobs_may_be_links_to_files_elsewhere(
    link: Callable[..., Member], outer: Compression, tmp_path: Path, expected: Told
) -> None:
    files = contents(oci_archive(SPEC))
    blobs = [name for name in files if name.startswith("blobs/")]
    up = "../../" if link is symlink else ""
    data = archive(
        [
            *((name, content) for name, content in files.items() if name not in blobs),
            *(("store/" + name[-64:], files[name]) for name in blobs),
            *(link(name, f"{up}store/{name[-64:]}") for name in blobs),
        ]
    )
    path = tmp_path / "image.tar"
    path.write_bytes(compress(data, outer))
    image, facts = opened(path)
    assert facts == expected and image.warnings == ()


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="the system has no named pipes")
def test_what_is_not_kept_of_the_files_of_an_archive_is_no_warning(tmp_path: Path) -> None:
    """They are not files of the image; those of a root file system are."""
    files = contents(docker_legacy(SPEC))
    layers = [name for name in files if name.endswith("layer.tar")]
    moved = [(f"z{number}", files[name]) for number, name in enumerate(layers)]
    links = [hardlink(name, target) for name, (target, _) in zip(layers, moved, strict=True)]
    rest = [pair for pair in files.items() if pair[0] not in layers]
    wanted = (Wanted(paths=PathSet(names=("layer.tar",)), head=100),)
    found = []
    for data in (archive([*rest, *moved, *links]), archive([("readme.txt", b"1"), *moved, *links])):
        with fifo_of(data, tmp_path / "pipe") as pipe:
            found.append(opened(pipe, wanted=wanted)[0].warnings)
    assert not found[0] and "not looked at" in found[1][-1]


def test_a_document_whose_link_leads_to_no_blob_is_said_to_be_missing_from_a_stream(tmp_path: Path) -> None:
    files = contents(docker_legacy(SPEC))
    config = next(name for name in files if name.endswith(".json") and name != "manifest.json")
    data = archive(
        [*((n, c) for n, c in files.items() if n != config), ("store/it", files[config]), symlink(config, "store/it")]
    )
    path = tmp_path / "image.tar"
    path.write_bytes(data)
    assert opened(path)[0].complete
    path.write_bytes(compress(data, "gzip"))
    error = error_of(path)
    assert error.message == f"{config} is a link to /store/it, which was not kept while the archive passed"
    assert "file that is not compressed" in error.hint


@pytest.mark.parametrize("outer", ["", "gzip"])
def test_directories_of_an_archive_may_be_links(outer: Compression, tmp_path: Path, expected: Told) -> None:
    data = edit(oci_archive(SPEC), prefix="real/", remove=["blobs/", "blobs/sha256/"])
    links = [
        symlink("blobs", "real/blobs"),
        symlink("index.json", "/real/index.json"),
        hardlink("oci-layout", "real/oci-layout"),
    ]
    path = tmp_path / "image.tar"
    path.write_bytes(compress(edit(data, add=links), outer))
    assert opened(path)[1] == expected


@pytest.mark.parametrize("compression", ["", "gzip"])
def test_other_data_behind_zeros_are_no_empty_layer(compression: Compression, tmp_path: Path) -> None:
    path = tmp_path / "image.tar"
    path.write_bytes(oci_archive(ImageSpec(layers=(LOWER, bytes(32_768) + b"\1CD001")), compression=compression))
    image, _ = opened(path)
    assert image.layers[1].problem.endswith("offset 32,768: not a tar: other data behind zeros")
    assert not image.complete
