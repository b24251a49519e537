"""An archive that can only be read forwards: a pipe, or a tar that is compressed as a whole.

The blobs come before the metadata that explains them, so whatever looks like a layer is walked as it passes,
and whatever looks like JSON is kept.
"""

import io

from msgspec import Struct
from msgspec.structs import replace

from layerscope.archive.capture import Again, Capture, hasher
from layerscope.archive.columns import Columns
from layerscope.archive.compression import Readable, sniff
from layerscope.archive.header import BLOCK, ZEROS, is_header
from layerscope.archive.layer import Counted, LayerData, check_padding, read_stream
from layerscope.archive.plan import Planner
from layerscope.archive.reading import Reading
from layerscope.archive.walk import walk
from layerscope.archive.window import StreamWindow, Window
from layerscope.errors import ArchiveError
from layerscope.model.changeset import Changeset
from layerscope.model.contents import Contents
from layerscope.model.patterns import pattern

_OUTER_NAMES = pattern(
    r"/(?:blobs|oci-layout|repositories|(?:sha256:)?[0-9a-f]{64}[^/]*|[0-9a-z]{32}(?:-[0-9a-z]+)*)(?:/|\Z)"
    r"|/[^/]*\.json\Z|/(?:[^/]*/)*[^/]*\.tar(?:\.\w+)?\Z"
)


class Payload(io.RawIOBase):
    """The payload of one entry of an outer tar, as a stream."""

    def __init__(self, window: Window, position: int, length: int) -> None:
        self._pieces = window.pieces(position, length)
        self._piece = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "bytearray | memoryview") -> int:  # type: ignore[override]
        if not self._piece:
            self._piece = next(self._pieces, memoryview(b""))
        count = min(len(buffer), len(self._piece))
        buffer[:count] = self._piece[:count]
        self._piece = self._piece[count:]
        return count


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


class Passing:
    """What is to be kept of an outer tar while it goes by."""

    def __init__(self, window: StreamWindow, columns: Columns, reading: Reading, again: Again | None) -> None:
        self._again = again
        self.documents: dict[int, bytes] = {}
        self.layers: dict[int, LayerData | ArchiveError] = {}
        self._is_archive = False
        self._window = window
        self._columns = columns
        self._reading = reading
        # Progress and ratio count what comes from outside, not what is inside of it.
        self._inner = replace(reading, progress=None, nested=True)
        plan = Planner(reading.wanted)
        self.capture = Capture(window, columns, plan, hasher(reading.fingerprint), reading.limits, reading.tally)

    def visit(self, index: int, position: int, payload: int) -> None:
        """Take one file of the outer tar: a layer, a document, or, in a root file system, just a file.

        Which of the two the tar is shows at its end only; so each file is kept as what its name and content say.
        """
        blob = _OUTER_NAMES.match(self._columns.paths[index]) is not None
        self._is_archive = self._is_archive or blob
        if not self._is_archive:
            self.capture.visit(index, position, payload)
            return
        first = next(self._window.pieces(position, min(payload, BLOCK)))
        count = self._window.load(position, min(payload, BLOCK)) if len(first) < min(payload, BLOCK) else len(first)
        head = bytes(self._window.view[position - self._window.start :][:count])
        if sniff(head) or is_header(head) or head == ZEROS:
            self._layer(index, position, payload)
        elif blob and payload <= self._reading.limits.json_bytes and head.lstrip()[:1] in (b"{", b"["):
            self._document(index, position, payload)
        else:
            self.capture.visit(index, position, payload)

    def visit_buffered(self, first: int, end: int) -> None:
        """The same for several files; before the first blob they are but files."""
        paths, blob = self._columns.paths, first
        while blob < end and not self._is_archive and not _OUTER_NAMES.match(paths[blob]):
            blob += 1
        self.capture.visit_buffered(first, blob)
        for index in range(blob, end):
            if size := self._columns.sizes[index]:
                self.visit(index, self._columns.offsets[index], size)

    def _document(self, index: int, position: int, payload: int) -> None:
        self._reading.tally.keep(payload, self._reading.limits)
        self.documents[index] = b"".join(bytes(piece) for piece in self._window.pieces(position, payload))

    def _layer(self, index: int, position: int, payload: int) -> None:
        path = self._columns.paths[index]
        try:
            again = part(self._again, position, payload)
            self.layers[index] = read_stream(Payload(self._window, position, payload), path, self._inner, again)
        except ArchiveError as error:
            # It may be no layer at all; whoever asks for it as one gets the error.
            self.layers[index] = error


class Passed(Struct, frozen=True, kw_only=True):
    """What an outer tar left behind: its index, and by entry the documents and layers among its files."""

    changeset: Changeset
    documents: dict[int, bytes]
    layers: dict[int, LayerData | ArchiveError]
    contents: Contents
    compression: str
    stored_bytes: int
    tar_bytes: int
    warnings: tuple[str, ...]

    def as_layer(self) -> LayerData:
        """The outer tar itself as a layer: a root file system."""
        return LayerData(
            changeset=self.changeset,
            contents=self.contents,
            compression=self.compression,
            stored_bytes=self.stored_bytes,
            tar_bytes=self.tar_bytes,
        )


def part(again: Again | None, position: int, length: int) -> Again | None:
    """Opens a stretch of what ``again`` opens."""
    return None if again is None else lambda: Part(again(), position, length)


def read_outer(
    stream: Readable, counted: Counted, compression: str, where: str, reading: Reading, again: Again | None
) -> Passed:
    """Walk an outer tar forwards, to its end; ``counted`` is what ``stream`` expands, ``again`` opens the tar anew."""
    warnings: list[str] = []
    columns = Columns(where, reading.limits, warnings.append)
    stored = (lambda: counted.count) if compression else None
    window = StreamWindow(stream, where, reading.limits, stored=stored, tally=reading.tally)
    passing = Passing(window, columns, reading, again)
    end = walk(window, columns, passing)
    check_padding(window, end, where, warnings)
    tar_bytes = window.drain()
    changeset = columns.changeset()
    return Passed(
        changeset=changeset,
        documents=passing.documents,
        layers=passing.layers,
        contents=passing.capture.close(changeset, again),
        compression=compression,
        stored_bytes=counted.count,
        tar_bytes=tar_bytes,
        warnings=tuple(warnings),
    )
