"""Files that the user names: read with a limit or twice, written whole or not at all."""

import os
import shutil
import stat
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from layerscope.errors import ArchiveError, LayerscopeError, UsageError
from layerscope.render.escape import without_commands

NEW_FILE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
"""Flags that open a file only if it does not exist."""
_HEAD = 512


def umask() -> int:
    """The permission bits that new files do not get; the only way to read it is to set it."""
    mask = os.umask(0)
    os.umask(mask)
    return mask


def read_whole(path: Path, most_bytes: int) -> bytes:
    """Return the content; raises UsageError if it cannot be read or is longer than ``most_bytes``."""
    try:
        with path.open("rb") as file:
            content = file.read(most_bytes + 1)
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror or error}") from None
    if len(content) > most_bytes:
        raise UsageError(f"{path} is larger than {most_bytes:,} bytes")
    return content


def is_saved_report(source: str) -> bool:
    """Whether a file holds JSON; an archive begins with the name of its first member, padded with zeros."""
    path = Path(source)
    try:
        if source == "-" or not path.is_file():
            return False
        with path.open("rb") as file:
            head = file.read(_HEAD)
    except OSError:
        return False  # Opening it as an archive reports the error.
    return head.lstrip()[:1] == b"{" and b"\0" not in head


def write_file(path: str, pieces: Iterable[str]) -> None:
    """Replace a file as a whole or leave it as it was; a device or pipe is written to directly.

    The pieces of its text are whole lines. Raises LayerscopeError with the system's reason.
    """
    data = (without_commands(piece).encode("utf-8", "backslashreplace") for piece in pieces)
    try:
        # Tested by the given name: the real path of /dev/stdout may not exist.
        if os.path.exists(path) and not os.path.isfile(path):
            Path(path).write_bytes(b"".join(data))  # For a directory this raises the right error.
        else:
            _replace(Path(os.path.realpath(path)), data)
    except OSError as error:
        raise LayerscopeError(f"cannot write {path}: {error.strerror or error}") from None


def replace_files(changes: Mapping[Path, tuple[bytes, bytes]]) -> None:
    """Replace what files hold, the first bytes, by the second: all of them, or none where one cannot be replaced.

    A symlink stays, and its target is replaced. Raises LayerscopeError with the reason.
    """
    for path, (before, _) in changes.items():
        _expect(path, before)
    try:
        with ExitStack() as stack:
            targets = [Path(os.path.realpath(path)) for path in changes]
            # All are written before the first is renamed.
            ready = [
                stack.enter_context(_beside(target, (after,)))
                for target, (_, after) in zip(targets, changes.values(), strict=True)
            ]
            for temporary, target in zip(ready, targets, strict=True):
                os.replace(temporary, target)
    except OSError as error:
        raise LayerscopeError(f"cannot write {', '.join(map(str, changes))}: {error.strerror or error}") from None


def _expect(path: Path, content: bytes) -> None:
    """Raise LayerscopeError unless a file holds this content and can be replaced; without content it may not exist."""
    if not path.exists():
        if path.is_symlink():
            raise LayerscopeError(f"cannot write {path}: it is a symlink to a file that does not exist")
        if not content:
            return
    if not path.is_file():
        raise LayerscopeError(f"cannot write {path}: it is not a regular file")
    if not os.access(path, os.W_OK):
        raise LayerscopeError(f"cannot write {path}: it is read-only")
    if path.stat().st_size != len(content) or path.read_bytes() != content:
        raise LayerscopeError(f"{path} was changed meanwhile: nothing was written")


def _replace(target: Path, data: Iterable[bytes]) -> None:
    """Write a file beside the target and rename it, so that no reader sees a part."""
    with _beside(target, data) as temporary:
        os.replace(temporary, target)


@contextmanager
def _beside(target: Path, data: Iterable[bytes]) -> Iterator[Path]:
    """A file of the target's mode beside it, to be renamed; it is gone afterwards."""
    # The name is chosen first, so that an interrupt leaves no file behind.
    temporary = target.with_name(f".layerscope-{os.urandom(8).hex()}.part")
    try:
        with open(os.open(temporary, NEW_FILE, 0o600), "wb") as file:
            file.writelines(data)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(temporary, _mode(target))
        yield temporary
    finally:
        with suppress(OSError):  # It was renamed, or never made.
            os.unlink(temporary)


def _mode(target: Path) -> int:
    """The mode of the file, or that of a new one."""
    try:
        return stat.S_IMODE(target.stat().st_mode)
    except FileNotFoundError:
        return 0o666 & ~umask()


def expect_input(source: str) -> None:
    """Raise UsageError where no archive can be: no name, as of an unset variable, or a terminal as stdin."""
    if not source:
        raise UsageError("the name of the image is empty", hint="is a variable not set?")
    if source == "-" and sys.stdin is not None and sys.stdin.isatty():
        raise UsageError("stdin is a terminal", hint="pipe an image in: docker save IMAGE | layerscope report -")


@contextmanager
def rereadable(source: str) -> Iterator[str]:
    """The path of an archive that can be read twice: ``source`` itself, unless it is ``-`` or a named pipe."""
    if source != "-" and (not os.path.exists(source) or os.path.isfile(source) or os.path.isdir(source)):
        yield source
        return
    # The name is chosen first, so that an interrupt leaves no file behind.
    import tempfile  # Commands that read an archive once, nearly all, do without.

    expect_input(source)
    path = os.path.join(tempfile.gettempdir(), f"layerscope-{os.urandom(8).hex()}.tar")
    try:
        with open(os.open(path, NEW_FILE, 0o600), "wb") as spooled:
            if source == "-":
                if sys.stdin is None:
                    raise ArchiveError("standard input is closed")
                shutil.copyfileobj(sys.stdin.buffer, spooled, 1 << 20)
            else:
                with open(source, "rb") as pipe:
                    shutil.copyfileobj(pipe, spooled, 1 << 20)
        try:
            yield path
        except LayerscopeError as error:  # The user knows the source, not its copy.
            error.message = error.message.replace(path, "standard input" if source == "-" else source)
            raise
    finally:
        with suppress(FileNotFoundError):
            os.unlink(path)
