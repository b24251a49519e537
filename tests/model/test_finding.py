"""What several findings found, in few words."""

from layerscope.model.finding import Evidence, Finding, FindingKind, Severity, kinds_found


def found(rule: str, title: str, content_bytes: int) -> Finding:
    return Finding(
        rule=rule,
        severity=Severity.LOW,
        kind=FindingKind.WASTE,
        evidence=Evidence.INFERRED,
        title=title,
        fix="",
        content_bytes=content_bytes,
    )


def test_rules_with_the_same_title_are_named_once() -> None:
    findings = (found("copied-up", "logs", 9), found("overwritten", "logs", 8), found("docs", "manuals: of a", 7))
    assert kinds_found(findings, 2) == "logs, manuals"
    assert kinds_found(findings, 1) == "logs, ..."
    assert kinds_found((*findings, found("empty", "nothing", 0)), 3) == "logs, manuals"
