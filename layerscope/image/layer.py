"""One layer blob: identified, decompressed if necessary, walked, and verified where it is read whole."""

import hashlib
import io
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext

from msgspec import Struct, field

from layerscope.errors import ArchiveError, LimitExceeded
from layerscope.image.capture import Capture, Reopen, hasher
from layerscope.image.kinds import expect_tar
from layerscope.image.options import ReadOptions
from layerscope.image.plain import Positional
from layerscope.image.plan import NO_ROOM, TOO_MUCH, Planner, not_looked_at
from layerscope.model.changeset import Changeset
from layerscope.model.contents import Contents, NoContents
from layerscope.model.image import Digest
from layerscope.tar.ahead import Ahead
from layerscope.tar.columns import Columns
from layerscope.tar.compression import MAGIC_BYTES, Readable, decompressor, sniff
from layerscope.tar.positional import PositionalFile, Range
from layerscope.tar.tally import Tally
from layerscope.tar.walk import walk
from layerscope.tar.window import PositionalWindow, StreamWindow

NOTHING = Digest("sha256", hashlib.sha256().hexdigest())
"""The diff_id of a layer of no bytes at all."""
OTHER_ALGORITHMS = ("sha384", "sha512")
Seen = Callable[[memoryview], object]


class LayerData(Struct, frozen=True, kw_only=True):
    """A layer blob that was read.

    ``diff_id`` is the digest of the tar that was read, ``digest`` that of the stored blob; None where only the headers
    were read. ``ended`` says whether the tar has its end-of-archive marker: one without may have been cut.
    ``diff_ids`` and ``digests`` are the same by the other algorithms that were asked for.
    ``looked_at_all`` is false where contents that were asked for were not kept; a warning says which.
    """

    changeset: Changeset = field(default_factory=Changeset)
    contents: Contents = field(default_factory=NoContents)
    compression: str = ""
    stored_bytes: int = 0
    tar_bytes: int = 0
    diff_id: Digest | None = None
    digest: Digest | None = None
    diff_ids: tuple[Digest, ...] = ()
    digests: tuple[Digest, ...] = ()
    ended: bool = True
    looked_at_all: bool = True
    warnings: tuple[str, ...] = ()


class Proof:
    """The digests of the bytes that pass: by SHA-256, and by other algorithms that the image names."""

    def __init__(self, others: Sequence[str] = ()) -> None:
        self._names = ("sha256", *others)
        self._sums = [hashlib.new(name) for name in self._names]
        self.update: Seen = self._sums[0].update if not others else self._update

    def _update(self, data: memoryview) -> None:
        for one in self._sums:
            one.update(data)

    def digests(self) -> tuple[Digest, ...]:
        """That by SHA-256 first."""
        return tuple(Digest(name, one.hexdigest()) for name, one in zip(self._names, self._sums, strict=True))


class Counted(io.RawIOBase):
    """Counts what is read through it, for progress and for the limits on the ratio; ``seen`` gets each piece."""

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


def read_positional(file: PositionalFile, base: int, length: int, where: str, reading: ReadOptions) -> LayerData:
    """The layer blob at ``base`` of a file: by position where it is plain, else in one forward pass."""
    compression = sniff(file.read(base, min(MAGIC_BYTES, length)))
    if compression:
        return read_stream(Range(file, base, length), where, reading, lambda: Range(file, base, length))
    warnings: list[str] = []
    columns = Columns(where, reading.limits, warnings.append)
    window = PositionalWindow(file, base, length, where)
    expect_tar(window)
    ended = walk(window, columns)
    changeset = columns.layer()
    digest, others = None, tuple[Digest, ...]()
    if reading.verify or not ended:  # A layer that may have been cut is read whole, to compare its digest.
        digest, *found = digests_of(file, base, length, where, reading, reading.progress)
        others = tuple(found)
    elif reading.progress is not None:
        reading.progress(length)
    contents = Positional(file, base, changeset, reading)
    if too_long := contents.too_long():
        warnings.append(not_looked_at(where, too_long, NO_ROOM))
    if contents.too_much:
        warnings.append(not_looked_at(where, [changeset.paths[index] for index in sorted(contents.too_much)], TOO_MUCH))
    return LayerData(
        changeset=changeset,
        contents=contents,
        stored_bytes=length,
        tar_bytes=length,
        diff_id=digest,
        digest=digest,
        diff_ids=others,
        digests=others,
        ended=ended,
        looked_at_all=not (too_long or contents.too_much),
        warnings=tuple(warnings),
    )


def digests_of(
    file: PositionalFile,
    base: int,
    length: int,
    where: str,
    reading: ReadOptions,
    progress: Callable[[int], None] | None = None,
) -> tuple[Digest, ...]:
    """The digests of bytes of a file; raises LimitExceeded where nearly all of them are a hole, which takes no room."""
    limits = reading.limits
    if length > limits.ratio_from and length > file.stored_bytes * limits.ratio:
        raise LimitExceeded(
            f"{where}: {length:,} bytes, nearly all of them a hole of the file",
            hint="raise --limit ratio if this archive is to be trusted",
        )
    proof, view = Proof(reading.algorithms), memoryview(bytearray(1 << 18))  # It stays in the cache of a core.
    counted = Counted(Range(file, base, length), progress=progress)
    while count := counted.readinto(view):
        if reading.tally.stopped:
            raise ArchiveError(f"{where}: read cancelled")
        proof.update(view[:count])
    return proof.digests()


def read_stream(raw: Readable, where: str, reading: ReadOptions, reopen: Reopen | None = None) -> LayerData:
    """A layer blob that is read once, from its first byte to its last; ``reopen`` opens it again, if possible."""
    head = first_bytes(raw, MAGIC_BYTES)
    compression = sniff(head)
    proof = Proof(reading.algorithms)
    stored_proof = Proof(reading.algorithms) if compression else proof
    seen = stored_proof.update if compression else None
    counted = Counted(raw, head, reading.progress, None if reading.nested else reading.tally, seen)
    expanding = decompressor(compression, counted, where) if compression else counted
    warnings: list[str] = []
    columns = Columns(where, reading.limits, warnings.append)
    stored = (lambda: counted.count) if compression else None
    plan, new = Planner(reading.wanted), hasher(reading.fingerprint)
    with ahead(expanding, reading) if compression else nullcontext(expanding) as stream:
        window = StreamWindow(stream, where, reading.limits, seen=proof.update, stored=stored, tally=reading.tally)
        capture = Capture(window, columns, plan, new, reading.limits, reading.room)
        try:
            expect_tar(window)
            ended = walk(window, columns, capture)
            tar_bytes = window.drain()
        finally:
            reading.tally.idle(counted.count - 2 * window.end)
    reading.tally.expect_work()
    changeset = columns.layer()
    (diff_id, *diff_ids), (digest, *digests) = proof.digests(), stored_proof.digests()
    return LayerData(
        changeset=changeset,
        contents=capture.close(changeset, expanded(reopen, compression, where), warnings.append),
        compression=compression,
        stored_bytes=counted.count,
        tar_bytes=tar_bytes,
        diff_id=diff_id,
        digest=digest,
        diff_ids=tuple(diff_ids),
        digests=tuple(digests),
        ended=ended,
        looked_at_all=capture.looked_at_all,
        warnings=tuple(warnings),
    )


def ahead(stream: Readable, reading: ReadOptions) -> AbstractContextManager[Readable]:
    """The same stream, read by a thread beside the one that walks and hashes it, where several are to be used."""
    return Ahead(stream) if reading.threads > 1 else nullcontext(stream)


def expanded(reopen: Reopen | None, compression: str, where: str) -> Reopen | None:
    """Opens the uncompressed tar of a blob that ``reopen`` opens as it is stored."""
    if reopen is None or not compression:
        return reopen
    return lambda: decompressor(compression, Counted(reopen()), where)


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
