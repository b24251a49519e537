"""What is no tar is named by its first bytes."""

import pytest

from layerscope.image.kinds import HEAD, kind_of, may_be_tar, not_a_tar
from tests.builder import compress, file, layer
from tests.building.header import GNU_MAGIC

TAR = layer(file("a", b"abc"))
SPOILT = bytes([TAR[0] ^ 1]) + TAR[1:]


@pytest.mark.parametrize(
    ("offset", "magic", "kind"),
    [
        (0, b"hsqs", "a squashfs file system"),
        (0, b"sqsh", "a squashfs file system"),
        (1024, b"\xe2\xe1\xf5\xe0", "an erofs file system"),
        (1080, b"\x53\xef", "an ext file system"),
        (0, b"\x45\x3d\xcd\x28", "a cramfs file system"),
        (0, b"XFSB", "an XFS file system"),
        (0, b"QFI\xfb", "a qcow2 disk image"),
        (0, b"KDMV", "a VMDK disk image"),
        (0, b"vhdxfile", "a VHDX disk image"),
        (32, b"SIF_MAGIC", "a Singularity image"),
        (0, b"\x7fELF", "a program"),
        (0, b"MZ", "a program"),
        (0, b"\0asm", "a WebAssembly module"),
        (0, b"PK\x03\x04", "a zip archive"),
        (0, b"PK\x05\x06", "an empty zip archive"),
        (0, b"7z\xbc\xaf\x27\x1c", "a 7z archive"),
        (0, b"Rar!\x1a\x07", "a rar archive"),
        (0, b"\x04\x22\x4d\x18", "lz4 data"),
        (0, b"\x02\x21\x4c\x18", "lz4 data"),
        (0, b"LZIP", "lzip data"),
        (0, b"\x5d\0\0", "lzma data"),
        (0, b"\x1f\x9d", "data of compress (.Z)"),
        (0, b"version https://git-lfs", "a pointer of Git LFS"),
        (0, b"<!DOCTYPE html", "a web page"),
        (0, b"<html", "a web page"),
        (0, b"07070", "a cpio archive"),
        (0, b"\xed\xab\xee\xdb", "an rpm package"),
        (0, b"!<arch>", "an ar archive or a Debian package"),
        (0, b"GGUF", "a model"),
        (0, b"\x89PNG", "a picture"),
        (0, b"\xff\xd8\xff", "a picture"),
        (0, b"%PDF", "a PDF document"),
        (0, b"SQLite", "a database"),
        (0, b"{", "a JSON document"),
        (3, b"[", "a JSON document"),
    ],
)
def test_each_format_has_its_place_and_its_name(offset: int, magic: bytes, kind: str) -> None:
    filling = b" " if kind.startswith("a JSON") else b"z"
    data = (filling * offset + magic).ljust(HEAD, b"z")
    assert kind_of(data) == kind_of(filling * offset + magic) == kind
    assert str(not_a_tar(data)) == f"it is {kind}, not a tar archive"
    assert kind_of(b"z" + filling * offset + magic) == kind_of((filling * offset + magic[:-1]).ljust(9, b"z")) == ""
    assert not may_be_tar(data)


@pytest.mark.parametrize(
    "data", [TAR, SPOILT, TAR[:512], TAR[:257] + GNU_MAGIC + TAR[265:], b"PK\x03\x04" + SPOILT[4:]]
)
def test_a_tar_is_none_of_them_and_neither_is_one_whose_header_is_damaged(data: bytes) -> None:
    assert kind_of(data) == "" and may_be_tar(data)


@pytest.mark.parametrize(("data", "may_be"), [(bytes(512), True), (bytes(511), True), (b"", True), (b"text", False)])
def test_zeros_alone_may_be_a_tar(data: bytes, may_be: bool) -> None:
    assert may_be_tar(data) == may_be_tar(data.ljust(512, b"\0") + b"behind") == may_be
    assert kind_of(data) == "" and str(not_a_tar(data)) == "it is not a tar archive"


def test_what_is_compressed_within_a_compression_is_so_twice() -> None:
    assert kind_of(compress(TAR, "zstd")) == "zstd data, compressed twice"
