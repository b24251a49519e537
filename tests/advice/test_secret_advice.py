"""Secrets are a list of their own: what to rotate and how to pass it, the most severe first."""

import pytest
from msgspec.structs import replace

from layerscope.advice.finding_fixes import secret_advice
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
    ("found", "rotate"),
    [
        pytest.param(finding("config-secret", detail="ENV TOKEN ab***yz"), "rotate ENV TOKEN ab***yz", id="variable"),
        pytest.param(
            finding("history-secret", detail="TOKEN ab***yz (in ARG)"), "rotate TOKEN ab***yz (in ARG)", id="ARG"
        ),
        pytest.param(
            finding("cred-file", "/root/.npmrc"), "rotate the credentials in /root/.npmrc", id="file of a tool"
        ),
        pytest.param(finding("env-file", "/app/.env"), "rotate the secrets in /app/.env", id=".env"),
        pytest.param(finding("private-key", "/k.pem"), "rotate the private key in /k.pem", id="key"),
        pytest.param(finding("token-pattern", "/x"), "rotate the token in /x", id="token"),
        pytest.param(
            finding("env-file", "/app/.env", severity=Severity.LOW),
            "check the secrets in /app/.env, and rotate what is real",
            id="may be none",
        ),
    ],
)
def test_each_secret_says_what_to_rotate_and_its_rule_how_to_pass_it(found: Finding, rotate: str) -> None:
    (one,) = secret_advice([found])
    assert (one.rotate, one.supply) == (rotate, found.fix)


def test_one_secret_in_many_files_says_how_many() -> None:
    paths = tuple(FoundPath(path=path, layer=1, content_bytes=9, fate="live") for path in ("/a", "/a", "/b", "/c"))
    (one,) = secret_advice([replace(finding("private-key"), paths=paths)])
    assert one.rotate == "rotate the private key in /a and 2 more files"


def test_a_secret_of_the_base_needs_another_base() -> None:
    (one,) = secret_advice([finding("cred-file", "/root/.npmrc", source="base")])
    assert one.supply.startswith("the base image holds it")


def test_the_most_severe_come_first_and_other_findings_not_at_all() -> None:
    found = [
        finding("env-file", "/a/.env"),
        finding("tests", "/app/tests", kind=FindingKind.LEAK, severity=Severity.CRITICAL),
        finding("private-key", "/k", severity=Severity.CRITICAL),
    ]
    assert [one.finding for one in secret_advice(found)] == [2, 0]
