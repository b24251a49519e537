"""Writes a plan of extraction to a directory: directories first, then files, symlinks last."""

import errno
import io
import os
from collections.abc import Callable, Iterator
from contextlib import suppress

from layerscope.analysis.extract import Item, Note, Plan, contents
from layerscope.cli.destination import Destination
from layerscope.cli.user_files import umask
from layerscope.errors import LayerscopeError
from layerscope.filesystem.tree import Filesystem
from layerscope.model.contents import Piece
from layerscope.model.entry import Kind
from layerscope.render.words import counted

_FATAL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EROFS, errno.EMFILE, errno.ENFILE, errno.ENOMEM})
"""Errors after which the next file would fail as well."""
_FURTHEST = 1 << 33
"""The furthest time from 1970, in seconds, that every system accepts; an archive may hold any number."""


class Unpacker:
    """Writes items and notes what it could not write."""

    def __init__(self, filesystem: Filesystem, destination: Destination, *, umask: int) -> None:
        self._filesystem = filesystem
        self._destination = destination
        self._umask = umask
        self.notes: list[Note] = []
        self.files = self.directories = self.symlinks = 0

    @property
    def counts(self) -> str:
        """What was written: ``3 files, 1 directory and 0 symlinks``."""
        files, directories = counted(self.files, "file"), counted(self.directories, "directory", "directories")
        return f"{files}, {directories} and {counted(self.symlinks, 'symlink')}"

    def unpack(self, plan: Plan) -> None:
        """Write a plan; raises LayerscopeError if the disk is full or the archive damaged."""
        made = [item for item in plan.items if item.kind == Kind.DIRECTORY and self._directory(item)]
        self._files(plan)
        # Made last, so that nothing is written through one.
        for item in plan.items:
            if item.kind == Kind.SYMLINK:
                self._symlink(item)
        for item in reversed(made):  # Writing inside a directory changes its time.
            with suppress(OSError):
                mode = (item.mode & ~self._umask) | 0o700
                self._destination.settle(item.parts, mode, _time(item))

    def _try(self, item: Item, write: Callable[[], object]) -> bool:
        """Write an item; return whether that worked, and note why not."""
        try:
            write()
        except (OSError, ValueError) as error:  # ValueError: a name that the file system cannot hold.
            if isinstance(error, OSError) and error.errno in _FATAL:
                raise _failed(item, error) from None
            self.notes.append(Note(path=item.path, reason=_reason(error)))
            return False
        return True

    def _directory(self, item: Item) -> bool:
        """Make a directory; return whether it is new."""
        if not item.parts:
            return False
        new: list[bool] = []
        if self._try(item, lambda: new.append(self._destination.make_directory(item.parts))):
            self.directories += 1
        return any(new)

    def _symlink(self, item: Item) -> None:
        if self._try(item, lambda: self._destination.symlink(item.parts, item.link)):
            self.symlinks += 1

    def _files(self, plan: Plan) -> None:
        names: dict[int, list[Item]] = {}
        for item in plan.items:
            if item.kind == Kind.FILE:
                names.setdefault(item.carrier, []).append(item)
        for carrier, pieces in contents(self._filesystem, names):
            first: Item | None = None
            for item in names[carrier]:
                if first is None:
                    first = item if self._file(item, pieces) else None
                else:
                    self._link(first, item)

    def _file(self, item: Item, pieces: Iterator[Piece]) -> bool:
        def write(file: io.FileIO) -> None:
            try:
                _write(file.fileno(), pieces)
                if os.chmod in os.supports_fd:
                    os.chmod(file.fileno(), item.mode & ~self._umask)
                if os.utime in os.supports_fd:
                    os.utime(file.fileno(), (_time(item), _time(item)))
            except OSError as error:
                raise _failed(item, error) from None

        if not self._try(item, lambda: self._destination.create(item.parts, write)):
            return False
        if os.utime not in os.supports_fd:
            with suppress(OSError):
                self._destination.date(item.parts, _time(item))
        self.files += 1
        return True

    def _link(self, first: Item, item: Item) -> None:
        """Make a hard link, or a copy where the file system has no hard links or no more of them."""
        failures: list[OSError] = []

        def link() -> None:
            try:
                self._destination.link(first.parts, item.parts)
            except (FileExistsError, IsADirectoryError, NotADirectoryError):
                raise
            except OSError as error:
                if error.errno == errno.ELOOP:
                    raise
                failures.append(error)

        if not self._try(item, link):
            return
        if not failures:
            self.files += 1
            return
        opened: list[int] = []
        if self._try(item, lambda: opened.append(self._destination.open(first.parts))):
            with open(opened[0], "rb", buffering=0) as source:
                self._file(item, _pieces(source))


def unpacked(filesystem: Filesystem, planned: Plan, directory: str, *, force: bool) -> Unpacker:
    """Write a plan to a directory, made if need be; raises LayerscopeError if it cannot be used."""
    try:
        destination = Destination(directory, force=force)
    except OSError as error:
        raise LayerscopeError(f"cannot write to {directory}: {error.strerror}") from None
    try:
        unpacker = Unpacker(filesystem, destination, umask=umask())
        unpacker.unpack(planned)
    finally:
        destination.close()
    return unpacker


def _pieces(source: io.FileIO) -> Iterator[Piece]:
    view = memoryview(bytearray(1 << 18))
    while count := source.readinto(view):
        yield view[:count]


def _write(descriptor: int, pieces: Iterator[Piece]) -> None:
    """Write the pieces; holes stay holes, so that a sparse file takes no space."""
    length = 0
    for piece in pieces:
        if isinstance(piece, int):
            length = os.lseek(descriptor, piece, os.SEEK_CUR)
            continue
        while piece:
            count = os.write(descriptor, piece)
            piece, length = piece[count:], length + count
    os.ftruncate(descriptor, length)


def _time(item: Item) -> int:
    return min(max(item.mtime, -_FURTHEST), _FURTHEST)


def _failed(item: Item, error: OSError) -> LayerscopeError:
    return LayerscopeError(f"cannot write {'/'.join(item.parts)}: {error.strerror}")


def _reason(error: Exception) -> str:
    if isinstance(error, FileExistsError):
        return "already exists (--force replaces files)"
    if isinstance(error, NotADirectoryError) or (isinstance(error, OSError) and error.errno == errno.ELOOP):
        return "a file or symlink is in the place of its directory"
    if isinstance(error, IsADirectoryError):
        return "a directory of that name exists"
    return str(error.strerror or error) if isinstance(error, OSError) else str(error)
