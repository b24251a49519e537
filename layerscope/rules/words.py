"""Puts paths and instructions into the sentences of the rules."""

from collections.abc import Sequence

from layerscope.model.finding import FoundPath
from layerscope.model.instruction import Instruction
from layerscope.rules.collapse import collapse, common
from layerscope.secrets.text import quoted

_LONGEST = 72
_TOP = frozenset(
    {"/", "/usr", "/usr/share", "/var", "/var/lib", "/etc", "/opt", "/usr/local", "/home", "/root", "/srv"}
)
"""Directories that are no answer to the question where."""


def filled(texts: Sequence[str], paths: Sequence[FoundPath], step: Instruction | None) -> tuple[str, ...]:
    """The texts with ``{path}`` and ``{step}`` replaced by what they stand for; other braces stay.

    The place is looked for once for all of them, and only where one names it.
    """
    if any("{path}" in text for text in texts):
        place = telling(paths)
        texts = [text.replace("{path}", place) for text in texts]
    if any("{step}" in text for text in texts):
        name = shortened(step) if step else "the instruction that brings it"
        texts = [text.replace("{step}", name) for text in texts]
    return tuple(texts)


def telling(paths: Sequence[FoundPath]) -> str:
    """The one directory or file that says most about where the paths lie; the biggest where they are scattered."""
    if not paths:
        return "it"
    shared = common([path.path for path in paths])
    if shared not in _TOP:
        return shared
    groups = [group.path for group in collapse(((path.path, path.content_bytes) for path in paths), most=8)]
    return next((path for path in groups if path not in _TOP), groups[0])


def shortened(step: Instruction) -> str:
    """An instruction on one short line, its secrets masked before anything is cut off."""
    text = quoted(str(step))
    return f"`{text}`" if len(text) <= _LONGEST else f"`{text[: _LONGEST - 3]}...`"
