"""Findings as a GitLab Code Quality report (GitLab docs, "Code Quality report format")."""

from layerscope.model.finding import Severity
from layerscope.model.report import Report
from layerscope.render.escape import printable
from layerscope.render.finding_summary import dockerfile_path, finding_summaries
from layerscope.render.json import dumps
from layerscope.render.units import RenderOptions

SEVERITIES = {
    Severity.CRITICAL: "blocker",
    Severity.HIGH: "critical",
    Severity.MEDIUM: "major",
    Severity.LOW: "minor",
}


def gitlab(report: Report, options: RenderOptions) -> str:
    """One array; inherited findings are ``info``, since no line of this Dockerfile can change them, and so are trades.

    GitLab shows a finding at a file of the repository: the Dockerfile, at line 1 where no other is known.
    """
    issues = [
        {
            "description": f"{one.sentence(options.units)}. Fix: {printable(one.finding.fix)}",
            "check_name": one.finding.rule,
            "fingerprint": one.fingerprint,
            "severity": "info" if one.is_inherited or one.finding.trade else SEVERITIES[one.finding.severity],
            "location": {"path": dockerfile_path(report, options), "lines": {"begin": one.edit_line or 1}},
        }
        for one in finding_summaries(report)
    ]
    return dumps(issues, indent=2) + "\n"
