"""Names what is not a tar by its first bytes."""

from layerscope.errors import ArchiveError
from layerscope.tar.compression import sniff
from layerscope.tar.header import BLOCK, MAGIC, POSIX, is_header
from layerscope.tar.window import Window

HEAD = 4 * BLOCK
"""How much of a file is looked at: file systems leave the first bytes to boot loaders."""
_KINDS = (
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
)


def kind_of(head: bytes) -> str:
    """What begins like this; empty for a tar, a damaged one too, and for anything unknown."""
    if _has_header(head):
        return ""
    if compression := sniff(head):  # The compression around it is undone by now.
        return f"{compression} data, compressed twice"
    kind = next((name for offset, magic, name in _KINDS if head.startswith(magic, offset)), "")
    return kind or ("a JSON document" if head.lstrip()[:1] in (b"{", b"[") else "")


def may_be_tar(head: bytes) -> bool:
    """Whether what begins like this is a tar: one whose first header is damaged and one of zeros alone are, too."""
    return _has_header(head) or not head[:BLOCK].strip(b"\0")


def _has_header(head: bytes) -> bool:
    return is_header(head[:BLOCK]) or head[MAGIC : MAGIC + 5] == POSIX[:5]


def not_a_tar(head: bytes) -> ArchiveError:
    """The error about a layer that begins like this."""
    kind = kind_of(head)
    return ArchiveError(f"it is {kind}, not a tar archive" if kind else "it is not a tar archive")


def expect_tar(window: Window) -> None:
    """Raise ArchiveError where the beginning is none of a tar; no walk may take it for an empty one."""
    head = bytes(window.view[: window.load(0, HEAD)])
    if kind_of(head) or not may_be_tar(head):
        raise not_a_tar(head)
