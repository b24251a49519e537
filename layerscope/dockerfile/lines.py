"""From the bytes of a Dockerfile to logical lines: directives, comments, continuation lines, here-documents.

Dockerfile reference, "Format" and "Parser directives". Everything here takes one pass over the text.
"""

from bisect import bisect_right

from msgspec import Struct
from msgspec.structs import replace

from layerscope.dockerfile.expansion import BLANKS
from layerscope.dockerfile.syntax import Heredoc
from layerscope.errors import LimitExceeded, UsageError

MAX_BYTES = 1024 * 1024
MAX_LINES = 100_000
DIRECTIVES = frozenset({"syntax", "escape", "check"})


class LogicalLine(Struct, frozen=True, kw_only=True):
    """A line with its continuation lines joined.

    ``offsets``, ``lines`` and ``columns`` run in parallel: where each piece starts in ``text``, and in the file
    (both counted from 1).
    """

    name: str
    text: str
    offsets: tuple[int, ...]
    lines: tuple[int, ...]
    columns: tuple[int, ...]

    def piece(self, offset: int) -> int:
        """The index of the piece that holds an offset into ``text``."""
        return max(bisect_right(self.offsets, offset) - 1, 0)

    def place(self, offset: int) -> tuple[int, int]:
        """Line and column in the file of an offset into ``text``."""
        piece = self.piece(offset)
        return self.lines[piece], self.columns[piece] + offset - self.offsets[piece]

    def error(self, message: str, offset: int = 0, *, hint: str = "") -> UsageError:
        """A UsageError that names the place: ``Dockerfile:line:column: message``."""
        line, column = self.place(offset)
        return UsageError(f"{self.name}:{line}:{column}: {message}", hint=hint)


class Scanner:
    """Reads logical lines one after the other; raises UsageError with a place, and LimitExceeded at once."""

    def __init__(self, content: bytes | str, name: str) -> None:
        if len(content) > MAX_BYTES:
            raise LimitExceeded(f"{name} is longer than {MAX_BYTES:,} bytes")
        text = content if isinstance(content, str) else content.decode("utf-8", "surrogateescape")
        self.name = name
        if text.count("\n") > MAX_LINES:
            raise LimitExceeded(f"{name} has more than {MAX_LINES:,} lines")
        self.source = text.removeprefix("\ufeff").split("\n")
        if not self.source[-1]:
            self.source.pop()
        self.at = 0
        self.escape = "\\"
        self.directives: dict[str, int] = {}
        """The parser directives and their lines, counted from 1."""
        self._read_directives()

    def next_line(self) -> LogicalLine | None:
        """The next line that is neither empty nor a comment, with its continuation lines; None at the end."""
        while self.at < len(self.source):
            text = self.source[self.at].rstrip("\r").lstrip(BLANKS)
            if text and text[0] != "#":
                return self._join(text)
            self.at += 1
        return None

    def heredoc(self, mark: Heredoc, *, opened_by: LogicalLine) -> Heredoc:
        """The here-document with its lines, verbatim; raises UsageError where the file ends before its delimiter."""
        start = self.at
        while self.at < len(self.source):
            line = self.source[self.at].rstrip("\r")
            self.at += 1
            if (line.lstrip("\t") if mark.strip_tabs else line) == mark.name:
                return replace(mark, content="".join(f"{each}\n" for each in self.source[start : self.at - 1]))
        raise opened_by.error(f"unterminated heredoc {mark.name!r}")

    def _join(self, first: str) -> LogicalLine:
        """Join ``first`` and the lines that continue it; comments and empty lines between them do not count."""
        line, continues = self._without_continuation(first)
        pieces, length = [line], len(line)
        offsets, lines = [0], [self.at + 1]
        columns = [len(self.source[self.at].rstrip("\r")) - len(first) + 1]
        self.at += 1
        while continues and self.at < len(self.source):
            raw = self.source[self.at].rstrip("\r")
            self.at += 1
            text = raw.lstrip(BLANKS)
            if not text or text[0] == "#":
                continue
            line, continues = self._without_continuation(raw)
            pieces.append(line)
            offsets.append(length)
            lines.append(self.at)
            columns.append(1)
            length += len(line)
        return LogicalLine(
            name=self.name,
            text="".join(pieces),
            offsets=tuple(offsets),
            lines=tuple(lines),
            columns=tuple(columns),
        )

    def _without_continuation(self, line: str) -> tuple[str, bool]:
        """The line without its last escape, and whether there was one; an escaped escape continues nothing."""
        stripped = line.rstrip(" \t")
        continues = stripped.endswith(self.escape) and stripped[-2:-1] != self.escape
        return (stripped[:-1], True) if continues else (line, False)

    def _read_directives(self) -> None:
        """Take the escape directive; directives stand above everything else, and any other line ends them."""
        for number, line in enumerate(self.source, start=1):
            text = line.lstrip(BLANKS)
            name, equals, value = text[1:].partition("=")
            key, value = name.strip(BLANKS).lower(), value.strip(BLANKS)
            if not text.startswith("#") or not equals or not value or key not in DIRECTIVES:
                return
            if key in self.directives:
                raise UsageError(f"{self.name}:{number}:1: only one {key} parser directive can be used")
            if key == "escape" and value not in ("\\", "`"):
                raise UsageError(f"{self.name}:{number}:1: invalid escape token {value!r}: neither ` nor \\")
            self.directives[key] = number
            self.escape = value if key == "escape" else self.escape
