"""One voice: where a step resolves a finding, the step is the finding's fix."""

from collections.abc import Sequence

from msgspec.structs import replace

from layerscope.advice.advise import Advice
from layerscope.model.finding import Finding
from layerscope.model.step import SecretAdvice, Step

_MOST = 3
"""Steps that one finding names."""


def with_fixes(
    findings: Sequence[Finding], advice: Sequence[Advice], secrets: Sequence[SecretAdvice]
) -> tuple[Finding, ...]:
    """The findings with the sentences of the steps that resolve them; what a step leaves keeps the rule's own fix.

    So does what has a step by hand, whose sentence that fix is.
    """
    fixes = {one.finding: f"{one.supply}; {one.rotate}: anyone who pulled the image has it" for one in secrets}
    by_finding: dict[int, list[tuple[Step, int]]] = {}
    for one in advice:
        for place, saved in one.resolved:
            if place not in fixes:
                by_finding.setdefault(place, []).append((one.step, saved))
    for place, steps in by_finding.items():
        fixes[place] = _of_steps(findings[place], steps)
    return tuple(
        replace(finding, fix=fixes[place]) if place in fixes else finding for place, finding in enumerate(findings)
    )


def _of_steps(finding: Finding, steps: Sequence[tuple[Step, int]]) -> str:
    sentences = [f"{place}: {step.sentence}" if (place := _place(step)) else step.sentence for step, _ in steps[:_MOST]]
    if len(steps) > _MOST:
        sentences.append(f"and {len(steps) - _MOST} more steps")
    if sum(saved for _, saved in steps) < finding.content_bytes:
        sentences.append(f"for the rest: {finding.fix}")
    return "; ".join(sentences)


def _place(step: Step) -> str:
    if step.dockerfile_line is None:
        return ""
    named = bool(step.stage) and not step.stage.isdigit()
    return f"line {step.dockerfile_line}" + (f", stage {step.stage}" if named else "")
