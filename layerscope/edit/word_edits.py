"""Words of one command, added and removed."""

from layerscope.edit.commands import Command
from layerscope.edit.layout import indent_of, is_first_on_line, with_blanks, without
from layerscope.edit.script import ScriptText
from layerscope.errors import EditError


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
