"""A Dockerfile laid beside an image's history: which line made which step, and how well the two fit.

The Dockerfile is flattened to the chain of stages that the target stands on. Its end and the history's end are the
same moment, so both are aligned from there; what the history holds below is the base image's.
"""

from collections.abc import Sequence

from msgspec import Struct

from layerscope.dockerfile.build import Build, ResolvedInstruction
from layerscope.dockerfile.recorded import recorded_text
from layerscope.errors import UsageError
from layerscope.history.base import layers_before
from layerscope.history.fit import Told, Written, fits
from layerscope.history.sequence import align
from layerscope.model.instruction import Instruction
from layerscope.secrets.text import quoted

LEAST_SCORE = 0.8
"""The part of the steps that make layers which must fit; below it the file is another image's."""
MAKES_LAYERS = frozenset({"RUN", "COPY", "ADD", "WORKDIR"})
_COPIES = frozenset({"COPY", "ADD"})
_LONGEST = 100
"""Characters of a step that are shown."""


class Match(Struct, frozen=True, kw_only=True):
    """Which instruction of a Dockerfile made which step of a history.

    ``steps`` maps the index of a history step to the instruction that wrote it. ``matched`` of ``total`` steps that
    make layers fit (of all steps, where none makes one). ``base_layers`` is how many layers lie below the
    Dockerfile's first instruction, None where that place is not known. ``first_mismatch`` describes the first pair from
    the end that does not fit, empty where all do.
    """

    build: Build
    steps: dict[int, ResolvedInstruction]
    matched: int
    total: int
    base_layers: int | None
    first_mismatch: str = ""

    @property
    def score(self) -> float:
        """The part of the steps that fit, 1.0 where the Dockerfile has none that makes a layer."""
        return self.matched / self.total if self.total else 1.0

    def stage_name(self, index: int) -> str:
        """The name of a stage, or its number where it has none."""
        return self.build.stages[index].name or str(index)


def match(build: Build, history: Sequence[Instruction], stage: int | None = None) -> Match:
    """Align the chain of ``stage`` (the target where none is given) with a history.

    Raises UsageError where the two fit poorly: fewer than LEAST_SCORE of the steps that make layers, or any COPY or
    ADD that stands nowhere; the message shows the first pair that does not fit.
    """
    resolved = build.flatten(stage)
    written, told = [_written(step) for step in resolved], [Told.of(step) for step in history]
    pairs, first = align(
        len(written),
        len(history),
        lambda one, other: fits(written[one], told[other]),
        lambda one: 4 if written[one].keyword in MAKES_LAYERS else 2,
    )
    found = _judged(build, resolved, history, pairs, first)
    if found.first_mismatch and (found.score < LEAST_SCORE or _lost_copies(resolved, history, pairs, first)):
        raise UsageError(
            f"{build.dockerfile.name} did not build this image: {found.matched} of {found.total} steps that make "
            f"layers fit its history; from the end, the first that does not: {found.first_mismatch}",
            hint="is it of another version, or is --target or --build-arg missing?",
        )
    return found


def _written(step: ResolvedInstruction) -> Written:
    keyword = step.instruction.keyword
    return Written.of(
        keyword,
        recorded_text(step),
        source=step.instruction.text,
        destination=step.destination.text if keyword in _COPIES and step.arguments else "",
        names=tuple(pair.name.text for pair in step.pairs),
        resolved=step.resolved,
    )


def _judged(
    build: Build,
    resolved: Sequence[ResolvedInstruction],
    history: Sequence[Instruction],
    pairs: dict[int, int],
    first: int,
) -> Match:
    making = [place for place, step in enumerate(resolved) if step.instruction.keyword in MAKES_LAYERS]
    making = making or list(range(len(resolved)))
    told = set(pairs.values())
    unexplained = [place for place in range(first, len(history)) if place not in told and _made_layer(history[place])]
    matched = sum(place in pairs for place in making)
    starts = not making or making[0] in pairs
    boundary = _below_triggers(history, min(pairs.values(), default=len(history))) if starts else None
    return Match(
        build=build,
        steps={history[other].index: resolved[one] for one, other in sorted(pairs.items())},
        matched=matched,
        total=len(making) + len(unexplained),
        base_layers=None if boundary is None else layers_before(history, boundary),
        first_mismatch=_misfit(resolved, history, pairs, making, unexplained),
    )


def _below_triggers(history: Sequence[Instruction], boundary: int) -> int:
    """The boundary without the steps below it that ONBUILD of the base has put there: this build ran them."""
    triggers = [step.text for step in history[:boundary] if step.kind == "ONBUILD"]
    for count in range(min(len(triggers), boundary), 0, -1):
        ran = history[boundary - count : boundary]
        if all(_ran(trigger, step) for trigger, step in zip(triggers[-count:], ran, strict=True)):
            return boundary - count
    return boundary


def _ran(trigger: str, step: Instruction) -> bool:
    """Whether a step is what ONBUILD asked for; the legacy builder keeps no source of a COPY."""
    keyword, _, rest = trigger.partition(" ")
    return step.kind == keyword.upper() and (step.kind in _COPIES or step.text == rest.strip())


def _made_layer(step: Instruction) -> bool:
    """A layer that no Dockerfile tells of is waited for, but an empty step (a label from the command line) is not."""
    return step.layer is not None and step.kind != "WORKDIR"


def _lost_copies(
    resolved: Sequence[ResolvedInstruction], history: Sequence[Instruction], pairs: dict[int, int], first: int
) -> bool:
    """Whether some COPY or ADD of the one has no counterpart in the other."""
    told = set(pairs.values())
    lost = any(step.instruction.keyword in _COPIES and place not in pairs for place, step in enumerate(resolved))
    return lost or any(history[place].kind in _COPIES and place not in told for place in range(first, len(history)))


def _misfit(
    resolved: Sequence[ResolvedInstruction],
    history: Sequence[Instruction],
    pairs: dict[int, int],
    making: Sequence[int],
    unexplained: Sequence[int],
) -> str:
    """The last instruction that makes a layer and fits nothing, beside what the history has in its place."""
    lost = next((place for place in reversed(making) if place not in pairs), None)
    above = min((other for one, other in pairs.items() if lost is not None and one > lost), default=len(history))
    surplus = max((place for place in unexplained if place < above), default=max(unexplained, default=None))
    if lost is None:
        return f"`{_short(history[surplus])}` stands in no line" if surplus is not None else ""
    line = resolved[lost].instruction
    written = f"line {line.line} `{_one_line(str(line))}`"
    if surplus is None:
        surplus = next((place for place in reversed(range(above)) if history[place].kind in MAKES_LAYERS), None)
    told = f"the history has `{_short(history[surplus])}`" if surplus is not None else "the history has nothing"
    return f"{written}, where {told}"


def _short(step: Instruction) -> str:
    return _one_line(step.shown or str(step) or step.created_by or "a step without words")


def _one_line(text: str) -> str:
    return quoted(text, _LONGEST)
