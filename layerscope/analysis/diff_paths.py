"""Compare two final file systems path by path; a moved file is recognised by its content."""

from collections import Counter
from collections.abc import Iterable, Iterator

from msgspec import Struct

from layerscope.filesystem.tree import Filesystem
from layerscope.filesystem.version import Version
from layerscope.model.diff import PathChange, PathDiff, Status
from layerscope.model.entry import KIND_WORDS, Fate, Kind

_FILES = (Kind.FILE, Kind.HARDLINK)


def carried_bytes(filesystem: Filesystem) -> dict[str, int]:
    """Return the bytes of every live regular file by path, of a hardlinked file at one name; they sum to live."""
    found: dict[str, int] = {}
    live = filesystem.live
    for layer in filesystem.layers:
        changeset, numbers = layer.changeset, filesystem.numbers(layer.index)
        fates = filesystem.fates[numbers.start : numbers.stop]
        columns = zip(numbers, changeset.paths, changeset.kinds, changeset.sizes, fates, strict=True)
        for number, path, kind, content_bytes, fate in columns:
            if fate == Fate.LIVE and kind == Kind.FILE:
                found[path if live.get(path) == number else filesystem.path_of(number)] = content_bytes
    return found


def diff_paths(before: Filesystem, after: Filesystem) -> PathDiff:
    """Return all differences; contents are compared where lengths are equal, except in layers that both images hold."""
    comparison = _Comparison(before, after, carried_bytes(before), carried_bytes(after), _shifts(before, after))
    changes = [*comparison.common(), *comparison.one_sided()]
    changes.sort(key=lambda change: (-max(abs(change.delta), change.moved_bytes), change.path, change.moved_from))
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

    before: Filesystem
    after: Filesystem
    before_bytes: dict[str, int]
    after_bytes: dict[str, int]
    shifts: list[int | None]
    touched: int = 0
    unknown: int = 0

    def common(self) -> Iterator[PathChange]:
        """Yield the paths that differ on both sides."""
        after_live = self.after.live
        for path, one in self.before.live.items():
            other = after_live.get(path)
            if other is None:
                continue
            bytes_differ = self.before_bytes.get(path, 0) != self.after_bytes.get(path, 0)
            shift = self.shifts[self.before.layer_of(one)]
            if shift is not None and one + shift == other:
                status = Status.SAME
            else:
                status = self._status(self.before.version(one), self.after.version(other))
            if status == Status.SAME and bytes_differ:
                status = Status.METADATA
            if status != Status.SAME:
                yield self._change(path, status, self.after, other)

    def one_sided(self) -> Iterator[PathChange]:
        """Yield the paths that one side lacks; those with equal contents are paired as moves."""
        removed = _missing(self.before, self.after)
        added = _missing(self.after, self.before)
        moves = self._moves(removed, added)
        sources = set(moves.values())
        for path in removed:
            if path not in sources:
                yield self._change(path, Status.REMOVED, self.before, removed[path])
        for path in added:
            source = moves.get(path, "")
            yield self._change(path, Status.MOVED if source else Status.ADDED, self.after, added[path], source)

    def _change(
        self, path: str, status: Status, filesystem: Filesystem, number: int, moved_from: str = ""
    ) -> PathChange:
        return PathChange(
            path=path,
            status=status,
            kind=KIND_WORDS[filesystem.kinds[number]],
            before_bytes=self.before_bytes.get(moved_from or path, 0),
            after_bytes=self.after_bytes.get(path, 0),
            moved_from=moved_from,
        )

    def _status(self, one: Version, other: Version) -> Status:
        """Compare two versions of a path."""
        if not self._same_content(one, other):
            return Status.CHANGED
        if (one.mode, one.uid, one.gid) != (other.mode, other.uid, other.gid):
            return Status.METADATA
        if _xattrs(self.before, one) != _xattrs(self.after, other):
            return Status.METADATA
        if one.mtime != other.mtime and one.kind != Kind.DIRECTORY:
            self.touched += 1
        return Status.SAME

    def _same_content(self, one: Version, other: Version) -> bool:
        if one.kind not in _FILES or other.kind not in _FILES:
            return one.kind == other.kind and one.link == other.link
        length = self.before.content_bytes(self.before.carrier(one.number))
        if length != self.after.content_bytes(self.after.carrier(other.number)):
            return False
        if not length:
            return True
        digest, other_digest = self.before.fingerprint(one.number), self.after.fingerprint(other.number)
        if digest is None or other_digest is None:
            self.unknown += 1
            return False
        return digest == other_digest

    def _moves(self, removed: dict[str, int], added: dict[str, int]) -> dict[str, str]:
        """Return the old path for each new one with the same content; a file of the same name comes first."""
        old = _by_length(removed, self.before_bytes)
        new = _by_length(added, self.after_bytes)
        found: dict[str, str] = {}
        for length in sorted(old.keys() & new.keys()):
            sources: dict[bytes, list[str]] = {}
            for path in old[length]:
                digest = self.before.fingerprint(removed[path])
                if digest is not None:
                    sources.setdefault(digest, []).append(path)
            if sources:
                targets = [(path, self.after.fingerprint(added[path])) for path in new[length]]
                found |= _paired(sources, [(path, digest) for path, digest in targets if digest is not None])
        return found


def _paired(sources: dict[bytes, list[str]], targets: Iterable[tuple[str, bytes]]) -> dict[str, str]:
    """Pair each target with a source of its digest; each source is used once."""
    found: dict[str, str] = {}
    left = []
    by_name = {(digest, _name(path)): path for digest, paths in sources.items() for path in reversed(paths)}
    for path, digest in targets:
        source = by_name.pop((digest, _name(path)), None)
        if source is None:
            left.append((path, digest))
        else:
            found[path] = source
    used = set(found.values())
    free = {digest: [path for path in reversed(paths) if path not in used] for digest, paths in sources.items()}
    for path, digest in left:
        if free.get(digest):
            found[path] = free[digest].pop()
    return found


def _name(path: str) -> str:
    return path.rpartition("/")[2]


def _missing(here: Filesystem, there: Filesystem) -> dict[str, int]:
    """Return the paths that are live here and not there, without directories, sorted."""
    paths = sorted(here.live.keys() - there.live.keys())
    return {path: here.live[path] for path in paths if here.kind_of(here.live[path]) != Kind.DIRECTORY}


def _by_length(paths: Iterable[str], content_bytes: dict[str, int]) -> dict[int, list[str]]:
    """Group files that are not empty by their length."""
    found: dict[int, list[str]] = {}
    for path in paths:
        if length := content_bytes.get(path, 0):
            found.setdefault(length, []).append(path)
    return found


def _xattrs(filesystem: Filesystem, version: Version) -> tuple[tuple[str, bytes], ...]:
    layer, index = filesystem.place(version.number)
    return tuple(sorted(filesystem.layers[layer].changeset.xattrs.get(index, ())))


def _shifts(before: Filesystem, after: Filesystem) -> list[int | None]:
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
            shifts.append(after.numbers(other.index).start - before.numbers(layer.index).start)
    return shifts
