"""Compare what two images were found to hold: by rule and place, or by a path that both have."""

from collections.abc import Iterable, Iterator
from itertools import starmap

from msgspec import Struct

from layerscope.model.diff import FindingChange, Status
from layerscope.model.finding import Finding, FindingKind, Severity
from layerscope.model.groups import grouped
from layerscope.model.source import BASE
from layerscope.rules.phrases import telling


class Found(Struct, frozen=True, kw_only=True):
    """What a comparison needs of a finding; ``where`` is its place. Its paths are strings that the layers have too."""

    rule: str
    severity: Severity
    kind: FindingKind
    source: str
    where: str
    title: str
    fix: str
    trade: bool
    content_bytes: int
    paths: tuple[str, ...]


Pair = tuple[list[Found], list[Found]]
"""The findings of one rule at one place, in either image."""


def found(findings: Iterable[Finding]) -> tuple[Found, ...]:
    """Return what is compared of findings."""
    return tuple(
        Found(
            rule=one.rule,
            severity=one.severity,
            kind=one.kind,
            source=one.source,
            where=telling(one.paths) if one.paths else one.detail,
            title=one.title,
            fix=one.fix,
            trade=one.trade,
            content_bytes=one.content_bytes,
            paths=tuple(path.path for path in one.paths),
        )
        for one in findings
    )


def diff_findings(pairs: Iterable[Pair]) -> tuple[FindingChange, ...]:
    """The findings of both sides by rule and place: those still there, then the new, then the resolved ones."""
    order = {Status.SAME: 0, Status.CHANGED: 0, Status.ADDED: 1, Status.REMOVED: 2}

    def rank(row: FindingChange) -> tuple[int, int, int, str, str]:
        most = row.after_bytes if row.after_count else row.before_bytes
        return order[row.status], row.severity.rank, -most, row.rule, row.where

    return tuple(sorted(starmap(_finding_change, pairs), key=rank))


def _finding_change(before: list[Found], after: list[Found]) -> FindingChange:
    bytes_before, bytes_after = (sum(finding.content_bytes for finding in side) for side in (before, after))
    first = (after or before)[0]
    return FindingChange(
        rule=first.rule,
        severity=first.severity,
        kind=first.kind,
        source=first.source,
        where=first.where,
        title=first.title,
        fix=first.fix,
        status=Status.of(before, after, is_same=(len(before), bytes_before) == (len(after), bytes_after)),
        before_count=len(before),
        after_count=len(after),
        before_bytes=bytes_before,
        after_bytes=bytes_after,
    )


def paired(before: Iterable[Found], after: Iterable[Found]) -> Iterator[Pair]:
    """The findings of one rule at one place; where the place differs, those that share a path."""
    ours, theirs = _by_place(before), _by_place(after)
    for key in ours.keys() & theirs.keys():
        yield ours.pop(key), theirs.pop(key)
    of_path: dict[tuple[str, str], tuple[str, str]] = {}
    for key in sorted(ours, reverse=True):
        of_path |= {(finding.rule, path): key for finding in ours[key] for path in finding.paths}
    for key in sorted(theirs):
        shared = (of_path.get((finding.rule, path)) for finding in theirs[key] for path in finding.paths)
        partner = next((one for one in shared if one in ours), None)
        yield ours.pop(partner) if partner is not None else [], theirs[key]
    for left in ours.values():
        yield left, []


def inherited_changes(pairs: Iterable[Pair]) -> tuple[int, int]:
    """Return the bytes of findings at the same place that became the base image's, and that no longer are."""
    became = ceased = 0
    for before, after in pairs:
        own = claimed(before, inherited=False) - claimed(after, inherited=False)
        inherited = claimed(after, inherited=True) - claimed(before, inherited=True)
        became += max(0, min(own, inherited))
        ceased += max(0, min(-own, -inherited))
    return became, ceased


def claimed(findings: Iterable[Found], *, inherited: bool) -> int:
    """Return the bytes of findings that are the base image's, or of those that are not; trades aside."""
    return sum(one.content_bytes for one in findings if not one.trade and (one.source == BASE) == inherited)


def _by_place(findings: Iterable[Found]) -> dict[tuple[str, str], list[Found]]:
    return grouped(findings, lambda one: (one.rule, one.where))
