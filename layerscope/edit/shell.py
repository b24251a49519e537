"""Edits of the shell script of a RUN instruction that keep its lines, its comments and its style.

Each gives the new source of the whole instruction. It is parsed again, and must say exactly what was meant: otherwise,
and wherever a guess would be needed, EditError is raised.
"""

from collections.abc import Iterable
from typing import Self

from layerscope.edit import list_edits, script
from layerscope.edit.commands import Command
from layerscope.edit.joining import joined as _joined
from layerscope.edit.script import DEFAULT_SHELL, ScriptText
from layerscope.errors import EditError


class Script(ScriptText, frozen=True, kw_only=True):
    """The script of one RUN, to be edited."""

    @classmethod
    def parse(cls, source: str, escape: str = "\\", *, shell: tuple[str, ...] = DEFAULT_SHELL) -> Self | None:
        """The script of a RUN, None where it cannot be edited: ``read`` raises the reason."""
        try:
            return cls.read(source, escape, shell=shell)
        except EditError:
            return None

    def add_words(self, command: Command, after_word_index: int, words: Iterable[str]) -> str:
        """The source with words, as the shell reads them, behind one of the command's words."""
        return script.add_words(self, command, after_word_index, tuple(words))

    def remove_words(self, command: Command, indexes: Iterable[int]) -> str:
        """The source without some words behind the command's name; no line is left empty."""
        return script.remove_words(self, command, frozenset(indexes))

    def remove_command(self, command: Command) -> str:
        """The source without a command of the top-level list and the operator that joins it."""
        return list_edits.remove_command(self, self.element_of(command))

    def append(self, command_text: str) -> str:
        """The source with a command at the end that runs if the script succeeded."""
        return list_edits.append(self, command_text)

    def prepend(self, command_text: str) -> str:
        """The source with a command at the start, without which the rest does not run."""
        return list_edits.prepend(self, command_text)

    def insert_after(self, command: Command, command_text: str) -> str:
        """The source with a command behind one of the top-level list."""
        return list_edits.insert_after(self, self.element_of(command), command_text)


def joined(first: ScriptText, second: ScriptText, *, directory: str = "") -> str:
    """The source of one RUN that does what two do; raises EditError where the first would change the second.

    ``directory`` is the WORKDIR, which the second goes back to if the first changes directory.
    """
    return _joined(first, second, directory=directory)
