"""Whether an instruction of a Dockerfile may be the one that a history tells of."""

import re
from dataclasses import dataclass

from layerscope.history.metadata import exec_arguments
from layerscope.model.instruction import Instruction

_FLAGS = re.compile(r"(?:--[a-z][a-z-]*+(?:=\S*+)?\s++)++")
_CONTENT = re.compile(r"(?:file|dir|multi):[0-9a-f]{12} in ")
_VARIABLE = re.compile(r"\$\{[^{}]{1,200}\}|\$\w{1,200}")
_WORDS = re.compile(r"[^\s\"',\[\]]+")
_LISTS = frozenset({"CMD", "ENTRYPOINT", "SHELL", "VOLUME"})
_LEFT_OUT = frozenset({"HEALTHCHECK", "ONBUILD"})
"""Kinds that builders print in too many ways to compare their words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """An instruction as a history would tell of it.

    ``text`` has its values put in, ``source`` is as written; ``destination`` is that of a COPY or ADD, ``names``
    those that an ARG declares. Not ``resolved``, the text holds variables that may stand for anything.
    """

    keyword: str
    text: str
    source: str
    destination: str = ""
    names: tuple[str, ...] = ()
    resolved: bool = True


def fits(written: Written, told: Instruction) -> bool:
    """Whether kind and words are the same, as far as the builder kept them."""
    if told.kind != written.keyword:
        # Of a RUN in exec form some builders keep the arguments alone.
        return not told.kind and written.keyword == "RUN" and _one_line(told.text) == _one_line(written.text)
    if written.keyword in _LEFT_OUT:
        return True
    if written.keyword == "ARG":
        return _names(told.text) == written.names
    if written.keyword in ("COPY", "ADD"):
        return _copies(written, told.text)
    if written.keyword in _LISTS:
        return _list(written.text) == _list(told.text) or _same(written, told.text)
    if written.keyword == "EXPOSE":
        return _ports(written.text) == _ports(told.text) or _same(written, told.text)
    return _same(written, told.text)


def _same(written: Written, told: str) -> bool:
    """Equal but for blanks, flags and what unknown variables stand for; some builders keep the line as written."""
    here, there = _one_line(written.text), _one_line(told)
    if here == there or _one_line(written.source) == there:
        return True
    here, there = _bare(here), _bare(there)
    return here == there or (not written.resolved and _may_become(here, there, is_path=written.keyword == "WORKDIR"))


def _copies(written: Written, told: str) -> bool:
    """The legacy builder and Buildah keep a checksum in place of the sources, so only the destination is left."""
    there = _bare(_one_line(told))
    content = _CONTENT.match(there)
    if content is None:
        return _same(written, told)
    destination = _directory(there[content.end() :])
    as_written = _directory(_one_line(written.text).rpartition(" ")[2])
    if destination in (_directory(written.destination), as_written):
        return True
    return not written.resolved and _may_become(as_written, destination, is_path=True)


def _may_become(text: str, told: str, *, is_path: bool) -> bool:
    """Whether ``told`` is the text with some values for the variables in it, or a relative path with a start."""
    pieces = _VARIABLE.split(text)
    if len(pieces) == 1:
        return is_path and told.endswith("/" + text.removeprefix("./").strip("/"))
    if not told.startswith(pieces[0]) or len(told) < sum(map(len, pieces)):
        return False
    place, end = len(pieces[0]), len(told) - len(pieces[-1])
    for piece in pieces[1:-1]:
        place = told.find(piece, place, end)
        if place < 0:
            return False
        place += len(piece)
    return place <= end and told.endswith(pieces[-1])


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _bare(text: str) -> str:
    """Without the flags before the words: builders keep some of them."""
    flags = _FLAGS.match(text)
    return text[flags.end() :] if flags else text


def _directory(path: str) -> str:
    return path.rstrip("/") or "/"


def _names(text: str) -> tuple[str, ...]:
    """The names of an ARG's pairs; values hold no blanks but for quoted ones, whose words have no equals sign."""
    words = text.split()
    return tuple(word.partition("=")[0] for word in words if "=" in word) or tuple(words[:1])


def _list(text: str) -> tuple[str, ...]:
    return exec_arguments(text) or tuple(_WORDS.findall(text))


def _ports(text: str) -> set[str]:
    return {word if "/" in word else f"{word}/tcp" for word in _list(text)}
