"""An archive that can only be read forwards: a pipe, or a tar that is compressed as a whole.

The blobs come before the metadata that explains them, so whatever looks like a layer is walked as it passes,
and whatever looks like JSON is kept.
"""

import io
from collections import deque
from collections.abc import Mapping

from msgspec import Struct
from msgspec.structs import replace

from layerscope.errors import ArchiveError, Damaged
from layerscope.image.capture import Capture, Reopen, hasher
from layerscope.image.kinds import HEAD, may_be_tar, not_a_tar
from layerscope.image.layer import OTHER_ALGORITHMS, Counted, LayerData, first_bytes, read_stream
from layerscope.image.options import ReadOptions
from layerscope.image.plan import Planner
from layerscope.image.replay import ForwardTar, Pieces
from layerscope.image.spool import Spool
from layerscope.model.paths import common_directory
from layerscope.model.patterns import pattern
from layerscope.tar.columns import Columns
from layerscope.tar.compression import Readable, sniff
from layerscope.tar.sparse import BadMap, filled, segments_of
from layerscope.tar.walk import walk
from layerscope.tar.window import StreamWindow, WindowTar

_OUTER_NAMES = pattern(
    r"/(?:blobs|oci-layout|repositories|(?:sha256:)?[0-9a-f]{64}[^/]*|[0-9a-z]{32}(?:-[0-9a-z]+)*)(?:/|\Z)"
    r"|/[^/]*\.json\Z|/(?:[^/]*/)*(?:[^/]*\.tar(?:\.\w+)?|[0-9a-f]{64})\Z"
)
_DEEP_NAMES = pattern(
    r"/(?:blobs/[^/]+/[0-9a-f]{32,}|oci-layout|repositories|(?:index|manifest|config)\.json"
    r"|(?:sha256:)?[0-9a-f]{64}(?:[./][^/]*)?|[^/]*\.tar(?:\.\w+)?)\Z"
)
"""The same below a directory that was packed along; fewer names count as those of an archive."""


_VALUES = tuple(bytes((first,)) for first in b'{["-0123456789tfn\xef')
"""What a JSON value begins with; the last is a byte order mark."""


class Part(io.RawIOBase):
    """A stretch of a stream that can only be read forwards."""

    def __init__(self, stream: Readable, position: int, length: int) -> None:
        self._stream = stream
        self._before = position
        self._left = length

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "bytearray | memoryview") -> int:  # type: ignore[override]
        view = memoryview(buffer)
        while self._before:
            skipped = bytearray(min(self._before, 1 << 18))
            count = self._stream.readinto(memoryview(skipped)) or 0
            if not count:
                return 0
            self._before -= count
        count = self._stream.readinto(view[: self._left]) or 0 if self._left else 0
        self._left -= count
        return count


class OuterVisitor:
    """Keeps the layers and documents of an outer tar while it is read."""

    def __init__(self, window: StreamWindow, columns: Columns, reading: ReadOptions, reopen: Reopen | None) -> None:
        self._reopen = reopen
        self.documents = Spool(reading.room)
        self.layers: dict[int, LayerData | ArchiveError] = {}
        self._is_archive = False
        self._common: str | None = None
        self._window = window
        self._columns = columns
        self._reading = reading
        # Progress and ratio count what comes from outside, not what is inside of it.
        self._inner = reading.inside()
        plan = Planner(reading.wanted)
        self.capture = Capture(window, columns, plan, hasher(reading.fingerprint), reading.limits, reading.room)

    def visit(self, index: int, position: int, payload: int) -> None:
        """Take one file of the outer tar: a layer, a document, or, in a root file system, just a file.

        Which of the two the tar is shows at its end only; so a file may be kept both ways, as its name and content say.
        """
        blob = self._is_blob(index)
        self._is_archive = self._is_archive or blob
        if not self._is_archive:
            self.capture.visit(index, position, payload)
        elif index in self._columns.sparse:
            self._sparse(index, position, payload, blob=blob)
        else:
            next(self._window.pieces(position, 1))
            count = self._window.load(position, min(payload, HEAD))
            head = bytes(self._window.view[position - self._window.start :][:count])
            pieces = self.capture.passing(index, position, payload)
            self._take(index, Pieces(pieces), head, payload, part(self._reopen, position, payload), blob=blob)
            deque(pieces, 0)  # The capture has to see the rest, too.

    def visit_buffered(self, first: int, end: int) -> None:
        """The same for several files; before the first blob they are but files."""
        paths, blob = self._columns.paths, first
        if not self._is_archive:
            while blob < end and not (_OUTER_NAMES.match(paths[blob]) if self._common == "" else self._is_blob(blob)):
                blob += 1
        self.capture.visit_buffered(first, blob)
        for index in range(blob, end):
            if size := self._columns.sizes[index]:
                self.visit(index, self._columns.offsets[index], size)

    def _is_blob(self, index: int) -> bool:
        """Whether an archive would have a file of that name: at any depth, while all files lie in one directory."""
        path, directory = self._columns.paths[index], self._columns.directories[index]
        if self._common != "" and not path.startswith("._", len(directory) + 1):
            self._common = directory if self._common is None else common_directory(self._common, directory)
        return bool(_DEEP_NAMES.search(path) if self._common else _OUTER_NAMES.match(path))

    def _take(
        self, index: int, raw: io.RawIOBase, head: bytes, length: int, reopen: Reopen | None, *, blob: bool
    ) -> None:
        """Keep a file that is a layer or a document, as its first bytes say; they are still to be read from ``raw``."""
        if sniff(head) or may_be_tar(head):
            try:
                path = self._columns.paths[index]
                algorithms = tuple(one for one in OTHER_ALGORITHMS if f"/{one}/" in path)
                self.layers[index] = read_stream(raw, path, replace(self._inner, algorithms=algorithms), reopen)
            except ArchiveError as error:
                # It may not be a layer at all; reading it as one raises the error.
                self.layers[index] = error
        elif blob and length <= self._reading.limits.json_bytes and _may_be_json(self._columns.paths[index], head):
            self.documents[index] = raw.readall()
        elif blob:
            self.layers[index] = not_a_tar(head)

    def _sparse(self, index: int, position: int, payload: int, *, blob: bool) -> None:
        """Take a file that is stored without its holes."""
        columns, limits, reopen = self._columns, self._reading.limits, self._reopen
        path, length, tar = columns.paths[index], columns.sizes[index], WindowTar(self._window)
        try:
            found = segments_of(tar, bytes(columns.gnu_map), columns.pax_map, position, payload, length, path, limits)
        except ArchiveError as error:
            self.layers[index] = error
            if isinstance(error, BadMap):
                columns.bad_map = columns.bad_map or error
            return
        finally:
            columns.map_follows = False
        raw = Pieces(filled(tar, found, length))
        head = first_bytes(raw, HEAD)
        inner = None if reopen is None else lambda: Pieces(filled(ForwardTar(reopen(), path), found, length))
        self._take(index, Counted(raw, head), head, length, inner, blob=blob)


def _may_be_json(path: str, head: bytes) -> bool:
    """Whether a file is to be parsed, which then says what is wrong with it; values other than objects count too."""
    return path.endswith(".json") or head.lstrip()[:1] in _VALUES


class OuterTar(Struct, frozen=True, kw_only=True):
    """An outer tar that was read forwards, with the documents and layers among its files by entry.

    ``bad_map`` is what is wrong with a sparse file of it, which matters where it is a root file system, as do those
    warnings of ``outer`` that are not in ``warnings``: about files of which contents were not kept.
    """

    outer: LayerData
    warnings: tuple[str, ...]
    bad_map: Damaged | None
    documents: Mapping[int, bytes]
    layers: dict[int, LayerData | ArchiveError]


def part(reopen: Reopen | None, position: int, length: int) -> Reopen | None:
    """Opens a stretch of what ``reopen`` opens."""
    return None if reopen is None else lambda: Part(reopen(), position, length)


def read_outer(
    stream: Readable, counted: Counted, compression: str, where: str, reading: ReadOptions, reopen: Reopen | None
) -> OuterTar:
    """Walk an outer tar forwards, to its end; ``counted`` is what ``stream`` expands, ``reopen`` opens it again."""
    warnings: list[str] = []
    columns = Columns(where, reading.limits, warnings.append)
    stored = (lambda: counted.count) if compression else None
    window = StreamWindow(stream, where, reading.limits, stored=stored, tally=reading.tally)
    visitor = OuterVisitor(window, columns, reading, reopen)
    ended = walk(window, columns, visitor)
    tar_bytes = window.drain()
    changeset, of_tar = columns.changeset(), tuple(warnings)
    outer = LayerData(
        changeset=changeset,
        contents=visitor.capture.close(changeset, reopen, warnings.append),
        compression=compression,
        stored_bytes=counted.count,
        tar_bytes=tar_bytes,
        ended=ended,
        looked_at_all=visitor.capture.looked_at_all,
        warnings=tuple(warnings),
    )
    return OuterTar(
        outer=outer,
        warnings=of_tar,
        bad_map=columns.bad_map,
        documents=visitor.documents,
        layers=visitor.layers,
    )
