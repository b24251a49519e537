"""Whether an instruction of a Dockerfile is a step of a history, in the text that builders record of it.

BuildKit records each instruction with its variables expanded and drops most flags. The history's own wrapping (the
shell, build arguments, ``# buildkit``, Go's way to print lists) is already taken off.
"""

import json
import re

from msgspec import Struct

from layerscope.dockerfile.build import ResolvedInstruction, is_inline
from layerscope.dockerfile.instructions import heredoc_mark
from layerscope.dockerfile.syntax import Form
from layerscope.history.metadata import exec_arguments
from layerscope.history.shells import without_shell
from layerscope.model.instruction import Instruction
from layerscope.model.one_line import one_line
from layerscope.model.patterns import pattern

COPIES = frozenset({"COPY", "ADD"})
_TABS = pattern(r"^\t+", re.MULTILINE)
_FLAGS = pattern(r"(?:--[a-z][a-z-]*+(?:=\S*+)?\s++)++")
_CONTENT = pattern(r"(?:file|dir|multi):[0-9a-f]{12} in ")
_VARIABLE = pattern(r"\$\{[^{}]{1,200}\}|\$\w{1,200}")
_WORDS = pattern(r"[^\s\"',\[\]]+")
_RECORDED_FLAGS = ("chown", "chmod")
_LISTS = frozenset({"CMD", "ENTRYPOINT", "EXPOSE", "SHELL", "VOLUME"})
_NOT_COMPARED = frozenset({"HEALTHCHECK", "ONBUILD"})
"""Kinds that builders print in too many ways to compare their words."""


class StepText(Struct, frozen=True, kw_only=True):
    """The text of an instruction or a step, prepared once, as it is compared with many others.

    ``line`` is recorded_text or the step's text on one line, ``bare`` is the line without flags. ``words`` are the
    elements of a list (CMD), the ports of EXPOSE or the names that an ARG declares. ``destination`` is that of a COPY
    or ADD; of a step only where the builder kept a checksum in place of its sources (the legacy builder, Buildah). An
    instruction has its ``source`` as written; where it is not ``resolved``, the line holds variables of any value.
    """

    kind: str
    line: str
    bare: str
    words: tuple[str, ...]
    destination: str = ""
    source: str = ""
    resolved: bool = True


def instruction_text(instruction: ResolvedInstruction) -> StepText:
    """The text of a Dockerfile's instruction."""
    kind, line = instruction.instruction.keyword, one_line(recorded_text(instruction))
    return StepText(
        kind=kind,
        line=line,
        bare=_bare(line),
        words=tuple(pair.name.text for pair in instruction.pairs) or _words(kind, line),
        destination=_directory(instruction.destination.text) if kind in COPIES else "",
        source=one_line(instruction.instruction.text),
        resolved=instruction.resolved,
    )


def history_text(step: Instruction) -> StepText:
    """The text of a step of the history."""
    line = one_line(step.text)
    bare = _bare(line)
    content = _CONTENT.match(bare) if step.kind in COPIES else None
    destination = _directory(bare[content.end() :]) if content else ""
    return StepText(kind=step.kind, line=line, bare=bare, words=_words(step.kind, line), destination=destination)


def is_same_step(instruction: StepText, step: StepText) -> bool:
    """Whether kind and words are the same, as far as the builder kept them."""
    if step.kind != instruction.kind:
        # Of a RUN in exec form some builders keep the arguments alone.
        return not step.kind and instruction.kind == "RUN" and step.line == instruction.line
    if step.kind in _NOT_COMPARED:
        return True
    if step.kind == "ARG":
        return step.words == instruction.words
    if step.destination:
        return _same_destination(instruction, step.destination)
    return _same_text(instruction, step) or (step.kind in _LISTS and step.words == instruction.words)


def _same_text(instruction: StepText, step: StepText) -> bool:
    """Equal but for blanks, flags and the values of unknown variables; some builders keep the line as written."""
    if step.line in (instruction.line, instruction.source) or step.bare == instruction.bare:
        return True
    return not instruction.resolved and _may_become(instruction.bare, step.bare, is_path=step.kind == "WORKDIR")


def _same_destination(instruction: StepText, destination: str) -> bool:
    as_written = _directory(instruction.line.rpartition(" ")[2])
    if destination in (instruction.destination, as_written):
        return True
    return not instruction.resolved and _may_become(as_written, destination, is_path=True)


def _may_become(text: str, recorded: str, *, is_path: bool) -> bool:
    """Whether ``recorded`` is the text with some values for its variables, or a relative path with a start."""
    pieces = _VARIABLE.split(text)
    if len(pieces) == 1:
        return is_path and recorded.endswith("/" + text.removeprefix("./").strip("/"))
    if not recorded.startswith(pieces[0]) or len(recorded) < sum(map(len, pieces)):
        return False
    place, end = len(pieces[0]), len(recorded) - len(pieces[-1])
    for piece in pieces[1:-1]:
        place = recorded.find(piece, place, end)
        if place < 0:
            return False
        place += len(piece)
    return place <= end and recorded.endswith(pieces[-1])


def _bare(text: str) -> str:
    """The text without the flags before the words: builders keep some of them."""
    flags = _FLAGS.match(text)
    return text[flags.end() :] if flags else text


def _directory(path: str) -> str:
    return path.rstrip("/") or "/"


def _words(kind: str, line: str) -> tuple[str, ...]:
    """The words of a line whose form differs between builders."""
    if kind == "ARG":
        # Values hold no blanks but for quoted ones, whose words have no equals sign.
        words = line.split()
        return tuple(word.partition("=")[0] for word in words if "=" in word) or tuple(words[:1])
    if kind == "EXPOSE":
        return tuple(sorted({word if "/" in word else f"{word}/tcp" for word in _WORDS.findall(line)}))
    return (exec_arguments(line) or tuple(_WORDS.findall(line))) if kind in _LISTS else ()


def recorded_text(instruction: ResolvedInstruction) -> str:
    """The text behind the keyword, as a history reads once it is unwrapped.

    It is exact for instructions that make a layer (RUN, COPY, ADD, WORKDIR) and for ENV, LABEL, USER, CMD and
    ENTRYPOINT. Of an ARG that is given on the command line, builders record either that value or the default. The
    legacy builder has a checksum in place of the sources of COPY and ADD. BuildKit does not record ONBUILD.
    """
    keyword, written = instruction.instruction.keyword, instruction.instruction
    words = [argument.text for argument in instruction.arguments]
    if keyword == "RUN":
        return _command(instruction)
    if keyword in COPIES:
        return _copy(instruction)
    if keyword in ("CMD", "ENTRYPOINT"):
        return json.dumps(words if written.form is Form.EXEC else [*instruction.shell, *words], ensure_ascii=False)
    if keyword == "EXPOSE":
        return " ".join(word if "/" in word else f"{word}/tcp" for word in words)
    if instruction.pairs:
        return " ".join(pair.name.text + (f"={pair.value.text}" if pair.value else "") for pair in instruction.pairs)
    return written.text if written.trigger else " ".join(words)


def _command(run: ResolvedInstruction) -> str:
    """A RUN that is nothing but a here-document records its content, another one both.

    In exec form it may start a shell itself, which looks as if the builder had done so.
    """
    written = run.instruction
    text = " ".join(written.arguments)
    if written.form is Form.EXEC:
        bare = without_shell(text, " ".join(run.shell))
        return text if bare is None else bare
    if not written.heredocs:
        return text
    document = written.heredocs[0]
    if heredoc_mark(text) is None:
        return text + "".join(f"\n{each.content}{each.name}" for each in written.heredocs)
    content = _TABS.sub("", document.content) if document.strip_tabs else document.content
    return f"/dev/pipes/{document.name}" if content.startswith("#!") else content


def _copy(copy: ResolvedInstruction) -> str:
    *sources, destination = (argument.text for argument in copy.arguments)
    flags = dict(copy.flags)
    parts = ["--parents"] if copy.instruction.switch("parents") else []
    parts += [f"--{name}={flags[name].text}" for name in _RECORDED_FLAGS if name in flags and flags[name].text]
    inline = [source for source in sources if is_inline(copy.instruction, source)]
    parts += [source for source in sources if source not in inline]
    names = (mark.name for source in inline if (mark := heredoc_mark(source)) is not None)
    return " ".join((*parts, *(f"<<{name}" for name in names), destination))
