"""Collects headers into the columns of a Changeset."""

from array import array
from collections.abc import Callable
from sys import getsizeof, intern
from typing import TypeAlias
from zlib import adler32

from layerscope.errors import Damaged, LimitExceeded
from layerscope.model.changeset import Changeset, Ownership
from layerscope.model.entry import KIND_WORDS, Kind
from layerscope.model.limits import Limits
from layerscope.model.paths import normal
from layerscope.tar.header import (
    BLOCK,
    COMMON,
    LINK,
    MAGIC,
    POSIX,
    PREFIX,
    RARE,
    ZEROS,
    Numbers,
    checksum_holds,
    expected_adler,
    text,
)
from layerscope.tar.markers import TABLE_OF_CONTENTS, classify, is_aside, settle
from layerscope.tar.pax import Extensions
from layerscope.tar.sparse import BadMap, Tar, check_map, too_long

_KINDS = {
    b"0": Kind.FILE,
    b"\0": Kind.FILE,
    b"7": Kind.FILE,
    b"1": Kind.HARDLINK,
    b"2": Kind.SYMLINK,
    b"3": Kind.CHARACTER_DEVICE,
    b"4": Kind.BLOCK_DEVICE,
    b"5": Kind.DIRECTORY,
    b"6": Kind.FIFO,
    b"D": Kind.DIRECTORY,  # GNU tar --incremental: what follows is a list of the directory's files.
    b"S": Kind.FILE,
}
_ODD = {
    b"M": (Kind.FILE, "the rest of a file from another volume; it counts as a file"),
    b"N": (Kind.BOOKKEEPING, "a list of long names in GNU tar's oldest form; it is left out"),
    b"V": (Kind.BOOKKEEPING, "the label of a volume; it is left out"),
}
_UNKNOWN = (Kind.FILE, "of an unknown type; it counts as a file")
_WITH_PAYLOAD = frozenset({b"D", b"N", b"V"})
"""The types besides files that something may follow."""
_PLAIN = {b"0": Kind.FILE, b"1": Kind.HARDLINK, b"2": Kind.SYMLINK, b"5": Kind.DIRECTORY}
_EXTENSIONS = frozenset({b"x", b"g", b"X", b"L", b"K"})
Lists: TypeAlias = tuple[
    list[str], list[str], bytearray, "array[int]", list[Ownership], "array[int]", "array[int]", dict[int, str],
    dict[str, str], dict[bytes, Ownership], int, int,
]  # fmt: skip
"""Paths, directories, kinds, sizes, ownerships, mtimes, offsets, links; known directories, ownerships by raw bytes;
longest path, most entries."""
_ORDINARY = 768
"""Bytes of memory that the path, the directory and the link target of an ordinary header take at most."""
_SHORT_MAP = 2 * BLOCK
"""A map, with the headers that it stands in, that does not count towards the limit on all maps of a tar."""
END = -1
"""What ``add`` returns for a block of zeros."""


class _Ownerships(dict[bytes, Ownership]):
    """Mode, uid and gid by their raw bytes, which few distinct ones stand in a layer."""

    def __init__(self, numbers: Numbers) -> None:
        self._numbers = numbers

    def __missing__(self, field: bytes) -> Ownership:
        numbers = self._numbers
        value = (numbers[field[:8]] & 0o7777, numbers[field[8:16]], numbers[field[16:]])
        if len(self) < 100_000:
            self[field] = value
        return value


class Columns:
    """The headers of one tar, read in order.

    ``add`` takes one header and returns how many bytes of payload follow it. Where ``expects`` is set, that
    payload belongs to the headers themselves and goes to ``extend``. ``lists`` is what the compiled walk adds to.
    ``gnu_map`` and ``pax_map`` are what ``segments_of`` reads the map of the last sparse file from; ``bad_map`` says
    what is wrong with the first one that makes no sense. ``map_follows``: it stands before the data of the last entry,
    and is still to be checked, by ``check_map``.
    """

    def __init__(self, where: str, limits: Limits, warn: Callable[[str], None]) -> None:
        self.where = where
        self.expects = False
        self.warn = warn
        self._extensions = Extensions(where, limits)
        self._numbers = Numbers()
        self._ownerships = _Ownerships(self._numbers)
        self._longest = limits.path_bytes
        self._most = limits.entries
        self._most_text = limits.text_bytes
        self.paths: list[str] = []
        self.directories: list[str] = []
        self._known_directories: dict[str, str] = {}
        self.kinds = bytearray()
        self.sizes = array("q")
        self.owned: list[Ownership] = []
        self._mtimes = array("q")
        self.offsets = array("q")
        self._links: dict[int, str] = {}
        self._xattrs: dict[int, tuple[tuple[str, bytes], ...]] = {}
        self.sparse: dict[int, int] = {}
        self._aside: list[int] = []
        self.gnu_map = bytearray()
        self.pax_map = b""
        self.bad_map: Damaged | None = None
        self.map_follows = False
        self._map_bytes = 0
        self._limits = limits
        self._known_xattrs: dict[tuple[tuple[str, bytes], ...], tuple[tuple[str, bytes], ...]] = {}
        self.link_bytes = self.text_bytes = 0
        self.lists: Lists = (
            self.paths, self.directories, self.kinds, self.sizes, self.owned, self._mtimes, self.offsets,
            self._links, self._known_directories, self._ownerships, self._longest, self._most,
        )  # fmt: skip
        # Looked up once instead of for each of a million entries.
        self._add_path = self.paths.append
        self._add_directory = self.directories.append
        self._same_directory = self._known_directories.setdefault
        self._add_kind = self.kinds.append
        self._add_size = self.sizes.append
        self._add_ownership = self.owned.append
        self._add_mtime = self._mtimes.append
        self._add_offset = self.offsets.append

    def add(self, buffer: bytes | bytearray, view: memoryview, start: int, position: int) -> int:
        """Take the header at ``buffer[start:]``, which stands at ``position`` of the tar; ``view`` shows the buffer.

        Files, links and directories with short names are nearly all of a layer, and are done with here.
        """
        name, owner, size_field, mtime_field, checksum, flag = COMMON.unpack_from(buffer, start)
        if adler32(view[start : start + BLOCK]) & 0xFFFF != expected_adler(checksum):
            header = bytes(view[start : start + BLOCK])
            if header == ZEROS:
                return END
            if not checksum_holds(header):
                raise Damaged("a tar header fails its checksum", where=self.where, offset=position)
        try:
            size = self._numbers[size_field]
            mtime = self._numbers[mtime_field]
            ownership = self._ownerships[owner]
        except ValueError:
            raise Damaged("a tar header has a field that is not a number", where=self.where, offset=position) from None
        except OverflowError:
            size = -1
        if size < 0:
            raise Damaged("a tar header has an impossible size or time", where=self.where, offset=position)
        kind: int | None = _PLAIN.get(flag)
        if kind is None or self._extensions.pending:
            return self._unusual(bytes(view[start : start + BLOCK]), size, mtime, ownership, position)
        if kind:
            size = 0
        full = text(name)
        if buffer[start + PREFIX] and buffer[start + MAGIC : start + MAGIC + 6] == POSIX:
            full = text(buffer[start + PREFIX : start + PREFIX + 155]) + "/" + full
        kind = self._append(full, kind, size, mtime, ownership, position)
        if kind == Kind.SYMLINK or kind == Kind.HARDLINK:
            self._link(len(self.kinds) - 1, kind, text(buffer[start + LINK : start + LINK + 100]))
        return size

    def _append(self, name: str, kind: int, size: int, mtime: int, ownership: Ownership, position: int) -> int:
        """Add one entry to the columns; returns its kind, which its name may have changed."""
        path = "/" + name.removeprefix("./")
        if path[-1] == "/":
            path = path.rstrip("/") or "/"
        if "/." in path or "//" in path:
            path, found = classify(normal(path), kind)
            if kind <= Kind.HARDLINK and is_aside(path):
                self._aside.append(len(self.kinds))
            else:
                kind = found
        if path == "/" and kind < Kind.WHITEOUT and kind != Kind.DIRECTORY:
            what = f"a {KIND_WORDS[kind]} of {size:,} bytes"
            self.warn(f"{self.where}: {name!r}, {what}, stands for the root directory; engines leave it out")
            kind = Kind.BOOKKEEPING
        if len(path) > self._longest or len(self.kinds) >= self._most:
            self._refuse(path)
        directory = path.rpartition("/")[0]
        self._add_path(path)
        self._add_directory(self._same_directory(directory, directory))
        self._add_kind(kind)
        self._add_size(0 if kind else size)
        self._add_ownership(ownership)
        self._add_mtime(mtime)
        self._add_offset(position + BLOCK)
        return kind

    def _refuse(self, path: str) -> None:
        if len(path) > self._longest:
            raise LimitExceeded(f"{self.where}: a path of {len(path):,} characters", hint="raise --limit path_bytes")
        raise LimitExceeded(f"{self.where}: over {self._most:,} entries", hint="raise --limit entries")

    def _unusual(self, header: bytes, size: int, mtime: int, ownership: Ownership, position: int) -> int:
        """A header that extends the next one, or one that is extended, or of a rarer type."""
        name, flag, link, magic, prefix = RARE.unpack(header)
        if prefix[0] and magic[:6] == POSIX:
            name = prefix.split(b"\0", 1)[0] + b"/" + name
        if flag in _EXTENSIONS:
            self._extensions.begin(flag, size, position)
            self.expects = True
            return size
        extended = self._extensions.apply(text(name), text(link), size, mtime, ownership, header, position)
        kind: int | None = _KINDS.get(flag)
        if kind is None:
            kind, what = _ODD.get(flag, _UNKNOWN)
            self.warn(f"{self.where}: {extended.name!r} (entry type {flag!r}) is {what}")
        if flag == b"\0" and extended.name.endswith("/"):
            kind = Kind.DIRECTORY  # As before POSIX, where directories had no type of their own.
        is_file = kind == Kind.FILE
        index = len(self.paths)
        length = extended.content_bytes if is_file else 0
        kind = self._append(extended.name, kind, length, extended.mtime, extended.ownership, extended.position)
        if kind in (Kind.HARDLINK, Kind.SYMLINK):
            self._link(index, kind, extended.link)
        self._count_text(sum(map(getsizeof, (self.paths[index], self.directories[index], extended.link))) - _ORDINARY)
        if extended.xattrs:
            self._add_xattrs(index, extended.xattrs)
        if is_file and extended.is_sparse:
            self.sparse[index] = extended.stored_bytes
            self.gnu_map[:], self.pax_map = (header, b"") if flag == b"S" else (b"", self._extensions.body)
            if not extended.continues:
                self._check_map(index)
        self.expects = extended.continues
        return BLOCK if extended.continues else extended.stored_bytes if is_file or flag in _WITH_PAYLOAD else 0

    def _add_xattrs(self, index: int, xattrs: tuple[tuple[str, bytes], ...]) -> None:
        """Many files have the same extended attributes, those of SELinux above all, which are kept once."""
        if xattrs not in self._known_xattrs:
            self._known_xattrs[xattrs] = xattrs
            self._count_text(sum(getsizeof(name) + getsizeof(value) + _ORDINARY for name, value in xattrs))
        self._xattrs[index] = self._known_xattrs[xattrs]

    def _count_text(self, count: int) -> None:
        """Count the memory of texts that no ordinary header has."""
        self.text_bytes += max(0, count)
        if self.text_bytes > self._most_text:
            message = (
                f"{self.where}: over {self._most_text:,} bytes of long paths, link targets and extended attributes"
            )
            raise LimitExceeded(message, hint="raise --limit text_bytes")

    def _link(self, index: int, kind: int, target: str) -> None:
        if len(target) > self._longest:
            message = f"{self.where}: a link target of {len(target):,} characters"
            raise LimitExceeded(message, hint="raise --limit path_bytes")
        if kind == Kind.HARDLINK:
            self._links[index] = normal(target)
        elif target:
            self._links[index] = intern(target) if len(target) < 64 else target
            self.link_bytes += len(target.encode("utf-8", "surrogateescape"))

    def extend(self, body: bytes, position: int) -> int:
        """Take the payload that ``expects`` announced; returns what follows it before the next header."""
        self.expects = False
        if not self._extensions.open:
            return self._sparse_map(body, position)
        self._extensions.finish(body, position)
        return 0

    def _sparse_map(self, block: bytes, position: int) -> int:
        """An extension block of an old GNU sparse header; the file's data follow the last one."""
        index = len(self.paths) - 1
        self.expects = self._extensions.continues(block)
        self.offsets[index] = position + BLOCK
        self.gnu_map += block
        if len(self.gnu_map) > self._limits.sparse_bytes:
            raise too_long(self.where, self._limits.sparse_bytes)
        if self.expects:
            return BLOCK
        self._check_map(index)
        return self.sparse[index]

    def _check_map(self, index: int) -> None:
        """Only contents need the map, but no engine unpacks a layer in which one makes no sense (Go, archive/tar)."""
        if self.kinds[index] == Kind.FILE:  # Its name may have made it something else.
            self.map_follows = not self._is_checked(None, index)

    def check_map(self, tar: Tar) -> None:
        """Check the map that stands before the data of the last entry; ``tar`` is read from there on."""
        self.map_follows = False
        self._is_checked(tar, len(self.paths) - 1)

    def _is_checked(self, tar: Tar | None, index: int) -> bool:
        stored, length, gnu = self.sparse[index], self.sizes[index], bytes(self.gnu_map)
        try:
            taken = check_map(tar, gnu, self.pax_map, self.offsets[index], stored, length, self.where, self._limits)
        except BadMap as damage:
            self.bad_map = self.bad_map or damage
            return True
        self._map_bytes += max(0, (taken or 0) - _SHORT_MAP)
        if self._map_bytes > self._limits.sparse_bytes:
            raise too_long(self.where, self._limits.sparse_bytes)
        return taken is not None

    @property
    def pending(self) -> bool:
        """Whether extension headers wait for the header that they extend."""
        return self._extensions.pending

    def layer(self) -> Changeset:
        """All that was added, as a layer; raises Damaged where a sparse map makes no sense."""
        if self.bad_map is not None:
            raise self.bad_map
        return self.changeset()

    def changeset(self) -> Changeset:
        """All that was added."""
        if self.paths and self.paths[-1] == TABLE_OF_CONTENTS:
            self.kinds[-1], self.sizes[-1] = Kind.BOOKKEEPING, 0
        if self._aside:
            settle(self._aside, self.paths, self.directories, self.kinds, self.sizes, self._links)
        return Changeset(
            paths=self.paths,
            directories=self.directories,
            kinds=self.kinds,
            sizes=self.sizes,
            ownerships=self.owned,
            mtimes=self._mtimes,
            offsets=self.offsets,
            links=self._links,
            xattrs=self._xattrs,
            sparse=self.sparse,
            content_bytes=sum(self.sizes),
            link_bytes=self.link_bytes,
            text_bytes=self.text_bytes,
        )
