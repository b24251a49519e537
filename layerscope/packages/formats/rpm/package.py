"""One installed package of an rpm database and its files, from the tags of its header (rpm, docs/manual/tags.md)."""

from collections.abc import Sequence
from enum import IntEnum

from msgspec import Struct

from layerscope.errors import Damaged
from layerscope.packages.formats.rpm.header import Header, Type

_PATH_CHARACTERS_PER_BYTE = 16
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


class RpmFile(Struct, frozen=True, kw_only=True, gc=False):
    """One path of a package.

    ``path`` is absolute and as written, ``..`` included; bytes that are not UTF-8 are surrogate escapes. ``mode`` holds
    type and permissions as in ``st_mode`` (0 where the header has none), ``flags`` the bits of rpm's
    ``rpmfileAttrs``. ``state`` is one of FileState, or a number that rpm does not define.
    """

    path: str
    mode: int = 0
    flags: int = 0
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

    ``source_rpm`` is the file name of the source package. ``requires``, ``recommends`` and
    ``provides`` are names, or boolean expressions of names in parentheses. ``files`` are all paths of the package in
    the order of its header, directories, ghosts and files that were not installed included.
    """

    name: str
    epoch: int | None = None
    version: str
    release: str
    arch: str = ""
    source_rpm: str = ""
    requires: tuple[str, ...] = ()
    recommends: tuple[str, ...] = ()
    provides: tuple[str, ...] = ()
    files: tuple[RpmFile, ...] = ()


class Tag(IntEnum):
    """The tags that are read, by the names that rpm gives them."""

    NAME = 1000
    VERSION = 1001
    RELEASE = 1002
    EPOCH = 1003
    ARCH = 1022
    OLDFILENAMES = 1027
    FILESTATES = 1029
    FILEMODES = 1030
    FILEFLAGS = 1037
    SOURCERPM = 1044
    PROVIDENAME = 1047
    REQUIRENAME = 1049
    DIRINDEXES = 1116
    BASENAMES = 1117
    DIRNAMES = 1118
    RECOMMENDNAME = 5046


def parse_package(blob: bytes, *, where: str) -> RpmPackage:
    """Read one header blob; raises Damaged where it contradicts itself or lacks a name, version or release."""
    header = Header(blob, where=where)
    name, version, release = (header.text(tag) for tag in (Tag.NAME, Tag.VERSION, Tag.RELEASE))
    if not (name and version and release):
        raise Damaged(f"a package without name, version or release: {name[:100]!r}", where=where)
    epoch = header.numbers(Tag.EPOCH, Type.INT32)
    return RpmPackage(
        name=name,
        epoch=None if epoch is None else epoch[0],
        version=version,
        release=release,
        arch=header.text(Tag.ARCH),
        source_rpm=header.text(Tag.SOURCERPM),
        requires=_names(header, Tag.REQUIRENAME),
        recommends=_names(header, Tag.RECOMMENDNAME),
        provides=_names(header, Tag.PROVIDENAME),
        files=_files(header, len(blob), where),
    )


def _names(header: Header, tag: Tag) -> tuple[str, ...]:
    """The texts of a tag without which a package is still one; none where they are damaged."""
    try:
        return tuple(header.texts(tag) or ())
    except Damaged:
        return ()


def _files(header: Header, blob_bytes: int, where: str) -> tuple[RpmFile, ...]:
    paths = _paths(header, blob_bytes, where)
    count = len(paths)
    states = header.numbers(Tag.FILESTATES, Type.CHAR, Type.INT8)
    columns = zip(
        paths,
        _column(Tag.FILEMODES, header.numbers(Tag.FILEMODES, Type.INT16), count, 0, where),
        _column(Tag.FILEFLAGS, header.numbers(Tag.FILEFLAGS, Type.INT32), count, 0, where),
        _column(Tag.FILESTATES, states, count, int(FileState.MISSING), where),
        strict=True,
    )
    return tuple(RpmFile(path=path, mode=mode, flags=flags, state=state) for path, mode, flags, state in columns)


def _column(tag: Tag, values: Sequence[int] | None, count: int, default: int, where: str) -> Sequence[int]:
    if values is None:
        return [default] * count
    if len(values) != count:
        raise Damaged(f"{tag.name} has {len(values):,} values for {count:,} files", where=where)
    return values


def _paths(header: Header, blob_bytes: int, where: str) -> list[str]:
    names = header.texts(Tag.BASENAMES)
    # Packages made before rpm 4 spell out every path.
    old = header.texts(Tag.OLDFILENAMES) or [] if names is None else []
    paths = old if names is None else _joined(header, names, blob_bytes, where)
    for path in paths:
        if not path.startswith("/"):
            raise Damaged(f"a path that is not absolute: {path[:100]!r}", where=where)
    return paths


def _joined(header: Header, names: list[str], blob_bytes: int, where: str) -> list[str]:
    directories = header.texts(Tag.DIRNAMES) or []
    indexes = header.numbers(Tag.DIRINDEXES, Type.INT32) or []
    if len(indexes) != len(names):
        raise Damaged(f"DIRINDEXES has {len(indexes):,} values for {len(names):,} files", where=where)
    if max(indexes) >= len(directories):
        raise Damaged(f"DIRINDEXES names directory {max(indexes):,} of {len(directories):,}", where=where)
    # One long directory that many short names share would grow far beyond the header that holds it.
    lengths = [len(directory) for directory in directories]
    if sum(lengths[index] for index in indexes) > _PATH_CHARACTERS_PER_BYTE * blob_bytes:
        raise Damaged(f"the paths are over {_PATH_CHARACTERS_PER_BYTE} times as long as the header", where=where)
    return [directories[index] + name for index, name in zip(indexes, names, strict=True)]
