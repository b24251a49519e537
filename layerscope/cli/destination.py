"""A directory to extract to: nothing is written outside of it, and each file is written whole or not at all.

Directories are entered one component at a time and never through a symlink: by descriptor where the system can
(``openat`` with O_NOFOLLOW), so that a directory cannot be swapped meanwhile, elsewhere by ``lstat``.
"""

import errno
import io
import os
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Protocol

from layerscope.cli.user_files import NEW_FILE

HELD = {os.open, os.mkdir, os.unlink, os.link, os.symlink, os.rename, os.stat} <= os.supports_dir_fd and hasattr(
    os, "O_NOFOLLOW"
)
"""Whether the system can hold directories by descriptor."""
_NO_LINK = getattr(os, "O_NOFOLLOW", 0)
_READ = os.O_RDONLY | _NO_LINK | getattr(os, "O_BINARY", 0)
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
        """Open a directory, made if need be; raises OSError if something else has the name."""
        flags = _HOLD | _NO_LINK
        try:
            return HeldPlace(os.open(name, flags, dir_fd=self._descriptor))
        except FileNotFoundError:
            if not create:
                raise
        os.mkdir(name, dir_fd=self._descriptor)
        return HeldPlace(os.open(name, flags, dir_fd=self._descriptor))

    def arguments(self, name: str, prefix: str = "") -> tuple[str, dict[str, int]]:
        """Path and keywords that name a file of this directory in a system call; calls with two names have a prefix."""
        return name, {f"{prefix}dir_fd": self._descriptor}

    def settle(self, mode: int, mtime: int) -> None:
        """Set the directory's own mode and time."""
        os.chmod(self._descriptor, mode)
        os.utime(self._descriptor, (mtime, mtime))

    def close(self) -> None:
        os.close(self._descriptor)


class NamedPlace:
    """A directory by its path, for systems without directory descriptors."""

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
        # To lstat a Windows junction is a directory, but it has a reparse tag.
        if not stat.S_ISDIR(found.st_mode) or getattr(found, "st_reparse_tag", False):
            raise NotADirectoryError(f"{path} is not a directory")
        return NamedPlace(path)

    def arguments(self, name: str, prefix: str = "") -> tuple[str, dict[str, int]]:
        return os.path.join(self._path, name), {}

    def settle(self, mode: int, mtime: int) -> None:
        os.chmod(self._path, mode)
        os.utime(self._path, (mtime, mtime))

    def close(self) -> None:
        """Nothing is open."""


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
        """Make a directory and its parents; return whether it is new."""
        with self._parent(parts) as parent:
            try:
                parent.enter(parts[-1], create=False).close()
            except FileNotFoundError:
                parent.enter(parts[-1], create=True).close()
                return True
        return False

    def create(self, parts: tuple[str, ...], write: Callable[[io.FileIO], None]) -> None:
        """Make a file; ``write`` gets it open, readable by its owner only, and may set its mode and time."""

        def make(parent: Place, name: str) -> None:
            path, options = parent.arguments(name)
            with open(os.open(path, NEW_FILE, 0o600, **options), "wb", buffering=0) as file:
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
            follow = os.link not in os.supports_follow_symlinks  # Systems without the choice never follow one.
            os.link(old, new, follow_symlinks=follow, **old_options, **new_options)

        with self._parent(existing) as source:
            self._put(parts, make)

    def open(self, parts: tuple[str, ...]) -> int:
        """The descriptor of a file that was created here, for reading."""
        with self._parent(parts) as parent:
            path, options = parent.arguments(parts[-1])
            return os.open(path, _READ, **options)

    def date(self, parts: tuple[str, ...], mtime: int) -> None:
        """Set the time of a file that was created here by its name; Windows cannot do it by descriptor."""
        with self._parent(parts) as parent:
            path, options = parent.arguments(parts[-1])
            os.utime(path, (mtime, mtime), dir_fd=options.get("dir_fd"))

    def settle(self, parts: tuple[str, ...], mode: int, mtime: int) -> None:
        """Set mode and time of a directory that was made here."""
        with self._parent((*parts, "")) as place:
            place.settle(mode, mtime)

    def _put(self, parts: tuple[str, ...], make: Callable[[Place, str], None]) -> None:
        """Make something under a temporary name and rename it, so that no reader sees a part."""
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
                with suppress(OSError):  # Renamed, never made, or a hard link to the target.
                    os.unlink(path, **options)

    def _expect_free(self, parent: Place, name: str) -> None:
        """Raise if the name is taken; with ``force`` only by a directory."""
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
        """The parent directory, made if need be."""
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
