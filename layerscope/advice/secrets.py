"""Secrets: what to rotate, and how to pass it instead; bytes do not matter here, so they are no steps."""

from collections.abc import Iterator, Sequence

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
_SUPPLY = {
    "private-key": "mount it for the one RUN that needs it (RUN --mount=type=secret or type=ssh), or at run time",
    "cred-file": "mount it for the RUN that needs it: RUN --mount=type=secret,target={path}",
    "env-file": "name it in .dockerignore, and give the values when the container starts (--env-file)",
    "token-pattern": "give it when the container starts; for the build alone, mount it (RUN --mount=type=secret)",
    "history-secret": "mount it for the one RUN that needs it (RUN --mount=type=secret) instead of ARG, ENV or a "
    "command's words",
}
_AT_RUN_TIME = "give it when the container starts (--env-file); for the build alone, mount it (RUN --mount=type=secret)"
_OF_BASE = "the base image holds it: use another one, or ask who maintains it for a release without it"


def secret_advice(findings: Sequence[Finding]) -> tuple[SecretAdvice, ...]:
    """What to do about each secret, the most severe first."""
    return tuple(sorted(_all(findings), key=lambda one: one.severity.rank))


def _all(findings: Sequence[Finding]) -> Iterator[SecretAdvice]:
    for place, finding in enumerate(findings):
        if finding.kind == FindingKind.SECRET:
            yield SecretAdvice(
                finding=place, severity=finding.severity, rotate=_rotate(finding), supply=_supply(finding)
            )


def _rotate(finding: Finding) -> str:
    path = finding.paths[0].path if finding.paths else ""
    what = f"{_CONTENTS.get(finding.rule, 'the secret')} in {path}" if path else finding.detail
    if finding.severity == Severity.LOW:
        return f"check {what}, and rotate what is real"
    return f"rotate {what}"


def _supply(finding: Finding) -> str:
    if finding.source == BASE:
        return _OF_BASE
    if finding.rule == "config-secret":
        keyword = finding.detail.partition(" ")[0]
        return _AT_RUN_TIME if keyword == "ENV" else f"leave it out of {keyword}; {_AT_RUN_TIME}"
    path = finding.paths[0].path if finding.paths else ""
    return _SUPPLY.get(finding.rule, _AT_RUN_TIME).replace("{path}", path)
