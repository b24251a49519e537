"""The languages' catalogers side by side, as a report runs them."""

from pathlib import Path

from layerscope.filesystem.tree import Filesystem
from layerscope.image.open import open_image
from layerscope.image.options import ReadOptions
from layerscope.model.package import Package
from layerscope.packages.inventory import catalog
from layerscope.packages.registry import WANTED
from tests.builder import ImageSpec, docker_legacy, file, hardlink, layer
from tests.packages.elves import elf
from tests.packages.zips import pom, zipped

_SITE = "usr/local/lib/python3.11/site-packages"
_JAR = zipped(pom("org.x", "part", "2.0"))
_BASE = layer(
    file("usr/local/bin/python3.11", elf({".rodata": b"\x003.11.4\0"}), mode=0o755),
    file("usr/local/lib/python3.11/os.py", b"o" * 11),
    file("usr/local/lib/python3.11/__pycache__/os.cpython-311.pyc", b"c" * 13),
    file("srv/notes.txt", b"n" * 17),
)
_APP = layer(
    file(f"{_SITE}/tool-1.0.dist-info/METADATA", b"Name: tool\nVersion: 1.0\n"),
    file(
        f"{_SITE}/tool-1.0.dist-info/RECORD",
        b"tool/__init__.py,,\ntool/part-2.0.jar,,\ntool-1.0.dist-info/METADATA,,\n",
    ),
    file(f"{_SITE}/tool/__init__.py", b"i" * 19),
    file(f"{_SITE}/tool/__pycache__/__init__.cpython-311.pyc", b"p" * 23),
    file(f"{_SITE}/tool/part-2.0.jar", _JAR),
    file(f"{_SITE}/stranger.py", b"s" * 29),
    file("srv/node_modules/a/package.json", b'{"name": "a", "version": "1.0.0"}'),
    file("root/store/x", b"x" * 31),
    hardlink("srv/node_modules/a/x.js", "root/store/x"),
)


def _packages(tmp_path: Path) -> tuple[dict[str, Package], int, int]:
    """Packages by name, the unowned bytes and the live ones."""
    (tmp_path / "x.tar").write_bytes(docker_legacy(ImageSpec(layers=(_BASE, _APP))))
    with open_image(str(tmp_path / "x.tar"), ReadOptions(wanted=WANTED)) as image:
        found = catalog(Filesystem(image.layers))
        live = sum(each.changeset.content_bytes for each in image.layers)
    assert not found.warnings
    return {package.name: package for package in found.packages}, found.unowned_bytes, live


def test_each_byte_has_one_owner_and_the_sums_agree(tmp_path: Path) -> None:
    packages, unowned, live = _packages(tmp_path)
    assert sum(package.content_bytes for package in packages.values()) + unowned == live
    record = len(b"tool/__init__.py,,\ntool/part-2.0.jar,,\ntool-1.0.dist-info/METADATA,,\n")
    # The list does not name itself, the notes and the stranger are nobody's.
    assert unowned == 17 + 29 + record


def test_compiled_python_belongs_to_the_owner_of_its_source(tmp_path: Path) -> None:
    packages, _, _ = _packages(tmp_path)
    metadata = len(b"Name: tool\nVersion: 1.0\n")
    assert packages["tool"].content_bytes == 19 + 23 + len(_JAR) + metadata
    assert packages["python"].content_bytes == len(elf({".rodata": b"\x003.11.4\0"})) + 11 + 13


def test_an_archive_within_a_python_package_is_listed_with_no_bytes_of_its_own(tmp_path: Path) -> None:
    packages, _, _ = _packages(tmp_path)
    assert (packages["part"].version, packages["part"].content_bytes) == ("2.0", 0)


def test_a_hardlink_into_a_store_brings_its_bytes_to_the_package(tmp_path: Path) -> None:
    packages, _, _ = _packages(tmp_path)
    assert packages["a"].content_bytes == 31 + len(b'{"name": "a", "version": "1.0.0"}')
