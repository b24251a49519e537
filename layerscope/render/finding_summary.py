"""What every format says about findings: a sentence, a place, a stable fingerprint, and the next steps."""

import hashlib
from collections.abc import Iterator, Sequence

from msgspec import Struct

from layerscope.model.common_path import Group, collapse
from layerscope.model.finding import Finding
from layerscope.model.report import Report
from layerscope.model.source import BASE
from layerscope.model.step import Step
from layerscope.render.escape import printable
from layerscope.render.units import RenderOptions, Units
from layerscope.render.words import copied_from, counted, layer_words


class FindingSummary(Struct, frozen=True, kw_only=True):
    """A finding with what is derived from it.

    ``place`` is the most telling path, as the archive has it (to be escaped), empty for a finding in the config.
    ``places`` counts such paths. ``line`` is the Dockerfile line that brought it into the image, ``edit_line`` the one
    to edit, from 1, where they are known. ``fingerprint`` is 64 hexadecimal digits, unique in a report and the same
    after a rebuild. ``steps`` resolve it, all or in part.
    """

    finding: Finding
    place: str
    places: int
    line: int | None
    edit_line: int | None
    fingerprint: str
    steps: tuple[Step, ...] = ()

    @property
    def is_inherited(self) -> bool:
        """Whether the base image brought it."""
        return self.finding.source == BASE

    @property
    def more_places(self) -> str:
        """`` and 2 more places``, or nothing."""
        return more_places(self.places)

    def sentence(self, units: Units) -> str:
        """What was found, where, and how big: safe to print, still to be escaped for markup."""
        finding = self.finding
        at = f" at {self.place}" if self.place and self.place not in finding.title else ""
        files = f" ({counted(finding.path_count, 'file')})" if finding.path_count > 1 else ""
        parts = [
            f"{finding.title}{at}{files}",
            copied_from(finding),
            layer_words(finding.layers),
            units(finding.content_bytes) if finding.content_bytes else "",
        ]
        detail = f": {finding.detail}" if finding.detail else ""
        return printable(", ".join(part for part in parts if part) + detail)


def places(finding: Finding, most: int = 5) -> tuple[Group, ...]:
    """The directories and files that say most about where a finding is, biggest first."""
    return collapse(((path.path, path.content_bytes) for path in finding.paths), most)


def more_places(count: int) -> str:
    """`` and 2 more places`` of three, nothing for a single one."""
    return f" and {counted(count - 1, 'more place')}" if count > 1 else ""


def line_of(finding: Finding, report: Report) -> int | None:
    """The line of the Dockerfile that brought it into the image, where it is known."""
    if finding.dockerfile_line is None and finding.instruction is not None:
        return report.instructions[finding.instruction].dockerfile_line
    return finding.dockerfile_line


def finding_summaries(report: Report) -> Iterator[FindingSummary]:
    """All findings that count, in the order of the report."""
    return _summaries(report, report.findings)


def ignored_summaries(report: Report) -> Iterator[FindingSummary]:
    """The findings that the user ignores."""
    return _summaries(report, report.ignored)


def _summaries(report: Report, findings: Sequence[Finding]) -> Iterator[FindingSummary]:
    seen: dict[str, int] = {}
    steps: dict[int, list[Step]] = {}
    for step in report.steps if findings is report.findings else ():
        for one in step.findings:
            steps.setdefault(one, []).append(step)
    for number, finding in enumerate(findings):
        groups = places(finding)
        place = groups[0].path if groups else ""
        key = "\0".join((finding.rule, finding.kind, place))
        # Several layers may hold the same place: the order distinguishes them, since a new layer moves the indexes.
        seen[key] = seen.get(key, 0) + 1
        raw = f"{key}\0{seen[key]}".encode("utf-8", "surrogatepass")
        line, resolving = line_of(finding, report), tuple(steps.get(number, ()))
        yield FindingSummary(
            finding=finding,
            place=place,
            places=len(groups),
            line=line,
            edit_line=next((step.dockerfile_line for step in resolving if step.dockerfile_line is not None), line),
            fingerprint=hashlib.sha256(raw).hexdigest(),
            steps=resolving,
        )


def dockerfile_path(report: Report, options: RenderOptions) -> str:
    """The Dockerfile as edits name it: relative to the directory of the build's files, which the repository holds."""
    name = report.dockerfile.name if report.dockerfile is not None else "Dockerfile"
    edited = (edit.file for step in report.steps for edit in step.edits)
    return options.dockerfile or next((file for file in edited if file.rpartition("/")[2] == name), name)
