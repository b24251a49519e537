"""What the one pass over a layer keeps of the contents: fingerprints, and the files that later steps ask for."""

import hashlib
import re
from bisect import bisect_right
from collections import deque
from collections.abc import Callable, Iterable, Iterator, MutableMapping, Sequence
from itertools import accumulate
from operator import itemgetter
from typing import Protocol, Self

from msgspec import Struct
from msgspec.structs import replace

from layerscope.errors import ArchiveError, Damaged
from layerscope.image.aside import Aside
from layerscope.image.plan import NO_ROOM, TOO_MUCH, Planner, Quota, Share, given_range, holds, not_looked_at
from layerscope.image.replay import ForwardTar, replay
from layerscope.image.spool import Room, Spool
from layerscope.model.changeset import Changeset
from layerscope.model.contents import Piece
from layerscope.model.entry import Kind
from layerscope.model.limits import Limits
from layerscope.model.pathset import RangeReader
from layerscope.tar.columns import Columns
from layerscope.tar.compression import Readable
from layerscope.tar.window import Window, WindowTar

_FILE = Kind.FILE  # Looked up once: every file asks for it, and that is slow for enumerations in Python 3.11.


class _Digest(Protocol):
    def update(self, data: memoryview, /) -> object: ...
    def digest(self) -> bytes: ...


class Hasher(Protocol):
    """Begins a digest."""

    def __call__(self, data: memoryview = ..., /) -> _Digest: ...


Views = Iterable[memoryview]
Reopen = Callable[[], Readable]
"""Opens what was read once more, from its first byte on."""


def hasher(name: str) -> Hasher:
    """``xxh3`` where equality within one run is all that matters, ``sha256`` where it is evidence."""
    if name == "sha256":
        return hashlib.sha256
    from xxhash import xxh3_128

    return xxh3_128


class Kept(Struct, frozen=True, kw_only=True):
    """The contents that a Capture keeps of a layer's files, by entry index, in the order of the tar.

    ``lengths`` are those of the files of which something was kept. ``spans`` are start and end of the ranges that
    readers asked for beyond head and tail, in ascending order, and where in ``ranges`` they begin.
    """

    heads: MutableMapping[int, bytes]
    tails: MutableMapping[int, bytes]
    ranges: MutableMapping[int, bytes]
    spans: dict[int, tuple[tuple[int, int, int], ...]]
    lengths: dict[int, int]
    fingerprints: dict[int, bytes]


class Capture:
    """The contents of a layer that is read once: a visitor of the walk first, then the Contents of the layer."""

    def __init__(
        self, window: Window | None, columns: Columns, plan: Planner, new: Hasher, limits: Limits, room: Room
    ) -> None:
        self._window = window
        self._columns: Columns | None = columns
        self._plan = plan
        self._new = new
        self._limits = limits
        self._quota = Quota(limits)
        self.kept = Kept(
            heads=Spool(room), tails=Spool(room), ranges=Spool(room), spans={}, lengths={}, fingerprints={}
        )
        self.kept_bytes = 0
        self._kinds, self._sizes = columns.kinds, columns.sizes
        self._where = columns.where
        self._changeset = Changeset()
        self._reopen: Reopen | None = None
        self._aside: Aside | None = Aside()
        self._no_room: list[str] = []
        self._too_much: set[int] = set()
        self.looked_at_all = True

    def visit(self, index: int, position: int, payload: int) -> None:
        """Fingerprint one file, and keep what was asked for; a sparse file's payload is not its content."""
        columns, window = self._columns, self._window
        assert columns is not None and window is not None
        if index not in columns.sparse:
            deque(self.passing(index, position, payload), 0)
        elif columns.map_follows:
            columns.check_map(WindowTar(window))

    def passing(self, index: int, position: int, payload: int) -> Iterator[memoryview]:
        """The same, and yield the pieces of the file to the caller."""
        columns, window = self._columns, self._window
        assert columns is not None and window is not None
        pieces = window.pieces(position, payload)
        if columns.kinds[index] != _FILE:
            return pieces
        share = self._plan(columns.paths[index], payload, columns.owned[index][0])
        return self._taken(index, pieces, payload, share)

    def visit_buffered(self, first: int, end: int) -> None:
        """The same for many files that are in memory, most of which are not wanted."""
        columns, window = self._columns, self._window
        assert columns is not None and window is not None
        named = self._plan.named(columns.paths[first:end], columns.directories[first:end])
        directories = columns.directories
        sizes, offsets, owned, share, new = columns.sizes, columns.offsets, columns.owned, self._plan.share, self._new
        view, start, fingerprints = window.view, window.start, self.kept.fingerprints
        for index in range(first, end):
            size = sizes[index]
            if not size:
                continue
            asked = share(named[index - first], directories[index], size, owned[index][0])
            offset = offsets[index] - start
            content = view[offset : offset + size]
            if asked is None or (asked.is_text and not asked.fits(content)):
                fingerprints[index] = new(content).digest()
            else:
                deque(self._taken(index, window.pieces(offsets[index], size), size, asked), 0)

    def _taken(self, index: int, pieces: Views, payload: int, share: Share | None) -> Iterator[memoryview]:
        digest = self._new()
        if share is not None and not self._quota.allows(share, payload):
            self._too_much.add(index)
            share = None
        if share is None:
            for piece in pieces:
                digest.update(piece)
                yield piece
        else:
            assert self._columns is not None
            yield from self._kept(index, self._columns.paths[index], pieces, payload, share, digest)
        self.kept.fingerprints[index] = digest.digest()

    def _kept(
        self, index: int, path: str, pieces: Views, payload: int, share: Share, digest: _Digest
    ) -> Iterator[memoryview]:
        head, tail, readers, aside = share.head, share.tail, share.readers, self._aside
        assert aside is not None
        most = max(head, payload) if share.texts else head  # What a text holds is known when all of it has passed.
        first, last = bytearray(), bytearray()
        aside.begin()
        for piece in pieces:
            digest.update(piece)
            if readers:
                readers = self._put_aside(piece, payload, readers, path)
            if len(first) < most:
                first += piece[: most - len(first)]
            if tail and payload > head:
                last = (last + piece)[-tail:] if len(piece) < tail else bytearray(piece[-tail:])
            yield piece
        if share.texts and not share.fits(first):
            del first[head:]
            if share.is_text:
                return
        spans = self._asked(readers, path, len(first), payload - len(last)) if readers else []
        if spans:
            ends = [0, *accumulate(end - start for start, end in spans)]
            self.kept.spans[index] = tuple((start, end, base) for (start, end), base in zip(spans, ends, strict=False))
            self.kept.ranges[index] = b"".join(aside.read(start, end - start) or b"" for start, end in spans)
            self.kept_bytes += ends[-1]
        self.kept_bytes += len(first) + len(last)
        self.kept.heads[index] = bytes(first)
        self.kept.lengths[index] = payload
        if last:
            self.kept.tails[index] = bytes(last)

    def _put_aside(
        self, piece: memoryview, payload: int, readers: tuple[RangeReader, ...], path: str
    ) -> tuple[RangeReader, ...]:
        """Put a piece of a file aside for those of the readers that may know its format; returns these."""
        aside = self._aside
        assert aside is not None
        if not aside.length:
            readers = tuple(one for one in readers if one.magic.startswith(bytes(piece[: len(one.magic)])))
        try:
            if readers and payload > self._limits.captured_bytes:
                raise OSError("longer than what may be put aside")
            if readers:
                aside.add(piece)
        except OSError:
            self._no_room.append(path)
            return ()
        return readers

    def _asked(self, readers: tuple[RangeReader, ...], path: str, head: int, tail_at: int) -> list[tuple[int, int]]:
        """The ranges that the readers ask for, without those that lie in the head or in the tail."""
        assert self._aside is not None
        spans, within_limits = self._aside.ranges(readers, path)
        if not within_limits:
            self._no_room.append(path)
        return [(start, end) for start, end in spans if end > head and start < tail_at]

    def close(self, changeset: Changeset, reopen: Reopen | None, warn: Callable[[str], None]) -> "Capture":
        """Drop what only the walk needs; ``reopen`` opens the uncompressed tar again, None for a pipe."""
        self._window = self._columns = None
        self._changeset, self._reopen = changeset, reopen
        self._keep_second_names(warn)
        self._aside = None
        if self._no_room:
            self._not_looked_at(self._no_room, NO_ROOM, warn)
        if self._too_much:
            self._not_looked_at([changeset.paths[index] for index in sorted(self._too_much)], TOO_MUCH, warn)
        return self

    def _not_looked_at(self, paths: Sequence[str], reason: str, warn: Callable[[str], None]) -> None:
        self.looked_at_all = False
        warn(not_looked_at(self._where, paths, reason))

    def _keep_second_names(self, warn: Callable[[str], None]) -> None:
        """Keep what is asked for by the name of a hardlink alone, which stands behind the file in the tar."""
        changeset, missing = self._changeset, dict[int, Share]()
        for index, named in self._plan.second_names(changeset).items():
            path, size, mode = changeset.paths[index], changeset.sizes[index], changeset.ownerships[index][0]
            share = self._plan(path, size, mode, named)
            is_known = size and index in self.kept.fingerprints and index not in self._too_much
            if is_known and share is not None and share != self._plan(path, size, mode):
                missing[index] = share
        if missing and self._reopen is None:
            reason = "a pipe is read once and only later hardlinks have names that are looked for"
            self._not_looked_at([changeset.paths[index] for index in missing], reason, warn)
        elif missing:
            for index, pieces in self.stream(list(missing)):
                whole = (piece for piece in pieces if not isinstance(piece, int))
                path, size = changeset.paths[index], changeset.sizes[index]
                deque(self._kept(index, path, whole, size, missing[index], self._new()), 0)

    @classmethod
    def restored(
        cls, kept: Kept, changeset: Changeset, reopen: Reopen | None, *, where: str, new: Hasher, limits: Limits
    ) -> Self:
        """The Contents of a layer of which another Capture kept this, without a walk."""
        columns = Columns(where, limits, lambda _: None)
        columns.kinds, columns.sizes = bytearray(changeset.kinds), changeset.sizes
        made = cls(None, columns, Planner(()), new, limits, Room())
        made.kept = kept
        made._changeset, made._reopen = changeset, reopen
        return made

    def read(self, index: int, start: int = 0, length: int | None = None) -> bytes | None:
        """What was kept of a file; see Contents."""
        head, tail = self.kept.heads.get(index), self.kept.tails.get(index, b"")
        if head is None:
            return b"" if self._is_empty(index) else None
        whole = self.kept.lengths[index]
        if (given := given_range(start, length, whole, len(head), len(tail))) is not None:
            start, end = given
            offset = max(whole - len(tail), len(head))
            return head[start:end] + tail[max(start, offset) - whole + len(tail) : max(end, offset) - whole + len(tail)]
        spans = self.kept.spans.get(index, ())
        place = bisect_right(spans, start, key=itemgetter(0)) - 1
        if length is None or place < 0:
            return None
        first, last, base = spans[place]
        end = min(start + length, whole)
        return self.kept.ranges[index][base + start - first : base + end - first] if end <= last else None

    def peek(self, index: int, start: int, length: int) -> bytes | None:
        return self.read(index, start, length)

    def search(self, indexes: Iterable[int], text: re.Pattern[bytes]) -> Iterator[tuple[int, bytes]]:
        """What was kept for what it holds; see Contents."""
        for index in indexes:
            data = self.read(index)
            if data and len(data) == self._sizes[index] and holds(data, text):
                yield index, data

    def fingerprint(self, index: int) -> bytes | None:
        return self._new().digest() if self._is_empty(index) else self.kept.fingerprints.get(index)

    def forget(self) -> None:
        kept, room = self.kept, Room()
        self.kept = replace(kept, heads=Spool(room), tails=Spool(room), ranges=Spool(room), spans={}, lengths={})

    def stream(self, indexes: Sequence[int]) -> Iterator[tuple[int, Iterator[Piece]]]:
        """Contents from a second reading of the layer; see Contents."""
        if self._reopen is None:
            hint = "write it to a file first, and name that"
            raise ArchiveError(f"{self._where}: what came through a pipe cannot be read twice", hint=hint)
        tar = ForwardTar(self._reopen(), self._where)
        for index, pieces in replay(tar, self._changeset, indexes, self._where, self._limits):
            yield index, self._compared(index, pieces)

    def _compared(self, index: int, pieces: Iterator[Piece]) -> Iterator[Piece]:
        """The pieces of a file, which have to be those of the first reading."""
        expected, digest = self.kept.fingerprints.get(index), self._new()
        for piece in pieces:
            if not isinstance(piece, int):
                digest.update(piece)
            yield piece
        if expected is not None and digest.digest() != expected:
            raise Damaged("the archive changed while it was read", where=self._where)

    def _is_empty(self, index: int) -> bool:
        """Empty files are not visited by the walk."""
        return self._kinds[index] == _FILE and not self._sizes[index]
