"""What the one pass over a layer keeps of the contents: fingerprints, and the files that somebody asked for."""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from typing import Protocol, Self

from msgspec import Struct

from layerscope.archive.columns import Columns
from layerscope.archive.compression import Readable
from layerscope.archive.plan import Planner, Share
from layerscope.archive.positional import PositionalFile
from layerscope.archive.replay import ForwardTar, PositionalTar, replay
from layerscope.archive.tally import Tally
from layerscope.archive.window import Window
from layerscope.errors import ArchiveError, Damaged
from layerscope.model.changeset import Changeset
from layerscope.model.contents import Piece
from layerscope.model.entry import Kind
from layerscope.model.limits import Limits

_FILE = Kind.FILE  # Looked up once: every file asks for it, and that is slow for enumerations in Python 3.11.


class _Digest(Protocol):
    def update(self, data: memoryview, /) -> object: ...
    def digest(self) -> bytes: ...


class Hasher(Protocol):
    """Begins a digest."""

    def __call__(self, data: memoryview = ..., /) -> _Digest: ...


Again = Callable[[], Readable]
"""Opens what was read once more, from its first byte on."""


def hasher(name: str) -> Hasher:
    """``xxh3`` where equality within one run is all that matters, ``sha256`` where it is evidence."""
    if name == "sha256":
        return hashlib.sha256
    from xxhash import xxh3_128

    return xxh3_128


class _Marked:
    """What stands at and behind the first place of a mark in a file that passes in pieces."""

    def __init__(self, mark: bytes, length: int) -> None:
        self._mark = mark
        self._length = length
        self._rest = b""
        self.offset = -1
        self.kept = b""

    def see(self, piece: memoryview, position: int) -> None:
        """The next piece, which begins at ``position`` of the file; a mark may lie across two of them."""
        if self.offset < 0:
            text = self._rest + piece
            found = text.find(self._mark)
            if found < 0:
                self._rest = text[1 - len(self._mark) :]
                return
            self.offset, self.kept = position - len(self._rest) + found, text[found : found + self._length]
        elif len(self.kept) < self._length:
            self.kept += piece[: self._length - len(self.kept)]


class Kept(Struct, frozen=True, kw_only=True):
    """What a Capture knows of a layer's files, by entry index, in the order of the tar.

    ``lengths`` are those of the files of which something was kept, ``marked`` are offsets with what stands there.
    """

    heads: dict[int, bytes]
    tails: dict[int, bytes]
    marked: dict[int, tuple[tuple[int, bytes], ...]]
    lengths: dict[int, int]
    fingerprints: dict[int, bytes]

    @property
    def content_bytes(self) -> int:
        """What is kept in memory, as the limit counts it."""
        marked = sum(len(kept) for marks in self.marked.values() for _, kept in marks)
        return sum(map(len, self.heads.values())) + sum(map(len, self.tails.values())) + marked


class Capture:
    """The contents of a layer that is read once: a visitor of the walk first, then the Contents of the layer."""

    def __init__(
        self, window: Window | None, columns: Columns, plan: Planner, new: Hasher, limits: Limits, tally: Tally
    ) -> None:
        self._window = window
        self._columns: Columns | None = columns
        self._plan = plan
        self._new = new
        self._limits = limits
        self._tally = tally
        self._heads: dict[int, bytes] = {}
        self._tails: dict[int, bytes] = {}
        self._marked: dict[int, tuple[tuple[int, bytes], ...]] = {}
        self._lengths: dict[int, int] = {}
        self._fingerprints: dict[int, bytes] = {}
        self._kinds, self._sizes = columns.kinds, columns.sizes
        self._where = columns.where
        self._changeset = Changeset()
        self._again: Again | None = None

    def visit(self, index: int, position: int, payload: int) -> None:
        """Fingerprint one file as it passes, and keep what was asked for."""
        columns = self._columns
        assert columns is not None
        if columns.kinds[index] != _FILE or index in columns.sparse:
            return  # A sparse file's payload is not its content.
        share = self._plan(columns.paths[index], payload, columns.owned[index][0])
        self._take(index, position, payload, share)

    def visit_buffered(self, first: int, end: int) -> None:
        """The same for many files that are in memory, most of which nobody asked for."""
        columns, window = self._columns, self._window
        assert columns is not None and window is not None
        named = self._plan.named(columns.paths[first:end], columns.directories[first:end])
        sizes, offsets, owned, share, new = columns.sizes, columns.offsets, columns.owned, self._plan.share, self._new
        view, start, fingerprints = window.view, window.start, self._fingerprints
        for index in range(first, end):
            size = sizes[index]
            if not size:
                continue
            asked = share(named.get(index - first, ()), size, owned[index][0])
            if asked is None:
                offset = offsets[index] - start
                fingerprints[index] = new(view[offset : offset + size]).digest()
            else:
                self._take(index, offsets[index], size, asked)

    def _take(self, index: int, position: int, payload: int, share: Share | None) -> None:
        assert self._window is not None
        digest = self._new()
        if share is None:
            for piece in self._window.pieces(position, payload):
                digest.update(piece)
        else:
            self._keep(index, position, payload, share, digest)
        self._fingerprints[index] = digest.digest()

    def _keep(self, index: int, position: int, payload: int, share: Share, digest: _Digest) -> None:
        assert self._window is not None
        (head, tail, wanted), passed = share, 0
        marks = [_Marked(*mark) for mark in wanted]
        first, last = bytearray(), bytearray()
        for piece in self._window.pieces(position, payload):
            digest.update(piece)
            for mark in marks:
                mark.see(piece, passed)
            passed += len(piece)
            if len(first) < head:
                first += piece[: head - len(first)]
            if tail and payload > head:
                last = (last + piece)[-tail:] if len(piece) < tail else bytearray(piece[-tail:])
        self._tally.keep(len(first) + len(last) + sum(len(mark.kept) for mark in marks), self._limits)
        if found := tuple((mark.offset, mark.kept) for mark in marks if mark.kept):
            self._marked[index] = found
        self._heads[index] = bytes(first)
        self._lengths[index] = payload
        if last:
            self._tails[index] = bytes(last)

    def close(self, changeset: Changeset, again: Again | None) -> "Capture":
        """Let go of what only the walk needs; ``again`` opens the uncompressed tar anew, None where it has gone by."""
        self._window = self._columns = None
        self._changeset, self._again = changeset, again
        return self

    @property
    def kept(self) -> Kept:
        """All that is needed to have these contents again, without the layer."""
        return Kept(
            heads=self._heads,
            tails=self._tails,
            marked=self._marked,
            lengths=self._lengths,
            fingerprints=self._fingerprints,
        )

    @classmethod
    def restored(
        cls, kept: Kept, changeset: Changeset, again: Again | None, *, where: str, new: Hasher, limits: Limits
    ) -> Self:
        """The Contents of a layer of which another Capture kept this, without a walk."""
        columns = Columns(where, limits, lambda _: None)
        columns.kinds, columns.sizes = bytearray(changeset.kinds), changeset.sizes
        made = cls(None, columns, Planner(()), new, limits, Tally())
        made._heads, made._tails, made._marked = kept.heads, kept.tails, kept.marked
        made._lengths, made._fingerprints = kept.lengths, kept.fingerprints
        made.close(changeset, again)
        return made

    def read(self, index: int, start: int = 0, length: int | None = None) -> bytes | None:
        """What was kept of a file; see Contents."""
        head = self._heads.get(index)
        if head is None:
            return b"" if self._is_empty(index) else None
        length_of_file = self._lengths[index]
        end = length_of_file if length is None else min(start + length, length_of_file)
        if start >= end:
            return b""
        if end <= len(head):
            return head[start:end]
        for offset, kept in self._marked.get(index, ()):
            if offset <= start and end <= offset + len(kept):
                return kept[start - offset : end - offset]
        tail = self._tails.get(index, b"")
        offset = length_of_file - len(tail)
        if tail and start >= offset:
            return tail[start - offset : end - offset]
        if offset <= len(head):
            return (head + tail[len(head) - offset :])[start:end]
        return head[start:] if length is None and start < len(head) else None

    def fingerprint(self, index: int) -> bytes | None:
        return self._new().digest() if self._is_empty(index) else self._fingerprints.get(index)

    def stream(self, indexes: Sequence[int]) -> Iterator[tuple[int, Iterator[Piece]]]:
        """Contents from a second reading of the layer; see Contents."""
        if self._again is None:
            hint = "write it to a file first, and name that"
            raise ArchiveError(f"{self._where}: what came through a pipe cannot be read twice", hint=hint)
        tar = ForwardTar(self._again(), self._where)
        for index, pieces in replay(tar, self._changeset, indexes, self._where, self._limits):
            yield index, self._compared(index, pieces)

    def _compared(self, index: int, pieces: Iterator[Piece]) -> Iterator[Piece]:
        """The pieces of a file, which have to be those of the first reading."""
        expected, digest = self._fingerprints.get(index), self._new()
        for piece in pieces:
            if not isinstance(piece, int):
                digest.update(piece)
            yield piece
        if expected is not None and digest.digest() != expected:
            raise Damaged("the archive changed while it was read", where=self._where)

    def _is_empty(self, index: int) -> bool:
        """The walk tells only of entries with a payload."""
        return self._kinds[index] == _FILE and not self._sizes[index]


def _cut(path: str) -> Damaged:
    """The walk saw to it that the content is all there; so it is no longer."""
    return Damaged("the archive was cut while it was read", where=path)


class Positional:
    """The contents of a plain layer in a plain archive, read when asked for."""

    def __init__(self, file: PositionalFile, base: int, changeset: Changeset, new: Hasher, limits: Limits) -> None:
        self._file = file
        self._base = base
        self._changeset = changeset
        self._new = new
        self._limits = limits

    def read(self, index: int, start: int = 0, length: int | None = None) -> bytes | None:
        """Bytes of a file; see Contents."""
        changeset = self._changeset
        if changeset.kinds[index] != _FILE or index in changeset.sparse:
            return None
        left = max(0, changeset.sizes[index] - start)
        wanted = left if length is None else min(length, left)
        content = self._file.read(self._base + changeset.offsets[index] + start, wanted)
        if len(content) < wanted:
            raise _cut(changeset.paths[index])
        return content

    def fingerprint(self, index: int) -> bytes | None:
        changeset = self._changeset
        if changeset.kinds[index] != _FILE or index in changeset.sparse:
            return None
        digest = self._new()
        left, position = changeset.sizes[index], self._base + changeset.offsets[index]
        while left:
            piece = self._file.read(position, min(left, 1 << 20))
            if not piece:
                raise _cut(changeset.paths[index])
            digest.update(memoryview(piece))
            left, position = left - len(piece), position + len(piece)
        return digest.digest()

    def stream(self, indexes: Sequence[int]) -> Iterator[tuple[int, Iterator[Piece]]]:
        """Contents from their places; see Contents."""
        where = "the archive"
        yield from replay(PositionalTar(self._file, self._base, where), self._changeset, indexes, where, self._limits)
