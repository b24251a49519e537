"""The ends of lines of a text that is edited."""


def newline_of(text: str) -> str:
    """The first end of a line: ``\\r\\n`` or ``\\n``; empty where there is none."""
    at = text.find("\n")
    return "" if at < 0 else "\r\n" if text[at - 1 : at] == "\r" else "\n"


def with_newline(text: str, newline: str) -> str:
    """The text with CRLF at the end of each line where ``newline`` is one, and unchanged otherwise."""
    return text.replace("\r\n", "\n").replace("\n", newline) if newline == "\r\n" else text


def common_newline(text: str) -> str:
    """The end that all lines have, empty where they differ or there is none."""
    every, crlf = text.count("\n"), text.count("\r\n")
    return "" if crlf not in (0, every) else newline_of(text)
