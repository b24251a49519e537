"""Ways to spoil bytes: flip, cut, repeat, swap and overwrite, and to make the checksums of tar headers right again."""

from collections.abc import Callable, Sequence
from typing import Protocol, TypeVar

BLOCK = 512
_T = TypeVar("_T")
_NUMBERS = (0, 1, 0x7F, 0x80, 0xFF, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)


class Chooser(Protocol):
    """A source of choices: ``random.Random``, or one that hypothesis drives."""

    def randrange(self, start: int, /) -> int: ...
    def choice(self, seq: Sequence[_T], /) -> _T: ...


def damaged(data: bytes, choose: Chooser, words: Sequence[bytes] = (b"",)) -> bytes:
    """The data after one to four random changes; ``words`` are put in where one of them may mean something."""
    for _ in range(1 + choose.randrange(4)):
        data = choose.choice(_CHANGES)(data, choose, words)
    return repaired(data) if choose.randrange(4) else data


def repaired(data: bytes) -> bytes:
    """The data with right checksums in what looks like tar headers, so that damage gets behind the first check."""
    found = bytearray(data)
    for start in range(0, len(found) - BLOCK + 1, BLOCK):
        if found[start + 257 : start + 262] == b"ustar":
            found[start + 148 : start + 156] = b" " * 8
            found[start + 148 : start + 156] = b"%06o\0 " % sum(found[start : start + BLOCK])
    return bytes(found)


def _flip(data: bytes, choose: Chooser, words: Sequence[bytes]) -> bytes:
    if not data:
        return data
    place = choose.randrange(len(data))
    return data[:place] + bytes([data[place] ^ 1 << choose.randrange(8)]) + data[place + 1 :]


def _byte(data: bytes, choose: Chooser, words: Sequence[bytes]) -> bytes:
    place = choose.randrange(len(data) + 1)
    return data[:place] + bytes([choose.randrange(256)]) + data[place + 1 :]


def _cut(data: bytes, choose: Chooser, words: Sequence[bytes]) -> bytes:
    return data[: choose.randrange(len(data) + 1)]


def _remove(data: bytes, choose: Chooser, words: Sequence[bytes]) -> bytes:
    start, length = _stretch(data, choose)
    return data[:start] + data[start + length :]


def _repeat(data: bytes, choose: Chooser, words: Sequence[bytes]) -> bytes:
    start, length = _stretch(data, choose)
    if len(data) > 1 << 18:
        return data
    return data[:start] + data[start : start + length] * (2 + choose.randrange(7)) + data[start + length :]


def _swap(data: bytes, choose: Chooser, words: Sequence[bytes]) -> bytes:
    blocks = [data[start : start + BLOCK] for start in range(0, len(data), BLOCK)]
    if len(blocks) < 2:
        return data[::-1]
    one, other = choose.randrange(len(blocks)), choose.randrange(len(blocks))
    blocks[one], blocks[other] = blocks[other], blocks[one]
    return b"".join(blocks)


def _number(data: bytes, choose: Chooser, words: Sequence[bytes]) -> bytes:
    width = choose.choice((1, 2, 4))
    value = (choose.choice(_NUMBERS) & (1 << 8 * width) - 1).to_bytes(width, choose.choice(("big", "little")))
    place = choose.randrange(len(data) + 1)
    return data[:place] + value + data[place + width :]


def _word(data: bytes, choose: Chooser, words: Sequence[bytes]) -> bytes:
    word, place = choose.choice(words), choose.randrange(len(data) + 1)
    return data[:place] + word + data[place + len(word) * choose.randrange(2) :]


def _stretch(data: bytes, choose: Chooser) -> tuple[int, int]:
    """A place and a length, half of the time whole blocks."""
    start = choose.randrange(len(data) + 1)
    length = 1 + choose.randrange(16)
    if choose.randrange(2):
        start, length = start // BLOCK * BLOCK, BLOCK * (1 + choose.randrange(3))
    return start, length


_CHANGES: tuple[Callable[[bytes, Chooser, Sequence[bytes]], bytes], ...] = (
    _flip,
    _byte,
    _cut,
    _remove,
    _repeat,
    _swap,
    _number,
    _word,
    _word,
)
