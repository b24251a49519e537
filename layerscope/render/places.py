"""Where an instruction or a finding stands, in words as strong as the evidence; to be escaped by who prints them."""

from layerscope.model.finding import Finding
from layerscope.model.report import InstructionReport


def stage_words(name: str) -> str:
    """A stage, or an image that a COPY names itself."""
    return name if name.startswith("image ") else f"stage {name}"


INCOMPLETE = "layers are missing, damaged, cut or not what the image names; the figures cover only what was read"
"""What to say of a report that is not complete; its warnings name the layers."""


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
    if step.source_stage:
        sure = not step.evidence.startswith(("possible input", "input"))
        source = f" {'from' if sure else 'with input of'} {stage_words(step.source_stage)}"
    place = f"{line}{source}".lstrip()
    return f"{place}: " if place else ""
