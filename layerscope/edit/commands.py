"""The commands of a shell script, found by tree-sitter-bash (POSIX shell, "Shell Commands").

Offsets are those of the text that is parsed.
"""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from msgspec import Struct

from layerscope.edit.elements import REDIRECTS, Element, conditional, top_level_list
from layerscope.errors import EditError, MissingExtra
from layerscope.model.patterns import pattern

if TYPE_CHECKING:
    from tree_sitter import Node, Parser

MAX_SCRIPT = 1 << 15
"""The longest script that is parsed, in characters; the time that a hostile one takes grows faster than its length."""
MAX_DEPTH = 50
"""How deep substitutions and compound commands may nest."""
_NESTED = frozenset(
    {
        "compound_statement", "subshell", "if_statement", "for_statement", "c_style_for_statement", "while_statement",
        "case_statement", "function_definition", "command_substitution", "process_substitution",
    }
)  # fmt: skip
_COMMANDS = frozenset({"command", "declaration_command", "unset_command"})
_AFTER_REDIRECT = pattern(r"[ \t]*(?:[0-9]*[<>]|&>)")
_EXPANSION = pattern(r"[$`]|[<>]\(")
_ASSIGNMENT = pattern(r"[A-Za-z_][A-Za-z0-9_]*=")
_WRAPPERS = {
    "sudo": frozenset({"-u", "-g", "-p", "-C", "-c", "-h", "-r", "-t", "-T", "-U", "-D", "-R"}),
    "env": frozenset({"-u", "-C"}),
    "exec": frozenset({"-a"}),
    "command": frozenset[str](),
    "time": frozenset({"-f", "-o"}),
}
"""Programs that run another one, and their options that take a value of their own."""
_NO_PROGRAM = {"command": ("-v", "-V"), "env": ("-S", "--split-string"), "sudo": ("-l", "-v", "-e", "-i", "-s")}
"""Options with which the words behind them are not a program with its arguments."""


class ShellWord(Struct, frozen=True, kw_only=True):
    """A word: ``text`` without quotes, None where it holds an expansion, and ``source`` as written."""

    text: str | None
    source: str
    start: int
    end: int


class Command(Struct, frozen=True, kw_only=True):
    """A simple command, at any depth.

    ``words[name_index]`` is the program: ``sudo``, ``env A=b``, ``exec``, ``command`` and ``time`` before it are words
    as well. ``name`` is its last component, empty where it is not known. ``environment`` are the assignments for it
    alone, their value None where it holds an expansion. ``position`` is the index of the element of the top-level
    list that it is in; ``top_level``: it is all of that element, and runs whatever ``||`` says.
    """

    index: int
    name: str
    name_index: int
    words: tuple[ShellWord, ...]
    environment: tuple[tuple[str, str | None], ...]
    depth: int
    top_level: bool
    position: int
    redirected: bool
    start: int
    end: int

    @property
    def arguments(self) -> tuple[ShellWord, ...]:
        """The words behind the name."""
        return self.words[self.name_index + 1 :]

    @property
    def texts(self) -> tuple[str | None, ...]:
        """The words without quotes; None for one that holds an expansion."""
        return tuple(word.text for word in self.words)


class Syntax(Struct, frozen=True, kw_only=True):
    """What was found in a script: ``assigned`` are the variables that it sets, loops included, and ``trailing`` is the
    operator behind the last element.
    """

    elements: tuple[Element, ...]
    commands: tuple[Command, ...]
    comments: tuple[tuple[int, int], ...]
    functions: frozenset[str]
    assigned: tuple[str, ...]
    trailing: str
    here_strings: bool


def parse_script(text: str) -> Syntax:
    """Parse a script; raises EditError where there is any doubt, MissingExtra without tree-sitter."""
    if len(text) > MAX_SCRIPT:
        raise EditError(f"the script is longer than {MAX_SCRIPT:,} characters")
    if "\0" in text or "\r" in text:
        raise EditError("the script holds a character that the shell does not take")
    # One byte for each character: names and keywords are ASCII, and all others count as letters.
    root = _parser().parse(re.sub(r"[^\x00-\x7f]", "Z", text).encode("ascii")).root_node
    if root.has_error:
        raise EditError("the shell script cannot be parsed")
    found = _Found(text)
    found.take(root)
    return found.syntax()


def _parser() -> "Parser":
    try:
        # Both are optional, and take longer to load than most commands run.
        import tree_sitter
        import tree_sitter_bash
    except ImportError as error:
        raise MissingExtra("editing shell scripts", "fix") from error
    return tree_sitter.Parser(tree_sitter.Language(tree_sitter_bash.language()))


class _Found:
    """Collects what a tree holds, without recursion: hostile scripts nest deep."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.elements: tuple[Element, ...] = ()
        self.commands: list[tuple[Node, int]] = []
        self.comments: list[tuple[int, int]] = []
        self.functions: set[str] = set()
        self.assigned: list[str] = []
        self.conditional: frozenset[int] = frozenset()
        self.here_strings = False
        self.trailing = ""

    def take(self, root: "Node") -> None:
        """Walk the whole tree, then the operators at its top."""
        stack = [(root, 0)]
        while stack:
            node, depth = stack.pop()
            if node.type in _COMMANDS:
                self.commands.append((node, depth))
            elif node.type == "comment":
                self.comments.append((node.start_byte, node.end_byte))
            elif node.type == "function_definition" and (name := node.child_by_field_name("name")) is not None:
                self.functions.add(self.text[name.start_byte : name.end_byte])
            elif node.type == "variable_assignment" and node.parent and node.parent.type != "command":
                name = node.child_by_field_name("name")
                self.assigned.append(self.text[name.start_byte : name.end_byte] if name else "")
            elif node.type == "for_statement" and (name := node.child_by_field_name("variable")) is not None:
                self.assigned.append(self.text[name.start_byte : name.end_byte])
            elif node.type == "herestring_redirect":
                self.here_strings = True
            elif node.type == "heredoc_redirect":
                raise EditError("the script holds a here-document")
            inner = depth + (node.type in _NESTED)
            if inner > MAX_DEPTH:
                raise EditError(f"the script nests deeper than {MAX_DEPTH} levels")
            stack.extend((child, inner) for child in reversed(node.children))
        self.elements, self.trailing = top_level_list(root, self.text)
        self.conditional = conditional(self.elements)

    def syntax(self) -> Syntax:
        """What was found, the commands in the order of the text."""
        ordered = sorted(self.commands, key=lambda each: each[0].start_byte)
        return Syntax(
            elements=self.elements,
            commands=tuple(self._command(index, node, depth) for index, (node, depth) in enumerate(ordered)),
            comments=tuple(self.comments),
            functions=frozenset(self.functions),
            assigned=tuple(self.assigned),
            trailing=self.trailing,
            here_strings=self.here_strings,
        )

    def _command(self, index: int, node: "Node", depth: int) -> Command:
        words = tuple(self._words(node))
        wrapped, name_index = find_name([word.text for word in words])
        position = self._position(node.start_byte)
        own = tuple(self._environment(node))
        return Command(
            index=index,
            name=(words[name_index].text or "").rpartition("/")[2] if name_index < len(words) else "",
            name_index=name_index,
            words=words,
            environment=(*own, *wrapped),
            depth=depth,
            top_level=depth == 0 and self._is_top_level(position),
            position=position,
            redirected=_AFTER_REDIRECT.match(self.text, node.end_byte) is not None
            or any(child.type in REDIRECTS for child in node.children),
            start=node.start_byte,
            end=node.end_byte,
        )

    def _words(self, node: "Node") -> Iterator[ShellWord]:
        """The words of a command; the parser cuts one behind a second expansion, but no blank is there."""
        places: list[tuple[int, int]] = []
        for child in node.children:
            if child.type in REDIRECTS or (child.type == "variable_assignment" and node.type == "command"):
                continue
            start, end = child.start_byte, child.end_byte
            if places and start < places[-1][1]:
                raise EditError("the shell script cannot be parsed")
            if places and start == places[-1][1]:
                start, _ = places.pop()
            places.append((start, end))
        for start, end in places:
            source = self.text[start:end]
            yield ShellWord(text=literal(source), source=source, start=start, end=end)

    def _environment(self, node: "Node") -> Iterator[tuple[str, str | None]]:
        for child in node.children:
            if child.type == "variable_assignment" and node.type == "command":
                name, _, value = self.text[child.start_byte : child.end_byte].partition("=")
                yield name, literal(value)

    def _position(self, offset: int) -> int:
        """The element that holds an offset."""
        low, high = 0, len(self.elements)
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if self.elements[middle].start <= offset else (low, middle)
        return low

    def _is_top_level(self, position: int) -> bool:
        element = self.elements[position]
        alone = len(element.kinds) == 1 and not element.negated
        return alone and position not in self.conditional


def literal(source: str) -> str | None:
    """A word without its quotes (POSIX shell, "Quoting"); None where it holds an expansion.

    Wildcards are left as they are, whether they are quoted or not.
    """
    parts: list[str] = []
    at = 0
    while at < len(source):
        character = source[at]
        if character == "'":
            end = source.find("'", at + 1)
            if end < 0:
                return None
            parts.append(source[at + 1 : end])
            at = end + 1
        elif character == '"':
            quoted = re.compile(r'[^"\\$`]*(?:\\.[^"\\$`]*)*', re.DOTALL).match(source, at + 1)
            if quoted is None or source[quoted.end() : quoted.end() + 1] != '"':
                return None
            parts.append(re.sub(r'\\(?:\n|([$`"\\]))', r"\1", quoted[0]))
            at = quoted.end() + 1
        elif character == "\\":
            parts.append("" if source[at + 1 : at + 2] == "\n" else source[at + 1 : at + 2])
            at += 2
        elif _EXPANSION.match(source, at):
            return None
        else:
            parts.append(character)
            at += 1
    return "".join(parts)


def find_name(texts: list[str | None]) -> tuple[tuple[tuple[str, str | None], ...], int]:
    """The assignments that ``env`` and ``sudo`` take, and the index of the program; past the end where none is run."""
    environment: list[tuple[str, str | None]] = []
    at = 0
    while at < len(texts):
        program = (texts[at] or "").rpartition("/")[2]
        if program not in _WRAPPERS:
            return tuple(environment), at
        wrapper, at = at, at + 1
        while at < len(texts):
            text = texts[at] or ""
            if text in _NO_PROGRAM.get(program, ()):
                return tuple(environment), wrapper
            if program in ("env", "sudo") and _ASSIGNMENT.match(text):
                name, _, value = text.partition("=")
                environment.append((name, value))
            elif text in _WRAPPERS[program]:
                at += 1
            elif not text.startswith("-"):
                break
            at += 1
        if at >= len(texts):
            return tuple(environment), wrapper
    return tuple(environment), at
