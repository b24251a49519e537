"""Secrets are a list of their own: what to rotate and how to pass it, the most severe first."""

import pytest

from layerscope.advice.secrets import secret_advice
from layerscope.model.finding import Evidence, Finding, FindingKind, FoundPath, Severity


def finding(
    rule: str,
    path: str = "",
    *,
    severity: Severity = Severity.HIGH,
    kind: FindingKind = FindingKind.SECRET,
    source: str = "context",
    detail: str = "",
) -> Finding:
    paths = (FoundPath(path=path, layer=1, content_bytes=9, fate="live"),) if path else ()
    return Finding(
        rule=rule, severity=severity, kind=kind, evidence=Evidence.INFERRED, title="t", fix="f", content_bytes=9,
        source=source, detail=detail, paths=paths,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("found", "rotate", "supply"),
    [
        pytest.param(
            finding("config-secret", detail="ENV TOKEN ab***yz"),
            "rotate ENV TOKEN ab***yz",
            "give it when the container starts",
            id="variable",
        ),
        pytest.param(
            finding("config-secret", detail="LABEL token ab***yz"), "rotate LABEL", "leave it out of LABEL;", id="label"
        ),
        pytest.param(
            finding("history-secret", detail="TOKEN ab***yz (in ARG)"),
            "rotate TOKEN",
            "RUN --mount=type=secret",
            id="ARG",
        ),
        pytest.param(
            finding("cred-file", "/root/.npmrc"),
            "rotate the credentials in /root/.npmrc",
            "RUN --mount=type=secret,target=/root/.npmrc",
            id="file of a tool",
        ),
        pytest.param(finding("env-file", "/app/.env"), "rotate the secrets in /app/.env", ".dockerignore", id=".env"),
        pytest.param(finding("private-key", "/k.pem"), "rotate the private key in /k.pem", "type=ssh", id="key"),
        pytest.param(finding("token-pattern", "/x"), "rotate the token in /x", "when the container starts", id="token"),
        pytest.param(
            finding("env-file", "/app/.env", severity=Severity.LOW), "check the secrets", "--env-file", id="may be none"
        ),
        pytest.param(
            finding("cred-file", "/root/.npmrc", source="base"), "rotate", "the base image holds it", id="of the base"
        ),
    ],
)
def test_each_kind_of_secret_says_what_to_rotate_and_how_to_pass_it(found: Finding, rotate: str, supply: str) -> None:
    (one,) = secret_advice([found])
    assert one.rotate.startswith(rotate) and supply in one.supply


def test_the_most_severe_come_first_and_other_findings_not_at_all() -> None:
    found = [
        finding("env-file", "/a/.env"),
        finding("tests", "/app/tests", kind=FindingKind.LEAK, severity=Severity.CRITICAL),
        finding("private-key", "/k", severity=Severity.CRITICAL),
    ]
    assert [one.finding for one in secret_advice(found)] == [2, 0]
