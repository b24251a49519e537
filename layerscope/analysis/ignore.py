"""Findings that the user has looked at and accepts, with a reason and until a day."""

from collections.abc import Iterable, Iterator
from datetime import date
from fnmatch import translate
from functools import cache
from re import Pattern
from re import compile as compile_pattern

from msgspec import Struct
from msgspec.structs import replace

from layerscope.model.finding import Finding, FoundPath
from layerscope.model.report import LayerReport, Report
from layerscope.model.source import BASE, source_of


class Ignore(Struct, frozen=True, kw_only=True):
    """Ignore what ``rule`` (``*`` for every rule) finds at ``path``, a shell pattern in which ``*`` crosses slashes.

    Without a path it ignores all that the rule finds. ``expires`` is the first day on which it is off again.
    """

    rule: str
    reason: str
    path: str = ""
    expires: date | None = None

    def takes(self, rule: str) -> bool:
        """Whether it speaks of that rule at all."""
        return self.rule in ("*", rule)

    def holds(self, path: str) -> bool:
        """Whether it speaks of that path, or of a directory that holds it."""
        return not self.path or _pattern(self.path).match(path) is not None


@cache
def _pattern(path: str) -> Pattern[str]:
    """``/usr/share/doc`` and ``/usr/share/doc/`` hold all below them too."""
    base = path.rstrip("/")
    return compile_pattern(f"(?:{translate(base)})|(?:{translate(base + '/*')})")


def apply(
    findings: Iterable[Finding], ignores: Iterable[Ignore], today: date
) -> tuple[tuple[Finding, ...], tuple[Finding, ...], tuple[str, ...]]:
    """The findings that are left, those that are ignored, and what is wrong with the ignores.

    A finding of which some paths are ignored is split in two, to the byte. The first ignore that holds counts, and
    its reason stands in the ignored part.
    """
    known = tuple(ignores)
    active = tuple(one for one in known if one.expires is None or today < one.expires)
    kept: list[Finding] = []
    ignored: list[Finding] = []
    for finding in findings:
        of_rule = [one for one in active if one.takes(finding.rule)]
        rest, parts = _split(finding, of_rule)
        kept += rest
        ignored += parts
    return tuple(kept), tuple(ignored), tuple(_expired(known, today))


def unmatched(report: Report, ignores: Iterable[Ignore]) -> Iterator[str]:
    """A sentence for each ignore that speaks of nothing that was found in an image, ignored or not."""
    found = [*report.findings, *report.ignored]
    for one in ignores:
        if not any(one.takes(finding.rule) and _speaks_of(one, finding) for finding in found):
            yield f"nothing to ignore in {report.image.name}: {_entry(one)}"


def _speaks_of(ignore: Ignore, finding: Finding) -> bool:
    return not ignore.path or any(ignore.holds(path.path) for path in finding.paths)


def _entry(ignore: Ignore) -> str:
    where = f" at {ignore.path}" if ignore.path else ""
    return f"{ignore.rule}{where} ({ignore.reason})"


def _expired(ignores: tuple[Ignore, ...], today: date) -> Iterator[str]:
    for one in ignores:
        if one.expires is not None and today >= one.expires:
            yield f"no longer ignored since {one.expires.isoformat()}: {_entry(one)}"


def _split(finding: Finding, ignores: list[Ignore]) -> tuple[list[Finding], list[Finding]]:
    """What is left of a finding, and its ignored parts, one for each ignore that took some of it."""
    if not ignores:
        return [finding], []
    if not finding.paths:
        whole = next((one for one in ignores if not one.path), None)
        return ([finding], []) if whole is None else ([], [replace(finding, ignored=whole.reason)])
    taken: dict[Ignore | None, list[FoundPath]] = {}
    for path in finding.paths:
        taker = next((one for one in ignores if one.holds(path.path)), None)
        taken.setdefault(taker, []).append(path)
    if list(taken) == [None]:
        return [finding], []
    rest = taken.pop(None, [])
    parts = [_part(finding, paths, taker.reason) for taker, paths in taken.items() if taker is not None]
    return [_part(finding, rest, "")] if rest else [], parts


def _part(finding: Finding, paths: list[FoundPath], reason: str) -> Finding:
    return replace(
        finding,
        content_bytes=sum(path.content_bytes for path in paths),
        layers=tuple(sorted({path.layer for path in paths})),
        paths=tuple(paths),
        ignored=reason,
    )


def ignoring(report: Report, ignores: Iterable[Ignore], today: date) -> Report:
    """The report with the ignored findings set apart; their bytes are neither reclaimable nor needless any longer."""
    kept, ignored, warnings = apply(report.findings, ignores, today)
    less = [0] * len(report.layers)
    less_of_source: dict[str, int] = {}
    for finding in ignored:
        if finding.source != BASE:
            less_of_source[finding.source] = less_of_source.get(finding.source, 0) + finding.content_bytes
            for path in finding.paths:
                less[path.layer] += path.content_bytes
    return replace(
        report,
        totals=replace(report.totals, reclaimable_bytes=report.totals.reclaimable_bytes - sum(less)),
        layers=tuple(_layer(layer, less[layer.index]) for layer in report.layers),
        stages=tuple(
            replace(stage, reclaimable_bytes=stage.reclaimable_bytes - less_of_source.get(source_of(stage.name), 0))
            for stage in report.stages
        ),
        findings=kept,
        ignored=report.ignored + ignored,
        warnings=report.warnings + warnings,
    )


def _layer(layer: LayerReport, less: int) -> LayerReport:
    return replace(layer, reclaimable_bytes=layer.reclaimable_bytes - less) if less else layer
