"""What is no image is told in one line, with a hint."""

import io
import os
from pathlib import Path

import pytest

from layerscope.errors import ArchiveError, NotAnImage
from layerscope.image.open import open_image
from layerscope.image.options import ReadOptions
from tests.builder import Compression, compress, directory, docker_save, file, helm_chart, layer, with_document
from tests.image.opening import error_of, fifo_of
from tests.image.samples import LOWER, SPEC


def test_a_helm_chart_is_called_one(tmp_path: Path) -> None:
    path = tmp_path / "chart.tar"
    path.write_bytes(helm_chart())
    error = error_of(path)
    assert isinstance(error, NotAnImage)
    assert error.message == "this is a Helm chart (application/vnd.cncf.helm.config.v1+json), not a container image"


@pytest.mark.parametrize(
    ("media_type", "name"),
    [
        ("application/vnd.dev.cosign.simplesigning.v1+json", "a cosign signature"),
        ("application/vnd.dsse.envelope.v1+json", "an attestation"),
        ("application/vnd.in-toto+json", "an attestation"),
    ],
)
def test_what_signs_or_attests_an_image_is_none(tmp_path: Path, media_type: str, name: str) -> None:
    path = tmp_path / "signature.tar"
    path.write_bytes(with_document(media_type=media_type))
    error = error_of(path)
    assert isinstance(error, NotAnImage)
    assert error.message == f"this is {name} ({media_type}), not a container image"
    path.write_bytes(with_document(SPEC, media_type=media_type))
    with open_image(str(path), ReadOptions()) as image:
        assert len(image.layers) == len(SPEC.layers)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        pytest.param(b"", "{} is empty", id="empty"),
        pytest.param(b"FROM debian\n" * 80, "{} is not a tar archive", id="text"),
        pytest.param(b"FROM", "{} is not a tar archive", id="short text"),
        pytest.param(b' {"schemaVersion": 2}', "{} is a JSON document, not a container image", id="JSON"),
        pytest.param(b"PK\3\4" + bytes(600), "{} is a zip archive, not a container image", id="zip"),
        pytest.param(b"\x89PNG\r\n\x1a\n" + bytes(600), "{} is a picture, not a container image", id="picture"),
        pytest.param(b"\x7fELF" + bytes(600), "{} is a program, not a container image", id="program"),
        pytest.param(bytes(1024), "{} is an empty tar", id="empty tar"),
        pytest.param(
            layer(file("blobs/sha256/" + "a" * 64, b"x")),
            "{} holds layers, but neither manifest.json nor index.json",
            id="no metadata",
        ),
        pytest.param(
            layer(file("a" * 64 + "/layer.tar", LOWER), file("repositories", b"{}")),
            "{} holds layers, but neither manifest.json nor index.json",
            id="docker before 1.10",
        ),
        pytest.param(
            layer(directory("out"), file("out/app.tar.gz", b"x"), file("out/b.tar", b"y")),
            "{} is a tar of other archives, such as out/app.tar.gz",
            id="a tar of tars",
        ),
        pytest.param(layer(file("manifest.json", b"[]")), "manifest.json names no image", id="no image"),
        pytest.param(layer(file("index.json", b'{"manifests":[]}')), "index.json names no image", id="no manifest"),
    ],
)
@pytest.mark.parametrize("outer", ["", "gzip", "zstd"])
def test_what_is_no_image_is_told_in_one_line(data: bytes, message: str, outer: Compression, tmp_path: Path) -> None:
    path = tmp_path / "thing"
    path.write_bytes(compress(data, outer))
    error = error_of(path)
    assert isinstance(error, NotAnImage)
    assert error.message == message.format(path)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="the system has no named pipes")
@pytest.mark.parametrize(("data", "message"), [(b"", "{} is empty"), (b"text", "{} is not a tar archive")])
def test_what_is_no_image_is_told_of_a_pipe(data: bytes, message: str, tmp_path: Path) -> None:
    with fifo_of(data, tmp_path / "pipe") as pipe:
        assert error_of(pipe).message == message.format(pipe)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    path = tmp_path / "missing.tar"
    error = error_of(path)
    assert (error.message, error.hint) == (
        f"there is no file {path}",
        "save an image with: docker save NAME -o image.tar",
    )
    assert error.exit_code == 3


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read everything")
def test_a_file_without_permission(tmp_path: Path) -> None:
    path = tmp_path / "image.tar"
    path.write_bytes(docker_save(SPEC))
    path.chmod(0)
    assert error_of(path).message == f"no permission to read {path}"


def test_a_file_that_the_system_refuses(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "image.tar"
    path.write_bytes(docker_save(SPEC))

    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(io, "FileIO", refuse)
    error = error_of(path)
    assert isinstance(error, ArchiveError)
    assert error.message == f"no permission to read {path}"


def test_a_directory_without_an_image(tmp_path: Path) -> None:
    error = error_of(tmp_path)
    assert isinstance(error, NotAnImage)
    assert error.message == f"{tmp_path} is a directory that holds no image"
    assert error.hint == "an OCI layout has index.json, an unpacked docker archive has manifest.json"
