"""A Dockerfile aligned with an image's history: which line made which step, and how well the two match.

The Dockerfile is flattened to the chain of stages that the target stands on. Its end and the history's end are the
same moment, so both are aligned from there; the history below is the base image's.
"""

from array import array
from collections.abc import Callable, Sequence

from msgspec import Struct
from msgspec.structs import replace

from layerscope.dockerfile.build import Build, ResolvedInstruction
from layerscope.errors import LimitExceeded, UsageError
from layerscope.history.alignment import layers_before, made_content
from layerscope.history.same_step import COPIES, history_text, instruction_text, is_same_step
from layerscope.model.instruction import Instruction
from layerscope.secrets.text import quoted

LEAST_SCORE = 0.8
"""The part of the instructions that make layers which must match; below it the file is another image's."""
LEAST_EDITED = 0.5
"""The part that must match of the longer of file and image; below it the file was not edited, but is another one."""
_LEAST_PAIRS = 2
"""RUN, COPY and ADD that must match at least for that; a template has one in common with many."""
MAX_CELLS = 250_000
"""The largest product of the two lengths, without the equal steps at the end."""
MAKES_LAYERS = frozenset({"RUN", "COPY", "ADD", "WORKDIR"})
_LONGEST = 100
"""Characters of a step that are shown."""
_BOTH, _FIRST, _SECOND = range(3)


class Match(Struct, frozen=True, kw_only=True):
    """The instruction of a Dockerfile that made each step of a history.

    ``steps`` maps the index of a history step to its instruction. ``matched`` of ``total`` instructions that make
    layers match (of all instructions, where none makes one). ``base_layers`` is how many layers lie below the
    Dockerfile's first instruction, None where that place is not known. ``first_mismatch`` describes the first pair
    from the end that does not match, empty where all do. ``differing`` are the lines and the steps without a
    counterpart, where so many have none that the file was edited after it built the image.
    """

    build: Build
    steps: dict[int, ResolvedInstruction]
    matched: int
    total: int
    base_layers: int | None
    first_mismatch: str = ""
    differing: tuple[str, ...] = ()

    @property
    def score(self) -> float:
        """The part of the instructions that match, 1.0 where the Dockerfile has none that makes a layer."""
        return self.matched / self.total if self.total else 1.0

    def stage_name(self, index: int) -> str:
        """The name of a stage, or its number where it has none."""
        return self.build.stages[index].name or str(index)


def match(build: Build, history: Sequence[Instruction], stage: int | None = None) -> Match:
    """Align the chain of ``stage`` (the target where none is given) with a history.

    Where fewer than LEAST_SCORE of the instructions that make layers match, or any COPY or ADD has no counterpart, the
    file was edited since. Raises UsageError where too few match even for that; the message shows the first mismatch.
    """
    resolved = build.flatten(stage)
    written, recorded = [instruction_text(one) for one in resolved], [history_text(step) for step in history]
    pairs, first = align(
        len(written),
        len(history),
        lambda one, other: is_same_step(written[one], recorded[other]),
        lambda one: 4 if written[one].kind in MAKES_LAYERS else 2,
    )
    making = [place for place, one in enumerate(written) if one.kind in MAKES_LAYERS] or list(range(len(written)))
    paired = set(pairs.values())
    extra = [place for place in range(first, len(history)) if place not in paired]
    # An empty step may be from the command line, such as a label; a layer must have an instruction.
    unexplained = [place for place in extra if made_content(history[place])]
    boundary = None
    if not making or making[0] in pairs:
        boundary = _below_triggers(history, min(paired, default=len(history)))
    found = Match(
        build=build,
        steps={history[other].index: resolved[one] for one, other in sorted(pairs.items())},
        matched=sum(place in pairs for place in making),
        total=len(making) + len(unexplained),
        base_layers=None if boundary is None else layers_before(history, boundary),
        first_mismatch=_first_mismatch(resolved, history, pairs, making, unexplained),
    )
    lost = any(one.kind in COPIES and place not in pairs for place, one in enumerate(written))
    lost = lost or any(history[place].kind in COPIES for place in extra)
    if not found.first_mismatch or (found.score >= LEAST_SCORE and not lost):
        return found
    same = [place for place in making if place in pairs and written[place].kind != "WORKDIR"]
    longer = max(len(making), found.matched + len(unexplained))
    if len(same) < _LEAST_PAIRS or found.matched < LEAST_EDITED * longer:
        raise UsageError(
            f"{build.dockerfile.name} did not build this image: {found.matched} of {found.total} instructions match "
            f"its history; the first mismatch from the end: {found.first_mismatch}",
            hint="is it of another version, or is --target or --build-arg missing? "
            "If you edited it, build the image again",
        )
    lines = [resolved[place].instruction for place in making if place not in pairs]
    return replace(
        found,
        differing=(
            *(f"line {line.line} `{quoted(str(line), _LONGEST)}`" for line in lines),
            *(f"`{_short(history[place])}` of the image" for place in unexplained),
        ),
    )


def _below_triggers(history: Sequence[Instruction], boundary: int) -> int:
    """The boundary below the steps of the base's ONBUILD, which this build ran."""
    triggers = [step.text for step in history[:boundary] if step.kind == "ONBUILD"]
    for count in range(min(len(triggers), boundary), 0, -1):
        steps = history[boundary - count : boundary]
        if all(_ran(trigger, step) for trigger, step in zip(triggers[-count:], steps, strict=True)):
            return boundary - count
    return boundary


def _ran(trigger: str, step: Instruction) -> bool:
    """Whether a step is the one of an ONBUILD; the legacy builder keeps no source of a COPY."""
    keyword, _, rest = trigger.partition(" ")
    return step.kind == keyword.upper() and (step.kind in COPIES or step.text == rest.strip())


def _first_mismatch(
    resolved: Sequence[ResolvedInstruction],
    history: Sequence[Instruction],
    pairs: dict[int, int],
    making: Sequence[int],
    unexplained: Sequence[int],
) -> str:
    """The last instruction that makes a layer and matches no step, beside the step in its place."""
    lost = next((place for place in reversed(making) if place not in pairs), None)
    above = min((other for one, other in pairs.items() if lost is not None and one > lost), default=len(history))
    surplus = max((place for place in unexplained if place < above), default=max(unexplained, default=None))
    if lost is None:
        return f"`{_short(history[surplus])}` of the history is on no line" if surplus is not None else ""
    line = resolved[lost].instruction
    if surplus is None:
        surplus = next((place for place in reversed(range(above)) if history[place].kind in MAKES_LAYERS), None)
    there = f"`{_short(history[surplus])}`" if surplus is not None else "nothing"
    return f"line {line.line} `{quoted(str(line), _LONGEST)}`, where the history has {there}"


def _short(step: Instruction) -> str:
    return quoted(step.shown or str(step) or step.created_by or "a step without text", _LONGEST)


def align(
    first_length: int, second_length: int, fits: Callable[[int, int], bool], weight: Callable[[int], int]
) -> tuple[dict[int, int], int]:
    """Pairs of places that fit, in order in both sequences, and where the second sequence's part begins.

    A pair counts by the ``weight`` of its first place, and each place that is skipped costs one, except in the second
    sequence before its part. Raises LimitExceeded for sequences that are too long.
    """
    pairs: dict[int, int] = {}
    one, other = first_length, second_length
    while one and other and fits(one - 1, other - 1):
        one, other = one - 1, other - 1
        pairs[one] = other
    if not one:
        return pairs, other
    if one * other > MAX_CELLS:
        raise LimitExceeded(f"{one:,} instructions and a history of {other:,} steps are too many to align")
    steps, first = _table(one, other, fits, weight)
    here, there = 0, first
    while here < one and there < other:
        step = steps[here * (other + 1) + there]
        if step == _BOTH:
            pairs[here] = there
        here, there = here + (step != _SECOND), there + (step != _FIRST)
    return pairs, first


def _table(
    one: int, other: int, fits: Callable[[int, int], bool], weight: Callable[[int], int]
) -> tuple[bytearray, int]:
    """The best step at each pair of places, and the place of the second sequence where to begin."""
    width = other + 1
    steps = bytearray([_SECOND]) * (width * (one + 1))
    below = array("q", (place - other for place in range(width)))
    for here in reversed(range(one)):
        row = array("q", [0]) * width
        row[other] = here - one
        steps[here * width + other] = _FIRST
        gain = weight(here)
        for there in reversed(range(other)):
            best, step = below[there] - 1, _FIRST
            if row[there + 1] - 1 > best:
                best, step = row[there + 1] - 1, _SECOND
            if below[there + 1] + gain > best and fits(here, there):
                best, step = below[there + 1] + gain, _BOTH
            row[there], steps[here * width + there] = best, step
        below = row
    return steps, max(range(width), key=lambda there: (below[there], there))
