"""From the text of a Dockerfile to its syntax tree (Dockerfile reference, checked against BuildKit's parser)."""

from collections.abc import Iterator

from msgspec.structs import replace

from layerscope.dockerfile.arguments import parse_arguments
from layerscope.dockerfile.ast import Dockerfile, DockerfileInstruction, DockerfileStage, Form, Heredoc
from layerscope.dockerfile.scan import LogicalLine, Scanner
from layerscope.dockerfile.words import heredoc_marks
from layerscope.errors import UsageError
from layerscope.model.patterns import pattern

_HEREDOC_KEYWORDS = frozenset({"RUN", "COPY", "ADD"})
_STAGE_NAME = pattern(r"[a-z][a-z0-9._-]*\Z")


def parse_dockerfile(content: bytes | str, *, name: str = "Dockerfile") -> Dockerfile:
    """Parse a whole Dockerfile; ``name`` is how messages call it.

    Raises UsageError (``name:line:column: message``) where the builder would refuse the file as well, and
    LimitExceeded for more than MAX_BYTES.
    """
    scanner = Scanner(content, name)
    instructions = list(_instructions(scanner))
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
        directives=tuple(scanner.directives.items()),
        global_arguments=tuple(above),
        stages=tuple(
            _stage(name, index, instructions[start], tuple(instructions[start + 1 : end]))
            for index, (start, end) in enumerate(zip(starts, ends, strict=True))
        ),
    )


def _instructions(scanner: Scanner) -> Iterator[DockerfileInstruction]:
    while (line := scanner.next_line()) is not None:
        draft = parse_arguments(line, 0, scanner.escape)
        heredocs = tuple(_heredocs(scanner, line)) if _may_hold_heredocs(draft) and "<<" in line.text else ()
        yield _placed(draft, line, scanner, heredocs)


def _may_hold_heredocs(instruction: DockerfileInstruction) -> bool:
    inner = instruction.trigger or instruction
    return inner.keyword in _HEREDOC_KEYWORDS and inner.form is Form.SHELL


def _heredocs(scanner: Scanner, line: LogicalLine) -> Iterator[Heredoc]:
    try:
        marks = heredoc_marks(line.text)
    except UsageError as error:
        raise line.error(error.message) from error
    for mark in marks:
        yield Heredoc(
            name=mark.name,
            content=scanner.heredoc(mark.name, strip_tabs=mark.strip_tabs, opened_by=line),
            expand=mark.expand,
            strip_tabs=mark.strip_tabs,
            file_descriptor=mark.file_descriptor,
        )


def _placed(
    draft: DockerfileInstruction, line: LogicalLine, scanner: Scanner, heredocs: tuple[Heredoc, ...]
) -> DockerfileInstruction:
    """The instruction with its place; a trigger has the place and the here-documents of its ONBUILD."""
    first, column = line.place(0)
    original = scanner.original(first)
    trigger = draft.trigger
    if trigger is not None:
        trigger = replace(
            trigger, heredocs=heredocs, line=trigger.line, end_line=scanner.at, column=trigger.column, original=original
        )
    return replace(
        draft, heredocs=heredocs, line=first, end_line=scanner.at, column=column, original=original, trigger=trigger
    )


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
        platform=declaration.flag("platform"),
        declaration=declaration,
        instructions=instructions,
    )
