"""A Dockerfile as text that can be edited instruction by instruction.

Every edit gives a new document. What it wrote is parsed again; EditError is raised where the result is not what was
meant, so that an edit that a builder would read differently is never made.
"""

from itertools import pairwise

from msgspec import Struct
from msgspec.structs import replace

from layerscope.dockerfile.expansion import BLANKS
from layerscope.dockerfile.lines import Scanner
from layerscope.dockerfile.parse import LocatedInstruction, dockerfile_of, located_instructions
from layerscope.dockerfile.syntax import DockerfileInstruction
from layerscope.edit.layout import common_newline, newline_of, with_newline
from layerscope.errors import EditError, UsageError

BOM = "\ufeff"
DEFAULT_SHELL = ("/bin/sh", "-c")


class EditableInstruction(Struct, frozen=True, kw_only=True):
    """One instruction with its text: whole lines, here-documents included, without the last line's end.

    ``id`` is its index in the file that was parsed first, and ``line`` and ``last_line`` are its lines there, counted
    from 1; an instruction that an edit added has neither (None and 0). ``stage`` is the index of its stage, -1 above
    the first FROM.
    """

    id: int | None
    keyword: str
    stage: int
    line: int
    last_line: int
    source: str
    escape: str
    parsed: DockerfileInstruction


class Document(Struct, frozen=True, kw_only=True):
    """A Dockerfile: instructions, and the text around each.

    ``gaps`` has one text more than there are instructions: comments, empty lines, directives, ends of lines.
    """

    name: str
    escape: str
    gaps: tuple[str, ...]
    instructions: tuple[EditableInstruction, ...]
    directives: tuple[tuple[str, int], ...] = ()
    """The parser directives and their lines, counted from 1."""

    @classmethod
    def parse(cls, text: str, name: str = "Dockerfile") -> "Document":
        """Parse a whole Dockerfile; raises UsageError where the builder would refuse it as well."""
        scanner = Scanner(text, name)
        located = list(located_instructions(scanner))
        dockerfile_of(scanner, [each.instruction for each in located])
        starts = _line_starts(text)
        gaps: list[str] = []
        instructions: list[EditableInstruction] = []
        end = 0
        for number, each in enumerate(located):
            start = starts[each.first_line - 1] if each.first_line > 1 else len(text) - len(text.removeprefix(BOM))
            gaps.append(text[end:start])
            end = _content_end(text, starts, each.last_line)
            stage = instructions[-1].stage if instructions else -1
            stage += each.instruction.keyword == "FROM"
            instructions.append(_editable(number, stage, each, text[start:end], scanner.escape))
        return cls(
            name=name,
            escape=scanner.escape,
            gaps=(*gaps, text[end:]),
            instructions=tuple(instructions),
            directives=tuple(scanner.directives.items()),
        )

    @property
    def text(self) -> str:
        """The whole file: what was parsed, to the byte, but for the edits."""
        pairs = zip(self.gaps, self.instructions, strict=False)
        return "".join(f"{gap}{each.source}" for gap, each in pairs) + self.gaps[-1]

    def instruction(self, id: int) -> EditableInstruction:
        """The instruction with this id; raises EditError where an edit deleted it."""
        return self.instructions[self._index(id)]

    def by_line(self, line: int) -> EditableInstruction | None:
        """The instruction at a line of the file that was parsed first; None between instructions."""
        return next((each for each in self.instructions if each.line <= line <= each.last_line), None)

    def shell(self, id: int) -> tuple[str, ...]:
        """The shell that runs the RUN with this id: the last SHELL of its stage or of the stages below it.

        The default where it is the base image that says.
        """
        index = self._index(id)
        while index >= 0:
            each = self.instructions[index]
            if each.keyword == "SHELL":
                return each.parsed.arguments
            if each.keyword == "FROM":
                index = self._end_of_base(index)
            index -= 1
        return DEFAULT_SHELL

    def replace(self, id: int, source: str) -> "Document":
        """The document with ``source``, one instruction, in place of another; comments around it are kept apart."""
        index = self._index(id)
        old = self.instructions[index]
        # An instruction of both kinds of line ends keeps them; one of CRLF alone gets no others.
        end = self.gaps[index + 1].partition("\n")
        lines = old.source + end[0] + end[1]
        written = with_newline(source, common_newline(lines if "\n" in lines else self.text))
        return self._written(index, index + 1, written, kept=old)

    def insert_after(self, id: int, source: str) -> "Document":
        """The document with one or more instructions on the lines below another, and below what an edit put there."""
        index = self._index(id)
        while index + 1 < len(self.instructions) and self.instructions[index + 1].id is None:
            index += 1
        after = self.gaps[index + 1]
        newline = newline_of(after) or newline_of(self.text) or "\n"
        written = newline + with_newline(source.rstrip("\r\n"), newline)
        return self._written(index + 1, index + 1, written, before="", after=after)

    def insert_before(self, id: int, source: str) -> "Document":
        """The document with one or more instructions above another and above the comments that adjoin it."""
        index = self._index(id)
        newline = newline_of(self.instructions[index].source + self.gaps[index + 1]) or newline_of(self.text) or "\n"
        before, comments = self._comments_above(index)
        written = with_newline(source.rstrip("\r\n"), newline) + newline
        return self._written(index, index, written, before=before, after=comments)

    def delete(self, id: int) -> "Document":
        """The document without an instruction; its comments stay, and of empty lines on both sides those above."""
        index = self._index(id)
        after = self.gaps[index + 1]
        rest = after.removeprefix(newline_of(after))
        if self.gaps[index].removesuffix(newline_of(self.gaps[index])).endswith("\n"):
            rest = rest.removeprefix(newline_of(rest))
        merged = (*self.gaps[:index], self.gaps[index] + rest, *self.gaps[index + 2 :])
        remaining = (*self.instructions[:index], *self.instructions[index + 1 :])
        return self._checked(replace(self, gaps=merged, instructions=remaining))

    def _index(self, id: int) -> int:
        for index, each in enumerate(self.instructions):
            if each.id == id:
                return index
        raise EditError(f"{self.name} has no instruction {id}")

    def _end_of_base(self, index: int) -> int:
        """One past the last instruction of the stage that the FROM at ``index`` starts from; 0 for an image."""
        base = self.instructions[index].parsed.arguments[0].lower()
        froms = [at for at in range(index + 1) if self.instructions[at].keyword == "FROM"]
        for at, end in reversed([*pairwise(froms)]):
            words = self.instructions[at].parsed.arguments
            if len(words) == 3 and words[2].lower() == base:
                return end
        return 0

    def _comments_above(self, index: int) -> tuple[str, str]:
        """The gap above an instruction, cut where the comments begin that stand directly above it."""
        lines = self.gaps[index].split("\n")[:-1]
        floor = max((number for _, number in self.directives), default=0) if index == 0 else 1
        at = len(lines)
        while at > floor and lines[at - 1].lstrip(BLANKS).startswith("#"):
            at -= 1
        before = "".join(f"{line}\n" for line in lines[:at])
        if index == 0 and at == 0 and self.text.startswith(BOM):
            before = BOM
        return before, self.gaps[index][len(before) :]

    def _written(
        self,
        start: int,
        end: int,
        written: str,
        *,
        kept: EditableInstruction | None = None,
        before: str | None = None,
        after: str | None = None,
    ) -> "Document":
        """The document with ``written`` in place of the instructions from ``start`` to ``end``, then parsed again."""
        left = self.gaps[start] if before is None else before
        right = self.gaps[end] if after is None else after
        try:
            located = self._located(written)
        except UsageError as error:
            raise EditError(f"{self.name}: what would be written is not an instruction: {error.message}") from error
        if not located or (kept is not None and len(located) != 1):
            raise EditError(f"{self.name}: expected one instruction, not {len(located)}")
        starts = _line_starts(written)
        inner: list[EditableInstruction] = []
        texts: list[str] = []
        at = 0
        for each in located:
            first = starts[each.first_line - 1]
            last = _content_end(written, starts, each.last_line)
            texts.append(written[at:first])
            new = _editable(None, 0, each, written[first:last], self.escape)
            inner.append(replace(new, id=kept.id, line=kept.line, last_line=kept.last_line) if kept else new)
            at = last
        texts[0] = left + texts[0]
        gaps = (*self.gaps[:start], *texts, written[at:] + right, *self.gaps[end + 1 :])
        instructions = (*self.instructions[:start], *inner, *self.instructions[end:])
        return self._checked(replace(self, gaps=gaps, instructions=instructions))

    def _located(self, written: str) -> list[LocatedInstruction]:
        scanner = Scanner(written, self.name)
        scanner.escape = self.escape
        return list(located_instructions(scanner))

    def _checked(self, meant: "Document") -> "Document":
        """What the text of ``meant`` parses to, with its ids; raises EditError unless it is what was meant."""
        try:
            found = Document.parse(meant.text, self.name)
        except UsageError as error:
            raise EditError(f"{self.name} would not parse after the edit: {error.message}") from error
        same = [each.source for each in found.instructions] == [each.source for each in meant.instructions]
        if not same or found.gaps != meant.gaps or found.escape != self.escape:
            raise EditError(f"{self.name} would be read differently after the edit")
        pairs = zip(found.instructions, meant.instructions, strict=True)
        instructions = tuple(replace(new, id=old.id, line=old.line, last_line=old.last_line) for new, old in pairs)
        return replace(found, instructions=instructions)


def _editable(
    number: int | None, stage: int, located: LocatedInstruction, source: str, escape: str
) -> EditableInstruction:
    return EditableInstruction(
        id=number,
        keyword=located.instruction.keyword,
        stage=stage,
        line=0 if number is None else located.first_line,
        last_line=0 if number is None else located.last_line,
        source=source,
        escape=escape,
        parsed=located.instruction,
    )


def _line_starts(text: str) -> list[int]:
    """The offsets where the lines of a text begin, and its end."""
    starts = [0]
    starts.extend(at + 1 for at, character in enumerate(text) if character == "\n")
    return starts


def _content_end(text: str, starts: list[int], line: int) -> int:
    """The offset behind a line, without its end."""
    if line >= len(starts):
        return len(text)
    end = starts[line] - 1
    return end - text.endswith("\r", 0, end)
