"""What every format tells of a finding: one sentence, one place, and a fingerprint that outlives a rebuild."""

import hashlib
from collections.abc import Iterator, Sequence

from msgspec import Struct

from layerscope.model.common_path import collapse
from layerscope.model.finding import Finding
from layerscope.model.report import Report
from layerscope.render.escape import printable
from layerscope.render.places import finding_stage
from layerscope.render.text import counted
from layerscope.render.units import Units


class Told(Struct, frozen=True, kw_only=True):
    """A finding with what is derived from it.

    ``place`` is the path that says most, as the archive has it (escape it for its reader), empty where the finding
    speaks of the config. ``places`` counts such paths. ``line`` is the Dockerfile line to blame, counted from 1,
    where it is known. ``fingerprint`` is 64 hexadecimal digits, each once in a report.
    """

    finding: Finding
    place: str
    places: int
    line: int | None
    fingerprint: str

    def sentence(self, units: Units) -> str:
        """What was found, where, and how big: safe to print, still to be escaped for markup."""
        finding = self.finding
        size = f", {units(finding.content_bytes)}" if finding.content_bytes else ""
        count = len(finding.paths)
        files = f" ({counted(count, 'file')})" if count > 1 else ""
        at = f" at {self.place}" if self.place and self.place not in finding.title else ""
        where = at + files
        stage = finding_stage(finding)
        layer = f", layer {finding.layers[0]}" if finding.layers else ""
        detail = f": {finding.detail}" if finding.detail else ""
        return printable(f"{finding.title}{where}{stage}{layer}{size}{detail}")


def told(report: Report) -> Iterator[Told]:
    """All findings of a report in its order, but those that are ignored."""
    return _told(report, report.findings)


def told_ignored(report: Report) -> Iterator[Told]:
    """The findings that the user ignores."""
    return _told(report, report.ignored)


def _told(report: Report, findings: Sequence[Finding]) -> Iterator[Told]:
    seen: dict[str, int] = {}
    for finding in findings:
        groups = collapse((path.path, path.content_bytes) for path in finding.paths)
        place = groups[0].path if groups else ""
        key = "\0".join((finding.rule, finding.kind, finding.stage, place))
        # What lies in several layers at one place is told apart by its order, not by indexes that a new layer moves.
        seen[key] = seen.get(key, 0) + 1
        raw = f"{key}\0{seen[key]}".encode("utf-8", "surrogatepass")
        yield Told(
            finding=finding,
            place=place,
            places=len(groups),
            line=_line(report, finding),
            fingerprint=hashlib.sha256(raw).hexdigest(),
        )


def _line(report: Report, finding: Finding) -> int | None:
    """The finding's own line, else that of its instruction."""
    if finding.dockerfile_line is not None or finding.instruction is None:
        return finding.dockerfile_line
    return report.instructions[finding.instruction].dockerfile_line
