"""Bytes as people read them in a terminal: offset, sixteen bytes, and their characters."""

from collections.abc import Iterator

_WIDTH = 16


def hexadecimal(data: bytes) -> Iterator[str]:
    """Lines such as ``00000010  23 21 2f 62 69 6e 2f 73  68 0a                    |#!/bin/sh.|``."""
    for start in range(0, len(data), _WIDTH):
        part = data[start : start + _WIDTH]
        left, right = part[: _WIDTH // 2].hex(" "), part[_WIDTH // 2 :].hex(" ")
        characters = "".join(chr(byte) if 32 <= byte < 127 else "." for byte in part)
        yield f"{start:08x}  {left:<23}  {right:<23}  |{characters}|"
    if not data:
        yield "empty"
