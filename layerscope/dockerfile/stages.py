"""The stages of one build: the stages and images that each starts from, copies from and mounts (Dockerfile reference,
"FROM", "COPY --from", "RUN --mount").
"""

from collections.abc import Iterator, Mapping
from enum import StrEnum

from msgspec import Struct

from layerscope.dockerfile.scope import Scope
from layerscope.dockerfile.syntax import Dockerfile, DockerfileInstruction, DockerfileStage, Mount
from layerscope.errors import LimitExceeded, UsageError

MAX_TRIGGERED = 20_000
"""The most ONBUILD triggers that all stages run together; each stage on top of one runs all of its triggers."""
_MAX_INDEX_DIGITS = 9


class SourceKind(StrEnum):
    """Where files come from."""

    STAGE = "stage"
    IMAGE = "image"
    CONTEXT = "context"


class Source(Struct, frozen=True, kw_only=True):
    """A stage (by index), an image (by name, not ``resolved`` where it holds unknown variables), or the context.

    A name may also be that of a named context, which only the command line of the build would show.
    """

    kind: SourceKind
    stage: int | None = None
    image: str = ""
    resolved: bool = True


CONTEXT = Source(kind=SourceKind.CONTEXT)


class Stage(Struct, frozen=True, kw_only=True):
    """One stage: ``base`` is what FROM names, ``instructions`` what runs on top of it.

    The ONBUILD triggers of a base stage stand before the stage's own instructions, as they run first. ``inputs``
    runs parallel to ``instructions``: what a COPY --from, or the mounts of a RUN, may bring in.
    """

    index: int
    name: str
    base: Source
    declaration: DockerfileInstruction
    instructions: tuple[DockerfileInstruction, ...]
    inputs: tuple[tuple[Source, ...], ...]


def link_stages(dockerfile: Dockerfile, scope: Scope) -> tuple[Stage, ...]:
    """All stages in the order of the file; raises UsageError for a base that is blank and for a bad index."""
    names: dict[str, int] = {}
    stages: list[Stage] = []
    triggered = 0
    for written in dockerfile.stages:
        base = _base(dockerfile, written, names, scope)
        triggers = _triggers(stages[base.stage]) if base.stage is not None else ()
        triggered += len(triggers)
        if triggered > MAX_TRIGGERED:
            raise LimitExceeded(f"{dockerfile.name} runs more than {MAX_TRIGGERED:,} ONBUILD triggers")
        instructions = triggers + written.instructions
        stages.append(
            Stage(
                index=written.index,
                name=written.name,
                base=base,
                declaration=written.declaration,
                instructions=instructions,
                inputs=tuple(tuple(_inputs(dockerfile, each, names, written.index)) for each in instructions),
            )
        )
        if written.name:
            names[written.name] = written.index
    return tuple(stages)


def choose_target(dockerfile: Dockerfile, target: str) -> int:
    """The index of the stage that ``--target`` names, in any case or by index; the last one where it is empty."""
    if not target:
        return len(dockerfile.stages) - 1
    for stage in reversed(dockerfile.stages):
        if stage.name == target.lower() or str(stage.index) == target:
            return stage.index
    names = ", ".join(stage.name or str(stage.index) for stage in dockerfile.stages[:20])
    raise UsageError(f"{dockerfile.name} has no stage {target!r}", hint=f"its stages are {names}")


def _mount_source(mount: Mount, names: Mapping[str, int]) -> Source | None:
    """The source of a mount; None for a cache, tmpfs, secret or ssh mount without ``from``."""
    if mount.from_name:
        return _named(mount.from_name, names)
    return CONTEXT if mount.type == "bind" else None


def _base(dockerfile: Dockerfile, written: DockerfileStage, names: Mapping[str, int], scope: Scope) -> Source:
    name = scope.expand(written.base, written.declaration)
    if not name.text:
        raise dockerfile.error(f"FROM: base name ({written.base}) should not be blank", written.declaration)
    if name.resolved and name.text.lower() in names:
        return Source(kind=SourceKind.STAGE, stage=names[name.text.lower()])
    return Source(kind=SourceKind.IMAGE, image=name.text, resolved=name.resolved)


def _triggers(stage: Stage) -> tuple[DockerfileInstruction, ...]:
    return tuple(each.trigger for each in stage.instructions if each.trigger is not None)


def _inputs(
    dockerfile: Dockerfile, instruction: DockerfileInstruction, names: Mapping[str, int], index: int
) -> Iterator[Source]:
    for mount in instruction.mounts:
        if (source := _mount_source(mount, names)) is not None:
            yield source
    if instruction.keyword == "COPY" and (name := instruction.flag("from")):
        if name.isascii() and name.isdigit():
            if len(name) > _MAX_INDEX_DIGITS or int(name) >= index:
                raise dockerfile.error(f"COPY: invalid stage index {name[:100]}", instruction)
            yield Source(kind=SourceKind.STAGE, stage=int(name))
        else:
            yield _named(name, names)
    elif instruction.keyword in ("COPY", "ADD"):
        yield CONTEXT


def _named(name: str, names: Mapping[str, int]) -> Source:
    """An earlier stage, else an image; the builder expands no variables in ``--from``."""
    if name.lower() in names:
        return Source(kind=SourceKind.STAGE, stage=names[name.lower()])
    return Source(kind=SourceKind.IMAGE, image=name, resolved="$" not in name)
