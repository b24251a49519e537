"""Findings as a GitLab Code Quality report (GitLab docs, "Code Quality report format")."""

from layerscope.model.finding import FindingKind, Severity
from layerscope.model.report import Report
from layerscope.render.escape import printable
from layerscope.render.finding_summary import told
from layerscope.render.json import dumps
from layerscope.render.options import TextOptions

SEVERITIES = {
    Severity.CRITICAL: "blocker",
    Severity.HIGH: "critical",
    Severity.MEDIUM: "major",
    Severity.LOW: "minor",
}


def gitlab(report: Report, options: TextOptions) -> str:
    """One array; what comes with the base image is ``info``, since no line here can change it.

    GitLab shows a finding at a file of the repository, so each stands at the Dockerfile, at line 1 where none is known.
    """
    return (
        dumps(
            [
                {
                    "description": one.sentence(options.units) + ". Fix: " + printable(one.finding.fix),
                    "check_name": one.finding.rule,
                    "fingerprint": one.fingerprint,
                    "severity": "info"
                    if one.finding.kind == FindingKind.INHERITED
                    else SEVERITIES[one.finding.severity],
                    "location": {"path": options.dockerfile or "Dockerfile", "lines": {"begin": one.line or 1}},
                }
                for one in told(report)
            ],
            indent=2,
        )
        + "\n"
    )
