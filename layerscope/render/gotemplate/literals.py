"""Go's literals: quoting, unquoting and numbers, as strconv reads and writes them.

A Go string is bytes; here it is a ``str`` in which a byte that is no UTF-8 is a surrogate escape (PEP 383).
"""

from msgspec import Struct

from layerscope.model.patterns import pattern

INT64_MAX = (1 << 63) - 1
UINT64_MAX = (1 << 64) - 1
REPLACEMENT = "\ufffd"

_SIMPLE_ESCAPES = {"a": 7, "b": 8, "f": 12, "n": 10, "r": 13, "t": 9, "v": 11, "\\": 92, "'": 39, '"': 34}
_ESCAPE_LETTERS = {7: "a", 8: "b", 12: "f", 10: "n", 13: "r", 9: "t", 11: "v", 92: "\\"}
_HEX_LENGTHS = {"x": 2, "u": 4, "U": 8}
_INTEGER = pattern(
    r"(?P<sign>[+-]?)(?:0[xX](?P<hex>(?:_?[0-9a-fA-F])+)|0[bB](?P<bin>(?:_?[01])+)"
    r"|0[oO](?P<oct>(?:_?[0-7])+)|0(?P<old>(?:_?[0-7])*)|(?P<dec>[1-9](?:_?[0-9])*))"
)
_DIGITS = "[0-9](?:_?[0-9])*"
_HEX_DIGITS = "[0-9a-fA-F](?:_?[0-9a-fA-F])*"
_FLOAT = pattern(rf"[+-]?(?:{_DIGITS}(?:\.(?:{_DIGITS})?)?|\.{_DIGITS})(?:[eE][+-]?{_DIGITS})?")
_HEX_FLOAT = pattern(
    rf"[+-]?0[xX](?:_?{_HEX_DIGITS}(?:\.(?:{_HEX_DIGITS})?)?|\.{_HEX_DIGITS})[pP][+-]?{_DIGITS}",
)
_BASES = {"hex": 16, "bin": 2, "oct": 8, "old": 8, "dec": 10}


class LiteralSyntax(ValueError):
    """A literal that strconv refuses; the message is Go's."""


class Number(Struct, frozen=True, kw_only=True):
    """A numeric constant in each type that can hold it, None where it cannot."""

    as_int: int | None
    as_float: float | None
    overflows: bool = False


def to_bytes(text: str) -> bytes:
    """The bytes of a Go string; a lone surrogate that is no escape becomes U+FFFD, as Go's JSON decoder has it."""
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        clean = "".join(
            c if not 0xD800 <= ord(c) <= 0xDFFF or 0xDC80 <= ord(c) <= 0xDCFF else REPLACEMENT for c in text
        )
        return clean.encode("utf-8", "surrogateescape")


def to_text(data: bytes) -> str:
    """The Go string of these bytes."""
    return data.decode("utf-8", "surrogateescape")


def rejoined(text: str) -> str:
    """The text with raw bytes that together are a character again, as after a cut and a print, made that character."""
    return text if text.isascii() else to_text(to_bytes(text))


def is_raw_byte(char: str) -> bool:
    """Whether this character stands for a byte that is no UTF-8."""
    return 0xDC80 <= ord(char) <= 0xDCFF


def quote(text: str, *, ascii_only: bool = False, mark: str = '"') -> str:
    """The text as a Go string literal (strconv.Quote), or as a rune literal with ``mark`` an apostrophe."""
    return mark + "".join(_escaped(char, ascii_only, mark) for char in text) + mark


def _escaped(char: str, ascii_only: bool, mark: str) -> str:
    code = ord(char)
    if char == mark:
        return "\\" + char
    if code in _ESCAPE_LETTERS:
        return "\\" + _ESCAPE_LETTERS[code]
    if is_raw_byte(char):
        return f"\\x{code - 0xDC00:02x}"
    if char.isprintable() and (code < 128 or not ascii_only):
        return char
    if code < 32 or code == 127:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def unicode_name(char: str) -> str:
    """A character as Go's ``%#U`` shows it: ``U+0040 '@'``."""
    return f"U+{ord(char):04X}" + (f" '{char}'" if char.isprintable() else "")


def unquote(literal: str) -> str:
    """The value of a quoted or raw string literal, quotes included in the argument; raises LiteralSyntax."""
    body = literal[1:-1]
    if literal[0] == "`":
        return body.replace("\r", "")
    pieces: list[bytes] = []
    rest = body
    while rest:
        piece, rest = _unquote_one(rest, '"')
        pieces.append(piece)
    return to_text(b"".join(pieces))


def _unquote_one(text: str, mark: str) -> tuple[bytes, str]:
    """The bytes of the first character of an interpreted literal, and what follows it."""
    plain = text.partition("\\")[0]
    if plain:
        return to_bytes(plain), text[len(plain) :]
    code, is_byte, rest = _escape(text, mark)
    return (bytes([code]) if is_byte else chr(code).encode()), rest


def _escape(text: str, mark: str) -> tuple[int, bool, str]:
    """Code, whether it is a single byte, and the rest, of the escape sequence that starts the text."""
    letter = text[1:2]
    if letter in ("'", '"') and letter != mark:
        raise LiteralSyntax("invalid syntax")
    if letter in _SIMPLE_ESCAPES:
        return _SIMPLE_ESCAPES[letter], False, text[2:]
    if letter in _HEX_LENGTHS:
        end = 2 + _HEX_LENGTHS[letter]
        code = _digits(text[2:end], _HEX_LENGTHS[letter], 16)
        if letter != "x" and (code > 0x10FFFF or 0xD800 <= code <= 0xDFFF):
            raise LiteralSyntax("invalid syntax")
        return code, letter == "x", text[end:]
    code = _digits(text[1:4], 3, 8)
    if code > 255:
        raise LiteralSyntax("invalid syntax")
    return code, True, text[4:]


def _digits(text: str, length: int, base: int) -> int:
    if len(text) != length or not all(c in "0123456789abcdefABCDEF"[: 8 if base == 8 else None] for c in text):
        raise LiteralSyntax("invalid syntax")
    return int(text, base)


def rune_value(literal: str) -> int:
    """The code point of a character constant such as ``'a'``; raises LiteralSyntax."""
    body = literal[1:]
    if body[0] == "'":
        raise LiteralSyntax("invalid syntax")
    if body[0] == "\\":
        code, _, tail = _escape(body, "'")
    else:
        code, tail = ord(body[0]), body[1:]
        code = 0xFFFD if 0xDC80 <= code <= 0xDCFF else code
    if tail != "'":
        raise LiteralSyntax(f"malformed character constant: {literal}")
    return code


def parse_number(text: str) -> Number:
    """A numeric literal in the types that hold it; raises LiteralSyntax with the words of text/template/parse."""
    whole = _INTEGER.fullmatch(text)
    # Twenty digits hold any integer of 64 bits; the interpreter refuses to read thousands.
    if whole and len(whole["dec"] or "") <= 2 * len(str(UINT64_MAX)):
        kind = next((name for name in ("hex", "bin", "oct", "dec") if whole[name] is not None), "old")
        value = int((whole[kind] or "0").replace("_", "") or "0", _BASES[kind])
        value = -value if whole["sign"] == "-" else value
        if -INT64_MAX - 1 <= value <= INT64_MAX:
            return Number(as_int=value, as_float=float(value))
        if value <= UINT64_MAX and not whole["sign"]:
            return Number(as_int=None, as_float=float(value), overflows=True)
    value_float = _parse_float(text)
    if not any(c in text for c in ".eEpP"):
        raise LiteralSyntax(f"integer overflow: {quote(text)}")
    whole_value = int(value_float) if value_float.is_integer() and abs(value_float) < 2.0**63 else None
    return Number(as_int=whole_value, as_float=value_float)


def _parse_float(text: str) -> float:
    try:
        if _FLOAT.fullmatch(text):
            value = float(text.replace("_", ""))
        elif _HEX_FLOAT.fullmatch(text):
            value = float.fromhex(text.replace("_", ""))
        else:
            raise LiteralSyntax(f"illegal number syntax: {quote(text)}")
    except OverflowError:
        value = float("inf")
    if value in (float("inf"), float("-inf")):
        raise LiteralSyntax(f"illegal number syntax: {quote(text)}")
    return value
