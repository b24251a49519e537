"""From a path, a directory or a pipe to an Image."""

import io
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from layerscope.errors import ArchiveError, Damaged, NotAnImage
from layerscope.image.assemble import from_store, root_file_system
from layerscope.image.capture import Reopen
from layerscope.image.kinds import HEAD, kind_of, may_be_tar
from layerscope.image.layer import Counted, LayerData, ahead, expanded, first_bytes
from layerscope.image.layouts import archive_in, image_in, is_image
from layerscope.image.options import ReadOptions
from layerscope.image.plain import Positional
from layerscope.image.store import DirectoryStore, StreamStore, TarStore
from layerscope.image.stream import read_outer
from layerscope.model.changeset import Changeset
from layerscope.model.entry import Kind
from layerscope.model.image import Image
from layerscope.model.patterns import pattern
from layerscope.tar.columns import Columns
from layerscope.tar.compression import Readable, decompressor, sniff
from layerscope.tar.positional import PositionalFile, Range
from layerscope.tar.walk import walk
from layerscope.tar.window import PositionalWindow

_PART = pattern(r"/(?:oci-layout|repositories|blobs|(?:sha256:)?[0-9a-f]{64}(?:\.[.\w]+)?)?(?:/|\Z)")
_ARCHIVE = pattern(r"\.(?:tar(?:\.\w+)?|tgz|oci)\Z")
_PIPE = 1 << 20


@contextmanager
def open_image(source: str, reading: ReadOptions) -> Iterator[Image]:
    """Read the image in ``source``: a file, a directory, or ``-`` for standard input.

    Contents of plain layers can be read while the context lasts. Raises the errors of layerscope.errors.
    """
    with ExitStack() as stack:
        yield _open(source, reading, stack)  # Not in a variable, so that the caller may let go of the image.


def _open(source: str, reading: ReadOptions, stack: ExitStack) -> Image:
    try:
        return _image(source, reading, stack)
    except OSError as error:
        raise _system_error(source, error) from None


def _image(source: str, reading: ReadOptions, stack: ExitStack) -> Image:
    if source == "-":
        if sys.stdin is None:
            raise ArchiveError("standard input is closed")
        return _from_stream(io.FileIO(sys.stdin.fileno(), closefd=False), "standard input", reading)
    path = Path(source)
    if path.is_dir():
        directory = DirectoryStore(image_in(path), reading.limits)
        stack.callback(directory.close)
        stack.push(_check(lambda: directory.changed, source))
        if not (directory.has("index.json") or directory.has("manifest.json") or is_image(str(directory.root))):
            hint = "an OCI layout has index.json, an unpacked docker archive has manifest.json"
            raise NotAnImage(f"{source} is a directory that holds no image", hint=hint)
        return from_store(directory, source, reading, in_directory=True)
    raw = stack.enter_context(io.FileIO(path))
    if not raw.seekable():
        return _from_stream(raw, source, reading)
    head = raw.read(HEAD) or b""
    raw.seek(0)
    if sniff(head):
        return _from_stream(raw, source, reading)
    _expect_tar(head, source)
    file = PositionalFile(raw)
    stack.push(_check(lambda: file.changed, source))
    return _from_file(file, source, reading)


def _check(changed: Callable[[], bool], source: str) -> Callable[..., None]:
    """What is called when all has been read; raises Damaged when that was not one archive but parts of two."""

    def check(kind: type[BaseException] | None, *_: object) -> None:
        if kind is None and changed():
            raise Damaged("the archive changed while it was read", where=source)

    return check


def _from_file(file: PositionalFile, source: str, reading: ReadOptions) -> Image:
    """A plain tar in a plain file: everything is read by position."""
    warnings: list[str] = []
    columns = Columns(source, reading.limits, warnings.append)
    window = PositionalWindow(file, 0, file.length, source)
    ended = walk(window, columns)
    outer = columns.changeset()
    store = archive_in(lambda root: TarStore(file, outer, reading.limits, root), outer, reading.limits)
    if store is not None:
        return from_store(store, source, reading, warnings, ended=ended)
    _expect_root_file_system(outer, source, columns.bad_map)
    contents = Positional(file, 0, outer, reading)
    data = LayerData(
        changeset=outer,
        contents=contents,
        stored_bytes=file.length,
        tar_bytes=file.length,
        ended=ended,
        warnings=tuple(warnings),
    )
    return root_file_system(data, source, reading)


def _from_stream(raw: io.RawIOBase, source: str, reading: ReadOptions) -> Image:
    """A tar that comes through a pipe or a decompressor: one pass over everything."""
    _widen(raw)
    head = first_bytes(raw, HEAD)
    counted = Counted(raw, head, reading.progress, reading.tally)
    compression = sniff(head)
    stream: Readable = counted
    if compression:
        expanded = decompressor(compression, counted, source)
        head = first_bytes(expanded, HEAD)
        stream = Counted(expanded, head)
    _expect_tar(head, source)
    with ahead(stream, reading) as forwards:
        tar = read_outer(forwards, counted, compression, source, reading, _reopen(raw, compression, source))
    outer, limits = tar.outer.changeset, reading.limits
    store = archive_in(lambda root: StreamStore(outer, tar.documents, tar.layers, limits, root), outer, limits)
    if store is not None:
        return from_store(store, source, reading, tar.warnings, ended=tar.outer.ended)
    _expect_root_file_system(outer, source, tar.bad_map)
    return root_file_system(tar.outer, source, reading)


def _widen(raw: io.RawIOBase) -> None:
    """Let a pipe hold 1 MiB instead of 64 KiB: each side then works for longer before it waits for the other."""
    if sys.platform == "linux":
        import fcntl

        with suppress(OSError):  # No pipe, or more than this user may have: it only takes longer.
            fcntl.fcntl(raw.fileno(), fcntl.F_SETPIPE_SZ, _PIPE)


def _reopen(raw: io.RawIOBase, compression: str, source: str) -> Reopen | None:
    """A function that opens the uncompressed tar again while its file is open; None for a pipe."""
    if not isinstance(raw, io.FileIO) or not raw.seekable():
        return None
    file = PositionalFile(raw)
    return expanded(lambda: Range(file, 0, file.length), compression, source)


def _expect_tar(head: bytes, source: str) -> None:
    """Raise NotAnImage, with a hint, for a file that is not a tar."""
    if not head:
        raise NotAnImage(f"{source} is empty", hint="was the disk full, or the command before the pipe interrupted?")
    kind = kind_of(head)
    if not kind and may_be_tar(head):
        return
    hint = "layerscope reads what docker save, podman save, skopeo copy and buildx write"
    message = f"{source} is {kind}, not a container image" if kind else f"{source} is not a tar archive"
    raise NotAnImage(message, hint=hint)


def _expect_root_file_system(outer: Changeset, source: str, bad_map: Damaged | None) -> None:
    """Raise for an image archive without its metadata, for a tar of other archives, and for a bad sparse map."""
    if outer.paths and all(_PART.match(path) for path in outer.paths):
        hint = "docker before 1.10 wrote such archives; so does a save that was interrupted"
        raise NotAnImage(f"{source} holds layers, but neither manifest.json nor index.json", hint=hint)
    files = (path for path, kind in zip(outer.paths, outer.kinds, strict=True) if kind != Kind.DIRECTORY)
    first = next(files, "")
    if _ARCHIVE.search(first) and all(map(_ARCHIVE.search, files)):
        message = f"{source} is a tar of other archives, such as {first[1:]}"
        raise NotAnImage(message, hint="extract the one that is an image, and read that")
    if bad_map is not None:
        raise bad_map


def _system_error(source: str, error: OSError) -> ArchiveError:
    """The error to raise for a system error about the archive."""
    if isinstance(error, FileNotFoundError):
        hint = "save an image with: docker save NAME -o image.tar"
        return ArchiveError(f"there is no file {source}", hint=hint)
    if isinstance(error, PermissionError):
        return ArchiveError(f"no permission to read {source}", hint="docker save writes files that only its user reads")
    return ArchiveError(f"{source} cannot be read: {error.strerror or error}")
