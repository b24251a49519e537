"""Bytes by directory on both sides of a diff, over directories that are disjoint and the same for both."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from layerscope.analysis.directories import DirectorySums
from layerscope.model.diff import Change, PathChange, Status
from layerscope.model.report import PathBytes

_DIRECTORIES = 10


def by_files(before: Mapping[str, int], after: Mapping[str, int], changes: Iterable[PathChange]) -> tuple[Change, ...]:
    """The directories with the most bytes added or removed, and one row, ``/``, for all that lies elsewhere.

    ``before`` and ``after`` give the bytes of every live file by path; the rows sum to them.
    """
    sums = DirectorySums(_weights(changes))
    nearest = _Nearest({one.path.rstrip("/") for one in sums.biggest(_DIRECTORIES)})
    return _rows(_summed(before.items(), nearest), _summed(after.items(), nearest))


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
    parents = {parent for path in ours | theirs for parent in _with_parents(path)}
    nearest = _Nearest({path for path in parents if _is_apart(path, ours) and _is_apart(path, theirs)})
    return _rows(
        _summed(((f"{one.path.rstrip('/')}/", one.content_bytes) for one in before), nearest),
        _summed(((f"{one.path.rstrip('/')}/", one.content_bytes) for one in after), nearest),
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
    return not path or path in listed or not any(parent in listed for parent in above)


class _Nearest:
    """Which of some directories a file lies in, the deepest where several hold it; the root holds all."""

    def __init__(self, directories: set[str]) -> None:
        self._known = {"": "", **{path: path for path in directories}}

    def __call__(self, path: str) -> str:
        directory = path.rpartition("/")[0]
        unknown = []
        while directory not in self._known:
            unknown.append(directory)
            directory = directory.rpartition("/")[0]
        found = self._known[directory]
        self._known.update(dict.fromkeys(unknown, found))
        return found


def _summed(files: Iterable[tuple[str, int]], nearest: _Nearest) -> "Counter[str]":
    sums: Counter[str] = Counter()
    for path, content_bytes in files:
        sums[nearest(path)] += content_bytes
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
