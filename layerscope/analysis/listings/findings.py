"""Findings as rows: the few directories that hold most of each, or every path."""

from collections.abc import Iterator, Sequence

from msgspec import Struct
from msgspec.structs import asdict, replace

from layerscope.model.common_path import collapse
from layerscope.model.finding import Finding, FindingKind, Severity
from layerscope.model.paths import is_at_or_below
from layerscope.model.rows import Column, Rows, row

_SHARED = (
    Column(name="finding", header="#", kind="number", shown=False),
    Column(name="severity", header="SEVERITY", kind="severity"),
    Column(name="rule", header="RULE"),
    Column(name="kind", header="KIND", rank=2),
    Column(name="evidence", header="EVIDENCE", shown=False, rank=5),
    Column(name="content_bytes", header="SIZE", kind="bytes"),
    Column(name="dockerfile_line", header="LINE", kind="number", shown=False),
    Column(name="source", header="SOURCE", shown=False, rank=1),
)
_DETAILS = (
    Column(name="instruction", kind="number", shown=False),
    Column(name="title", shown=False),
    Column(name="fix", shown=False),
    Column(name="detail", shown=False),
    Column(name="trade", shown=False),
    Column(name="ignored", header="IGNORED BECAUSE", shown=False),
)
_PLACED = frozenset({"evidence", "source", "dockerfile_line"})
"""Columns that are shown only with a Dockerfile, an image of a stage or an attestation."""
_GROUPS = (
    *_SHARED,
    Column(name="files", header="FILES", kind="number", rank=4),
    Column(name="layers", header="LAYERS", rank=3),
    Column(name="path", header="PATH"),
    *_DETAILS,
)
_BRIEF = (*_GROUPS[: -len(_DETAILS)], Column(name="places", header="PLACES", kind="number", rank=3), *_DETAILS)
_PATHS = (
    *_SHARED,
    Column(name="layer", header="LAYER", kind="number", rank=3),
    Column(name="fate", header="FATE", rank=4),
    Column(name="path", header="PATH"),
    *_DETAILS,
)


_NONE = {
    FindingKind.SECRET: "no secrets found",
    FindingKind.LEAK: "no leaks found",
    FindingKind.WASTE: "no waste found",
    FindingKind.INHERITED: "no findings in the base image",
}


class FindingQuery(Struct, frozen=True, kw_only=True):
    """Which findings to list; an empty filter lets all pass.

    ``every_path`` asks for a row for each path, ``is_brief`` for one for each finding, ``with_reasons`` for the user's
    reasons to ignore them in tables.
    """

    rules: frozenset[str] = frozenset()
    severities: frozenset[Severity] = frozenset()
    kinds: frozenset[FindingKind] = frozenset()
    every_path: bool = False
    is_brief: bool = False
    with_reasons: bool = False

    def takes(self, finding: Finding) -> bool:
        """Return whether a finding passes all filters."""
        return (
            (not self.rules or finding.rule in self.rules)
            and (not self.severities or finding.severity in self.severities)
            and (not self.kinds or finding.kind in self.kinds)
        )


def finding_rows(findings: Sequence[Finding], query: FindingQuery) -> Rows:
    """Return the findings of a query; the bytes of the rows are those of the findings.

    They keep their order, but what is inherited comes last: no change to one's own instructions removes it.
    """
    make, columns = (_paths, _PATHS) if query.every_path else (_brief, _BRIEF) if query.is_brief else (_groups, _GROUPS)
    numbered = [(number, one) for number, one in enumerate(findings, start=1) if query.takes(one)]
    numbered.sort(key=lambda pair: pair[1].kind == FindingKind.INHERITED)
    rows = [row for number, finding in numbered for row in make(number, finding)]
    shown = {"ignored"} if query.with_reasons else set[str]()
    if any(":" in finding.source or finding.dockerfile_line is not None for finding in findings):
        shown |= _PLACED
    columns = tuple(replace(one, shown=True) if one.name in shown else one for one in columns)
    return Rows(columns=columns, rows=tuple(rows), nothing=_nothing(query))


def _nothing(query: FindingQuery) -> str:
    """What an empty list means: no more than what was asked for."""
    if query.with_reasons:
        return "no ignored findings"
    if query.rules or query.severities or len(query.kinds) > 1:
        return "no findings match"
    return next((_NONE[kind] for kind in query.kinds), "no findings")


def _groups(number: int, finding: Finding) -> Iterator[tuple[object, ...]]:
    if not finding.paths:
        yield row(_GROUPS, finding, finding=number, files=0, path=finding.detail)
    for group in collapse((path.path, path.content_bytes) for path in finding.paths):
        layers = {path.layer for path in finding.paths if is_at_or_below(path.path, group.path)}
        yield row(_GROUPS, finding, finding=number, layers=tuple(sorted(layers)), **asdict(group))


def _brief(number: int, finding: Finding) -> Iterator[tuple[object, ...]]:
    groups = collapse((path.path, path.content_bytes) for path in finding.paths)
    yield row(
        _BRIEF,
        finding,
        finding=number,
        files=len(finding.paths),
        path=groups[0].path if groups else finding.detail,
        places=len(groups) or None,
    )


def _paths(number: int, finding: Finding) -> Iterator[tuple[object, ...]]:
    if not finding.paths:
        yield row(_PATHS, finding, finding=number, layer=None, fate="", path=finding.detail)
    for path in finding.paths:
        yield row(_PATHS, finding, finding=number, **asdict(path))
