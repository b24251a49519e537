"""The shell script of a RUN instruction, with places in the Dockerfile's own text."""

from typing import Self

from msgspec import Struct
from msgspec.structs import replace

from layerscope.dockerfile.instructions import heredoc_mark
from layerscope.dockerfile.lines import Scanner
from layerscope.dockerfile.parse import located_instructions
from layerscope.dockerfile.syntax import DockerfileInstruction, Flag, Form
from layerscope.edit.commands import Command, Syntax, parse_script
from layerscope.edit.elements import Element
from layerscope.edit.layout import Layout, indent_of, is_first_on_line, with_blanks, without
from layerscope.errors import EditError, UsageError
from layerscope.model.patterns import pattern

DEFAULT_SHELL = ("/bin/sh", "-c")
_SHELLS = frozenset({"sh", "bash", "ash", "dash"})
_SHEBANG = pattern(r"#![ \t]*(?:/usr/bin/env[ \t]+)?([^\n]*)\n")
_INVISIBLE = pattern(r"\\\n|\s")


class ScriptText(Struct, frozen=True, kw_only=True):
    """The script of one RUN.

    ``text`` is what the shell gets, and ``syntax`` has offsets in it; those of ``elements`` and ``commands`` are in
    ``source``, the instruction as the Dockerfile has it, where the script begins at ``start``. ``in_heredoc``: the
    script is the body of a here-document.
    """

    source: str
    escape: str
    shell: tuple[str, ...]
    flags: tuple[Flag, ...]
    text: str
    in_heredoc: bool
    start: int
    syntax: Syntax
    elements: tuple[Element, ...]
    commands: tuple[Command, ...]

    @classmethod
    def read(cls, source: str, escape: str = "\\", *, shell: tuple[str, ...] = DEFAULT_SHELL) -> Self:
        """The script of a RUN; raises EditError with the reason where it cannot be edited."""
        instruction = parsed_instruction(source, escape)
        if instruction.keyword != "RUN":
            raise EditError(f"{instruction.keyword} has no shell script")
        if instruction.form is Form.EXEC:
            raise EditError("the RUN is in exec form, which no shell reads")
        layout = Layout.of(source, escape)
        if instruction.heredocs:
            text, starts = _body(instruction, layout)
            shell = _shebang(text) or shell
        else:
            text, starts = instruction.text, None
        _check_shell(shell)
        syntax = parse_script(text)
        if not syntax.elements:
            raise EditError("the script holds no command")
        rest = layout.rest

        def start_of(offset: int) -> int:
            return offset + starts if starts is not None else layout.start_of(rest + offset)

        def end_of(offset: int) -> int:
            return start_of(offset - 1) + 1

        return cls(
            source=source,
            escape=escape,
            shell=shell,
            flags=instruction.flags,
            text=text,
            in_heredoc=starts is not None,
            start=start_of(0),
            syntax=syntax,
            elements=tuple(
                replace(
                    each,
                    start=start_of(each.start),
                    end=end_of(each.end),
                    joiner_start=start_of(each.joiner_start),
                )
                for each in syntax.elements
            ),
            commands=tuple(
                replace(
                    each,
                    start=start_of(each.start),
                    end=end_of(each.end),
                    words=tuple(replace(word, start=start_of(word.start), end=end_of(word.end)) for word in each.words),
                )
                for each in syntax.commands
            ),
        )

    @property
    def exits_on_error(self) -> bool | None:
        """Whether ``set -e`` is in force at the end; None where the script sets options in ways not followed."""
        state = _errexit(self.shell[1:])
        for command in self.commands:
            if command.name != "set":
                continue
            texts = [text or "+" for text in command.texts[command.name_index + 1 :]]
            if not command.top_level or any(text.startswith("+") and text != "+u" for text in texts):
                return None
            state = state or _errexit(tuple(texts))
        return state

    def element_of(self, command: Command) -> int:
        """The index of the element that is this command and nothing else; raises EditError where there is none."""
        if not command.top_level:
            raise EditError(f"{command.name or 'the command'} is not on the top level of the script")
        return command.position

    def checked(self, source: str, *changes: tuple[int, int, str]) -> str:
        """``source`` if it says what ``text`` with the changes says; raises EditError otherwise."""
        expected = self.text
        for start, end, new in sorted(changes, reverse=True):
            expected = expected[:start] + new + expected[end:]
        found = ScriptText.read(source, self.escape, shell=self.shell)
        same = _INVISIBLE.sub("", expected) == _INVISIBLE.sub("", found.text) and found.flags == self.flags
        if not same or shape(parse_script(expected)) != shape(found.syntax):
            raise EditError("the script would be read differently after the edit")
        return source


def shape(syntax: Syntax) -> tuple[object, ...]:
    """What a script does, without places."""
    return (
        tuple((each.joiner, each.kinds, each.negated) for each in syntax.elements),
        tuple(
            (tuple(_INVISIBLE.sub("", word.source) for word in each.words), each.depth, each.position, each.redirected)
            for each in syntax.commands
        ),
        syntax.trailing,
    )


def parsed_instruction(source: str, escape: str) -> DockerfileInstruction:
    """The one instruction that ``source`` is; raises EditError where it is none, or more than one."""
    try:
        scanner = Scanner(source, "instruction")
        scanner.escape = escape
        located = list(located_instructions(scanner))
    except UsageError as error:
        raise EditError(error.message) from error
    if len(located) != 1:
        raise EditError(f"expected one instruction, not {len(located)}")
    return located[0].instruction


def _body(instruction: DockerfileInstruction, layout: Layout) -> tuple[str, int]:
    """The body of the here-document that is the whole script, and where it starts in the source."""
    if len(instruction.heredocs) != 1 or heredoc_mark(instruction.text) is None:
        raise EditError("the RUN passes a here-document to a command")
    start = layout.end
    end = layout.source.rstrip("\r\n").rfind("\n") + 1
    return layout.source[start:end], start


def _shebang(text: str) -> tuple[str, ...] | None:
    """The interpreter that the first line names, as a shell."""
    found = _SHEBANG.match(text)
    return (*found[1].split(), "-c") if found else None


def _check_shell(shell: tuple[str, ...]) -> None:
    runs_text = any(each.startswith("-") and "c" in each for each in shell[1:])
    if not shell or not runs_text or shell[0].rpartition("/")[2] not in _SHELLS:
        raise EditError(f"the shell {' '.join(shell)!r} is not a POSIX shell")


def _errexit(words: tuple[str, ...]) -> bool:
    """Whether the options of a shell or of ``set`` end a script at the first command that fails."""
    for before, word in zip(("", *words), words, strict=False):
        if word == "--":
            return False
        if (word.startswith("-") and not word.startswith("--") and "e" in word) or (
            word == "errexit" and before.startswith("-") and before.endswith("o")
        ):
            return True
    return False


def add_words(script: ScriptText, command: Command, after: int, words: tuple[str, ...]) -> str:
    """The source with ``words``, as the shell reads them, behind one of the command's words.

    They get lines of their own where that word has one.
    """
    if not 0 <= after < len(command.words):
        raise EditError(f"{command.name or 'the command'} has no word {after}")
    at = command.words[after].end
    raw = script.syntax.commands[command.index].words[after].end
    inserted = " " + " ".join(words)
    source = script.source[:at] + _written(script, command, after, words) + script.source[at:]
    checked = script.checked(source, (raw, raw, inserted))
    found = ScriptText.read(checked, script.escape, shell=script.shell).commands
    old = [word.source for word in command.words]
    new = [word.source for word in found[command.index].words]
    if len(found) != len(script.commands) or new != [*old[: after + 1], *words, *old[after + 1 :]]:
        raise EditError(f"{' '.join(words)!r} would not be words of {command.name or 'the command'}")
    return checked


def _written(script: ScriptText, command: Command, after: int, words: tuple[str, ...]) -> str:
    word = command.words[after]
    line_end = script.source.find("\n", word.end)
    tail = script.source[word.end : line_end if line_end >= 0 else len(script.source)].rstrip("\r")
    escape = "\\" if script.in_heredoc else script.escape
    alone = is_first_on_line(script.source, word.start) and tail.strip(" \t") in ("", escape)
    if after <= command.name_index or not alone:
        return "".join(f" {each}" for each in words)
    blanks = tail[: tail.index(escape)] if tail.strip() else " "
    newline = "\r\n" if "\r\n" in script.source else "\n"
    indent = indent_of(script.source, word.start)
    return "".join(f"{blanks or ' '}{escape}{newline}{indent}{each}" for each in words)


def remove_words(script: ScriptText, command: Command, indexes: frozenset[int]) -> str:
    """The source without some words behind the command's name; a line that held nothing else disappears."""
    if not indexes or not all(command.name_index < index < len(command.words) for index in indexes):
        raise EditError(f"{command.name or 'the command'} has no such words to remove")
    words = [command.words[index] for index in sorted(indexes)]
    if any("\n" in script.source[word.start : word.end] for word in words):
        raise EditError("a word that takes several lines cannot be removed")
    ranges = [with_blanks(script.source, word.start, word.end) for word in words]
    escape = "\\" if script.in_heredoc else script.escape
    source = without(script.source, escape, ranges, comments=not script.in_heredoc)
    raw = script.syntax.commands[command.index].words
    return script.checked(source, *((raw[index].start, raw[index].end, "") for index in indexes))
