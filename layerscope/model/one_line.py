"""Text on one line."""

_PIECE = 1 << 16


def one_line(text: str) -> str:
    """Return the text with one blank between its words.

    A million words at once would take twenty times the memory of the text.
    """
    if len(text) <= _PIECE:
        return " ".join(text.split())
    line, apart = list[str](), False
    for start in range(0, len(text), _PIECE):
        piece = text[start : start + _PIECE]
        apart = apart or piece[0].isspace()
        if words := " ".join(piece.split()):
            line += (" ", words) if line and apart else (words,)
            apart = False
        apart = apart or piece[-1].isspace()
    return "".join(line)
