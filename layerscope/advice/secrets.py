"""Secrets: what to rotate, and how to pass it instead; bytes do not matter here, so they are no steps."""

from collections.abc import Sequence

from layerscope.model.finding import Finding, FindingKind, Severity
from layerscope.model.source import BASE
from layerscope.model.step import SecretAdvice

_CONTENTS = {
    "private-key": "the private key",
    "cred-file": "the credentials",
    "env-file": "the secrets",
    "token-pattern": "the token",
}
"""What a file of each rule holds."""
_OF_BASE = "the base image holds it: use another one, or ask who maintains it for a release without it"


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
