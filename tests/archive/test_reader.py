"""Every dialect, from a file, a pipe, a directory or a compressed stream, tells the same image."""

import io
import os
import sys
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from layerscope.archive.reader import open_image
from layerscope.archive.reading import Reading
from layerscope.errors import AmbiguousImage, ArchiveError, Damaged, LimitExceeded, NotAnImage, UsageError
from layerscope.model.entry import Fate
from layerscope.model.image import Image
from layerscope.model.limits import Limits
from layerscope.model.platform import Platform
from tests.archive.opening import Told, error_of, fifo_of, opened
from tests.builder import (
    Compression,
    ImageSpec,
    archive,
    compress,
    containerd,
    contents,
    crane,
    digest,
    directory,
    docker_legacy,
    docker_save,
    edit,
    file,
    hardlink,
    helm_chart,
    jib,
    layer,
    nix,
    oci_archive,
    oci_layout_directory,
    opaque,
    rootfs,
    rules_oci,
    skopeo_docker_archive,
    symlink,
    to_json,
    whiteout,
)

LOWER = layer(
    directory("bin"),
    file("bin/tool", b"tool" * 500, mode=0o755),
    hardlink("bin/tool2", "bin/tool"),
    symlink("sh", "bin/tool"),
    directory("cache"),
    file("cache/old", b"o" * 4000),
    file("empty"),
)
UPPER = layer(
    whiteout("bin/tool"), directory("cache"), opaque("cache"), file("cache/new", b"n" * 600), file("etc/key", b"k=v\n")
)
COPY = layer(file("bin/tool2", b"tool" * 500, mode=0o700), file("gone.txt", b"here"))
SPEC = ImageSpec(
    layers=(LOWER, UPPER, COPY),
    tags=("app:1", "app:latest"),
    history=({"created_by": "COPY a / # buildkit"}, {"created_by": "RUN b # buildkit"}, {"created_by": "COPY c /"}),
    env=("A=b",),
    cmd=("run",),
)
OTHER = ImageSpec(layers=(COPY,), tags=("other:1",), architecture="arm64", variant="v8")
STATEMENT = {"_type": "https://in-toto.io/Statement/v0.1", "predicateType": "https://slsa.dev/provenance/v0.2"}

DIALECTS: dict[str, Callable[[ImageSpec], bytes]] = {
    "docker_legacy": docker_legacy,
    "docker_save": docker_save,
    "docker_save 25.0.0": lambda spec: docker_save(spec, wrong_order=True),
    "skopeo_docker_archive": skopeo_docker_archive,
    "crane": crane,
    "crane zstd": lambda spec: crane(spec, compression="zstd"),
    "crane plain": lambda spec: crane(spec, compression=""),
    "nix": nix,
    "jib": jib,
    "rules_oci": rules_oci,
    "rules_oci zstd": lambda spec: rules_oci(spec, compression="zstd"),
    "containerd": containerd,
    "containerd mixed": lambda spec: containerd(spec, compression=("", "gzip", "zstd")),
    "containerd nested": lambda spec: containerd(spec, nested=True, attestations=(STATEMENT,)),
    "ctr": lambda spec: containerd(spec, manifest_json=False),
    "oci gzip": oci_archive,
    "oci plain": lambda spec: oci_archive(spec, compression=""),
    "oci zstd": lambda spec: oci_archive(spec, compression="zstd"),
    "oci eStargz": lambda spec: oci_archive(spec, compression="gzip-members"),
    "oci zstd:chunked": lambda spec: oci_archive(spec, compression="zstd-frames"),
    "oci xz and bzip2": lambda spec: oci_archive(spec, compression=("xz", "bzip2")),
    "oci with dots": lambda spec: edit(oci_archive(spec), prefix="./"),
    "oci reversed": lambda spec: edit(oci_archive(spec), order="reversed"),
    "docker reversed": lambda spec: edit(docker_legacy(spec), order="reversed"),
}
OUTER: tuple[Compression, ...] = ("", "gzip", "zstd", "xz", "bzip2", "gzip-members", "zstd-frames")


@pytest.fixture(scope="module")
def expected(tmp_path_factory: pytest.TempPathFactory) -> Told:
    """The facts of SPEC; the first test proves them to be right."""
    path = tmp_path_factory.mktemp("expected") / "image.tar"
    path.write_bytes(docker_legacy(SPEC))
    return opened(path)[1]


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
    with open_image(str(path), Reading()) as image:
        assert image.layers[0].contents.read(1, 4, 8) == b"tooltool"


def test_contents_of_a_compressed_layer_are_kept_only_where_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "image.tar"
    path.write_bytes(oci_archive(SPEC))
    with open_image(str(path), Reading()) as image:
        assert [image.layers[0].contents.read(index) for index in (1, 6)] == [None, b""]


@pytest.mark.parametrize("choices", [{}, {"verify": True}], ids=["headers", "verify"])
def test_progress_counts_the_bytes_read(choices: dict[str, bool], tmp_path: Path) -> None:
    path = tmp_path / "image.tar"
    path.write_bytes(docker_save(SPEC))
    steps: list[int] = []
    opened(path, progress=steps.append, **choices)
    assert sum(steps) == len(LOWER) + len(UPPER) + len(COPY)


# Several images, several platforms


MANY = {
    "docker_legacy": docker_legacy,
    "docker_save": docker_save,
    "skopeo_docker_archive": skopeo_docker_archive,
    "oci_archive": oci_archive,
    "containerd": containerd,
}


@pytest.mark.parametrize("dialect", MANY)
@pytest.mark.parametrize("outer", ["", "gzip"])
@pytest.mark.parametrize(
    ("asked", "found"),
    [
        pytest.param("app:1", SPEC, id="name"),
        pytest.param("app:latest", SPEC, id="another name"),
        pytest.param("app", SPEC, id="repository"),
        pytest.param("other", OTHER, id="repository of one tag"),
        pytest.param("0", SPEC, id="index"),
        pytest.param("1", OTHER, id="next index"),
        pytest.param(SPEC.image_id, SPEC, id="id"),
        pytest.param(OTHER.image_id[7:19], OTHER, id="start of an id"),
        pytest.param(OTHER.image_id[:16], OTHER, id="start of an id with its algorithm"),
    ],
)
def test_one_of_several_images_can_be_picked(
    dialect: str, outer: Compression, asked: str, found: ImageSpec, tmp_path: Path
) -> None:
    path = tmp_path / "image.tar"
    path.write_bytes(compress(MANY[dialect](SPEC, OTHER), outer))
    assert opened(path, image=asked)[0].image_id == found.image_id


@pytest.mark.parametrize("dialect", MANY)
def test_several_images_are_listed_when_none_is_picked(dialect: str, tmp_path: Path) -> None:
    path = tmp_path / "image.tar"
    path.write_bytes(MANY[dialect](SPEC, OTHER))
    error = error_of(path)
    assert isinstance(error, AmbiguousImage)
    first, *lines = error.message.splitlines()
    assert first == "the archive holds 2 images:"
    assert [line.split()[0] for line in lines] == ["0", "1"]
    assert "app:1" in lines[0] and SPEC.image_id[7:19] in lines[0]
    assert "other:1" in lines[1] and OTHER.image_id[7:19] in lines[1]
    assert error.hint == "pick one with --image NAME|INDEX"


@pytest.mark.parametrize(
    ("asked", "problem"),
    [
        pytest.param("third", "no image in the archive is called 'third'; it holds:", id="no such name"),
        pytest.param("7", "no image in the archive is called '7'; it holds:", id="no such index"),
        pytest.param("abc", "no image in the archive is called 'abc'; it holds:", id="too short for an id"),
    ],
)
def test_a_name_that_is_not_there_is_answered_with_the_list(asked: str, problem: str, tmp_path: Path) -> None:
    path = tmp_path / "image.tar"
    path.write_bytes(docker_save(SPEC, OTHER))
    error = error_of(path, image=asked)
    assert isinstance(error, UsageError)
    assert error.message.splitlines()[0] == problem
    assert len(error.message.splitlines()) == 3


ARM = ImageSpec(layers=(COPY,), tags=("app:1",), architecture="arm64", variant="v8")
S390 = ImageSpec(layers=(LOWER,), tags=("app:1",), architecture="s390x")
AMD = ImageSpec(layers=(UPPER,), tags=("app:1",))


def multi_platform(*specs: ImageSpec) -> dict[str, bytes]:
    return {
        "with manifest.json": containerd(*specs, nested=True, attestations=(STATEMENT,)),
        "without": containerd(*specs, nested=True, attestations=(STATEMENT,), manifest_json=False),
    }


@pytest.mark.parametrize("form", ["with manifest.json", "without"])
@pytest.mark.parametrize(
    ("asked", "found"),
    [("linux/arm64", ARM), ("arm64", ARM), ("linux/arm64/v8", ARM), ("linux/amd64", AMD), ("s390x", S390)],
)
def test_a_platform_can_be_picked(form: str, asked: str, found: ImageSpec, tmp_path: Path) -> None:
    path = tmp_path / "image.tar"
    path.write_bytes(multi_platform(AMD, ARM, S390)[form])
    image, _ = opened(path, platform=Platform.parse(asked))
    assert image.image_id == found.image_id
    assert image.config.platform.architecture == found.architecture


@pytest.mark.parametrize("machine", ["x86_64", "aarch64", "s390x"])
def test_without_a_choice_the_machine_s_platform_is_taken(
    machine: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("platform.machine", lambda: machine)
    path = tmp_path / "image.tar"
    path.write_bytes(multi_platform(AMD, ARM, S390)["without"])
    image, _ = opened(path)
    assert image.config.platform.architecture == {"x86_64": "amd64", "aarch64": "arm64", "s390x": "s390x"}[machine]


def test_platforms_are_listed_when_none_is_the_machine_s(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("platform.machine", lambda: "riscv64")
    path = tmp_path / "image.tar"
    path.write_bytes(multi_platform(AMD, ARM)["without"])
    error = error_of(path)
    assert isinstance(error, AmbiguousImage)
    assert (error.message, error.hint) == (
        "the image is for linux/amd64, linux/arm64/v8",
        "pick one with --platform",
    )


def test_a_platform_that_is_not_there_is_answered_with_the_list(tmp_path: Path) -> None:
    path = tmp_path / "image.tar"
    path.write_bytes(multi_platform(AMD, ARM)["without"])
    error = error_of(path, platform=Platform.parse("windows/amd64"))
    assert isinstance(error, UsageError)
    assert error.message == "the archive holds no image for windows/amd64; there is linux/amd64, linux/arm64/v8"


def test_the_only_platform_is_taken_whatever_the_machine_is(tmp_path: Path) -> None:
    path = tmp_path / "image.tar"
    path.write_bytes(containerd(S390, nested=True, attestations=(STATEMENT,), manifest_json=False))
    image, _ = opened(path)
    assert image.image_id == S390.image_id


def test_attestations_are_kept_and_are_no_platform(tmp_path: Path) -> None:
    path = tmp_path / "image.tar"
    path.write_bytes(containerd(S390, attestations=(STATEMENT,)))
    image, _ = opened(path)
    assert image.attestations == (STATEMENT,)


def test_attestations_are_kept_through_a_pipe(tmp_path: Path) -> None:
    path = tmp_path / "image.tar.gz"
    path.write_bytes(compress(containerd(S390, attestations=(STATEMENT,)), "gzip"))
    assert opened(path)[0].attestations == (STATEMENT,)


def test_platforms_that_were_left_out_of_the_archive_do_not_count(tmp_path: Path) -> None:
    data = containerd(AMD, ARM, nested=True, manifest_json=False)
    absent = [name for name, content in contents(data).items() if content in (ARM.config_bytes, compress(COPY, "gzip"))]
    path = tmp_path / "image.tar"
    path.write_bytes(edit(data, remove=absent))
    assert opened(path)[0].image_id == AMD.image_id


# What is no image


def test_a_helm_chart_is_called_one(tmp_path: Path) -> None:
    path = tmp_path / "chart.tar"
    path.write_bytes(helm_chart())
    error = error_of(path)
    assert isinstance(error, NotAnImage)
    assert error.message == "this is a Helm chart (application/vnd.cncf.helm.config.v1+json), not a container image"


@pytest.mark.parametrize(
    ("data", "message"),
    [
        pytest.param(b"", "{} is empty", id="empty"),
        pytest.param(b"FROM debian\n" * 80, "{} is no tar archive, not a container image", id="text"),
        pytest.param(b"FROM", "{} is no tar archive, not a container image", id="short text"),
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
@pytest.mark.parametrize(
    ("data", "message"), [(b"", "{} is empty"), (b"text", "{} is no tar archive, not a container image")]
)
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
    assert error.message == f"the directory {tmp_path} holds no image"
    assert error.hint == "an OCI layout has index.json, an unpacked docker archive has manifest.json"


# Root file systems


ROOT = rootfs(
    directory("./"), directory("./etc"), file("./etc/passwd", b"root"), file("./app.json", b"{}"), symlink("./l", "etc")
)


@pytest.mark.parametrize("outer", OUTER)
def test_a_root_file_system_is_one_layer(outer: Compression, tmp_path: Path) -> None:
    path = tmp_path / "root.tar"
    path.write_bytes(compress(ROOT, outer))
    image, facts = opened(path)
    assert (image.format, len(image.layers), image.name) == ("rootfs", 1, str(path))
    assert sorted(facts.live) == ["/", "/app.json", "/etc", "/etc/passwd", "/l"]
    assert image.docker_size == 9
    assert image.layers[0].tar_bytes == len(ROOT)
    assert image.warnings == ("this is a root file system without config or layers; all of it is shown as one layer",)
    assert facts.contents[0][2] == b"root"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="the system has no named pipes")
@pytest.mark.parametrize(
    "data",
    [
        pytest.param(ROOT, id="usual"),
        pytest.param(
            rootfs(file("app.tar", LOWER), file("etc/passwd", b"root"), file("x.json", b"[]")), id="a tar inside"
        ),
        pytest.param(rootfs(file("package.json", b"{}"), file("src/package.json", b"[1]")), id="JSON inside"),
    ],
)
def test_a_root_file_system_through_a_pipe_is_that_of_the_file(data: bytes, tmp_path: Path) -> None:
    path = tmp_path / "root.tar"
    path.write_bytes(data)
    image, facts = opened(path)
    with fifo_of(data, tmp_path / "pipe") as pipe:
        piped, others = opened(pipe)
    assert (others.layers, others.live, others.fates) == (facts.layers, facts.live, facts.fates)
    assert (piped.docker_size, piped.format, piped.warnings) == (image.docker_size, image.format, image.warnings)


def test_a_root_file_system_has_no_image_to_pick(tmp_path: Path) -> None:
    path = tmp_path / "root.tar"
    path.write_bytes(ROOT)
    assert error_of(path, image="app").message == f"{path} is a root file system and holds no image to pick"


# Layers that are odd or absent


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


# What contradicts itself


@pytest.mark.parametrize("diff_ids", [None, [], [digest(LOWER)]], ids=["no rootfs", "none", "too few"])
def test_missing_diff_ids_leave_the_layers_readable(diff_ids: list[str] | None, tmp_path: Path) -> None:
    extra: dict[str, object] = {"rootfs": None if diff_ids is None else {"type": "layers", "diff_ids": diff_ids}}
    path = tmp_path / "image.tar"
    path.write_bytes(docker_legacy(ImageSpec(layers=(LOWER, UPPER), config_extra=extra)))
    image, _ = opened(path)
    assert [each.content_bytes for each in image.layers] == [6000, 604]
    assert image.layers[1].diff_id is None
    assert image.warnings == (f"the manifest has 2 layers, the config {len(diff_ids or ())} diff_ids",)


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
def test_a_wrong_diff_id_is_damage_where_the_content_is_read(data: bytes, verify: bool, tmp_path: Path) -> None:
    path = tmp_path / "image.tar"
    path.write_bytes(data)
    error = error_of(path, verify=verify)
    assert isinstance(error, Damaged)
    assert error.message.startswith("layer 1 (")
    assert error.message.endswith(
        f"the content is not what its diff_id says: {digest(UPPER)} instead of {digest(COPY)}"
    )


def test_a_repeated_layer_is_proven_against_each_of_its_diff_ids(tmp_path: Path) -> None:
    diff_ids = [digest(LOWER), digest(COPY)]
    spec = ImageSpec(layers=(LOWER, LOWER), config_extra={"rootfs": {"type": "layers", "diff_ids": diff_ids}})
    path = tmp_path / "image.tar"
    path.write_bytes(oci_archive(spec))
    assert isinstance(error_of(path), Damaged)


def test_a_plain_layer_is_not_called_proven_when_only_its_headers_were_read(tmp_path: Path) -> None:
    path = tmp_path / "image.tar"
    path.write_bytes(docker_legacy(WRONG))
    image, _ = opened(path)
    assert [each.verified for each in image.layers] == ["headers", "headers"]


@pytest.mark.parametrize("writer", [docker_legacy, docker_save, oci_archive])
@pytest.mark.parametrize("outer", ["", "gzip"])
def test_a_config_with_another_digest_is_damage(
    writer: Callable[..., bytes], outer: Compression, tmp_path: Path
) -> None:
    data = writer(SPEC)
    name = next(name for name, content in contents(data).items() if content == SPEC.config_bytes)
    path = tmp_path / "image.tar"
    path.write_bytes(compress(edit(data, replace={name: SPEC.config_bytes + b" "}), outer))
    error = error_of(path)
    assert isinstance(error, Damaged)
    assert error.message == f"{name}: its content does not have the digest of its name"


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
        pytest.param(b"[" * 200 + b"]" * 200, "manifest.json: the JSON is nested too deep", id="deep"),
        pytest.param(b"[" * 200_000, "manifest.json: ", id="very deep"),
    ],
)
def test_wrong_metadata_is_told_with_its_place(manifest: bytes, message: str, tmp_path: Path) -> None:
    path = tmp_path / "image.tar"
    path.write_bytes(layer(file("manifest.json", manifest)))
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


def test_metadata_longer_than_the_limit_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "image.tar"
    path.write_bytes(docker_legacy(SPEC))
    error = error_of(path, limits=Limits(json_bytes=10))
    assert isinstance(error, LimitExceeded)
    assert error.hint == "raise --limit json_bytes"


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
        "data behind the end of the tar; no engine would unpack it"
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


# Archives that end early


WHOLE = docker_save(ImageSpec(layers=(LOWER, UPPER)))


@pytest.mark.parametrize("writer", [docker_legacy, docker_save, oci_archive, skopeo_docker_archive])
def test_a_cut_archive_ends_in_a_clear_error(writer: Callable[..., bytes], tmp_path: Path) -> None:
    """Cut at each border of blocks; where only the end marker is missing, the image is whole."""
    data = writer(ImageSpec(layers=(LOWER, UPPER)))
    whole = tmp_path / "whole.tar"
    whole.write_bytes(data)
    facts = opened(whole)[1]
    path = tmp_path / "cut.tar"
    for end in range(0, len(data), 512):
        path.write_bytes(data[:end])
        try:
            image, cut = opened(path)
        except ArchiveError as error:
            assert str(path) in error.message or "is not in the archive" in error.message, error.message
            continue
        assert cut == facts or not image.complete


@pytest.mark.parametrize("step", [97, 512])
@pytest.mark.parametrize("outer", ["gzip", "zstd", "xz", "bzip2"])
def test_a_cut_stream_ends_in_a_clear_error(outer: Compression, step: int, tmp_path: Path) -> None:
    data = compress(WHOLE, outer)
    path = tmp_path / "cut.tar"
    for end in range(step, len(data) - 40, step):
        path.write_bytes(data[:end])
        error = error_of(path)
        assert isinstance(error, ArchiveError)
        assert str(path) in error.message


@pytest.mark.parametrize("outer", ["gzip", "zstd", "xz", "bzip2"])
def test_a_damaged_stream_ends_in_a_clear_error_or_is_proven_whole(outer: Compression, tmp_path: Path) -> None:
    facts = None
    path = tmp_path / "damaged.tar"
    for place in range(0, len(compress(WHOLE, outer)), 61):
        data = bytearray(compress(WHOLE, outer))
        data[place] ^= 0x55
        path.write_bytes(data)
        try:
            _, facts = opened(path)
        except ArchiveError:
            continue
        assert facts.diff_ids == (digest(LOWER), digest(UPPER))


@pytest.mark.parametrize("compression", ["gzip", "zstd"])
def test_a_damaged_layer_is_left_out_with_its_name_and_offset(compression: Compression, tmp_path: Path) -> None:
    good, bad = compress(LOWER, compression), compress(UPPER, compression)
    spec = ImageSpec(layers=(LOWER, UPPER))
    data = oci_archive(spec, compression=compression)
    name = "blobs/sha256/" + digest(bad)[7:]
    path = tmp_path / "image.tar"
    path.write_bytes(edit(data, replace={name: bad[: len(bad) // 2]}))
    image, _ = opened(path)
    assert image.layers[0].stored_bytes == len(good)
    assert image.layers[1].problem.startswith(f"layer 1 ({name}), offset ")
    assert f"the {compression} stream" in image.layers[1].problem
