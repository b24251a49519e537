"""Compare two images by their reports, and by their file systems where both are available."""

from collections import Counter
from collections.abc import Iterable, Iterator

from msgspec import Struct
from msgspec.structs import replace

from layerscope.analysis.amounts import Amount
from layerscope.analysis.diff_causes import diff_causes
from layerscope.analysis.diff_findings import Found, claimed, diff_findings, found, inherited_changes, paired
from layerscope.analysis.diff_packages import PackageRows, diff_packages
from layerscope.analysis.diff_paths import diff_paths
from layerscope.analysis.diff_steps import diff_instructions, diff_layers
from layerscope.analysis.directories import DirectorySums
from layerscope.analysis.live_files import LiveFiles
from layerscope.analysis.policy import check_growth
from layerscope.model.diff import Change, Diff, PathChange, Side, Status
from layerscope.model.report import PathBytes, Report


class DiffSide(Struct, frozen=True, kw_only=True):
    """What is compared of one image; in ``report`` there is nothing that other fields have, or that no diff shows."""

    report: Report
    packages: PackageRows
    findings: tuple[Found, ...]
    files: LiveFiles | None = None


def side_of(report: Report, files: LiveFiles | None = None) -> DiffSide:
    """Return one side of a diff, which takes a fraction of the memory of its report."""
    return DiffSide(
        report=replace(
            report, packages=(), findings=(), ignored=(), steps=(), secrets=(), warnings=(), hidden=(), onto=()
        ),
        packages=PackageRows(report.packages),
        findings=found(report.findings),
        files=files,
    )


def diff(before: Report, after: Report, *, max_growth: Amount | None = None) -> Diff:
    """Return the difference of two reports; see ``difference``."""
    return difference(side_of(before), side_of(after), max_growth=max_growth)


def difference(one: DiffSide, other: DiffSide, *, max_growth: Amount | None = None) -> Diff:
    """Return the difference of two images; with both file systems also by path, and finer by directory.

    The file systems must be those of the reports, with readable contents and the same method of fingerprints.
    ``max_growth`` is the limit that the growth is checked against, as ``check`` does.
    """
    before, after = one.report, other.report
    growth = None if max_growth is None else check_growth(after, max_growth, before)
    paths = directories = None
    if one.files is not None and other.files is not None:
        paths = diff_paths(one.files, other.files)
        directories = by_files(one.files.files(), other.files.files(), paths.paths)
    instructions = diff_instructions(before, after)
    pairs = tuple(paired(one.findings, other.findings))
    moved, moved_back = inherited_changes(pairs)
    return Diff(
        before=_side(one),
        after=_side(other),
        layers=diff_layers(before, after),
        directories=by_reports(before.directories, after.directories) if directories is None else directories,
        packages=diff_packages(one.packages, other.packages),
        before_unowned_bytes=before.unowned_bytes,
        after_unowned_bytes=after.unowned_bytes,
        instructions=instructions,
        causes=diff_causes(before, after, instructions),
        growth=growth,
        findings=diff_findings(pairs),
        now_inherited_bytes=moved,
        no_longer_inherited_bytes=moved_back,
        stages=_stages(before, after),
        paths=paths,
        warnings=tuple(_warnings(before, after, paths.unknown if paths else 0)),
    )


def _side(side: DiffSide) -> Side:
    report = side.report
    return Side(
        image=report.image,
        totals=report.totals,
        inherited_bytes=claimed(side.findings, inherited=True),
        layers=len(report.layers),
        dockerfile=report.dockerfile.name if report.dockerfile is not None else "",
        complete=report.complete,
    )


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
