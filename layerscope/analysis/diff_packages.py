"""Compare the packages of two images by type and name."""

import marshal
from collections.abc import Iterable, Iterator
from itertools import groupby
from operator import itemgetter
from sys import intern

from layerscope.model.diff import PackageChange, Status
from layerscope.model.package import Package

_TOGETHER = 1000
_Key = tuple[str, str]
_Versions = tuple[_Key, tuple[str, ...], int]
"""Type and name of a package, its versions, and their bytes."""


class PackageRows:
    """The packages of an image, sorted by type and name; bytes until they are compared, a fifth of what objects take.

    Those that a layer removed are left out.
    """

    def __init__(self, packages: Iterable[Package]) -> None:
        there = (one for one in packages if one.removed_in is None)
        rows = sorted((one.type, one.full_name, one.version, one.content_bytes) for one in there)
        starts = range(0, len(rows), _TOGETHER)
        # No other codec of bytes takes names that are not UTF-8; these never leave the process.
        self._encoded = [marshal.dumps(rows[start : start + _TOGETHER]) for start in starts]

    def __iter__(self) -> Iterator[_Versions]:
        rows = (row for encoded in self._encoded for row in marshal.loads(encoded))
        for (kind, name), group in groupby(rows, key=itemgetter(0, 1)):
            members = list(group)
            yield (intern(kind), name), tuple(row[2] for row in members), sum(row[3] for row in members)


def diff_packages(before: PackageRows, after: PackageRows) -> tuple[PackageChange, ...]:
    """Compare packages by type and name, biggest difference first."""
    rows = [_change(one, other) for one, other in _paired(iter(before), iter(after))]
    rows.sort(key=lambda row: -abs(row.delta))  # Of equal ones the order stays that of their types and names.
    return tuple(rows)


def _paired(ours: Iterator[_Versions], theirs: Iterator[_Versions]) -> Iterator[tuple[_Versions | None, ...]]:
    """Yield the versions of each package on both sides, None for the side that lacks it, in the order of both."""
    one, other = next(ours, None), next(theirs, None)
    while one is not None or other is not None:
        first = min(side[0] for side in (one, other) if side is not None)
        yield tuple(side if side is not None and side[0] == first else None for side in (one, other))
        if one is not None and one[0] == first:
            one = next(ours, None)
        if other is not None and other[0] == first:
            other = next(theirs, None)


def _change(one: _Versions | None, other: _Versions | None) -> PackageChange:
    either = one or other
    assert either is not None
    (kind, name), *_ = either
    before, before_bytes = one[1:] if one is not None else ((), 0)
    after, after_bytes = other[1:] if other is not None else ((), 0)
    is_same = (before, before_bytes) == (after, after_bytes)
    return PackageChange(
        type=kind,
        name=name,
        status=Status.of(one, other, is_same=is_same),
        before=before,
        after=before if is_same else after,
        before_bytes=before_bytes,
        after_bytes=after_bytes,
    )
