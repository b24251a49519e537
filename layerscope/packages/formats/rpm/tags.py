"""Turns the tags of one header into a package and its files (rpm, docs/manual/tags.md)."""

import stat
from collections.abc import Sequence
from enum import IntEnum
from typing import TypeVar

from layerscope.errors import Damaged
from layerscope.packages.formats.rpm.header import Header, Type
from layerscope.packages.formats.rpm.package import FileState, RpmFile, RpmPackage

_PATH_CHARACTERS_PER_BYTE = 16
_T = TypeVar("_T")


class Tag(IntEnum):
    """The tags that are read, by the names that rpm gives them."""

    NAME = 1000
    VERSION = 1001
    RELEASE = 1002
    EPOCH = 1003
    DISTRIBUTION = 1010
    VENDOR = 1011
    LICENSE = 1014
    ARCH = 1022
    OLDFILENAMES = 1027
    FILESIZES = 1028
    FILESTATES = 1029
    FILEMODES = 1030
    FILEDIGESTS = 1035
    FILELINKTOS = 1036
    FILEFLAGS = 1037
    SOURCERPM = 1044
    DIRINDEXES = 1116
    BASENAMES = 1117
    DIRNAMES = 1118
    LONGFILESIZES = 5008


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
        vendor=header.text(Tag.VENDOR),
        distribution=header.text(Tag.DISTRIBUTION),
        source_rpm=header.text(Tag.SOURCERPM),
        licence=header.text(Tag.LICENSE),
        files=_files(header, len(blob), where),
    )


def _files(header: Header, blob_bytes: int, where: str) -> tuple[RpmFile, ...]:
    paths = _paths(header, blob_bytes, where)
    count = len(paths)
    sizes = header.numbers(Tag.LONGFILESIZES, Type.INT64)
    if sizes is None:
        sizes = header.numbers(Tag.FILESIZES, Type.INT32)
    columns = zip(
        paths,
        _column(Tag.FILESIZES, sizes, count, 0, where),
        _column(Tag.FILEMODES, header.numbers(Tag.FILEMODES, Type.INT16), count, 0, where),
        _column(Tag.FILEFLAGS, header.numbers(Tag.FILEFLAGS, Type.INT32), count, 0, where),
        _column(Tag.FILEDIGESTS, header.texts(Tag.FILEDIGESTS), count, "", where),
        _column(Tag.FILELINKTOS, header.texts(Tag.FILELINKTOS), count, "", where),
        _column(
            Tag.FILESTATES, header.numbers(Tag.FILESTATES, Type.CHAR, Type.INT8), count, int(FileState.MISSING), where
        ),
        strict=True,
    )
    return tuple(
        RpmFile(
            path=path,
            # A header gives directories and links a length too, of what the file system took for them.
            content_bytes=length if stat.S_ISREG(mode) or not mode else 0,
            mode=mode,
            flags=flags,
            digest=digest,
            link=link,
            state=state,
        )
        for path, length, mode, flags, digest, link, state in columns
    )


def _column(tag: Tag, values: Sequence[_T] | None, count: int, default: _T, where: str) -> Sequence[_T]:
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
