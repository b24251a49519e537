"""One walk over the headers of a tar, whatever it is read from."""

from collections.abc import Callable
from typing import Protocol

from layerscope.errors import Damaged
from layerscope.tar.columns import END, Columns
from layerscope.tar.header import BLOCK, is_header
from layerscope.tar.markers import TABLE_OF_CONTENTS
from layerscope.tar.window import Window, WindowTar, ends_within_entry

_MOST_PADDING = 64 << 20
_TABLE_OF_CONTENTS = TABLE_OF_CONTENTS[1:].encode() + b"\0"


class Visitor(Protocol):
    """Gets every payload once, in order, before it is skipped."""

    def visit(self, index: int, position: int, payload: int) -> None:
        """The entry ``index`` has ``payload`` bytes at ``position``."""

    def visit_buffered(self, first: int, end: int) -> None:
        """The entries from ``first`` up to ``end``: what the files among them hold is all in the window's buffer."""


def _compiled() -> Callable[..., tuple[int, int, int, int, int, int, int]] | None:
    """The walk over ordinary headers in C; None where it was installed without a compiler."""
    try:
        from layerscope.tar._headers import scan
    except ImportError:
        return None
    return scan


SCAN = _compiled()
"""Without it every header goes the general way."""


def walk(window: Window, columns: Columns, visitor: Visitor | None = None) -> bool:
    """Collect every header into ``columns``; returns whether the tar has its end-of-archive marker.

    A tar ends with two blocks of zeros (POSIX pax, 'ustar Interchange Format'). One that ends where an entry ends, or
    within the padding of its last entry, is read as the engines read it; that it was cut there cannot be ruled out.
    Raises Damaged for anything else.
    """
    position = content_end = 0
    add, buffer, view = columns.add, window.buffer, window.view
    while True:
        payload = 0
        if SCAN is not None and not columns.pending:
            first = len(columns.paths)
            position, content_end, payload = _ordinary(window, columns, position, content_end, visitor is not None)
            end = len(columns.paths) - bool(payload)
            if visitor is not None and first < end:
                visitor.visit_buffered(first, end)
        if not payload:
            start = position - window.start
            if start < 0 or position + BLOCK > window.end:
                count = window.load(position, BLOCK)
                if count < BLOCK:
                    _expect_whole(window, columns, position, count, content_end)
                    return False
                start = position - window.start
            payload = add(buffer, view, start, position)
            if payload == END:
                _expect_padding(window, columns, position + BLOCK)
                return True
            position += BLOCK
            while columns.expects:
                body = b"".join(bytes(piece) for piece in window.pieces(position, payload))
                position += _padded(payload)
                payload = columns.extend(body, position - BLOCK)
        if columns.map_follows and (visitor is None or not payload):
            columns.check_map(WindowTar(window))
        if payload:
            if visitor is not None:
                visitor.visit(len(columns.paths) - 1, position, payload)
            content_end = position + payload
            position += _padded(payload)


def _ordinary(window: Window, columns: Columns, position: int, content_end: int, stops: bool) -> tuple[int, int, int]:
    """Take the ordinary headers from ``position`` on; returns where the first other one is, and what ``walk`` keeps.

    With ``stops`` it ends behind the first header with a payload that is not all in the window; its length comes last.
    """
    assert SCAN is not None
    position, content_end, payload, link_bytes, window.start, window.end, window.span = SCAN(
        columns.lists,
        (window.buffer, window.descriptor, window.base, window.length, window.start, window.end, window.span),
        position,
        content_end,
        stops,
    )
    columns.link_bytes += link_bytes
    return position, content_end, payload


def _padded(length: int) -> int:
    return (length + BLOCK - 1) & -BLOCK


def _expect_whole(window: Window, columns: Columns, position: int, count: int, content_end: int) -> None:
    """The data ends without an end marker: raise Damaged unless it ends behind the content of the last entry."""
    if count:
        raise Damaged("the data ends within a tar header", where=columns.where, offset=position)
    if window.length < content_end:
        raise ends_within_entry(columns.where, window.length)


def _expect_padding(window: Window, columns: Columns, position: int) -> None:
    """Behind the first block of the end marker follow zeros alone, or the table of contents of an eStargz layer."""
    if window.load(position, BLOCK) == BLOCK and is_header(window.view[position - window.start :][:BLOCK]):
        raise Damaged("a lone block of zeros stands between two entries", where=columns.where, offset=position)
    begin = position
    while count := window.load(position, BLOCK):
        if window.descriptor >= 0 and position - begin > _MOST_PADDING:
            # A file with a hole of a terabyte takes no room; a stream is read to its end anyway.
            columns.warn(f"{columns.where}, offset {position:,}: what follows this much padding was not read")
            return
        offset, left = position - window.start, window.end - position
        whole = left & -BLOCK if count == BLOCK else left
        data = window.view[offset : offset + whole].tobytes()
        blank = len(data) - len(data.lstrip(b"\0"))
        if blank < len(data):
            if not data.startswith(_TABLE_OF_CONTENTS, blank & -BLOCK):
                if not columns.paths:  # Disk images begin with zeros, too.
                    raise Damaged("not a tar: other data behind zeros", where=columns.where, offset=position + blank)
                place = f"{columns.where}, offset {position + blank:,}"
                columns.warn(f"{place}: data behind the end of the tar; engines ignore it")
            return
        position += whole
