"""Writes below one directory and nowhere else, whatever is in the way there, and each file as a whole or not at all.

Every directory is entered from its parent, one component at a time, and never through a symlink: by descriptors where
the system has them (``openat`` and O_NOFOLLOW), so that nobody can exchange a directory meanwhile; else by looking.
"""

import errno
import io
import os
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Protocol

HELD = {os.open, os.mkdir, os.unlink, os.link, os.symlink, os.rename, os.stat} <= os.supports_dir_fd and hasattr(
    os, "O_NOFOLLOW"
)
"""Whether directories can be held by descriptors."""
_NO_LINK, _BINARY = getattr(os, "O_NOFOLLOW", 0), getattr(os, "O_BINARY", 0)
_READ = os.O_RDONLY | _NO_LINK | _BINARY
NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | _NO_LINK | _BINARY
"""How a file is opened that must not be there yet."""
_HOLD = os.O_RDONLY | getattr(os, "O_DIRECTORY", 0)


class Place(Protocol):
    """An open directory; names are single components."""

    def enter(self, name: str, *, create: bool) -> "Place": ...
    def arguments(self, name: str, prefix: str = "") -> tuple[str, dict[str, int]]: ...
    def settle(self, mode: int, mtime: int) -> None: ...
    def close(self) -> None: ...


class HeldPlace:
    """A directory by its descriptor."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def enter(self, name: str, *, create: bool) -> "HeldPlace":
        """The directory of that name, made if need be; raises OSError where something else has the name."""
        flags = _HOLD | _NO_LINK
        try:
            return HeldPlace(os.open(name, flags, dir_fd=self._descriptor))
        except FileNotFoundError:
            if not create:
                raise
        os.mkdir(name, dir_fd=self._descriptor)
        return HeldPlace(os.open(name, flags, dir_fd=self._descriptor))

    def arguments(self, name: str, prefix: str = "") -> tuple[str, dict[str, int]]:
        """How a system call is told of ``name`` in this directory; ``prefix`` is that of calls with two names."""
        return name, {f"{prefix}dir_fd": self._descriptor}

    def settle(self, mode: int, mtime: int) -> None:
        """Set the directory's own mode and time."""
        os.chmod(self._descriptor, mode)
        os.utime(self._descriptor, (mtime, mtime))

    def close(self) -> None:
        os.close(self._descriptor)


class NamedPlace:
    """A directory by its path, for systems without descriptors of directories."""

    def __init__(self, path: str) -> None:
        self._path = path

    def enter(self, name: str, *, create: bool) -> "NamedPlace":
        path = os.path.join(self._path, name)
        try:
            found = os.lstat(path)
        except FileNotFoundError:
            if not create:
                raise
            os.mkdir(path)
            found = os.lstat(path)
        # A junction of Windows is a directory to lstat, but has a tag that a plain one lacks.
        if not stat.S_ISDIR(found.st_mode) or getattr(found, "st_reparse_tag", False):
            raise NotADirectoryError(f"{path} is no directory")
        return NamedPlace(path)

    def arguments(self, name: str, prefix: str = "") -> tuple[str, dict[str, int]]:
        return os.path.join(self._path, name), {}

    def settle(self, mode: int, mtime: int) -> None:
        os.chmod(self._path, mode)
        os.utime(self._path, (mtime, mtime))

    def close(self) -> None:
        """Nothing is held."""


class Destination:
    """The directory to write to. All methods raise OSError; ``parts`` are the components of a path below it."""

    def __init__(self, directory: str, *, held: bool = HELD, force: bool = False) -> None:
        os.makedirs(directory, exist_ok=True)
        self._root: Place
        self._root = HeldPlace(os.open(directory, _HOLD)) if held else NamedPlace(directory)
        self._force = force

    def close(self) -> None:
        self._root.close()

    def make_directory(self, parts: tuple[str, ...]) -> bool:
        """Make a directory and those above it; whether it is new."""
        with self._parent(parts) as parent:
            try:
                parent.enter(parts[-1], create=False).close()
            except FileNotFoundError:
                parent.enter(parts[-1], create=True).close()
                return True
        return False

    def create(self, parts: tuple[str, ...], write: Callable[[io.FileIO], None]) -> None:
        """Make a file of what ``write`` writes, and sets, of a new one that only its owner can read."""

        def make(parent: Place, name: str) -> None:
            path, options = parent.arguments(name)
            with open(os.open(path, NEW, 0o600, **options), "wb", buffering=0) as file:
                write(file)

        self._put(parts, make)

    def symlink(self, parts: tuple[str, ...], target: str) -> None:
        def make(parent: Place, name: str) -> None:
            path, options = parent.arguments(name)
            os.symlink(target, path, False, **options)

        self._put(parts, make)

    def link(self, existing: tuple[str, ...], parts: tuple[str, ...]) -> None:
        """Give a file that was created here another name."""

        def make(parent: Place, name: str) -> None:
            old, old_options = source.arguments(existing[-1], "src_")
            new, new_options = parent.arguments(name, "dst_")
            follow = os.link not in os.supports_follow_symlinks  # Where there is no choice, none is followed.
            os.link(old, new, follow_symlinks=follow, **old_options, **new_options)

        with self._parent(existing) as source:
            self._put(parts, make)

    def open(self, parts: tuple[str, ...]) -> int:
        """The descriptor of a file that was created here, for reading."""
        with self._parent(parts) as parent:
            path, options = parent.arguments(parts[-1])
            return os.open(path, _READ, **options)

    def date(self, parts: tuple[str, ...], mtime: int) -> None:
        """Give a file that was created here its time by its name; Windows has no way to do it by a descriptor."""
        with self._parent(parts) as parent:
            path, options = parent.arguments(parts[-1])
            os.utime(path, (mtime, mtime), dir_fd=options.get("dir_fd"))

    def settle(self, parts: tuple[str, ...], mode: int, mtime: int) -> None:
        """Give a directory that was made here its mode and time."""
        with self._parent((*parts, "")) as place:
            place.settle(mode, mtime)

    def _put(self, parts: tuple[str, ...], make: Callable[[Place, str], None]) -> None:
        """Make something under a name of ours, which is then renamed: nobody ever sees a part of it under its own."""
        with self._parent(parts) as parent:
            self._expect_free(parent, parts[-1])
            part = f".layerscope-{os.urandom(8).hex()}.part"
            try:
                make(parent, part)
                self._expect_free(parent, parts[-1])
                old, old_options = parent.arguments(part, "src_")
                new, new_options = parent.arguments(parts[-1], "dst_")
                os.replace(old, new, **old_options, **new_options)
            finally:
                path, options = parent.arguments(part)
                with suppress(OSError):  # Renamed, never made, or the same file as what has the name.
                    os.unlink(path, **options)

    def _expect_free(self, parent: Place, name: str) -> None:
        """Raise where something has the name; with ``force`` a directory alone keeps it, and no link is followed."""
        path, options = parent.arguments(name)
        try:
            found = os.stat(path, dir_fd=options.get("dir_fd"), follow_symlinks=False)
        except FileNotFoundError:
            return
        if stat.S_ISDIR(found.st_mode):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), name)
        if not self._force:
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), name)

    @contextmanager
    def _parent(self, parts: tuple[str, ...]) -> Iterator[Place]:
        """The directory that holds the last of ``parts``; those above it are made."""
        place, opened = self._root, False
        try:
            for part in parts[:-1]:
                inner = place.enter(part, create=True)
                if opened:
                    place.close()
                place, opened = inner, True
            yield place
        finally:
            if opened:
                place.close()


def umask() -> int:
    """The permission bits that new files do not get; there is no way to ask but to set it."""
    mask = os.umask(0)
    os.umask(mask)
    return mask
