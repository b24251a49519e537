"""What an rpm database says about one installed package and its files."""

from enum import IntEnum

from msgspec import Struct

_GHOST = 1 << 6


class FileState(IntEnum):
    """What rpm did with a file of a package when it was installed (rpm, ``rpmfileState``)."""

    NORMAL = 0
    REPLACED = 1
    """Another package overwrote it, and owns what lies there now."""
    NOT_INSTALLED = 2
    """Left out, such as documentation under ``--excludedocs``."""
    NET_SHARED = 3
    """Below a path that is mounted from elsewhere; rpm counts it as installed but did not write it."""
    WRONG_COLOR = 4
    """The twin of another word length won."""
    MISSING = 255
    """Nothing is recorded."""


_WRITTEN = frozenset({FileState.NORMAL, FileState.NET_SHARED, FileState.MISSING})


class RpmFile(Struct, frozen=True, kw_only=True):
    """One path of a package.

    ``path`` is absolute and as written, ``..`` included; bytes that are no UTF-8 are surrogate escapes, here and
    in ``link``, the target of a symlink. ``content_bytes`` is the length of a regular file, 0 for everything else;
    each name of a hardlinked file carries the full length. ``mode`` holds type and permissions as in ``st_mode``
    (0 where the header has none), ``flags`` the bits of rpm's ``rpmfileAttrs``. ``digest`` is hexadecimal, empty
    for anything but a regular file. ``state`` is one of FileState, or a number that rpm does not define.
    """

    path: str
    content_bytes: int = 0
    mode: int = 0
    flags: int = 0
    digest: str = ""
    link: str = ""
    state: int = FileState.NORMAL

    @property
    def is_ghost(self) -> bool:
        """Whether the package claims the path without bringing the file (``%ghost``)."""
        return bool(self.flags & _GHOST)

    @property
    def is_installed(self) -> bool:
        """Whether what lies at the path belongs to this package, as ``rpm -qf`` would answer."""
        return self.state in _WRITTEN


class RpmPackage(Struct, frozen=True, kw_only=True):
    """One installed package; texts are empty, and ``epoch`` is None, where the header has no such tag.

    ``source_rpm`` is the file name of the source package. ``files`` are all paths of the package in the order of
    its header, directories, ghosts and files that were not installed included.
    """

    name: str
    epoch: int | None = None
    version: str
    release: str
    arch: str = ""
    vendor: str = ""
    distribution: str = ""
    source_rpm: str = ""
    licence: str = ""
    files: tuple[RpmFile, ...] = ()

    @property
    def evr(self) -> str:
        """``[epoch:]version-release``, as rpm prints it."""
        epoch = "" if self.epoch is None else f"{self.epoch}:"
        return f"{epoch}{self.version}-{self.release}"
