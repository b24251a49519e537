"""Text that is safe for a terminal: whatever could move the cursor, change colours or reorder a line is escaped."""

import re

from layerscope.model.patterns import pattern

_COMMAND = pattern(r"^([^\S\n]*)::", re.MULTILINE)
_PIECE = 1 << 14


def printable(text: str) -> str:
    """``text`` with control, format and lone surrogate characters as escapes; a byte that is not UTF-8 is ``\\xff``."""
    if text.isprintable():
        return text
    if len(text) > _PIECE:  # It may hold a million different characters, all to be escaped.
        return "".join([printable(text[start : start + _PIECE]) for start in range(0, len(text), _PIECE)])
    return text.translate({ord(one): _escaped(one) for one in set(text) if not one.isprintable()})


def printable_lines(text: str) -> str:
    """``printable`` for a text of several lines: line ends and tabs stay."""
    return "\n".join("\t".join(map(printable, line.split("\t"))) for line in text.split("\n"))


def without_commands(text: str) -> str:
    """``text`` without commands for GitHub's runner: ``::name::`` at the start of a line, ``##[name]`` anywhere.

    They are escaped so that a JSON parser reads the same text.
    """
    if "::" in text:
        text = _COMMAND.sub(r"\1\\x3a:", text)
    return text.replace("##[", "##\\u005b")


def _escaped(character: str) -> str:
    code = ord(character)
    if 0xDC80 <= code <= 0xDCFF:  # A surrogate escape stands for the byte in its low half.
        return f"\\x{code - 0xDC00:02x}"
    named = {"\n": "\\n", "\t": "\\t", "\r": "\\r"}.get(character)
    if named:
        return named
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
