"""Compare two final file systems path by path; a moved file is recognised by its content."""

from array import array
from collections import Counter
from collections.abc import Iterator, Sequence
from operator import attrgetter

from msgspec import Struct

from layerscope.analysis.live_files import LiveFiles
from layerscope.analysis.moves import moves
from layerscope.model.diff import PathChange, PathDiff, Status
from layerscope.model.entry import KIND_WORDS, Kind

_FILES = (Kind.FILE, Kind.HARDLINK)


def diff_paths(before: LiveFiles, after: LiveFiles) -> PathDiff:
    """Return all differences; contents are compared where lengths are equal, except in layers that both images hold."""
    comparison = _Comparison(before, after, _shifts(before, after))
    changes = list(comparison.changes())
    changes.sort(key=attrgetter("path"))
    changes.sort(key=lambda change: -max(abs(change.delta), change.moved_bytes))
    counts = Counter(change.status for change in changes)
    return PathDiff(
        paths=tuple(changes),
        counts={status.value: counts[status] for status in Status if status != Status.SAME},
        moved_bytes=sum(change.moved_bytes for change in changes),
        touched=comparison.touched,
        unknown=comparison.unknown,
    )


class _Comparison(Struct):
    """Both sides, and counts of what was not listed."""

    before: LiveFiles
    after: LiveFiles
    shifts: list[int | None]
    touched: int = 0
    unknown: int = 0

    def changes(self) -> Iterator[PathChange]:
        """Yield the paths that differ, and those that one side lacks; of these, files with equal contents are moves."""
        added, removed = self.after.numbers(), array("q")
        for layer, start, numbers in self.before.by_layer():
            changeset, shift = self.before.layers[layer].changeset, self.shifts[layer]
            paths, kinds = changeset.paths, changeset.kinds
            for one in numbers:
                path = paths[one - start]
                other = added.pop(path, None)
                if other is None:
                    removed.append(one)
                    continue
                is_shared = shift is not None and one + shift == other
                # Only the bytes of a hardlink can differ in a layer that both images hold.
                if is_shared and kinds[one - start] != Kind.HARDLINK:
                    continue
                status = Status.SAME if is_shared else self._status(one, other)
                if status == Status.SAME and self.before.content_bytes(one) != self.after.content_bytes(other):
                    status = Status.METADATA
                if status != Status.SAME:
                    yield self._change(path, status, _kind(self.after, other), one, other)
        numbers = array("q", map(added.pop, sorted(added)))
        yield from self._one_sided(sorted(removed, key=self.before.path), numbers)

    def _one_sided(self, removed: Sequence[int], added: Sequence[int]) -> Iterator[PathChange]:
        """Yield what only one side has, given in the order of the paths; directories are left out."""
        removed = [one for one in removed if _kind(self.before, one) != Kind.DIRECTORY]
        added = [other for other in added if _kind(self.after, other) != Kind.DIRECTORY]
        sources = moves(self.before, removed, self.after, added)
        moved = set(sources.values())
        for one in removed:
            if one not in moved:
                yield self._change(self.before.path(one), Status.REMOVED, _kind(self.before, one), one, None)
        for other in added:
            source = sources.get(other)
            status = Status.ADDED if source is None else Status.MOVED
            yield self._change(self.after.path(other), status, _kind(self.after, other), source, other)

    def _change(self, path: str, status: Status, kind: int, one: int | None, other: int | None) -> PathChange:
        before, after = self.before, self.after
        return PathChange(
            path=path,
            status=status,
            kind=KIND_WORDS[kind],
            before_bytes=0 if one is None else before.content_bytes(one),
            after_bytes=0 if other is None else after.content_bytes(other),
            moved_from=before.path(one) if status == Status.MOVED and one is not None else "",
        )

    def _status(self, one: int, other: int) -> Status:
        """Compare two versions of a path."""
        before, after = self.before, self.after
        layer, index = before.place(one)
        other_layer, other_index = after.place(other)
        ours, theirs = before.layers[layer].changeset, after.layers[other_layer].changeset
        kind, other_kind = ours.kinds[index], theirs.kinds[other_index]
        if kind in _FILES and other_kind in _FILES:
            if not self._same_content(one, other):
                return Status.CHANGED
        elif kind != other_kind or ours.links.get(index, "") != theirs.links.get(other_index, ""):
            return Status.CHANGED
        if ours.ownerships[index] != theirs.ownerships[other_index]:
            return Status.METADATA
        if sorted(ours.xattrs.get(index, ())) != sorted(theirs.xattrs.get(other_index, ())):
            return Status.METADATA
        if ours.mtimes[index] != theirs.mtimes[other_index] and kind != Kind.DIRECTORY:
            self.touched += 1
        return Status.SAME

    def _same_content(self, one: int, other: int) -> bool:
        length = self.before.length(one)
        if length != self.after.length(other):
            return False
        if not length:
            return True
        digest, other_digest = self.before.fingerprint(one), self.after.fingerprint(other)
        if digest is None or other_digest is None:
            self.unknown += 1
            return False
        return digest == other_digest


def _kind(files: LiveFiles, number: int) -> int:
    layer, index = files.place(number)
    return files.layers[layer].changeset.kinds[index]


def _shifts(before: LiveFiles, after: LiveFiles) -> list[int | None]:
    """Return for each layer of the first image the offset to its version numbers in the second; None if it lacks it.

    Layers with one diff_id have equal tars, so their entries are equal one by one. Where the diff_id was not verified
    the lengths of all files are compared too.
    """
    there = {
        str(layer.diff_id): layer for layer in reversed(after.layers) if layer.diff_id is not None and not layer.problem
    }
    shifts: list[int | None] = []
    for layer in before.layers:
        other = None if layer.problem else there.get(str(layer.diff_id))
        if other is None or layer.changeset.sizes != other.changeset.sizes:
            shifts.append(None)
        else:
            shifts.append(after.starts[other.index] - before.starts[layer.index])
    return shifts
