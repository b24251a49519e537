"""The fast path over tar headers, compiled from _headers.c where there was a compiler."""

from layerscope.tar.columns import Lists

def scan(
    columns: Lists,
    window: tuple[bytearray, int, int, int, int, int, int],
    position: int,
    content_end: int,
    stop: bool,
) -> tuple[int, int, int, int, int, int, int]: ...
