"""Every dialect, from a file, a pipe, a directory or a compressed stream, tells the same image."""

import io
import os
import sys
import tarfile
from pathlib import Path

import pytest

from layerscope.image.open import open_image
from layerscope.image.options import ReadOptions
from layerscope.model.entry import Fate
from layerscope.model.image import Image
from tests.builder import Compression, compress, digest, docker_save, oci_archive, oci_layout_directory
from tests.image.opening import Told, error_of, fifo_of, opened
from tests.image.samples import COPY, DIALECTS, LOWER, OUTER, SPEC, UPPER


def test_layers_entries_totals_and_fates_are_what_was_written(expected: Told) -> None:
    assert expected.diff_ids == SPEC.diff_ids
    assert [each["content_bytes"] for each in expected.layers] == [6000, 604, 2004]
    assert expected.docker_size == 6000 + 604 + 2004 + len("bin/tool")
    assert expected.hidden_bytes == (6000, 0, 0)
    assert expected.contents[0] == (None, b"tool" * 500, None, None, None, b"o" * 4000, b"")
    assert [Fate(fate).name for fate in expected.fates] == [
        *("LIVE", "DELETED", "OVERWRITTEN", "LIVE", "OVERWRITTEN", "DELETED", "LIVE"),
        *("MARKER", "LIVE", "MARKER", "LIVE", "LIVE"),
        *("LIVE", "LIVE"),
    ]
    assert sorted(expected.live) == [
        *("/bin", "/bin/tool2", "/cache", "/cache/new", "/empty", "/etc/key", "/gone.txt", "/sh"),
    ]


def says_the_same(image: Image, facts: Told, expected: Told) -> None:
    """Facts are equal, and what the config says is read."""
    assert facts == expected
    assert image.complete
    assert image.config.env == ("A=b",)
    assert image.config.cmd == ("run",)
    assert [entry.created_by for entry in image.config.history] == [entry["created_by"] for entry in SPEC.history or ()]
    assert image.image_id == SPEC.image_id


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_dialect_in_a_file(dialect: str, tmp_path: Path, expected: Told) -> None:
    path = tmp_path / "image.tar"
    path.write_bytes(DIALECTS[dialect](SPEC))
    says_the_same(*opened(path), expected)


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_dialect_proven_by_its_diff_ids(dialect: str, tmp_path: Path, expected: Told) -> None:
    path = tmp_path / "image.tar"
    path.write_bytes(DIALECTS[dialect](SPEC))
    image, facts = opened(path, verify=True)
    says_the_same(image, facts, expected)
    assert {each.verified for each in image.layers} == {"contents"}


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="the system has no named pipes")
@pytest.mark.parametrize("step", [1 << 16, 700])
@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_dialect_through_a_pipe(dialect: str, step: int, tmp_path: Path, expected: Told) -> None:
    with fifo_of(DIALECTS[dialect](SPEC), tmp_path / "pipe", step=step) as pipe:
        says_the_same(*opened(pipe), expected)


@pytest.mark.parametrize("outer", OUTER)
@pytest.mark.parametrize("dialect", ["docker_legacy", "docker_save", "oci gzip", "nix", "jib", "skopeo_docker_archive"])
def test_a_dialect_compressed_as_a_whole(dialect: str, outer: Compression, tmp_path: Path, expected: Told) -> None:
    path = tmp_path / "image"
    path.write_bytes(compress(DIALECTS[dialect](SPEC), outer))
    says_the_same(*opened(path), expected)


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_dialect_unpacked_into_a_directory(dialect: str, tmp_path: Path, expected: Told) -> None:
    with tarfile.open(fileobj=io.BytesIO(DIALECTS[dialect](SPEC))) as tar:
        tar.extractall(tmp_path, filter="fully_trusted")
    says_the_same(*opened(tmp_path), expected)


@pytest.mark.parametrize("compression", ["", "gzip", "zstd"])
def test_a_layout_directory(compression: Compression, tmp_path: Path, expected: Told) -> None:
    oci_layout_directory(tmp_path, SPEC, compression=compression)
    image, facts = opened(tmp_path)
    says_the_same(image, facts, expected)
    assert image.format == "oci-layout"


def test_standard_input(tmp_path: Path, expected: Told, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "image.tar"
    path.write_bytes(docker_save(SPEC))
    with path.open() as stream:
        monkeypatch.setattr(sys, "stdin", stream)
        image, facts = opened("-")
    says_the_same(image, facts, expected)
    assert image.source == "standard input"


def test_closed_standard_input_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", None)
    assert error_of("-").message == "standard input is closed"


@pytest.mark.parametrize(
    ("dialect", "form", "tags"),
    [
        pytest.param("docker_legacy", "docker-archive", ("app:1", "app:latest"), id="docker before 25"),
        pytest.param("docker_save", "docker-archive", ("app:1", "app:latest"), id="docker from 25 on"),
        pytest.param("oci gzip", "oci-archive", ("app:1", "app:latest"), id="oci-archive"),
        pytest.param("ctr", "oci-archive", ("docker.io/library/app:1", "docker.io/library/app:latest"), id="ctr"),
    ],
)
def test_the_dialect_and_the_tags_are_told(dialect: str, form: str, tags: tuple[str, ...], tmp_path: Path) -> None:
    path = tmp_path / "image.tar"
    path.write_bytes(DIALECTS[dialect](SPEC))
    image, _ = opened(path)
    assert (image.format, image.tags, image.source) == (form, tags, str(path))


def test_stored_bytes_and_compression_are_of_the_blob(tmp_path: Path) -> None:
    path = tmp_path / "image.tar"
    path.write_bytes(oci_archive(SPEC, compression=("gzip", "zstd", "")))
    image, _ = opened(path)
    assert [each.compression for each in image.layers] == ["gzip", "zstd", ""]
    assert [each.stored_bytes for each in image.layers] == [
        len(compress(LOWER, "gzip")),
        len(compress(UPPER, "zstd")),
        len(COPY),
    ]
    assert [each.tar_bytes for each in image.layers] == [len(LOWER), len(UPPER), len(COPY)]
    assert [str(each.digest) for each in image.layers][2] == digest(COPY)
    assert [each.verified for each in image.layers] == ["contents", "contents", "headers"]


def test_contents_of_a_plain_archive_can_be_read_without_having_been_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "image.tar"
    path.write_bytes(docker_save(SPEC))
    with open_image(str(path), ReadOptions()) as image:
        assert image.layers[0].contents.read(1, 4, 8) == b"tooltool"


def test_contents_of_a_compressed_layer_are_kept_only_where_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "image.tar"
    path.write_bytes(oci_archive(SPEC))
    with open_image(str(path), ReadOptions()) as image:
        assert [image.layers[0].contents.read(index) for index in (1, 6)] == [None, b""]


@pytest.mark.parametrize("choices", [{}, {"verify": True}], ids=["headers", "verify"])
def test_progress_counts_the_bytes_read(choices: dict[str, bool], tmp_path: Path) -> None:
    path = tmp_path / "image.tar"
    path.write_bytes(docker_save(SPEC))
    steps: list[int] = []
    opened(path, progress=steps.append, **choices)
    assert sum(steps) == len(LOWER) + len(UPPER) + len(COPY)
