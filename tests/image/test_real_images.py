"""Images that a real engine built, compared with what the engine says of them; see fixtures/README.md.

They are too large to be shipped. LAYERSCOPE_IMAGES names their directory.
"""

import json
import os
import shutil
import subprocess
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from layerscope.filesystem.tree import Filesystem
from layerscope.image.open import open_image
from layerscope.image.options import ReadOptions
from tests.image.opening import opened
from tests.image.peers import GNU_TAR, ours, parse_listing
from tests.image.truth import exported, history_bytes, inspected, merged, of_listing, step_bytes

IMAGES = Path(os.environ.get("LAYERSCOPE_IMAGES") or Path.home() / ".cache" / "layerscope-images")
NAMES = sorted(path.name.removesuffix(".inspect.json") for path in IMAGES.glob("*.inspect.json"))

pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(not NAMES, reason=f"no images in {IMAGES}; LAYERSCOPE_IMAGES names another directory"),
]
every_image = pytest.mark.parametrize("name", NAMES or ["none"])


@every_image
def test_sizes_and_ids_are_the_engine_s(name: str) -> None:
    engine = inspected(IMAGES / f"{name}.inspect.json")
    with open_image(str(IMAGES / f"{name}.tar"), ReadOptions()) as image:
        assert (image.image_id, image.docker_size) == (engine["Id"], engine["Size"])
        assert [str(layer.diff_id) for layer in image.layers] == engine["RootFS"]["Layers"]
        assert step_bytes(image) == history_bytes(IMAGES / f"{name}.history.txt")
        assert image.warnings == ()


@every_image
def test_the_merged_tree_is_what_the_engine_exports(name: str) -> None:
    theirs = exported(IMAGES / f"{name}.tree.txt.gz")
    with open_image(str(IMAGES / f"{name}.tar"), ReadOptions()) as image:
        tree = merged(Filesystem(image.layers))
    assert {path: node for path, node in tree.nodes.items() if theirs.nodes.get(path) != node} == {}
    assert theirs.nodes.keys() - tree.nodes.keys() == set()
    assert tree.names == theirs.names


@every_image
def test_every_byte_is_live_or_hidden(name: str) -> None:
    with open_image(str(IMAGES / f"{name}.tar"), ReadOptions()) as image:
        tree = Filesystem(image.layers)
        live = {tree.carrier(number) for number in tree.live.values()}
        assert sum(tree.content_bytes(number) for number in live) == sum(
            layer.content_bytes - tree.hidden_bytes(layer.index) for layer in image.layers
        )
        assert len(set(tree.live.values())) == len(tree.live)
        assert tree.redirected == ()


@every_image
@pytest.mark.skipif(not GNU_TAR, reason="GNU tar is not installed")
def test_entries_of_every_layer_are_those_of_gnu_tar(name: str) -> None:
    path = IMAGES / f"{name}.tar"
    with open_image(str(path), ReadOptions()) as image, tarfile.open(path) as tar:
        layers = [tar.getmember(item) for item in layer_names(path)]
        assert len(layers) == len(image.layers)
        for info, layer in zip(layers, image.layers, strict=True):
            lines = listing(path, info.offset_data, info.size) if info.isfile() else linked(path, tar, info)
            assert ours(layer.changeset) == list(parse_listing(lines))


def layer_names(path: Path) -> list[str]:
    """The names of the layers as manifest.json has them."""
    with tarfile.open(path) as tar:
        stream = tar.extractfile("manifest.json")
        assert stream is not None
        names: list[str] = json.load(stream)[0]["Layers"]
        return names


def linked(path: Path, tar: tarfile.TarFile, info: tarfile.TarInfo) -> Iterator[bytes]:
    """The listing of a layer that is a link to another one."""
    other = tar.getmember(os.path.normpath(os.path.join(os.path.dirname(info.name), info.linkname)))
    return listing(path, other.offset_data, other.size)


def listing(path: Path, offset: int, length: int) -> Iterator[bytes]:
    """GNU tar's lines for the tar that lies in a file."""
    command = [GNU_TAR, "--list", "--verbose", "--full-time", "--numeric-owner", "--quoting-style=escape", "-f", "-"]
    environment = {**os.environ, "TZ": "UTC", "LC_ALL": "C.UTF-8"}
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment) as process:
        assert process.stdin is not None and process.stdout is not None
        if not os.fork():  # GNU tar may write as long as it reads, so two processes must serve it.
            feed(path, offset, length, process.stdin.fileno())
        process.stdin.close()
        yield from (line.rstrip(b"\n") for line in process.stdout)
    assert process.returncode == 0


def feed(path: Path, offset: int, length: int, descriptor: int) -> None:
    try:
        with path.open("rb") as file:
            file.seek(offset)
            while length and (piece := file.read(min(length, 1 << 20))):
                os.write(descriptor, piece)
                length -= len(piece)
    finally:
        os._exit(0)


FORMS = {
    "mini-v1.tar": ("mini-v1.oci-gzip.tar", "mini-v1.oci-zstd.tar", "mini-v1.layout"),
    "waste-v1.tar": ("waste-v1.tar.gz",),
}


@pytest.mark.parametrize(("plain", "other"), [(plain, other) for plain, others in FORMS.items() for other in others])
def test_one_image_is_the_same_in_every_form(plain: str, other: str) -> None:
    for name in (plain, other):
        if not (IMAGES / name).exists():
            pytest.skip(f"there is no {IMAGES / name}")
    expected = opened(IMAGES / plain, wanted=())[1]
    found = opened(IMAGES / other, wanted=())[1]
    assert (found.diff_ids, found.layers) == (expected.diff_ids, expected.layers)
    assert (found.fates, found.live) == (expected.fates, expected.live)
    assert (found.docker_size, found.hidden_bytes) == (expected.docker_size, expected.hidden_bytes)


@pytest.mark.skipif(
    not shutil.which("umoci") or getattr(os, "geteuid", int)() != 0,
    reason="needs umoci, and root to unpack with owners",
)
@pytest.mark.parametrize("name", sorted(path.name for path in IMAGES.glob("*.layout")) or ["none"])
def test_the_merged_tree_is_what_umoci_unpacks(name: str, tmp_path: Path) -> None:
    with open_image(str(IMAGES / name), ReadOptions()) as image:
        tree = merged(Filesystem(image.layers))
        reference = image.tags[0]
    bundle = tmp_path / "bundle"
    subprocess.run(["umoci", "unpack", "--image", f"{IMAGES / name}:{reference}", str(bundle)], check=True)
    packed = tmp_path / "root.tar"
    subprocess.run([GNU_TAR, "-C", str(bundle / "rootfs"), "-cf", str(packed), "."], check=True)
    shutil.rmtree(bundle)
    theirs = of_listing(parse_listing(listing(packed, 0, packed.stat().st_size)))
    assert {path: node for path, node in tree.nodes.items() if theirs.nodes.get(path) != node} == {}
    assert theirs.nodes.keys() - tree.nodes.keys() == set()
    assert tree.names == theirs.names
