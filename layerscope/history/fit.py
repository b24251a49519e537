"""Whether an instruction of a Dockerfile may be the one that a history tells of."""

from typing import Self

from msgspec import Struct

from layerscope.history.metadata import exec_arguments
from layerscope.model.instruction import Instruction
from layerscope.model.patterns import pattern

_FLAGS = pattern(r"(?:--[a-z][a-z-]*+(?:=\S*+)?\s++)++")
_CONTENT = pattern(r"(?:file|dir|multi):[0-9a-f]{12} in ")
_VARIABLE = pattern(r"\$\{[^{}]{1,200}\}|\$\w{1,200}")
_WORDS = pattern(r"[^\s\"',\[\]]+")
_WORDY = frozenset({"CMD", "ENTRYPOINT", "EXPOSE", "SHELL", "VOLUME"})
_LEFT_OUT = frozenset({"HEALTHCHECK", "ONBUILD"})
"""Kinds that builders print in too many ways to compare their words."""


class Written(Struct, frozen=True, kw_only=True):
    """An instruction as a history would tell of it, prepared once, as it is compared with many steps.

    ``line`` has its values put in, ``source`` is as written, ``bare`` is the line without flags; all are one line.
    ``words`` are the elements of a list (CMD), the ports of EXPOSE or the names that an ARG declares,
    ``destination`` that of a COPY or ADD. Not ``resolved``, the line holds variables that may stand for anything.
    """

    keyword: str
    line: str
    source: str
    bare: str
    words: tuple[str, ...] = ()
    destination: str = ""
    resolved: bool = True

    @classmethod
    def of(
        cls,
        keyword: str,
        text: str,
        *,
        source: str,
        destination: str = "",
        names: tuple[str, ...] = (),
        resolved: bool = True,
    ) -> Self:
        """Prepare an instruction: ``text`` is what recorded_text says, ``source`` what stands in the file."""
        line = _one_line(text)
        return cls(
            keyword=keyword,
            line=line,
            source=_one_line(source),
            bare=_bare(line),
            words=names or _words(keyword, line),
            destination=_directory(destination),
            resolved=resolved,
        )


class Told(Struct, frozen=True, kw_only=True):
    """A step of the history, prepared in the same way; ``copied_to`` where the builder kept no more of a COPY."""

    kind: str
    line: str
    bare: str
    words: tuple[str, ...] = ()
    copied_to: str = ""

    @classmethod
    def of(cls, step: Instruction) -> Self:
        """Prepare a step; the legacy builder and Buildah keep a checksum in place of the sources of a COPY."""
        line = _one_line(step.text)
        bare = _bare(line)
        content = _CONTENT.match(bare) if step.kind in ("COPY", "ADD") else None
        return cls(
            kind=step.kind,
            line=line,
            bare=bare,
            words=_words(step.kind, line),
            copied_to=_directory(bare[content.end() :]) if content else "",
        )


def fits(written: Written, told: Told) -> bool:
    """Whether kind and words are the same, as far as the builder kept them."""
    if told.kind != written.keyword:
        # Of a RUN in exec form some builders keep the arguments alone.
        return not told.kind and written.keyword == "RUN" and told.line == written.line
    if written.keyword in _LEFT_OUT:
        return True
    if written.keyword == "ARG":
        return told.words == written.words
    if told.copied_to:
        return _copies(written, told.copied_to)
    return _same(written, told) or (written.keyword in _WORDY and told.words == written.words)


def _same(written: Written, told: Told) -> bool:
    """Equal but for blanks, flags and what unknown variables stand for; some builders keep the line as written."""
    if told.line in (written.line, written.source) or told.bare == written.bare:
        return True
    return not written.resolved and _may_become(written.bare, told.bare, is_path=written.keyword == "WORKDIR")


def _copies(written: Written, destination: str) -> bool:
    as_written = _directory(written.line.rpartition(" ")[2])
    if destination in (written.destination, as_written):
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


def _words(keyword: str, line: str) -> tuple[str, ...]:
    """What counts of a line whose form differs between builders."""
    if keyword == "ARG":
        # Values hold no blanks but for quoted ones, whose words have no equals sign.
        words = line.split()
        return tuple(word.partition("=")[0] for word in words if "=" in word) or tuple(words[:1])
    if keyword == "EXPOSE":
        return tuple(sorted({word if "/" in word else f"{word}/tcp" for word in _WORDS.findall(line)}))
    return (exec_arguments(line) or tuple(_WORDS.findall(line))) if keyword in _WORDY else ()
