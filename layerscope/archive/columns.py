"""Collects headers into the columns of a Changeset."""

from array import array
from collections.abc import Callable
from sys import intern

from layerscope.archive.header import (
    BLOCK,
    FIELDS,
    LARGEST,
    ZEROS,
    Checksums,
    Numbers,
    adler,
    checksum_holds,
    text,
)
from layerscope.archive.names import TABLE_OF_CONTENTS, classify, normal
from layerscope.archive.pax import Extensions
from layerscope.errors import Damaged, LimitExceeded
from layerscope.model.changeset import Changeset, Ownership
from layerscope.model.entry import Kind
from layerscope.model.limits import Limits

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
}
_EXTENSIONS = frozenset({b"x", b"g", b"X", b"L", b"K"})
_POSIX = b"ustar\0"
END = -1
"""What ``add`` returns for a block of zeros."""


class Columns:
    """The headers of one tar, read in order.

    ``add`` takes one header and returns how many bytes of payload follow it. Where ``expects`` is set, that
    payload belongs to the headers themselves and goes to ``extend``.
    """

    def __init__(self, where: str, limits: Limits, warn: Callable[[str], None]) -> None:
        self.where = where
        self.expects = False
        self._limits = limits
        self._warn = warn
        self._extensions = Extensions(where, limits)
        self._numbers = Numbers()
        self._checksums = Checksums()
        self._ownerships: dict[bytes, Ownership] = {}
        self.paths: list[str] = []
        self.kinds = bytearray()
        self.sizes = array("q")
        self._owned: list[Ownership] = []
        self._mtimes = array("q")
        self._offsets = array("q")
        self._links: dict[int, str] = {}
        self._xattrs: dict[int, tuple[tuple[str, bytes], ...]] = {}
        self.sparse: dict[int, int] = {}
        self._link_bytes = 0

    def add(self, buffer: bytes | bytearray, view: memoryview, start: int, position: int) -> int:
        """Take the header at ``buffer[start:]``, which stands at ``position`` of the tar; ``view`` shows the buffer."""
        name, owner, size_field, mtime_field, checksum, flag, link, magic, _, prefix = FIELDS.unpack_from(buffer, start)
        if adler(view[start : start + BLOCK]) != self._checksums[checksum]:
            header = bytes(view[start : start + BLOCK])
            if header == ZEROS:
                return END
            if not checksum_holds(header):
                raise Damaged("a tar header fails its checksum", where=self.where, offset=position)
        try:
            size = self._numbers[size_field]
            mtime = self._numbers[mtime_field]
            ownership = self._ownerships.get(owner) or self._ownership(owner)
        except ValueError:
            raise Damaged("a tar header has a field that is no number", where=self.where, offset=position) from None
        if not 0 <= size <= LARGEST or not -LARGEST <= mtime <= LARGEST:
            raise Damaged("a tar header has an impossible size or time", where=self.where, offset=position)
        if prefix[0] and magic[:6] == _POSIX:
            name = prefix.split(b"\0", 1)[0] + b"/" + name
        kind: int | None = _KINDS.get(flag)
        if kind is None or self._extensions.pending:
            return self._unusual(buffer[start : start + BLOCK], flag, name, link, size, mtime, ownership, position)
        if flag == b"\0" and name.split(b"\0", 1)[0].endswith(b"/"):
            kind = Kind.DIRECTORY  # As before POSIX, where directories had no type of their own.
        path = text(name)
        target = text(link) if kind == Kind.HARDLINK or kind == Kind.SYMLINK else ""
        return self._append(path, kind, size if kind == Kind.FILE else 0, mtime, ownership, target, position)

    def _append(
        self, name: str, kind: int, size: int, mtime: int, ownership: Ownership, target: str, position: int
    ) -> int:
        path = "/" + name.removeprefix("./")
        if path[-1] == "/":
            path = path.rstrip("/") or "/"
        if "/." in path or "//" in path:
            path, kind = classify(normal(path), kind)
        index = len(self.paths)
        if len(path) > self._limits.path_bytes:
            raise LimitExceeded(f"{self.where}: a path of {len(path):,} characters", hint="raise --limit path_bytes")
        if index >= self._limits.entries:
            raise LimitExceeded(f"{self.where}: over {index:,} entries", hint="raise --limit entries")
        self.paths.append(path)
        self.kinds.append(kind)
        self.sizes.append(size if kind == Kind.FILE else 0)
        self._owned.append(ownership)
        self._mtimes.append(mtime)
        self._offsets.append(position + BLOCK)
        if target:
            if kind == Kind.SYMLINK:
                self._links[index] = intern(target) if len(target) < 64 else target
                self._link_bytes += len(target.encode("utf-8", "surrogateescape"))
            elif kind == Kind.HARDLINK:
                self._links[index] = normal(target)
        return size

    def _unusual(
        self,
        header: bytes | bytearray,
        flag: bytes,
        name: bytes,
        link: bytes,
        size: int,
        mtime: int,
        ownership: Ownership,
        position: int,
    ) -> int:
        """A header that extends the next one, or one that is extended, or of a rare type."""
        if flag in _EXTENSIONS:
            self._extensions.begin(flag, size, position)
            self.expects = True
            return size
        extended = self._extensions.apply(text(name), text(link), size, mtime, ownership, bytes(header), position)
        kind: int = _KINDS.get(flag, Kind.FILE)
        if flag not in _KINDS and flag != b"S":
            self._warn(f"{self.where}: entry type {flag!r} of {extended.name!r} is unknown; taken for a file")
        if flag == b"\0" and extended.name.endswith("/"):
            kind = Kind.DIRECTORY
        is_file = kind == Kind.FILE
        index = len(self.paths)
        target = extended.link if kind in (Kind.HARDLINK, Kind.SYMLINK) else ""
        self._append(
            extended.name, kind, extended.content_bytes, extended.mtime, extended.ownership, target, extended.position
        )
        if extended.xattrs:
            self._xattrs[index] = extended.xattrs
        if is_file and extended.is_sparse:
            self.sparse[index] = extended.stored_bytes
        self.expects = extended.continues
        return BLOCK if extended.continues else extended.stored_bytes if is_file else 0

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
        self._offsets[index] = position + BLOCK
        return BLOCK if self.expects else self.sparse[index]

    def _ownership(self, field: bytes) -> Ownership:
        numbers = self._numbers
        value = (numbers[field[:8]] & 0o7777, numbers[field[8:16]], numbers[field[16:]])
        if len(self._ownerships) < 100_000:
            self._ownerships[field] = value
        return value

    def mode(self, index: int) -> int:
        """The permission bits of an entry."""
        return self._owned[index][0]

    def changeset(self) -> Changeset:
        """All that was added."""
        if self.paths and self.paths[-1] == TABLE_OF_CONTENTS:
            self.kinds[-1], self.sizes[-1] = Kind.BOOKKEEPING, 0
        return Changeset(
            paths=self.paths,
            kinds=self.kinds,
            sizes=self.sizes,
            ownerships=self._owned,
            mtimes=self._mtimes,
            offsets=self._offsets,
            links=self._links,
            xattrs=self._xattrs,
            sparse=self.sparse,
            content_bytes=sum(self.sizes),
            link_bytes=self._link_bytes,
        )
