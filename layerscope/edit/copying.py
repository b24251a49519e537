"""Edits of COPY and ADD (Dockerfile reference, "COPY" and "ADD"): their flags and their sources.

Each gives the new source of the instruction, which is parsed again: EditError is raised where it says anything but
what was meant.
"""

import json
from collections.abc import Iterable

from layerscope.dockerfile.expansion import BLANKS
from layerscope.dockerfile.syntax import Flag, Form
from layerscope.edit.document import EditableInstruction
from layerscope.edit.layout import Layout, indent_of, is_first_on_line, with_blanks, without
from layerscope.edit.script import parsed_instruction
from layerscope.errors import EditError
from layerscope.model.patterns import pattern

_PLAIN = pattern(r"[^\s'\"\\`]+")
_WORD = pattern(r"[^\t\v\f\r ]+")
_STRING = pattern(r'"(?:[^"\\]|\\.)*"')


def set_flag(instruction: EditableInstruction, name: str, value: str) -> str:
    """The source with ``--name=value``, in place of the flag's last value where it has one."""
    layout = _layout(instruction)
    flags = list(instruction.parsed.flags)
    places = [index for index, flag in enumerate(flags) if flag.name == name]
    if not places:
        return _with_flag(instruction, layout, name, value)
    start, end = _flag_range(layout, places[-1])
    source = layout.source[:start] + _written(name, value) + layout.source[end:]
    flags[places[-1]] = Flag(name=name, value=value)
    return _checked(source, instruction, flags=tuple(flags))


def with_sources(instruction: EditableInstruction, sources: Iterable[str]) -> str:
    """The source that copies ``sources`` instead: those that stay keep their places, others follow them.

    A JSON array stays one. Sources are as the instruction has them, in a JSON array without its quotes and escapes.
    """
    layout = _layout(instruction)
    *old, destination = instruction.parsed.arguments
    wanted = tuple(sources)
    added = [each for each in wanted if each not in old]
    kept = [each for each in old if each in wanted]
    if not wanted or [*kept, *added] != [*dict.fromkeys(wanted)]:
        raise EditError("the sources of a COPY keep their order, and are at least one")
    if instruction.parsed.form is Form.SHELL and not all(_PLAIN.fullmatch(each) for each in added):
        raise EditError("a source with blanks or quotes needs the JSON form")
    is_json = instruction.parsed.form is Form.EXEC
    ranges = _argument_ranges(instruction, layout)
    at = ranges[-1][0]
    source = layout.source[:at] + _before_destination(layout, ranges, added, is_json) + layout.source[at:]
    cut: list[tuple[int, int]] = []
    for index, each in enumerate(old):
        if each not in wanted:
            start, end = ranges[index]
            cut.append(_with_comma(source, start, end) if is_json else with_blanks(source, start, end))
    return _checked(without(source, layout.escape, cut), instruction, arguments=(*kept, *added, destination))


def with_destination(instruction: EditableInstruction, destination: str) -> str:
    """The source that copies to another place."""
    if not _PLAIN.fullmatch(destination):
        raise EditError("a destination with blanks or quotes is not written")
    layout = _layout(instruction)
    start, end = _argument_ranges(instruction, layout)[-1]
    written = json.dumps(destination) if instruction.parsed.form is Form.EXEC else destination
    arguments = (*instruction.parsed.arguments[:-1], destination)
    return _checked(layout.source[:start] + written + layout.source[end:], instruction, arguments=arguments)


def _argument_ranges(instruction: EditableInstruction, layout: Layout) -> list[tuple[int, int]]:
    """Where the sources and the destination are in the source, quotes included."""
    pattern = _STRING if instruction.parsed.form is Form.EXEC else _WORD
    found = [*pattern.finditer(layout.line.text, layout.rest)]
    if len(found) != len(instruction.parsed.arguments):
        raise EditError("the arguments of the instruction cannot be told apart")
    return [(layout.start_of(each.start()), layout.end_of(each.end())) for each in found]


def _before_destination(layout: Layout, ranges: list[tuple[int, int]], added: list[str], is_json: bool) -> str:
    """What to write before the destination: on lines of their own where sources have them."""
    end = layout.source.find("\n", ranges[-2][1])
    alone = is_first_on_line(layout.source, ranges[-2][0]) and 0 <= end < ranges[-1][0]
    turn = layout.continuation + indent_of(layout.source, ranges[-1][0]) if alone else " "
    if is_json:
        return "".join(f"{json.dumps(each, ensure_ascii=False)},{turn}" for each in added)
    return "".join(f"{each}{turn}" for each in added)


def _with_comma(source: str, start: int, end: int) -> tuple[int, int]:
    """A string of an array with the comma behind it, and the blanks on one side."""
    comma = source.find(",", end)
    if comma < 0 or source[end:comma].strip(" \t"):
        raise EditError("the sources of the instruction cannot be told apart")
    low, high = with_blanks(source, start, comma + 1)
    rest = source[high:]
    return low, high if low < start else high + len(rest) - len(rest.lstrip(" \t"))


def _layout(instruction: EditableInstruction) -> Layout:
    if instruction.keyword not in ("COPY", "ADD"):
        raise EditError(f"{instruction.keyword} copies nothing")
    if instruction.parsed.heredocs:
        raise EditError(f"the {instruction.keyword} has its content in the Dockerfile")
    return Layout.of(instruction.source, instruction.escape)


def _flag_range(layout: Layout, index: int) -> tuple[int, int]:
    """Where a flag is in the source, quotes included."""
    flags = layout.head.flags
    end = flags[index + 1].offset if index + 1 < len(flags) else layout.rest
    written = layout.line.text[flags[index].offset : end].rstrip(BLANKS)
    start = flags[index].offset
    return layout.start_of(start), layout.end_of(start + len(written))


def _with_flag(instruction: EditableInstruction, layout: Layout, name: str, value: str) -> str:
    flags = instruction.parsed.flags
    turn = " "
    if flags:
        start, at = _flag_range(layout, len(flags) - 1)
        if is_first_on_line(layout.source, start):
            turn = layout.continuation + indent_of(layout.source, start)
    else:
        at = layout.end_of(len(instruction.keyword))
    source = layout.source[:at] + turn + _written(name, value) + layout.source[at:]
    return _checked(source, instruction, flags=(*flags, Flag(name=name, value=value)))


def _written(name: str, value: str) -> str:
    if not _PLAIN.fullmatch(value):
        raise EditError(f"--{name}={value} needs quotes")
    return f"--{name}={value}"


def _checked(
    source: str,
    instruction: EditableInstruction,
    *,
    flags: tuple[Flag, ...] | None = None,
    arguments: tuple[str, ...] | None = None,
) -> str:
    """``source``, if it parses to the flags and arguments that were meant."""
    old = instruction.parsed
    new = parsed_instruction(source, instruction.escape)
    meant = (old.keyword, old.form, old.flags if flags is None else flags, arguments or old.arguments)
    if (new.keyword, new.form, new.flags, new.arguments) != meant or new.heredocs:
        raise EditError(f"the {old.keyword} would be read differently after the edit")
    return source
