"""One voice: where a step resolves a finding, the step is the finding's fix."""

from collections.abc import Sequence

from msgspec.structs import replace

from layerscope.advice.advise import Advice
from layerscope.model.finding import Finding, FindingKind, Severity
from layerscope.model.source import BASE
from layerscope.model.step import SecretAdvice, Step

_MOST = 3
"""Steps that one finding names."""
_CONTENTS = {
    "private-key": "the private key",
    "cred-file": "the credentials",
    "env-file": "the secrets",
    "token-pattern": "the token",
}
"""What a file of each rule holds."""
_OF_BASE = "the base image holds it: use another one, or ask who maintains it for a release without it"


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


def secret_advice(findings: Sequence[Finding]) -> tuple[SecretAdvice, ...]:
    """What to do about each secret, the most severe first."""
    found = (
        SecretAdvice(
            finding=place,
            severity=finding.severity,
            rotate=_rotate(finding),
            supply=_OF_BASE if finding.source == BASE else finding.fix,
        )
        for place, finding in enumerate(findings)
        if finding.kind == FindingKind.SECRET
    )
    return tuple(sorted(found, key=lambda one: one.severity.rank))


def _rotate(finding: Finding) -> str:
    path = finding.paths[0].path if finding.paths else ""
    more = len({one.path for one in finding.paths}) - 1
    place = f"{path} and {more:,} more files" if more > 0 else path
    what = f"{_CONTENTS.get(finding.rule, 'the secret')} in {place}" if path else finding.detail
    if finding.severity == Severity.LOW:
        return f"check {what}, and rotate what is real"
    return f"rotate {what}"
