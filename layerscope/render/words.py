"""The words for values and places that every format uses; the caller escapes them for its medium."""

from collections.abc import Iterable, Sequence

from layerscope.model.base import Base, FoundBy
from layerscope.model.finding import Evidence, Finding
from layerscope.model.one_line import one_line
from layerscope.model.report import InstructionReport, LayerReport, Report, StageReport, Unmatched
from layerscope.model.source import Via
from layerscope.render.units import Units

INCOMPLETE = (
    "layers are missing, damaged, cut short, partly read or not matching their digest; the figures cover what was read"
)
"""What to say of a report that is not complete; its warnings name the layers."""
COPIED_UP = "copied-up"
METADATA_ONLY_COPY = (
    "A metadata-only copy was replaced by a copy with the same content, because a later step changed its mode, owner "
    "or time."
)
_LONGEST = 100_000
"""Characters of an instruction."""
_FATES = {COPIED_UP: "metadata-only copy"}
FOUND_BY_WORDS = {
    FoundBy.GIVEN: "given by --base",
    FoundBy.LABEL: "from the buildpacks label",
    FoundBy.ATTESTATION: "from an unsigned attestation",
    FoundBy.DOCKERFILE: "from the Dockerfile",
    FoundBy.HISTORY: "recorded in the history",
    FoundBy.HISTORY_GUESS: "a guess from the history",
}
_UNMATCHED = {
    Unmatched.ANCESTOR: "the image is built on it",
    Unmatched.NOT_READ: "no COPY of the image reads it directly",
    Unmatched.AMBIGUOUS: "another stage has the same files",
    Unmatched.SAME_CONTENT: "same content as files in the stage (inconclusive)",
    Unmatched.INCONCLUSIVE: "the base image or the build context has the same files (inconclusive)",
    Unmatched.ABSENT: "none of its files is in the image",
}


def base_words(base: Base) -> str:
    """``base image (guessed)`` where the history alone suggests where the base ends, else ``base image``."""
    return "base image (guessed)" if base.found_by == FoundBy.HISTORY_GUESS else "base image"


def dockerfile_name(report: Report) -> str:
    """The name of the Dockerfile that lines are of."""
    return report.dockerfile.name if report.dockerfile is not None else "Dockerfile"


def fate_words(fate: str) -> str:
    """``deleted``, ``overwritten``, ``metadata-only copy``, ...: what became of a version."""
    return _FATES.get(fate, fate)


def stage_words(name: str) -> str:
    """A stage, or an image that a COPY names itself."""
    return name if name.startswith("image ") else f"stage {name}"


def stage_evidence(stage: StageReport) -> str:
    """How it is known that files were copied from a stage, or why none are known to be."""
    if stage.evidence is not None:
        return stage.evidence.value
    return _UNMATCHED[stage.unmatched] if stage.unmatched is not None else ""


STAGE_HEADERS = ("Stage", "Copied", "Reclaimable", "Not copied", "Evidence")


def stage_rows(stages: Iterable[StageReport], units: Units) -> list[tuple[str, ...]]:
    """A row below these headers for each build stage."""
    return [
        (
            one.name,
            units(one.content_bytes),
            units(one.reclaimable_bytes),
            "" if one.not_copied_bytes is None else units(one.not_copied_bytes),
            stage_evidence(one),
        )
        for one in stages
    ]


def copied_from(finding: Finding) -> str:
    """``copied from stage builder (matched)``, or nothing where no stage is known."""
    kind, _, name = finding.source.partition(":")
    return f"copied from {kind} {name} ({finding.evidence.value})" if name else ""


def layer_line(layer: LayerReport, step: InstructionReport | None) -> str:
    """What is missing of a layer, and the instruction that made it."""
    if layer.problem:
        return f"LEFT OUT: {one_line(layer.problem)}"
    words = instruction_words(step)
    return f"INCOMPLETE ({layer.partial}): {words}" if layer.partial else words


def instruction_words(step: InstructionReport | None) -> str:
    """``line 14 from stage builder: COPY ...`` on one line; a mounted stage is only a possible source.

    The stage is left out where the instruction's own words name it.
    """
    if step is None:
        return "no instruction recorded"
    place, text = instruction_place(step), instruction_text(step)
    # A stage that the instruction names itself need not be named twice in the few columns that there are.
    _, _, stage = step.source.partition("stage:")
    if step.via == Via.COPY and stage and f"--from={stage}" in text.split():
        place = f"line {step.dockerfile_line}" if step.dockerfile_line else ""
    return f"{place + ': ' if place else ''}{text}"


def instruction_text(step: InstructionReport) -> str:
    """The instruction in the Dockerfile's own words, else as the history records it, on one line.

    Only JSON has all of one that nobody wrote by hand.
    """
    line = one_line(step.dockerfile_text or f"{step.kind} {step.text}")
    return line if len(line) <= _LONGEST else f"{line[: _LONGEST - 3]}..."


def instruction_place(step: InstructionReport) -> str:
    """``line 14 from stage builder``; empty where neither is known."""
    line = f"line {step.dockerfile_line}" if step.dockerfile_line else ""
    source = ""
    if ":" in step.source:
        mounted = step.via == Via.MOUNT and step.evidence != Evidence.MATCHED
        names = ", ".join(one.replace(":", " ", 1) for one in step.source.split(", "))
        source = f"{'mounts' if mounted else 'from'} {names}"
    elif step.candidates:
        source = f"ambiguous: from stage {' or '.join(step.candidates)}"
    return " ".join(f"{line} {source}".split())


def layer_words(layers: Sequence[int]) -> str:
    """``layer 3``, ``layers 1-4, 6``; nothing for no layer."""
    return f"{'layer' if len(layers) == 1 else 'layers'} {number_words(layers)}" if layers else ""


def number_words(numbers: Sequence[int]) -> str:
    """``1-4, 6``."""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][-1] + 1:
            runs[-1][1:] = [number]
        else:
            runs.append([number])
    return ", ".join("-".join(map(str, run)) for run in runs)


def counted(count: int, one: str, many: str = "") -> str:
    """``1 layer``, ``14 layers``."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"
