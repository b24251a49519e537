"""Names what is not a tar by its first bytes."""

from layerscope.errors import ArchiveError
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
    (0, b"7z\xbc\xaf\x27\x1c", "a 7z archive"),
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
    if is_header(head[:BLOCK]) or head[MAGIC : MAGIC + 5] == POSIX[:5]:
        return ""
    kind = next((name for offset, magic, name in _KINDS if head.startswith(magic, offset)), "")
    return kind or ("a JSON document" if head.lstrip()[:1] in (b"{", b"[") else "")


def not_a_tar(head: bytes) -> ArchiveError:
    """The error about a layer that begins like this."""
    return ArchiveError(f"it is {kind_of(head) or 'something else'}, not a tar archive")


def expect_tar(window: Window) -> None:
    """Raise ArchiveError where the beginning is known for something else, which no walk may take for an empty tar."""
    head = bytes(window.view[: window.load(0, HEAD)])
    if kind_of(head):
        raise not_a_tar(head)
