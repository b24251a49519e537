"""One layer blob: told apart, decompressed where it must be, walked, and proven where it is read whole."""

import hashlib
import io
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext

from msgspec import Struct, field

from layerscope.archive.ahead import Ahead
from layerscope.archive.capture import Again, Capture, Positional, hasher
from layerscope.archive.columns import Columns
from layerscope.archive.compression import MAGIC_BYTES, Readable, decompressor, sniff
from layerscope.archive.header import BLOCK
from layerscope.archive.names import TABLE_OF_CONTENTS
from layerscope.archive.plan import Planner
from layerscope.archive.positional import PositionalFile, Range
from layerscope.archive.reading import Reading
from layerscope.archive.tally import Tally
from layerscope.archive.walk import walk
from layerscope.archive.window import PositionalWindow, StreamWindow, Window
from layerscope.errors import ArchiveError, Damaged
from layerscope.model.changeset import Changeset
from layerscope.model.contents import Contents, NoContents
from layerscope.model.digest import Digest

NOTHING = Digest("sha256", hashlib.sha256().hexdigest())
"""The diff_id of a layer of no bytes at all."""
Seen = Callable[[memoryview], object]
_TABLE_OF_CONTENTS = TABLE_OF_CONTENTS[1:].encode() + b"\0"


class LayerData(Struct, frozen=True, kw_only=True):
    """What reading a layer blob gave; ``diff_id`` is None where only the headers were read."""

    changeset: Changeset = field(default_factory=Changeset)
    contents: Contents = field(default_factory=NoContents)
    compression: str = ""
    stored_bytes: int = 0
    tar_bytes: int = 0
    diff_id: Digest | None = None
    warnings: tuple[str, ...] = ()


class Counted(io.RawIOBase):
    """Counts what is read through it, for progress and for the limits on the ratio; ``seen`` is told of each piece."""

    def __init__(
        self,
        raw: Readable,
        head: bytes = b"",
        progress: Callable[[int], None] | None = None,
        tally: Tally | None = None,
        seen: Seen | None = None,
    ) -> None:
        self._raw = raw
        self._head = head
        self._progress = progress
        self._tally = tally
        self._seen = seen
        self.count = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "bytearray | memoryview") -> int:  # type: ignore[override]
        if self._head:
            count = min(len(buffer), len(self._head))
            buffer[:count], self._head = self._head[:count], self._head[count:]
        else:
            count = self._raw.readinto(memoryview(buffer)) or 0
        self.count += count
        if self._seen is not None:
            self._seen(memoryview(buffer)[:count])
        if self._tally is not None:
            self._tally.store(count)
        if self._progress is not None:
            self._progress(count)
        return count


def read_positional(file: PositionalFile, base: int, length: int, where: str, reading: Reading) -> LayerData:
    """The layer blob at ``base`` of a file: by position where it is plain, else in one forward pass."""
    compression = sniff(file.read(base, min(MAGIC_BYTES, length)))
    if compression:
        return read_stream(Range(file, base, length), where, reading, lambda: Range(file, base, length))
    warnings: list[str] = []
    columns = Columns(where, reading.limits, warnings.append)
    window = PositionalWindow(file, base, length, where)
    end = walk(window, columns)
    check_padding(window, end, where, warnings)
    changeset = columns.changeset()
    if reading.progress is not None and not reading.verify:
        reading.progress(length)
    return LayerData(
        changeset=changeset,
        contents=Positional(file, base, changeset, hasher(reading.fingerprint), reading.limits),
        stored_bytes=length,
        tar_bytes=length,
        diff_id=_digest(Range(file, base, length), where, reading) if reading.verify else None,
        warnings=tuple(warnings),
    )


def _digest(raw: Range, where: str, reading: Reading) -> Digest:
    """The diff_id of a plain layer; its headers are read a second time for it, but only once by Python."""
    proof, view = hashlib.sha256(), memoryview(bytearray(1 << 18))  # It stays in the cache of a core.
    counted = Counted(raw, progress=reading.progress)
    while count := counted.readinto(view):
        if reading.tally.stopped:
            raise ArchiveError(f"{where}: the reading was stopped")
        proof.update(view[:count])
    return Digest("sha256", proof.hexdigest())


def read_stream(
    raw: Readable, where: str, reading: Reading, again: Again | None = None, seen: Seen | None = None
) -> LayerData:
    """A layer blob that is read once, from its first byte to its last; ``again`` opens it anew, where that can be.

    ``seen`` is told of the stored bytes as they are read.
    """
    head = first_bytes(raw, MAGIC_BYTES)
    compression = sniff(head)
    counted = Counted(raw, head, reading.progress, None if reading.nested else reading.tally, seen)
    expanding = decompressor(compression, counted, where) if compression else counted
    proof = hashlib.sha256()
    warnings: list[str] = []
    columns = Columns(where, reading.limits, warnings.append)
    stored = (lambda: counted.count) if compression else None
    plan, new = Planner(reading.wanted), hasher(reading.fingerprint)
    with ahead(expanding, reading) if compression else nullcontext(expanding) as stream:
        window = StreamWindow(stream, where, reading.limits, seen=proof.update, stored=stored, tally=reading.tally)
        capture = Capture(window, columns, plan, new, reading.limits, reading.tally)
        try:
            end = walk(window, columns, capture)
            check_padding(window, end, where, warnings)
            tar_bytes = window.drain()
        finally:
            reading.tally.idle(counted.count - 2 * window.end)
    changeset = columns.changeset()
    return LayerData(
        changeset=changeset,
        contents=capture.close(changeset, expanded(again, compression, where)),
        compression=compression,
        stored_bytes=counted.count,
        tar_bytes=tar_bytes,
        diff_id=Digest("sha256", proof.hexdigest()),
        warnings=tuple(warnings),
    )


def ahead(stream: Readable, reading: Reading) -> AbstractContextManager[Readable]:
    """The same stream, read by a thread beside the one that walks and hashes it, where several are to be used."""
    return Ahead(stream) if reading.threads > 1 else nullcontext(stream)


def expanded(again: Again | None, compression: str, where: str) -> Again | None:
    """Opens the uncompressed tar of a blob that ``again`` opens as it is stored."""
    if again is None or not compression:
        return again
    return lambda: decompressor(compression, Counted(again()), where)


def first_bytes(raw: Readable, length: int) -> bytes:
    """At most the first bytes of a stream, which may come in pieces."""
    head = b""
    while len(head) < length:
        buffer = bytearray(length - len(head))
        count = raw.readinto(memoryview(buffer))
        if not count:
            break
        head += buffer[:count]
    return head


def check_padding(window: Window, position: int, where: str, warnings: list[str]) -> None:
    """Behind the end marker only padding may follow, or the table of contents of an eStargz layer."""
    while count := window.load(position, BLOCK):
        offset, left = position - window.start, window.end - position
        whole = left & -BLOCK if count == BLOCK else left
        data = window.view[offset : offset + whole].tobytes()
        blank = len(data) - len(data.lstrip(b"\0"))
        if blank < len(data):
            if not data.startswith(_TABLE_OF_CONTENTS, blank & -BLOCK):
                place = f"offset {position + blank:,}"
                warnings.append(f"{where}, {place}: data behind the end of the tar; no engine would unpack it")
            return
        position += whole


def prove(data: LayerData, expected: Digest, where: str) -> bool:
    """Whether the diff_id is proven: not where only headers were read, or where it is by another algorithm.

    Raises Damaged where it is wrong.
    """
    if data.diff_id is None or expected.algorithm != data.diff_id.algorithm:
        return False
    if data.diff_id != expected:
        raise Damaged(
            f"the content is not what its diff_id says: {data.diff_id} instead of {expected}",
            where=where,
            hint="the archive was damaged or changed after it was written",
        )
    return True
