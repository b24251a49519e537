"""One walk over the headers of a tar, whatever it is read from."""

from collections.abc import Callable
from typing import Protocol

from layerscope.archive.columns import END, Columns
from layerscope.archive.header import BLOCK, is_header
from layerscope.archive.window import Window
from layerscope.errors import Damaged


class Visitor(Protocol):
    """Is told of every payload once, in order, before it is passed over."""

    def visit(self, index: int, position: int, payload: int) -> None:
        """The entry ``index`` has ``payload`` bytes at ``position``."""

    def visit_buffered(self, first: int, end: int) -> None:
        """The entries from ``first`` up to ``end``: what the files among them hold is all in the window's buffer."""


def _compiled() -> Callable[..., tuple[int, int, int, int, int, int, int]] | None:
    """The walk over ordinary headers in C; None where it was installed without a compiler."""
    try:
        from layerscope.archive._headers import scan
    except ImportError:
        return None
    return scan


SCAN = _compiled()
"""Without it every header goes the general way."""


def walk(window: Window, columns: Columns, visitor: Visitor | None = None) -> int:
    """Collect every header into ``columns``; returns the position behind the end marker.

    A tar ends with two blocks of zeros (POSIX pax, 'ustar Interchange Format'); one that ends at the border of an
    entry without them is taken as complete, as all readers do. Raises Damaged for anything else.
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
                try:
                    count = window.load(position, BLOCK)
                except Damaged as error:
                    if error.offset is not None and error.offset >= content_end:
                        return error.offset  # Only the padding of the last entry is missing; the engines do not mind.
                    raise
                if count < BLOCK:
                    return _ended(columns, position, count)
                start = position - window.start
            payload = add(buffer, view, start, position)
            if payload == END:
                return _end_marker(window, columns, position)
            position += BLOCK
            while columns.expects:
                body = b"".join(bytes(piece) for piece in window.pieces(position, payload))
                position += _padded(payload)
                payload = columns.extend(body, position - BLOCK)
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


def _ended(columns: Columns, position: int, count: int) -> int:
    """The data ends where a header would begin, or where a body was to go on."""
    if count:
        raise Damaged("the data ends within a tar header", where=columns.where, offset=position)
    return position


def _end_marker(window: Window, columns: Columns, position: int) -> int:
    """One block of zeros was met; a second one ends the tar, a header behind a single one is damage."""
    position += BLOCK
    if window.load(position, BLOCK) == BLOCK:
        block = window.view[position - window.start :][:BLOCK]
        if is_header(block):
            raise Damaged("a lone block of zeros stands between two entries", where=columns.where, offset=position)
    return position
