"""One build of a Dockerfile: its target, the stages below it, and its instructions with variables expanded."""

from collections.abc import Iterator, Mapping
from typing import Self

from msgspec import Struct, field
from msgspec.structs import replace

from layerscope.dockerfile.expansion import Budget, Expansion, expand_words
from layerscope.dockerfile.parse import parse_dockerfile
from layerscope.dockerfile.scope import BaseConfig, ResolvedPair, Scope, global_scope
from layerscope.dockerfile.stages import CONTEXT, Source, Stage, choose_target, link_stages
from layerscope.dockerfile.syntax import Dockerfile, DockerfileInstruction, Form
from layerscope.errors import UsageError
from layerscope.model.paths import normal
from layerscope.model.platform import Platform

UNKNOWN_DIRECTORY = Expansion(text="", unresolved=("WORKDIR",))
"""The working directory on top of a base image whose config is not at hand."""
DEFAULT_SHELL = ("/bin/sh", "-c")
_EXPANDED = frozenset({"ADD", "COPY", "EXPOSE", "STOPSIGNAL", "USER", "VOLUME", "WORKDIR"})
_EXPANDED_FLAGS = frozenset({"chown", "chmod", "checksum"})


class ResolvedInstruction(Struct, frozen=True, kw_only=True):
    """An instruction as the builder saw it.

    ``stage`` is the index of the stage that runs it. ``arguments``, ``pairs`` and ``flags`` (name and value) are
    expanded where the builder expands them: not the commands of RUN, CMD and ENTRYPOINT; that of WORKDIR is absolute
    where the directory before it is known. ``working_directory`` and ``shell`` hold after the instruction. ``inputs``
    are what it may read: the source of a COPY or ADD, or the mounts of a RUN.
    """

    stage: int
    instruction: DockerfileInstruction
    arguments: tuple[Expansion, ...]
    pairs: tuple[ResolvedPair, ...]
    flags: tuple[tuple[str, Expansion], ...]
    inputs: tuple[Source, ...]
    working_directory: Expansion
    shell: tuple[str, ...] = DEFAULT_SHELL

    @property
    def destination(self) -> Expansion:
        """Where a COPY or ADD puts its files: absolute where the working directory is known.

        A slash at the end says that it must be a directory.
        """
        return _join(self.working_directory, self.arguments[-1], keep_slash=True)

    @property
    def resolved(self) -> bool:
        """Whether no variable is left as written."""
        values = (pair.value for pair in self.pairs if pair.value is not None)
        names = (pair.name for pair in self.pairs)
        return all(each.resolved for each in (*self.arguments, *names, *values))

    @property
    def text(self) -> str:
        """The keyword and the text after the flags, expanded; an exec form as words between spaces."""
        pairs = (each.name.text + (f"={each.value.text}" if each.value else "") for each in self.pairs)
        words = (self.instruction.keyword, *pairs, *(each.text for each in self.arguments))
        return " ".join(words) if self.instruction.trigger is None else str(self.instruction)


class Build(Struct, frozen=True, kw_only=True):
    """A Dockerfile together with the arguments of one build.

    ``target`` is the index of the stage that becomes the image. ``bases`` are the configs of base images by the name
    in FROM, where they are at hand.
    """

    dockerfile: Dockerfile
    stages: tuple[Stage, ...]
    target: int
    build_args: Mapping[str, str] = field(default_factory=dict)
    bases: Mapping[str, BaseConfig] = field(default_factory=dict)
    platform: Platform | None = None
    target_name: str = ""

    @classmethod
    def of(
        cls,
        dockerfile: Dockerfile,
        *,
        build_args: Mapping[str, str] | None = None,
        target: str = "",
        platform: Platform | None = None,
        bases: Mapping[str, BaseConfig] | None = None,
    ) -> Self:
        """Link the stages; raises UsageError for an unknown target, a bad ``--from`` index, bad syntax in FROM."""
        build_args = dict(build_args or {})
        return cls(
            dockerfile=dockerfile,
            stages=link_stages(dockerfile, global_scope(dockerfile, build_args, platform, target)),
            target=choose_target(dockerfile, target),
            build_args=build_args,
            bases=dict(bases or {}),
            platform=platform,
            target_name=target,
        )

    def stage(self, name: str) -> Stage:
        """A stage by name, in any case, or by index; raises UsageError where there is none."""
        return self.stages[choose_target(self.dockerfile, name)]

    def chain(self, stage: int | None = None) -> tuple[Stage, ...]:
        """The stages that a stage (the target where none is given) is built on, lowest first, itself last."""
        chain = [self.stages[self.target if stage is None else stage]]
        while chain[-1].base.stage is not None:
            chain.append(self.stages[chain[-1].base.stage])
        return tuple(reversed(chain))

    def flatten(self, stage: int | None = None) -> tuple[ResolvedInstruction, ...]:
        """The instructions of a chain in the order of the build, FROM lines left out.

        Raises UsageError with the place for bad syntax and for ``${name:?message}`` of an unset variable.
        """
        return tuple(_Walk(self).over(self.chain(stage)))


class _Walk:
    """The state of a build in a chain of stages: variables, working directory, shell."""

    def __init__(self, build: Build) -> None:
        self.build = build
        self.outer = global_scope(build.dockerfile, build.build_args, build.platform, build.target_name)
        self.scope = Scope(build.dockerfile, complete=False, budget=Budget())
        self.directory = UNKNOWN_DIRECTORY
        self.shell: tuple[str, ...] = DEFAULT_SHELL

    def over(self, chain: tuple[Stage, ...]) -> Iterator[ResolvedInstruction]:
        self._start(chain[0].base)
        for trigger in self._triggers(chain[0]):
            yield self._step(chain[0].index, trigger, (CONTEXT,) if trigger.keyword in ("ADD", "COPY") else ())
        for stage in chain:
            for instruction, inputs in zip(stage.instructions, stage.inputs, strict=True):
                yield self._step(stage.index, instruction, inputs)

    def _triggers(self, stage: Stage) -> Iterator[DockerfileInstruction]:
        """The ONBUILD instructions of the base image, which run where FROM stands."""
        config = self.build.bases.get(stage.base.image)
        for text in config.triggers if config is not None else ():
            written = parse_dockerfile(f"FROM scratch\n{text}\n", name=f"ONBUILD of {stage.base.image}")
            for instruction in written.stages[0].instructions:
                yield replace(instruction, line=stage.declaration.line)

    def _start(self, base: Source) -> None:
        """Start from the base: ``scratch`` is known to be empty, other images need a config."""
        config = BaseConfig() if base.image == "scratch" else self.build.bases.get(base.image)
        if config is not None:
            self.scope.complete = True
            self.scope.take_environment(config)
            self.directory = Expansion(text=config.working_directory or "/")

    def _step(self, stage: int, instruction: DockerfileInstruction, inputs: tuple[Source, ...]) -> ResolvedInstruction:
        pairs = self._pairs(instruction)
        arguments = tuple(self._arguments(instruction))
        if instruction.keyword == "WORKDIR":
            # A hostile file makes the directory longer with each line, so its length counts each time.
            self.scope.budget.spend(len(self.directory.text))
            self.directory = _join(self.directory, arguments[0], keep_slash=False)
            arguments = (self.directory,)
        elif instruction.keyword == "SHELL":
            self.shell = instruction.arguments
        return ResolvedInstruction(
            stage=stage,
            instruction=instruction,
            arguments=arguments,
            pairs=pairs,
            flags=tuple(self._flags(instruction)),
            inputs=inputs,
            working_directory=self.directory,
            shell=self.shell,
        )

    def _pairs(self, instruction: DockerfileInstruction) -> tuple[ResolvedPair, ...]:
        """All pairs of an ENV see the variables from before it; those of an ARG see each other."""
        if instruction.keyword == "ARG":
            return self.scope.declare(instruction, self.build.build_args, self.outer)
        expand = self.scope.expand
        pairs = tuple(
            ResolvedPair(name=expand(pair.name, instruction), value=expand(pair.value or "", instruction))
            for pair in instruction.pairs
        )
        for pair in pairs if instruction.keyword == "ENV" else ():
            if pair.value is not None and pair.name.resolved:
                self.scope.set(pair.name.text, pair.value)
        return pairs

    def _arguments(self, instruction: DockerfileInstruction) -> Iterator[Expansion]:
        for argument in instruction.arguments:
            if instruction.keyword not in _EXPANDED or is_inline(instruction, argument):
                yield Expansion(text=argument)
            elif instruction.keyword == "EXPOSE":
                yield from self._ports(argument, instruction)
            else:
                yield self.scope.expand(argument, instruction)

    def _ports(self, text: str, instruction: DockerfileInstruction) -> tuple[Expansion, ...]:
        dockerfile = self.build.dockerfile
        try:
            return expand_words(text, self.scope.lookup, escape=dockerfile.escape, budget=self.scope.budget)
        except UsageError as error:
            raise dockerfile.error(f"EXPOSE: {error.message}", instruction, hint=error.hint) from error

    def _flags(self, instruction: DockerfileInstruction) -> Iterator[tuple[str, Expansion]]:
        for flag in instruction.flags:
            value = flag.value or ""
            wanted = flag.name in _EXPANDED_FLAGS
            yield flag.name, self.scope.expand(value, instruction) if wanted else Expansion(text=value)


def is_inline(instruction: DockerfileInstruction, argument: str) -> bool:
    """Whether an argument of COPY or ADD is a here-document, whose content stands in the Dockerfile."""
    return bool(instruction.heredocs) and instruction.form is Form.SHELL and argument.lstrip("0123456789")[:2] == "<<"


def names_directory(path: str) -> bool:
    """Whether a path can only be a directory: it ends in a slash, or in ``.`` or ``..``."""
    return path.rpartition("/")[2] in ("", ".", "..")


def _join(directory: Expansion, path: Expansion, *, keep_slash: bool) -> Expansion:
    """``path`` from the root where the directory is known; otherwise as written, and not resolved.

    ``keep_slash`` ends the name of a directory with a slash, which makes COPY copy into it.
    """
    absolute = path.text.startswith("/")
    if not absolute and not directory.text:
        return Expansion(text=path.text, unresolved=directory.unresolved + path.unresolved)
    text = path.text if absolute else f"{directory.text}/{path.text}"
    unresolved = path.unresolved if absolute else directory.unresolved + path.unresolved
    if not absolute and path.text.startswith("$") and path.unresolved:
        return Expansion(text=path.text, unresolved=path.unresolved)
    if unresolved:
        return Expansion(text=text, unresolved=unresolved)
    slash = "/" if keep_slash and names_directory(path.text) else ""
    return Expansion(text=normal(text) + slash if normal(text) != "/" else "/")
