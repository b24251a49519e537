"""From the text of a Dockerfile to its syntax tree (Dockerfile reference, checked against BuildKit's parser)."""

from collections.abc import Iterator

from msgspec import Struct
from msgspec.structs import replace

from layerscope.dockerfile.expansion import BLANKS
from layerscope.dockerfile.instructions import heredoc_marks, parse_instruction
from layerscope.dockerfile.lines import Scanner
from layerscope.dockerfile.syntax import Dockerfile, DockerfileInstruction, DockerfileStage, Form
from layerscope.errors import LimitExceeded, UsageError
from layerscope.model.patterns import pattern

MAX_INSTRUCTIONS = 10_000
"""Each takes a few kilobytes until it is matched with a layer."""
MAX_WORDS = 140_000
"""The most words of all instructions together, counted by what may separate them."""
_HEREDOC_KEYWORDS = frozenset({"RUN", "COPY", "ADD"})
_SEPARATORS = f"{BLANKS},"
_STAGE_NAME = pattern(r"[a-z][a-z0-9._-]*\Z")


class LocatedInstruction(Struct, frozen=True, kw_only=True):
    """An instruction and the lines that it takes, counted from 1; its last one may be that of a here-document."""

    instruction: DockerfileInstruction
    first_line: int
    last_line: int


def parse_dockerfile(content: bytes | str, *, name: str = "Dockerfile") -> Dockerfile:
    """Parse a whole Dockerfile; ``name`` is how messages call it.

    Raises UsageError (``name:line:column: message``) where the builder would refuse the file as well, and
    LimitExceeded for more than MAX_BYTES, MAX_LINES, MAX_INSTRUCTIONS or MAX_WORDS.
    """
    scanner = Scanner(content, name)
    return dockerfile_of(scanner, [each.instruction for each in located_instructions(scanner)])


def dockerfile_of(scanner: Scanner, instructions: list[DockerfileInstruction]) -> Dockerfile:
    """The stages of instructions that ``scanner`` read; raises UsageError as ``parse_dockerfile`` does."""
    name = scanner.name
    if not instructions:
        raise UsageError(f"{name}:1:1: file with no instructions")
    starts = [number for number, each in enumerate(instructions) if each.keyword == "FROM"]
    above = instructions[: starts[0]] if starts else instructions
    for each in above:
        if each.keyword != "ARG":
            raise UsageError(f"{name}:{each.line}:{each.column}: no build stage yet: {each.keyword} before FROM")
    if not starts:
        raise UsageError(f"{name}:1:1: dockerfile contains no stages to build")
    ends = [*starts[1:], len(instructions)]
    return Dockerfile(
        name=name,
        escape=scanner.escape,
        global_arguments=tuple(above),
        stages=tuple(
            _stage(name, index, instructions[start], tuple(instructions[start + 1 : end]))
            for index, (start, end) in enumerate(zip(starts, ends, strict=True))
        ),
    )


def located_instructions(scanner: Scanner) -> Iterator[LocatedInstruction]:
    """The instructions one after the other, each with its lines; raises UsageError with a place, and LimitExceeded."""
    instructions = words = 0
    while (line := scanner.next_line()) is not None:
        instructions += 1
        words += sum(map(line.text.count, _SEPARATORS)) - line.text.count("  ")
        if instructions > MAX_INSTRUCTIONS:
            raise LimitExceeded(f"{scanner.name} has more than {MAX_INSTRUCTIONS:,} instructions")
        if words > MAX_WORDS:
            raise LimitExceeded(f"{scanner.name} has more than {MAX_WORDS:,} words")
        instruction = parse_instruction(line, 0, scanner.escape)
        inner = instruction.trigger or instruction
        if inner.keyword in _HEREDOC_KEYWORDS and inner.form is Form.SHELL and "<<" in line.text:
            heredocs = tuple(scanner.heredoc(mark, opened_by=line) for mark in heredoc_marks(line))
            trigger = replace(inner, heredocs=heredocs) if instruction.trigger else None
            instruction = replace(instruction, heredocs=heredocs, trigger=trigger)
        yield LocatedInstruction(instruction=instruction, first_line=line.lines[0], last_line=scanner.at)


def _stage(
    name: str, index: int, declaration: DockerfileInstruction, instructions: tuple[DockerfileInstruction, ...]
) -> DockerfileStage:
    words = declaration.arguments
    place = f"{name}:{declaration.line}:{declaration.column}"
    if len(words) not in (1, 3) or (len(words) == 3 and words[1].lower() != "as"):
        raise UsageError(f"{place}: FROM requires either one or three arguments")
    stage_name = words[2].lower() if len(words) == 3 else ""
    if stage_name and not _STAGE_NAME.match(stage_name):
        raise UsageError(f"{place}: invalid name for build stage: {words[2]!r}")
    return DockerfileStage(
        index=index,
        name=stage_name,
        base=words[0],
        declaration=declaration,
        instructions=instructions,
    )
