"""The archives in fixtures/, which real tools wrote, say what fixtures/README.md and the engine say of them."""

import io
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from layerscope.errors import AmbiguousImage
from layerscope.filesystem.tree import Filesystem
from layerscope.image.layer import read_stream
from layerscope.image.open import open_image
from layerscope.image.options import ReadOptions
from layerscope.model.entry import Fate
from layerscope.model.platform import Platform
from tests.image.opening import Told, error_of, opened
from tests.image.peers import GNU_TAR, by_gnu_tar, by_tarfile, ours
from tests.image.truth import exported, history_bytes, inspected, merged, step_bytes

FIXTURES = Path(__file__).parent.parent.parent / "fixtures"
ENGINES_OWN = ("tiny-legacy.tar", "tiny-builder.tar", "tiny-buildkit.tar", "notes-v1.tar.zst", "notes-build1.tar.zst")
TINY_LEGACY = (
    "tiny-legacy.tar",
    "tiny-legacy.tar.gzip",
    "tiny-legacy.tar.zstd",
    "tiny-legacy.tar.xz",
    "tiny-legacy.tar.bzip2",
    "containerd.tar",
    "ctr-oci-gzip.tar",
    "podman-docker-archive.tar",
    "podman-oci-archive.tar",
    "skopeo-docker-archive.tar",
    "skopeo-oci-gzip.tar",
    "skopeo-oci-zstd.tar",
    "skopeo-oci-zstd-chunked.tar",
    "skopeo-oci-layout",
    "skopeo-oci-layout-tarred.tar",
)
SEVERAL = {"several.tar": ("tiny:legacy", "tiny:builder", "tiny:buildkit"), "podman-several.tar": ("legacy", "builder")}
LAYER_BYTES = [30_096, 9_104, 9_000, 5_100, 600, 9_000, 800]


@pytest.fixture(scope="module")
def legacy() -> Told:
    return opened(FIXTURES / "tiny-legacy.tar")[1]


@pytest.mark.parametrize("name", ENGINES_OWN)
def test_sizes_and_ids_are_the_engine_s(name: str) -> None:
    image, facts = opened(FIXTURES / name)
    stem = name.partition(".")[0]
    engine = inspected(FIXTURES / f"{stem}.inspect.json")
    assert (image.image_id, facts.docker_size) == (engine["Id"], engine["Size"])
    assert list(facts.diff_ids) == engine["RootFS"]["Layers"]
    assert step_bytes(image) == history_bytes(FIXTURES / f"{stem}.history.txt")


@pytest.mark.parametrize("name", ENGINES_OWN)
def test_the_merged_tree_is_what_the_engine_exports(name: str) -> None:
    with open_image(str(FIXTURES / name), ReadOptions()) as image:
        assert merged(Filesystem(image.layers)) == exported(FIXTURES / f"{name.partition('.')[0]}.tree.txt.gz")


@pytest.mark.parametrize("name", TINY_LEGACY)
def test_one_image_is_the_same_whatever_wrote_it(name: str, legacy: Told) -> None:
    image, facts = opened(FIXTURES / name, verify=True)
    assert facts == legacy
    assert [layer.content_bytes for layer in image.layers] == LAYER_BYTES
    assert image.warnings == ()
    assert {layer.verified for layer in image.layers} == {"contents"}


def test_the_fates_are_those_that_the_dockerfile_makes() -> None:
    with open_image(str(FIXTURES / "tiny-legacy.tar"), ReadOptions()) as image:
        tree = Filesystem(image.layers)
        hidden = {
            (tree.paths[n], tree.layer_of(n)): (Fate(tree.fates[n]), tree.content_bytes(n))
            for n in range(len(tree))
            if tree.fates[n] not in (Fate.LIVE, Fate.MARKER) and tree.content_bytes(n)
        }
    assert hidden == {
        ("/src/main.o", 1): (Fate.DELETED, 5_000),
        ("/conf/secret.pem", 3): (Fate.DELETED, 400),
        ("/cache/old", 3): (Fate.DELETED, 4_000),
        ("/usr/bin/app", 2): (Fate.COPIED_UP, 9_000),
    }


def test_bytes_of_an_overwritten_name_stay_live_under_another() -> None:
    with open_image(str(FIXTURES / "tiny-legacy.tar"), ReadOptions()) as image:
        tree = Filesystem(image.layers)
        number = tree.live["/conf/config-link"]
        assert tree.content_bytes(tree.carrier(number)) == 700
        assert tree.content_bytes(tree.live["/conf/config"]) == 800
        assert sum(tree.content_bytes(n) for n in range(len(tree)) if not tree.fates[n]) == 45_300


@pytest.mark.parametrize(("name", "tags"), SEVERAL.items())
def test_several_images_are_told_apart(name: str, tags: tuple[str, ...], legacy: Told) -> None:
    error = error_of(FIXTURES / name)
    assert isinstance(error, AmbiguousImage)
    assert error.message.startswith(f"the archive holds {len(tags)} images:")
    for tag in tags:
        short = tag.rpartition(":")[2]
        image, facts = opened(FIXTURES / name, image=tag if ":" in tag else f"tiny:{tag}")
        assert facts == opened(FIXTURES / f"tiny-{short}.tar")[1]
        assert image.complete


@pytest.mark.parametrize("name", ["buildah-platforms.tar", "ctr-platforms.tar"])
@pytest.mark.parametrize("architecture", ["amd64", "arm64"])
def test_platforms_are_told_apart(name: str, architecture: str) -> None:
    image, facts = opened(FIXTURES / name, platform=Platform.parse(architecture))
    assert (image.config.platform.architecture, facts.docker_size) == (architecture, 1_392)
    assert list(facts.live) == [f"/op-{architecture}.c"]


@pytest.mark.parametrize("name", ["buildah-docker-archive.tar", "buildah-oci-archive.tar"])
def test_buildah_s_image(name: str) -> None:
    image, facts = opened(FIXTURES / name)
    assert [layer.content_bytes for layer in image.layers] == [13, 1_392, 1_392]
    assert sorted(path for path in facts.live if path != "/app") == ["/app/app.py", "/app/copy.c", "/app/op.c"]
    assert image.config.labels["org.example.made-by"] == "buildah"


def test_umoci_s_image_unpacks_as_umoci_does() -> None:
    with open_image(str(FIXTURES / "umoci-oci-layout.tar"), ReadOptions()) as image:
        assert merged(Filesystem(image.layers)) == exported(FIXTURES / "umoci-oci-layout.tree.txt.gz")
        assert [layer.content_bytes for layer in image.layers][-2:] == [10_106, 2]


def test_a_published_image_of_docker_25() -> None:
    image, facts = opened(FIXTURES / "public-hello-world-docker25.tar")
    assert (image.format, facts.docker_size, facts.live) == ("docker-archive", 9_136, {"/hello": 0})


def test_a_published_root_file_system() -> None:
    image, facts = opened(FIXTURES / "public-alpine-3.8-rootfs.tar.xz")
    assert (image.format, len(image.layers), len(image.layers[0].changeset)) == ("rootfs", 1, len(facts.live))
    installed = facts.contents[0][facts.live["/lib/apk/db/installed"]]
    assert installed is not None and installed.count(b"\nP:") + installed.startswith(b"P:") == 13


def test_an_exported_container_is_the_image_s_tree(legacy: Told) -> None:
    with open_image(str(FIXTURES / "rootfs-export.tar"), ReadOptions()) as image:
        assert merged(Filesystem(image.layers)) == exported(FIXTURES / "tiny-legacy.tree.txt.gz")


def layers_of(archive: Path) -> Iterator[tuple[str, bytes]]:
    """The plain tars inside a plain archive, by name."""
    with tarfile.open(archive) as tar:
        for info in tar.getmembers():
            stream = tar.extractfile(info) if info.isfile() else None
            data = stream.read() if stream else b""
            if data[257:262] == b"ustar":
                yield info.name, data


ARCHIVES = sorted(path.name for path in FIXTURES.glob("*.tar"))


@pytest.mark.parametrize("name", ARCHIVES)
def test_entries_of_every_plain_layer_are_those_of_other_readers(name: str) -> None:
    found = [("outer", (FIXTURES / name).read_bytes()), *layers_of(FIXTURES / name)]
    for _, data in found:
        changeset = read_stream(io.BytesIO(data), "layer", ReadOptions()).changeset
        assert ours(changeset) == by_tarfile(data)
        if GNU_TAR:
            assert ours(changeset) == by_gnu_tar(data)
