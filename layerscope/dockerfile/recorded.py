"""What a builder leaves in the image's history of an instruction, so that the two can be laid side by side.

BuildKit writes each instruction with its values put in and drops most flags; the history's own wrapping (the shell,
build arguments, ``# buildkit``, Go's way to print lists) is not repeated here.
"""

import json
import re

from layerscope.dockerfile.ast import Form
from layerscope.dockerfile.build import ResolvedInstruction, is_inline
from layerscope.dockerfile.shells import without_shell
from layerscope.dockerfile.words import heredoc_mark
from layerscope.model.patterns import pattern

_TABS = pattern(r"^\t+", re.MULTILINE)
_RECORDED_FLAGS = ("chown", "chmod")


def recorded_text(step: ResolvedInstruction) -> str:
    """The text behind the keyword, as a history reads once it is unwrapped.

    It is exact for what makes a layer (RUN, COPY, ADD, WORKDIR) and for ENV, LABEL, USER, CMD and ENTRYPOINT. Of an
    ARG that is given on the command line, builders record either that value or the default. The legacy builder has a
    checksum in place of the sources of COPY and ADD. ONBUILD leaves nothing in BuildKit's history.
    """
    keyword = step.instruction.keyword
    words = [argument.text for argument in step.arguments]
    if keyword == "RUN":
        return _command(step)
    if keyword in ("COPY", "ADD"):
        return _copy(step)
    if keyword in ("CMD", "ENTRYPOINT"):
        whole = words if step.instruction.form is Form.EXEC else [*step.shell, *words]
        return json.dumps(whole, ensure_ascii=False)
    if keyword == "EXPOSE":
        return " ".join(word if "/" in word else f"{word}/tcp" for word in words)
    if step.pairs:
        return " ".join(pair.name.text + (f"={pair.value.text}" if pair.value else "") for pair in step.pairs)
    return step.instruction.text if step.instruction.trigger else " ".join(words)


def _command(step: ResolvedInstruction) -> str:
    """A RUN that is nothing but a here-document records its content, another one both.

    In exec form it may start a shell itself, which looks as if the builder had done so.
    """
    instruction = step.instruction
    text = " ".join(instruction.arguments)
    if instruction.form is Form.EXEC:
        bare = without_shell(text, " ".join(step.shell))
        return text if bare is None else bare
    if not instruction.heredocs:
        return text
    document = instruction.heredocs[0]
    if heredoc_mark(text) is None:
        return text + "".join(f"\n{each.content}{each.name}" for each in instruction.heredocs)
    content = _TABS.sub("", document.content) if document.strip_tabs else document.content
    return f"/dev/pipes/{document.name}" if content.startswith("#!") else content


def _copy(step: ResolvedInstruction) -> str:
    *sources, destination = (argument.text for argument in step.arguments)
    flags = dict(step.flags)
    parts = ["--parents"] if step.instruction.switch("parents") else []
    parts += [f"--{name}={flags[name].text}" for name in _RECORDED_FLAGS if name in flags and flags[name].text]
    inline = [source for source in sources if is_inline(step.instruction, source)]
    parts += [source for source in sources if source not in inline]
    names = (mark.name for source in inline if (mark := heredoc_mark(source)) is not None)
    return " ".join((*parts, *(f"<<{name}" for name in names), destination))
