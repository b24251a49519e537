"""An instruction as the lines of its file and as the one line that a builder joins them to.

Offsets into the joined text lead back to the file, and words can be taken out of the lines so that none is left empty.
"""

from msgspec import Struct

from layerscope.dockerfile.expansion import BLANKS
from layerscope.dockerfile.instructions import Head, split_head
from layerscope.dockerfile.lines import LogicalLine, Scanner
from layerscope.errors import EditError, UsageError


class Layout(Struct, frozen=True, kw_only=True):
    """The source of one instruction, and its joined text.

    ``starts[n]`` is where the n-th piece of the text starts in the source, and ``end`` where the bodies of
    here-documents begin.
    """

    source: str
    escape: str
    line: LogicalLine
    head: Head
    starts: tuple[int, ...]
    end: int

    @classmethod
    def of(cls, source: str, escape: str) -> "Layout":
        """Join the lines of one instruction, here-documents left aside; raises EditError where there is none."""
        try:
            scanner = Scanner(source, "instruction")
            scanner.escape = escape
            line = scanner.next_line()
            if line is None:
                raise EditError("there is no instruction to edit")
            head = split_head(line, 0, escape)
        except UsageError as error:
            raise EditError(error.message) from error
        lines = [0]
        lines.extend(at + 1 for at, character in enumerate(source) if character == "\n")
        starts = tuple(lines[number - 1] + column - 1 for number, column in zip(line.lines, line.columns, strict=True))
        end = lines[scanner.at] if scanner.at < len(lines) else len(source)
        return cls(source=source, escape=escape, line=line, head=head, starts=starts, end=end)

    @property
    def rest(self) -> int:
        """Where in the joined text the arguments begin."""
        return self.head.rest

    @property
    def newline(self) -> str:
        """The end of its lines."""
        return newline_of(self.source) or "\n"

    @property
    def continuation(self) -> str:
        """The end of a line that goes on."""
        return f" {self.escape}{self.newline}"

    def start_of(self, offset: int) -> int:
        """The offset in the source of a character of the joined text."""
        piece = self.line.piece(offset)
        return self.starts[piece] + offset - self.line.offsets[piece]

    def end_of(self, offset: int) -> int:
        """The offset in the source behind the character before ``offset``."""
        return self.start_of(offset - 1) + 1 if offset else self.start_of(0)


class _Line(Struct):
    """A line of the source: what it says, its continuation and end, and where it starts."""

    start: int
    content: str
    tail: str
    dropped: bool


def indent_of(source: str, offset: int) -> str:
    """The white space at the start of the line that holds an offset."""
    line = source[source.rfind("\n", 0, offset) + 1 : offset]
    return line[: len(line) - len(line.lstrip(" \t"))]


def is_first_on_line(source: str, offset: int) -> bool:
    """Whether nothing but blanks stands before an offset on its line, which is not the first one."""
    start = source.rfind("\n", 0, offset) + 1
    return start > 0 and not source[start:offset].strip(BLANKS)


def with_blanks(source: str, start: int, end: int) -> tuple[int, int]:
    """A range with the blanks before it, or behind it where it is the first on its line."""
    if is_first_on_line(source, start):
        rest = source[end:]
        return start, end + len(rest) - len(rest.lstrip(" \t"))
    before = source[:start]
    return len(before.rstrip(" \t")), end


def without(source: str, escape: str, ranges: list[tuple[int, int]], *, comments: bool = True) -> str:
    """The source without some ranges; a line that becomes empty disappears, and the one before takes over its end.

    Lines of comments, which the builder drops, stay; with ``comments`` False there are none, as in a shell script.
    """
    lines = _lines(source, escape, comments=comments)
    for line in lines:
        if line.dropped:
            continue
        end = line.start + len(line.content)
        cut = [(max(low, line.start), min(high, end)) for low, high in ranges if low < end and high > line.start]
        last = len(line.content)
        for low, high in sorted(((low - line.start, high - line.start) for low, high in cut), reverse=True):
            # Two neighbours may both claim the blanks between them.
            line.content = line.content[:low] + line.content[min(high, last) :]
            last = low
        line.dropped = bool(cut) and not line.content.strip(BLANKS)
        if line.dropped:
            line.content = "\0"
        elif cut and max(high for _, high in cut) == end and line.tail:
            line.content = line.content.rstrip(" \t")
    kept: list[_Line] = []
    for line in lines:
        if line.content != "\0":
            kept.append(line)
        elif escape not in line.tail:
            _end_before(kept, escape, line.tail, newline_of(source))
    return "".join(line.content + line.tail for line in kept)


def _end_before(kept: list[_Line], escape: str, tail: str, newline: str) -> None:
    """End the last line of ``kept`` that says anything as the line ended that disappeared behind it."""
    at = len(kept) - 1
    while at > 0 and (kept[at].dropped or (escape in kept[at].tail and not kept[at].content.strip(BLANKS))):
        at -= 1
    if escape not in kept[at].tail:
        return
    kept[at + 1 :] = [line for line in kept[at + 1 :] if line.dropped]
    kept[at].content = kept[at].content.rstrip(" \t")
    kept[at].tail = newline if kept[at + 1 :] and not tail else tail
    if not tail:
        kept[-1].tail = ""


def _lines(source: str, escape: str, *, comments: bool) -> list[_Line]:
    lines: list[_Line] = []
    at = 0
    for raw in source.split("\n"):
        whole = raw + "\n" if at + len(raw) < len(source) else raw
        text = raw.rstrip("\r").rstrip(" \t")
        continues = text.endswith(escape) and text[-2:-1] != escape
        content = text[:-1].rstrip(" \t") if continues else raw.rstrip("\r")
        stripped = raw.strip("\r" + BLANKS)
        dropped = comments and at > 0 and (not stripped or stripped[0] == "#")
        lines.append(_Line(start=at, content=content, tail=whole[len(content) :], dropped=dropped))
        at += len(whole)
    return lines


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
