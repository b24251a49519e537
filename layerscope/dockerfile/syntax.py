"""The syntax tree of a Dockerfile (Dockerfile reference, "Format"), with nothing expanded."""

from enum import StrEnum
from itertools import chain

from msgspec import Struct

from layerscope.errors import UsageError


class Form(StrEnum):
    """How the arguments were written (Dockerfile reference, "Shell and exec form")."""

    SHELL = "shell"
    """Plain text; for COPY, ADD and VOLUME words between spaces."""
    EXEC = "exec"
    """A JSON array of strings."""


class Heredoc(Struct, frozen=True, kw_only=True):
    """A here-document: ``content`` is verbatim, with its line ends; ``strip_tabs`` is set by ``<<-``."""

    name: str
    content: str = ""
    strip_tabs: bool = False


class Flag(Struct, frozen=True, kw_only=True):
    """``--name=value`` without quotes and escapes; ``value`` is None where no ``=`` was written."""

    name: str
    value: str | None = None


class Pair(Struct, frozen=True, kw_only=True):
    """``name=value`` of ARG, ENV and LABEL with the quotes as written; ``value`` is None for a bare ``ARG name``."""

    name: str
    value: str | None


class Mount(Struct, frozen=True, kw_only=True):
    """The source of a ``RUN --mount``: ``from_name`` is a stage or image, empty for the build context."""

    type: str = "bind"
    from_name: str = ""


class DockerfileInstruction(Struct, frozen=True, kw_only=True):
    """One instruction; ``line`` and ``column`` are where its keyword starts, counted from 1.

    ``keyword`` is upper case. ``text`` is everything after the flags, continuation lines joined and comments
    dropped. ``arguments`` are the words, the elements of the JSON array, or one element with the text where the
    instruction takes text (RUN, CMD, ENTRYPOINT, USER, WORKDIR, HEALTHCHECK, ...). ARG, ENV and LABEL have ``pairs``
    instead, ONBUILD a ``trigger``. ``mounts`` are the ``--mount`` of RUN.
    """

    keyword: str
    flags: tuple[Flag, ...] = ()
    form: Form = Form.SHELL
    arguments: tuple[str, ...] = ()
    pairs: tuple[Pair, ...] = ()
    text: str = ""
    heredocs: tuple[Heredoc, ...] = ()
    mounts: tuple[Mount, ...] = ()
    trigger: "DockerfileInstruction | None" = None
    line: int = 1
    column: int = 1

    def flag(self, name: str) -> str:
        """The value of the last ``--name=value``, empty where there is none."""
        return next((flag.value or "" for flag in reversed(self.flags) if flag.name == name), "")

    def flag_values(self, name: str) -> tuple[str, ...]:
        """The values of a flag that may be repeated, in order."""
        return tuple(flag.value or "" for flag in self.flags if flag.name == name)

    def switch(self, name: str) -> bool:
        """Whether a flag like ``--link`` is set; ``--link=false`` is not."""
        return any(flag.name == name and (flag.value or "true").lower() == "true" for flag in self.flags)

    def __str__(self) -> str:
        flags = (f"--{flag.name}" + ("" if flag.value is None else f"={flag.value}") for flag in self.flags)
        return " ".join(part for part in (self.keyword, *flags, self.text) if part)


class DockerfileStage(Struct, frozen=True, kw_only=True):
    """A build stage: its FROM and the instructions below it.

    ``name`` is lower case, as names of stages know no case, and empty without ``AS``; ``index`` counts from 0;
    ``base`` is the image or stage as written, not yet expanded.
    """

    index: int
    name: str
    base: str
    declaration: DockerfileInstruction
    instructions: tuple[DockerfileInstruction, ...]


class Dockerfile(Struct, frozen=True, kw_only=True):
    """A whole Dockerfile: the escape character, the ARGs before the first FROM, the stages."""

    name: str
    escape: str
    global_arguments: tuple[DockerfileInstruction, ...]
    stages: tuple[DockerfileStage, ...]

    @property
    def instructions(self) -> tuple[DockerfileInstruction, ...]:
        """All instructions in the order of the file."""
        parts = ((stage.declaration, *stage.instructions) for stage in self.stages)
        return (*self.global_arguments, *chain.from_iterable(parts))

    def error(self, message: str, at: DockerfileInstruction, *, hint: str = "") -> UsageError:
        """A UsageError that names the place: ``Dockerfile:line:column: message``."""
        return UsageError(f"{self.name}:{at.line}:{at.column}: {message}", hint=hint)
