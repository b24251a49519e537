"""Where an instruction or a finding stands, in words as strong as the evidence; to be escaped by who prints them."""

from layerscope.model.base import FoundBy
from layerscope.model.finding import Evidence, Finding
from layerscope.model.report import InstructionReport, StageReport, Unmatched
from layerscope.model.source import Via


def stage_words(name: str) -> str:
    """A stage, or an image that a COPY names itself."""
    return name if name.startswith("image ") else f"stage {name}"


INCOMPLETE = "layers are missing, damaged, cut or not what the image names; the figures cover only what was read"
"""What to say of a report that is not complete; its warnings name the layers."""


FOUND_BY_WORDS = {
    FoundBy.GIVEN: "given by --base",
    FoundBy.LABEL: "from the buildpacks label",
    FoundBy.ATTESTATION: "attested, unsigned",
    FoundBy.DOCKERFILE: "from the Dockerfile",
    FoundBy.HISTORY: "recorded in the history",
    FoundBy.HISTORY_GUESS: "a guess from the history",
}
_UNMATCHED_WORDS = {
    Unmatched.ANCESTOR: "the image stands on it",
    Unmatched.NOT_READ: "no COPY of the image reads it directly",
    Unmatched.AMBIGUOUS: "another stage has the same files",
    Unmatched.SAME_CONTENT: "same content as files in the stage (inconclusive)",
    Unmatched.INCONCLUSIVE: "inconclusive: the base or the build context may have brought the same files",
    Unmatched.ABSENT: "none of its files is in the image",
}


def stage_evidence(stage: StageReport) -> str:
    """How it is known that files came from a stage, or why none are known to."""
    if stage.evidence is not None:
        return stage.evidence.value
    return _UNMATCHED_WORDS[stage.unmatched] if stage.unmatched is not None else ""


def step_words(step: InstructionReport | None) -> str:
    """A step with its place, on one line."""
    if step is None:
        return "no instruction is recorded"
    return " ".join(f"{_place(step)}{step.kind} {step.text}".split())


def finding_stage(finding: Finding) -> str:
    """`` from stage builder (matched)``, or nothing where no stage is known."""
    return f" from {stage_words(finding.stage)} ({finding.evidence.value})" if finding.stage else ""


def _place(step: InstructionReport) -> str:
    """``line 14 from stage builder: ``; a mount is only a possible source. Empty where nothing is known."""
    line = f"line {step.dockerfile_line}" if step.dockerfile_line else ""
    source = ""
    if step.source:
        mounted = step.via == Via.MOUNT and step.evidence != Evidence.MATCHED
        source = f" {'with input of' if mounted else 'from'} {stage_words(step.source)}"
    place = f"{line}{source}".lstrip()
    return f"{place}: " if place else ""
