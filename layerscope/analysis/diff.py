"""Compare two images by their reports, and by their file systems where both are available."""

from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import starmap

from layerscope.analysis.amounts import Amount
from layerscope.analysis.diff_causes import diff_causes
from layerscope.analysis.diff_paths import diff_paths
from layerscope.analysis.diff_steps import diff_instructions, diff_layers
from layerscope.analysis.directories import DirectorySums
from layerscope.analysis.live_files import LiveFiles
from layerscope.analysis.policy import check_growth
from layerscope.model.diff import Change, Diff, FindingChange, PackageChange, PathChange, Side, Status
from layerscope.model.finding import Finding
from layerscope.model.groups import grouped
from layerscope.model.package import Package
from layerscope.model.report import PathBytes, Report
from layerscope.model.source import BASE
from layerscope.rules.phrases import telling

_Pair = tuple[list[Finding], list[Finding]]
"""The findings of one rule at one place, in either image."""


def diff(
    before: Report,
    after: Report,
    *,
    before_files: LiveFiles | None = None,
    after_files: LiveFiles | None = None,
    max_growth: Amount | None = None,
) -> Diff:
    """Return the difference of two reports; with both file systems also by path, and finer by directory.

    The file systems must be those of the reports, with readable contents and the same method of fingerprints.
    ``max_growth`` is the limit that the growth is checked against, as ``check`` does.
    """
    growth = None if max_growth is None else check_growth(after, max_growth, before)
    paths = directories = None
    if before_files is not None and after_files is not None:
        paths = diff_paths(before_files, after_files)
        directories = by_files(before_files.files(), after_files.files(), paths.paths)
    instructions = diff_instructions(before, after)
    pairs = tuple(_paired(before.findings, after.findings))
    moved, moved_back = inherited_changes(pairs)
    return Diff(
        before=_side(before),
        after=_side(after),
        layers=diff_layers(before, after),
        directories=by_reports(before.directories, after.directories) if directories is None else directories,
        packages=diff_packages(before.packages, after.packages),
        before_unowned_bytes=before.unowned_bytes,
        after_unowned_bytes=after.unowned_bytes,
        instructions=instructions,
        causes=diff_causes(before, after, instructions),
        growth=growth,
        findings=_finding_changes(pairs),
        now_inherited_bytes=moved,
        no_longer_inherited_bytes=moved_back,
        stages=_stages(before, after),
        paths=paths,
        warnings=tuple(_warnings(before, after, paths.unknown if paths else 0)),
    )


def _side(report: Report) -> Side:
    return Side(
        image=report.image,
        totals=report.totals,
        inherited_bytes=_claimed(report.findings, inherited=True),
        layers=len(report.layers),
        dockerfile=report.dockerfile.name if report.dockerfile is not None else "",
        complete=report.complete,
    )


def diff_packages(before: Iterable[Package], after: Iterable[Package]) -> tuple[PackageChange, ...]:
    """Compare packages by type and name, biggest difference first; packages that a layer removed are left out."""
    ours, theirs = _by_name(before), _by_name(after)
    rows = []
    for type_name in ours.keys() | theirs.keys():
        one, other = ours.get(type_name, []), theirs.get(type_name, [])
        versions, other_versions = (tuple(sorted(package.version for package in side)) for side in (one, other))
        bytes_before, bytes_after = (sum(package.content_bytes for package in side) for side in (one, other))
        is_same = (versions, bytes_before) == (other_versions, bytes_after)
        row = PackageChange(
            type=type_name[0],
            name=type_name[1],
            status=Status.of(one, other, is_same=is_same),
            before=versions,
            after=other_versions,
            before_bytes=bytes_before,
            after_bytes=bytes_after,
        )
        rows.append(row)
    return tuple(sorted(rows, key=lambda row: (-abs(row.delta), row.type, row.name)))


def _by_name(packages: Iterable[Package]) -> dict[tuple[str, str], list[Package]]:
    there = (package for package in packages if package.removed_in is None)
    return grouped(there, lambda one: (one.type, one.full_name))


def diff_findings(before: Iterable[Finding], after: Iterable[Finding]) -> tuple[FindingChange, ...]:
    """The findings of both sides by rule and place: those still there, then the new, then the resolved ones."""
    return _finding_changes(_paired(before, after))


def _finding_changes(pairs: Iterable[_Pair]) -> tuple[FindingChange, ...]:
    order = {Status.SAME: 0, Status.CHANGED: 0, Status.ADDED: 1, Status.REMOVED: 2}

    def rank(row: FindingChange) -> tuple[int, int, int, str, str]:
        most = row.after_bytes if row.after_count else row.before_bytes
        return order[row.status], row.severity.rank, -most, row.rule, row.where

    return tuple(sorted(starmap(_finding_change, pairs), key=rank))


def _finding_change(before: list[Finding], after: list[Finding]) -> FindingChange:
    bytes_before, bytes_after = (sum(finding.content_bytes for finding in side) for side in (before, after))
    first = (after or before)[0]
    return FindingChange(
        rule=first.rule,
        severity=first.severity,
        kind=first.kind,
        source=first.source,
        where=_place(first),
        title=first.title,
        fix=first.fix,
        status=Status.of(before, after, is_same=(len(before), bytes_before) == (len(after), bytes_after)),
        before_count=len(before),
        after_count=len(after),
        before_bytes=bytes_before,
        after_bytes=bytes_after,
    )


def _paired(before: Iterable[Finding], after: Iterable[Finding]) -> Iterator[_Pair]:
    """The findings of one rule at one place; where the place differs, those that share a path."""
    ours, theirs = _by_place(before), _by_place(after)
    for key in ours.keys() & theirs.keys():
        yield ours.pop(key), theirs.pop(key)
    of_path: dict[tuple[str, str], tuple[str, str]] = {}
    for key in sorted(ours, reverse=True):
        of_path |= {(finding.rule, path.path): key for finding in ours[key] for path in finding.paths}
    for key in sorted(theirs):
        shared = (of_path.get((finding.rule, path.path)) for finding in theirs[key] for path in finding.paths)
        partner = next((one for one in shared if one in ours), None)
        yield ours.pop(partner) if partner is not None else [], theirs[key]
    for left in ours.values():
        yield left, []


def inherited_changes(pairs: Iterable[_Pair]) -> tuple[int, int]:
    """Return the bytes of findings at the same place that became the base image's, and that no longer are."""
    became = ceased = 0
    for before, after in pairs:
        own = _claimed(before, inherited=False) - _claimed(after, inherited=False)
        inherited = _claimed(after, inherited=True) - _claimed(before, inherited=True)
        became += max(0, min(own, inherited))
        ceased += max(0, min(-own, -inherited))
    return became, ceased


def _claimed(findings: Iterable[Finding], *, inherited: bool) -> int:
    return sum(one.content_bytes for one in findings if not one.trade and (one.source == BASE) == inherited)


def _by_place(findings: Iterable[Finding]) -> dict[tuple[str, str], list[Finding]]:
    return grouped(findings, lambda one: (one.rule, _place(one)))


def _place(finding: Finding) -> str:
    return telling(finding.paths) if finding.paths else finding.detail


def _stages(before: Report, after: Report) -> tuple[Change, ...]:
    ours = {stage.name: stage.content_bytes for stage in before.stages}
    theirs = {stage.name: stage.content_bytes for stage in after.stages}
    return tuple(
        Change(
            name=name,
            status=Status.of(name in ours, name in theirs, is_same=ours.get(name) == theirs.get(name)),
            before_bytes=ours.get(name, 0),
            after_bytes=theirs.get(name, 0),
        )
        for name in sorted(ours.keys() | theirs.keys())
    )


def _warnings(before: Report, after: Report, unknown: int) -> Iterator[str]:
    for side, report in (("first", before), ("second", after)):
        if not report.complete:
            yield f"the {side} image is incomplete: layers are missing, damaged, cut or not what it names"
    platforms = before.image.platform, after.image.platform
    if platforms[0] != platforms[1]:
        yield f"the images are for different platforms: {platforms[0]} and {platforms[1]}"
    if unknown:
        yield f"{unknown:,} files of equal length could not be compared, and count as changed"


_DIRECTORIES = 10
_MOST_KNOWN = 10_000


def by_files(
    before: Iterable[tuple[str, int]], after: Iterable[tuple[str, int]], changes: Iterable[PathChange]
) -> tuple[Change, ...]:
    """The directories with the most bytes added or removed, and one row, ``/``, for all that lies elsewhere.

    ``before`` and ``after`` give the directory and the bytes of every live file; the rows sum to them.
    """
    sums = DirectorySums(_weights(changes))
    nearest = _Nearest({one.path.rstrip("/") for one in sums.biggest(_DIRECTORIES)})
    return _rows(_summed(before, nearest), _summed(after, nearest))


def _weights(changes: Iterable[PathChange]) -> Iterator[tuple[str, int]]:
    """How many bytes each change adds to or removes from a directory; a move does both, at two places."""
    for change in changes:
        directory = change.path.rpartition("/")[0]
        if change.moved_from:
            yield change.moved_from.rpartition("/")[0], change.before_bytes
            yield directory, change.after_bytes
        else:
            yield directory, abs(change.delta)


def by_reports(before: tuple[PathBytes, ...], after: tuple[PathBytes, ...]) -> tuple[Change, ...]:
    """The same from the disjoint directories that two reports list, as fine as both of them allow."""
    ours, theirs = ({one.path.rstrip("/") for one in side} for side in (before, after))
    nearest = _Nearest({path for path in ours | theirs if _is_apart(path, ours) and _is_apart(path, theirs)})
    return _rows(
        _summed(((one.path.rstrip("/"), one.content_bytes) for one in before), nearest),
        _summed(((one.path.rstrip("/"), one.content_bytes) for one in after), nearest),
    )


def _with_parents(path: str) -> Iterable[str]:
    """A directory and all above it; the root is the empty string."""
    yield path
    while path:
        path = path.rpartition("/")[0]
        yield path


def _is_apart(path: str, listed: set[str]) -> bool:
    """Whether a report accounts for ``path`` apart from what lies beside it: listed itself, or nothing above it is."""
    above = _with_parents(path.rpartition("/")[0])
    return path in listed or not any(parent in listed for parent in above)


class _Nearest:
    """Which of some directories a directory is or lies in, the deepest where several hold it; the root holds all."""

    def __init__(self, directories: set[str]) -> None:
        self._named = {"": "", **{path: path for path in directories}}
        self._known = dict(self._named)

    def __call__(self, directory: str) -> str:
        if len(self._known) > _MOST_KNOWN:
            self._known = dict(self._named)
        unknown = []
        while directory not in self._known:
            unknown.append(directory)
            directory = directory.rpartition("/")[0]
        found = self._known[directory]
        self._known.update(dict.fromkeys(unknown, found))
        return found


def _summed(files: Iterable[tuple[str, int]], nearest: _Nearest) -> "Counter[str]":
    sums: Counter[str] = Counter()
    last, place = None, ""
    for directory, content_bytes in files:
        if directory is not last:  # Most are in the directory of the one before, and share its string.
            last, place = directory, nearest(directory)
        sums[place] += content_bytes
    return sums


def _rows(before: "Counter[str]", after: "Counter[str]") -> tuple[Change, ...]:
    rows = [
        Change(
            name=path or "/",
            status=Status.of(path in before, path in after, is_same=before[path] == after[path]),
            before_bytes=before[path],
            after_bytes=after[path],
        )
        for path in before.keys() | after.keys()
    ]
    return tuple(sorted(rows, key=lambda row: (-abs(row.delta), row.name)))
