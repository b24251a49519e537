"""The list of what to do next: one line for each fix, with what it wins back."""

from msgspec import Struct

from layerscope.model.finding import Finding, FindingKind


class Step(Struct, frozen=True, kw_only=True):
    """One fix; ``content_bytes`` is what the findings that it answers claim, ``rule`` the first rule that asks."""

    fix: str
    rule: str
    content_bytes: int
    findings: int
    rank: int


def next_steps(findings: tuple[Finding, ...]) -> tuple[Step, ...]:
    """The fixes of all findings but inherited ones; what is critical first, then by bytes. They sum to their claims."""
    steps: dict[str, Step] = {}
    for finding in findings:
        if finding.kind == FindingKind.INHERITED:
            continue
        before = steps.get(finding.fix, Step(fix=finding.fix, rule=finding.rule, content_bytes=0, findings=0, rank=9))
        steps[finding.fix] = Step(
            fix=finding.fix,
            rule=before.rule,
            content_bytes=before.content_bytes + finding.content_bytes,
            findings=before.findings + 1,
            rank=min(before.rank, finding.severity.rank),
        )
    return tuple(sorted(steps.values(), key=lambda step: (step.rank > 0, -step.content_bytes, step.rank, step.fix)))
