"""The values of templates: JSON's, and what Go's types add to them in an inspected image.

A Go string is bytes; here it is a ``str`` in which a byte that is not UTF-8 is a surrogate escape (PEP 383).
"""

import math
import re
from collections.abc import Iterable

MAX_CHARACTERS = 1 << 24
"""Of the output, and of any string on the way to it."""

_ESCAPES = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v", "\\": "\\", '"': '"'}
_LETTERS = {char: f"\\{letter}" for letter, char in _ESCAPES.items()}
_ESCAPE = re.compile(r"\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|(.))", re.DOTALL)
_LONE = re.compile("[\ud800-\udc7f\udd00-\udfff]")
_INT64 = range(-(1 << 63), 1 << 63)
_UNITS = (("ms", 6), ("\u00b5s", 3), ("ns", 0))


class Fault(Exception):
    """A function or a verb refuses its arguments; the message goes into the error that names the position."""


class NilPointer:
    """A pointer to nothing: false, and printed as ``<nil>``."""

    def __bool__(self) -> bool:
        return False


NIL = NilPointer()


class NilList(list[object]):
    """A slice that is absent: prints as an empty one, and is ``null`` in JSON."""


class Map(dict[str, object]):
    """A map with elements of one type: a key that is absent has the value ``zero``."""

    zero: object = ""
    is_nil = False


class Duration(int):
    """A time in nanoseconds, which prints as ``1m30s``."""

    def __str__(self) -> str:
        """Return the text of Go's time.Duration.String."""
        nanoseconds, sign = abs(int(self)), "-" if self < 0 else ""
        if nanoseconds < 1_000_000_000:
            for unit, scale in _UNITS:
                if nanoseconds >= 10**scale:
                    return f"{sign}{_decimal(nanoseconds, scale)}{unit}"
            return "0s"
        minutes, rest = divmod(nanoseconds, 60_000_000_000)
        hours, minutes = divmod(minutes, 60)
        shown = f"{hours}h{minutes}m" if hours else f"{minutes}m" if minutes else ""
        return f"{sign}{shown}{_decimal(rest, 9)}s"


def _decimal(number: int, places: int) -> str:
    """Return the number divided by a power of ten, without trailing zeros."""
    whole, fraction = divmod(number, 10**places)
    digits = f"{fraction:0{places}d}".rstrip("0") if places else ""
    return f"{whole}.{digits}" if digits else str(whole)


def is_nil(value: object) -> bool:
    """Return whether the value is nil, of whatever type."""
    return value is None or isinstance(value, (NilPointer, NilList)) or (isinstance(value, Map) and value.is_nil)


def kind(value: object) -> str:
    """Return what an error message calls the value."""
    if is_nil(value):
        return "nil"
    match value:
        case bool():
            return "bool"
        case int() | float():
            return "number"
        case str():
            return "string"
        case list():
            return "list"
        case dict():
            return "map"
    return "struct"


def a_kind(value: object) -> str:
    """Return the kind with its article."""
    return kind(value) if is_nil(value) else f"a {kind(value)}"


def to_bytes(text: str) -> bytes:
    """Return the bytes of a Go string; a surrogate that stands for no byte becomes U+FFFD, as Go reads it in JSON."""
    return _LONE.sub("\ufffd", text).encode("utf-8", "surrogateescape")


def to_text(data: bytes) -> str:
    """Return the Go string of these bytes."""
    return data.decode("utf-8", "surrogateescape")


def rejoined(text: str) -> str:
    """Return the text with raw bytes that make up a character again, as after a cut and a print, as that character."""
    return text if text.isascii() else to_text(to_bytes(text))


def joined(separator: str, pieces: Iterable[str]) -> str:
    """Return the pieces joined; raises Fault as soon as they are too long."""
    kept: list[str] = []
    room = MAX_CHARACTERS
    for piece in pieces:
        kept.append(piece)
        room -= len(piece) + len(separator)
        if room < 0:
            raise Fault(f"text exceeds {MAX_CHARACTERS:,} characters")
    return separator.join(kept)


def quote(text: str, *, ascii_only: bool = False) -> str:
    """Return the text as a Go string literal (strconv.Quote)."""
    return f'"{"".join(_escaped(char, ascii_only) for char in text)}"'


def _escaped(char: str, ascii_only: bool) -> str:
    code = ord(char)
    if char in _LETTERS:
        return _LETTERS[char]
    if 0xDC80 <= code <= 0xDCFF:
        return f"\\x{code - 0xDC00:02x}"
    if char.isprintable() and (code < 128 or not ascii_only):
        return char
    if code < 32 or code == 127:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def unquote(literal: str) -> str:
    """Return the value of a quoted or raw string literal; raises Fault for an escape that Go does not have."""
    if literal[0] == "`":
        return literal[1:-1].replace("\r", "")
    return rejoined(_ESCAPE.sub(_unescaped, literal[1:-1]))


def _unescaped(found: re.Match[str]) -> str:
    byte, *wide, letter = found.groups()
    if byte:
        return to_text(bytes([int(byte, 16)]))
    if letter:
        if letter in "01234567":
            raise Fault(f"octal escapes such as \\{letter} are not supported: write \\x and two digits")
        if letter in _ESCAPES:
            return _ESCAPES[letter]
        raise Fault("invalid syntax")
    code = int(wide[0] or wide[1], 16)
    if code > 0x10FFFF or 0xD800 <= code <= 0xDFFF:
        raise Fault("invalid syntax")
    return chr(code)


def number(text: str) -> int | float:
    """Return the value of a number literal; raises Fault for one that Go does not have, or that is octal."""
    digits, shown = text.lstrip("+-"), quote(text)
    if len(digits) > 1 and digits[0] == "0" and digits.isdecimal():
        raise Fault(f"octal numbers such as {shown} are not supported: write a decimal one")
    try:
        value = int(text, 16 if digits[:2].lower() == "0x" else 10)
    except ValueError:
        try:
            real = float(text)
        except ValueError:
            real = math.inf
        if math.isinf(real):
            raise Fault(f"illegal number syntax: {shown}") from None
        return real
    if value not in _INT64:
        raise Fault(f"integer overflow: {shown}")
    return value
