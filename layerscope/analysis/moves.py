"""Pair the files that only one image has with those of the same content that only the other one has."""

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from operator import itemgetter

from layerscope.analysis.live_files import LiveFiles
from layerscope.model.groups import grouped_numbers


def moves(before: LiveFiles, removed: Sequence[int], after: LiveFiles, added: Sequence[int]) -> dict[int, int]:
    """Return for versions of ``added`` the version of ``removed`` with the same content; each is used once.

    Both are in the order of their paths. A file of the same name comes first, else the first path that is left.
    """
    new = _by_length(after, added)
    old = _by_length(before, [number for number in removed if before.content_bytes(number) in new])
    found: dict[int, int] = {}
    for length in sorted(old):
        found.update(_Moves(before, old.pop(length)).pairs(after, new.pop(length)))
    return found


def _by_length(files: LiveFiles, numbers: Sequence[int]) -> dict[int, "array[int]"]:
    """Group files that are not empty by their length."""
    return grouped_numbers((length, number) for number in numbers if (length := files.content_bytes(number)))


class _Moves:
    """The files of one length that may have moved, sorted by their content: equal ones are a group."""

    def __init__(self, before: LiveFiles, numbers: Sequence[int]) -> None:
        found = ((before.fingerprint(number), number) for number in numbers)
        known = [(digest, number) for digest, number in found if digest is not None]
        known.sort(key=itemgetter(0))  # Equal ones stay in the order of their paths.
        self._before = before
        self._digests = [digest for digest, _ in known]
        self._numbers = array("q", [number for _, number in known])
        self._used = bytearray(len(known))
        self._names: dict[int, dict[str, int]] = {}

    def pairs(self, after: LiveFiles, numbers: Sequence[int]) -> Iterator[tuple[int, int]]:
        """Yield each of these that has a source, with that."""
        left, groups = array("q"), array("q")
        for number in numbers:
            digest = after.fingerprint(number)
            group = bisect_left(self._digests, digest) if digest is not None else len(self._digests)
            if not self._is_in(group, digest):
                continue
            if (place := self._called(group, _name(after.path(number)))) is not None:
                yield number, self._take(place)
            else:
                left.append(number)
                groups.append(group)
        unused = dict(zip(groups, groups, strict=True))
        for number, group in zip(left, groups, strict=True):
            place, digest = unused[group], self._digests[group]
            while self._is_in(place, digest) and self._used[place]:
                place += 1
            unused[group] = place
            if self._is_in(place, digest):
                yield number, self._take(place)

    def _is_in(self, place: int, digest: bytes | None) -> bool:
        return place < len(self._digests) and self._digests[place] == digest

    def _take(self, place: int) -> int:
        self._used[place] = True
        return self._numbers[place]

    def _called(self, group: int, name: str) -> int | None:
        """The place of the first file of a group with that name, if it is not used yet."""
        if not self._is_in(group + 1, self._digests[group]):
            return None if self._used[group] or self._name_at(group) != name else group
        if group not in self._names:
            end = bisect_right(self._digests, self._digests[group])
            self._names[group] = {self._name_at(place): place for place in reversed(range(group, end))}
        return self._names[group].pop(name, None)

    def _name_at(self, place: int) -> str:
        return _name(self._before.path(self._numbers[place]))


def _name(path: str) -> str:
    return path.rpartition("/")[2]
