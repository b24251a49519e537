"""Findings that the user accepts, with a reason and optionally an end date."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from fnmatch import translate
from functools import cache
from re import Pattern
from re import compile as compile_pattern

from msgspec import Struct
from msgspec.structs import replace

from layerscope.model.finding import Finding, FoundPath
from layerscope.model.report import Report
from layerscope.model.source import BASE, is_reclaimable, source_of
from layerscope.model.step import Step


class Ignore(Struct, frozen=True, kw_only=True):
    """Ignore findings of ``rule`` (``*`` for every rule) at ``path``, a shell pattern in which ``*`` matches slashes.

    Without a path it ignores all findings of the rule. ``expires`` is the first day on which they count again.
    """

    rule: str
    reason: str
    path: str = ""
    expires: date | None = None

    def takes(self, rule: str) -> bool:
        """Return whether it is about a rule."""
        return self.rule in ("*", rule)

    def holds(self, path: str) -> bool:
        """Return whether it is about a path, or a directory above it."""
        return _pattern(self.path).match(path) is not None


@cache
def _pattern(path: str) -> Pattern[str]:
    """Return a pattern that also matches all paths below, for ``/usr/share/doc`` and ``/usr/share/doc/``."""
    base = path.rstrip("/")
    return compile_pattern(f"(?:{translate(base)})|(?:{translate(base + '/*')})")


def apply(
    findings: Iterable[Finding], ignores: Iterable[Ignore], today: date
) -> tuple[tuple[Finding, ...], tuple[Finding, ...], tuple[str, ...]]:
    """Return the findings that are left, those that are ignored, and warnings about expired ignores.

    A finding of which only some paths are ignored is split to the byte; each path takes the reason of the first ignore
    that holds it.
    """
    every = tuple(ignores)
    counted = active(every, today)
    kept: list[Finding] = []
    ignored: list[Finding] = []
    for finding in findings:
        of_rule = [one for one in counted if one.takes(finding.rule)]
        rest, parts = _split(finding, of_rule)
        kept += rest
        ignored += parts
    return tuple(kept), tuple(ignored), tuple(_expired(every, today))


def active(ignores: Iterable[Ignore], today: date) -> tuple[Ignore, ...]:
    """Return the ignores that are not expired."""
    return tuple(one for one in ignores if one.expires is None or today < one.expires)


def without(findings: Iterable[Finding], ignores: Sequence[Ignore]) -> tuple[Finding, ...]:
    """Return the findings, each at its place, without the paths and bytes that active ignores match."""
    return tuple(_rest(finding, [one for one in ignores if one.takes(finding.rule)]) for finding in findings)


def _rest(finding: Finding, ignores: list[Ignore]) -> Finding:
    rest, ignored = _split(finding, ignores)
    return rest[0] if rest else _part(finding, [], ignored[0].ignored)


def unmatched(report: Report, ignores: Iterable[Ignore]) -> Iterator[str]:
    """Yield a sentence for each ignore that matches no finding of an image, ignored or not."""
    found = [*report.findings, *report.ignored]
    for one in ignores:
        if not any(one.takes(finding.rule) and _matches(one, finding) for finding in found):
            yield f"nothing to ignore in {report.image.name}: {_entry(one)}"


def _matches(ignore: Ignore, finding: Finding) -> bool:
    return not ignore.path or any(ignore.holds(path.path) for path in finding.paths)


def _entry(ignore: Ignore) -> str:
    where = f" at {ignore.path}" if ignore.path else ""
    return f"{ignore.rule}{where} ({ignore.reason})"


def _expired(ignores: tuple[Ignore, ...], today: date) -> Iterator[str]:
    for one in ignores:
        if one.expires is not None and today >= one.expires:
            yield f"no longer ignored since {one.expires.isoformat()}: {_entry(one)}"


def _split(finding: Finding, ignores: list[Ignore]) -> tuple[list[Finding], list[Finding]]:
    """Return what is left of a finding, and one ignored part for each ignore that matched some of its paths."""
    if not ignores:
        return [finding], []
    if not finding.paths:
        whole = next((one for one in ignores if not one.path), None)
        return ([finding], []) if whole is None else ([], [replace(finding, ignored=whole.reason)])
    by_ignore: dict[Ignore | None, list[FoundPath]] = {}
    for path in finding.paths:
        first = next((one for one in ignores if one.holds(path.path)), None)
        by_ignore.setdefault(first, []).append(path)
    if list(by_ignore) == [None]:
        return [finding], []
    rest = by_ignore.pop(None, [])
    parts = [_part(finding, paths, one.reason) for one, paths in by_ignore.items() if one is not None]
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
    """Return the report with the ignored findings apart; their bytes are no longer reclaimable."""
    every = tuple(ignores)
    kept, ignored, warnings = apply(report.findings, every, today)
    counted = without(report.findings, active(every, today))
    left = (place for place, finding in enumerate(counted) if not finding.ignored)
    places = {old: new for new, old in enumerate(left)}
    less = [0] * len(report.layers)
    less_of_source: dict[str, int] = {}
    trades: dict[str, int] = {}
    for finding in ignored:
        if is_reclaimable(finding):
            less_of_source[finding.source] = less_of_source.get(finding.source, 0) + finding.content_bytes
            for path in finding.paths:
                less[path.layer] += path.content_bytes
        elif finding.source != BASE:
            trades[finding.source] = trades.get(finding.source, 0) + finding.content_bytes
    return replace(
        report,
        totals=replace(
            report.totals,
            reclaimable_bytes=report.totals.reclaimable_bytes - sum(less),
            trade_bytes=report.totals.trade_bytes - sum(trades.values()),
        ),
        layers=tuple(
            replace(layer, reclaimable_bytes=layer.reclaimable_bytes - less[layer.index]) for layer in report.layers
        ),
        stages=tuple(
            replace(
                stage,
                reclaimable_bytes=stage.reclaimable_bytes - less_of_source.get(source_of(stage.name), 0),
                trade_bytes=stage.trade_bytes - trades.get(source_of(stage.name), 0),
            )
            for stage in report.stages
        ),
        findings=kept,
        steps=tuple(step for one in report.steps if (step := _moved(one, places)).findings),
        base_step=report.base_step and _moved(report.base_step, places),
        secrets=tuple(replace(one, finding=places[one.finding]) for one in report.secrets if one.finding in places),
        ignored=report.ignored + ignored,
        warnings=report.warnings + warnings,
    )


def _moved(step: Step, places: Mapping[int, int]) -> Step:
    """Return the step with the places of those of its findings that count."""
    return replace(step, findings=tuple(places[one] for one in step.findings if one in places))
