"""A directory of results that are expensive to compute; deleting it loses nothing but time.

Each entry is one file that is written beside its place and then renamed, so a reader never meets a part of one. The
least recently used go first when the directory grows over its limit. Nothing in here raises for what the disk does:
what cannot be read is not there, and what cannot be written is not kept.
"""

import os
import stat
import sys
import threading
import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path

DEFAULT_BYTES = 1 << 30
_HEAD = b"layerscope cache\n"
_SUM_BYTES = 16
_BLOCK = 4096
"""What even the smallest file takes."""
_ENTRY, _PART = ".entry", ".part"
_ABANDONED = 3600
"""Seconds after which a part counts as abandoned."""
_READ = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)


class Cache:
    """The entries in ``directory``, which together take at most ``most_bytes``; for several threads and processes.

    ``problem`` says why entries cannot be written, and is empty for as long as they can.
    """

    def __init__(self, directory: Path, most_bytes: int = DEFAULT_BYTES) -> None:
        self.directory = directory
        self.problem = ""
        self.most_bytes = most_bytes
        self._total: int | None = None
        self._lock = threading.Lock()

    def has(self, key: bytes) -> bool:
        """Whether there seems to be an entry."""
        return os.path.isfile(self._place(key))

    def get(self, key: bytes) -> memoryview | None:
        """What was put under the 32 bytes of ``key``; None where there is nothing, or nothing that can be trusted."""
        place = self._place(key)
        try:
            if not self._is_ours():
                return None
            descriptor = os.open(place, _READ)
        except OSError:
            return None
        try:
            body = _checked(key, descriptor, self.most_bytes)
        finally:
            os.close(descriptor)
        with suppress(OSError):
            if body is None:
                os.unlink(place)
            else:
                os.utime(place)  # The least recently used entries are deleted first.
        return body

    def put(self, key: bytes, body: bytes) -> None:
        """Keep ``body`` for later, if that can be done."""
        length = len(_HEAD) + _SUM_BYTES + len(body)
        if self.problem or _taken(length) > self.most_bytes:
            return
        try:
            with self._lock:  # Two threads that make room at once would count on the same room.
                self._write(key, body, length)
        except (OSError, MemoryError) as error:
            self.problem = getattr(error, "strerror", None) or str(error) or "out of memory"

    def drop(self, key: bytes) -> None:
        """Delete an entry that turned out to be useless."""
        with suppress(OSError):
            os.unlink(self._place(key))

    def _place(self, key: bytes) -> Path:
        return self.directory / (key.hex() + _ENTRY)

    def _is_ours(self) -> bool:
        """Whether only this user can write entries; a directory that others write to could hold anything."""
        if not hasattr(os, "geteuid"):
            return True
        found = os.stat(self.directory)
        return found.st_uid == os.geteuid() and not found.st_mode & 0o022

    def _write(self, key: bytes, body: bytes, length: int) -> None:
        """Write an entry as a whole or not at all; raises OSError."""
        self._make()
        self._make_room(_taken(length))
        part = self.directory / (os.urandom(16).hex() + _PART)
        try:
            with open(os.open(part, _NEW, 0o600), "wb", buffering=0) as file:
                _write_all(file.fileno(), _HEAD + _sum(key, body))
                _write_all(file.fileno(), body)
            os.replace(part, self._place(key))
        except BaseException:
            with suppress(OSError):
                os.unlink(part)
            raise

    def _make(self) -> None:
        try:
            self.directory.parent.mkdir(parents=True, exist_ok=True)
            self.directory.mkdir(mode=0o700)
        except FileExistsError:
            pass
        if not self._is_ours():
            raise PermissionError(0, "others can write to it, or it belongs to another user")

    def _make_room(self, length: int) -> None:
        """Make room for so many more bytes; the caller holds the lock until they are written.

        The directory is looked through only when it is full.
        """
        if self._total is None or self._total + length > self.most_bytes:
            self._total = _trimmed(
                self.directory, self.most_bytes - length, self.most_bytes - self.most_bytes // 8 - length
            )
        self._total += length


def _checked(key: bytes, descriptor: int, most_bytes: int) -> memoryview | None:
    """The body of an entry; None for one that is damaged, belongs elsewhere, or is not a regular file."""
    try:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode) or found.st_size > most_bytes:
            return None
        with open(descriptor, "rb", buffering=0, closefd=False) as file:
            data = memoryview(file.read())
    except OSError:
        return None
    start = len(_HEAD) + _SUM_BYTES
    body = data[start:]
    return body if data[:start] == _HEAD + _sum(key, body) else None


def _sum(key: bytes, body: bytes | memoryview) -> bytes:
    """Guards against damage, and against an entry under the name of another."""
    from xxhash import xxh3_128

    found = xxh3_128(key)
    found.update(body)
    return found.digest()


def _write_all(descriptor: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]


def _taken(length: int) -> int:
    """What a file of that length takes on a disk."""
    return max(length + _BLOCK - 1, _BLOCK) // _BLOCK * _BLOCK


def _trimmed(directory: Path, most: int, wanted: int) -> int:
    """What the entries take; where that is over ``most``, the oldest are deleted until it is at most ``wanted``."""
    found = []
    for file in _files(directory):
        with suppress(OSError):  # Another process may delete it at the same time.
            state = file.stat(follow_symlinks=False)
            if file.name.endswith(_PART) and state.st_mtime < time.time() - _ABANDONED:
                os.unlink(file.path)
            else:
                found.append((state.st_mtime_ns, _taken(state.st_size), file.path))
    total = sum(length for _, length, _ in found)
    if total <= most:
        return total
    for _, length, path in sorted(found):
        if total <= wanted:
            break
        if path.endswith(_PART):
            continue  # Another process is writing it.
        with suppress(OSError):
            os.unlink(path)
            total -= length
    return total


def _files(directory: Path) -> Iterable["os.DirEntry[str]"]:
    with os.scandir(directory) as found:
        return [file for file in found if file.name.endswith((_ENTRY, _PART))]


def usual_directory(environment: Mapping[str, str]) -> Path | None:
    """Where this user's caches are, by the conventions of the system; None where there is no such place.

    $XDG_CACHE_HOME counts everywhere (XDG Base Directory Specification: a relative path is to be ignored).
    """
    named = environment.get("XDG_CACHE_HOME", "")
    if named and os.path.isabs(named):
        return Path(named) / "layerscope"
    if sys.platform == "win32":
        local = environment.get("LOCALAPPDATA", "")
        return Path(local) / "layerscope" / "cache" if local else None
    home = os.path.expanduser("~") if environment.get("HOME") != "" else ""
    if not os.path.isabs(home):
        return None
    return Path(home) / ("Library/Caches" if sys.platform == "darwin" else ".cache") / "layerscope"
