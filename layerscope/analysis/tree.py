"""A tree of versions of files: every directory with the sums of all below it, listed when it is opened."""

from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from heapq import heappop, heappush
from itertools import chain, compress

from msgspec import Struct, field

from layerscope.analysis.tree_items import Item, Key, Order, Sums
from layerscope.filesystem.parents import Ancestors
from layerscope.filesystem.tree import Filesystem
from layerscope.model.change import Change
from layerscope.model.entry import Kind, both

_IS_DIRECTORY = bytes(kind == Kind.DIRECTORY for kind in range(256))
_LONGEST = 1_000
"""Rows of a directory that is opened since it holds most of the bytes."""


class Selected(Struct, frozen=True, kw_only=True):
    """What a tree holds: ``codes`` has the change of each version by its number; those that ``listed`` maps to 0 go.

    ``replaced`` and ``carried`` are those of Changes. Where ``is_state`` is set, states are compared: paths are those
    of the layers, and removed bytes are hidden ones. ``matches`` selects by path.
    """

    codes: bytes | bytearray
    listed: bytes
    replaced: Mapping[int, int] = field(default_factory=dict)
    carried: Mapping[int, int] = field(default_factory=dict)
    is_state: bool = False
    matches: Callable[[str], object] | None = None


class Tree:
    """The tree of a selection; the root is the empty string. Building it takes one pass over the selected versions."""

    def __init__(self, filesystem: Filesystem, selected: Selected, reclaimable: Mapping[int, int]) -> None:
        self._filesystem = filesystem
        self._selected = selected
        self._reclaimable = reclaimable
        self._files: dict[str, list[int]] = {}
        self._entries: dict[str, int] = {}
        self._sums: dict[str, Sums] = {"": Sums()}
        self._directories: dict[str, list[str]] = {}
        self._build()

    @property
    def total(self) -> Sums:
        """The sums over the whole tree."""
        return self._sums[""]

    def count(self, directory: str) -> int:
        """How many rows a directory has, without sorting them."""
        return len(self._files.get(directory, ())) + len(self._directories.get(directory, ()))

    def children(self, directory: str, order: Order) -> list[Key]:
        """The rows of a directory."""
        rows: list[Key] = [*self._directories.get(directory, ()), *self._files.get(directory, ())]
        rows.sort(key=self._name)
        if order != Order.NAME:
            rows.sort(key=self._size if order == Order.SIZE else self._claimed, reverse=True)
        return rows

    def item(self, key: Key) -> Item:
        """Return a row as a value."""
        if isinstance(key, str):
            sums = self._sums[key]
            return Item(
                name=key.rpartition("/")[2],
                path=key,
                change=self._change_of(key, sums),
                is_directory=True,
                content_bytes=sums.content_bytes,
                hidden_bytes=sums.hidden_bytes,
                reclaimable_bytes=sums.reclaimable_bytes,
                files=sums.files,
                number=self._entries.get(key),
            )
        path, sums = self.path(key), self._own(key)
        return Item(
            name=path.rpartition("/")[2] or "/",
            path=path,
            change=Change(self._selected.codes[key]),
            is_directory=False,
            content_bytes=sums.content_bytes,
            hidden_bytes=sums.hidden_bytes,
            reclaimable_bytes=sums.reclaimable_bytes,
            number=key,
        )

    def path(self, key: Key) -> str:
        """The path of a row."""
        if isinstance(key, str):
            return key
        # Where states are compared, a version has the name that its layer gave it.
        filesystem = self._filesystem
        return filesystem.path_in_layer(key) if self._selected.is_state else filesystem.paths[key]

    def find(self, path: str, number: int | None = None) -> Key | None:
        """The row of a path, of several that of a version; None where it is not listed."""
        if path in self._sums and number is None:
            return path
        files, paths = self._files.get(path.rpartition("/")[0], ()), self._filesystem.paths
        if number is not None and number in files:
            return number
        # A directory may hold a million files, of which few have another name in their layer.
        renamed = self._filesystem.survivors
        named = compress(files, map(path.__eq__, map(paths.__getitem__, files)))
        others = (one for one in renamed if one in files and self.path(one) == path)
        found = next(chain((one for one in named if one not in renamed), others), None)
        return found if found is not None else path if path in self._sums else None

    def versions(self, key: Key) -> dict[str, int]:
        """The versions at or below a row by their paths, with the entries of directories; of several the last."""
        if isinstance(key, int):
            return {self.path(key): key}
        found: dict[str, int] = {}
        todo = [key]
        while todo:
            directory = todo.pop()
            if directory in self._entries:
                found[directory or "/"] = self._entries[directory]
            found.update((self.path(one), one) for one in self._files.get(directory, ()))
            todo += self._directories.get(directory, ())
        return found

    def biggest(self, rows: int, order: Order) -> list[str]:
        """Directories to open, the biggest first, so that no more than so many rows are listed."""
        weight = self._claimed if order == Order.RECLAIMABLE else self._size
        left = rows - self.count("")
        opened: list[str] = []
        candidates: list[tuple[int, int, str]] = []

        def consider(directory: str) -> None:
            for one in self._directories.get(directory, ()):
                claimed, size = weight(one)
                heappush(candidates, (-claimed, -size, one))

        if left > 0:
            consider("")
        around = ""
        while candidates:
            claimed, size, best = heappop(candidates)
            # What holds most of the bytes is opened even where it is long.
            holds_most = around == best.rpartition("/")[0] and _most(weight(around), (-claimed, -size))
            around = best if holds_most else around
            if self.count(best) <= left or (holds_most and self.count(best) <= _LONGEST):
                left -= self.count(best)
                opened.append(best)
                consider(best)
        return opened

    def _build(self) -> None:
        kinds, codes = self._filesystem.kinds, self._selected.codes
        is_listed = codes.translate(self._selected.listed)
        last, members = None, list[int]()
        directory_kind, matches = Kind.DIRECTORY.value, self._selected.matches
        for number, directory, path in self._listed(is_listed):
            if matches is not None and not matches(path):
                continue
            if kinds[number] == directory_kind:
                self._entries[path if path != "/" else ""] = number
                continue
            if directory is not last:  # Most lie where the one before lies, and share its string.
                last, members = directory, self._files.setdefault(directory, [])
            members.append(number)
        special = {*self._selected.replaced, *self._selected.carried, *self._reclaimable}
        for directory, numbers in self._files.items():
            self._sums[directory] = self._sum_of(numbers, special)
        self._add_up()

    def _listed(self, is_listed: bytes | bytearray) -> Iterator[tuple[int, str, str]]:
        """The listed versions with their directories and paths."""
        filesystem = self._filesystem
        if self._selected.is_state:
            for layer, one in enumerate(filesystem.layers):
                numbers, changeset = filesystem.numbers(layer), one.changeset
                if numbers.start >= len(is_listed):
                    break
                mask = is_listed[numbers.start : numbers.stop]
                yield from compress(zip(numbers, changeset.directories, changeset.paths, strict=True), mask)
            return
        columns = zip(range(len(filesystem)), filesystem.directories, filesystem.paths, strict=True)
        yield from compress(columns, is_listed)

    def _sum_of(self, numbers: list[int], special: set[int]) -> Sums:
        """The sums of the files that lie in one directory; those with nothing special about them are added at once."""
        changes = bytes(map(self._selected.codes.__getitem__, numbers))
        sums = Sums(
            files=len(numbers),
            changed=len(numbers) - changes.count(Change.UNMODIFIED),
            added=changes.count(Change.ADDED),
            removed=changes.count(Change.REMOVED),
        )
        if not (sums.removed and self._selected.is_state) and special.isdisjoint(numbers):
            sums.content_bytes = sum(map(self._filesystem.sizes.__getitem__, numbers))
            return sums
        for number in numbers:
            own = self._own(number)
            sums.content_bytes += own.content_bytes
            sums.hidden_bytes += own.hidden_bytes
            sums.reclaimable_bytes += own.reclaimable_bytes
        return sums

    def _own(self, number: int) -> Sums:
        """The bytes of one file."""
        sizes, selected = self._filesystem.sizes, self._selected
        if selected.is_state and selected.codes[number] == Change.REMOVED:
            return Sums(hidden_bytes=self._hidden(number))
        carrier, old = selected.carried.get(number), selected.replaced.get(number)
        own = Sums(
            content_bytes=sizes[number],
            hidden_bytes=self._hidden(old) if old is not None else 0,
            reclaimable_bytes=self._reclaimable.get(number, 0),
        )
        if carrier is not None:
            own.content_bytes += sizes[carrier]
            own.reclaimable_bytes += self._reclaimable.get(carrier, 0)
        return own

    def _hidden(self, number: int) -> int:
        """The bytes that hiding a version keeps in the image; none where a hardlink still shows them."""
        return self._filesystem.sizes[number] if self._filesystem.fates[number] else 0

    def _add_up(self) -> None:
        """Add each directory's sums to those that it lies in; a longer path is never above a shorter one."""
        for directory in (*self._files, *self._entries):
            while directory not in self._directories and directory:
                self._directories[directory] = []
                self._sums.setdefault(directory, Sums())
                directory = directory.rpartition("/")[0]
        for directory in sorted(filter(None, self._sums), key=len, reverse=True):
            parent = directory.rpartition("/")[0]
            self._sums[parent].add(self._sums[directory])
            self._directories.setdefault(parent, []).append(directory)

    def _change_of(self, directory: str, sums: Sums) -> Change:
        """The change of a directory: its own, or modified where anything below it changed."""
        entry = self._entries.get(directory)
        own = Change.UNMODIFIED if entry is None else Change(self._selected.codes[entry])
        if not self._selected.is_state or not sums.files or own in (Change.ADDED, Change.REMOVED):
            return own
        # A directory without an entry is there as long as anything lies in it.
        if entry is None and sums.added == sums.files and directory not in self._before:
            return Change.ADDED
        if entry is None and sums.removed == sums.files and directory not in self._after:
            return Change.REMOVED
        return Change.MODIFIED if sums.changed else own

    @cached_property
    def _before(self) -> set[str]:
        """The directories of the earlier state."""
        return self._directories_of(Change.UNMODIFIED, Change.MODIFIED, Change.METADATA, Change.REMOVED)

    @cached_property
    def _after(self) -> set[str]:
        """The directories of the later state."""
        return self._directories_of(Change.UNMODIFIED, Change.MODIFIED, Change.METADATA, Change.ADDED)

    def _directories_of(self, *changes: Change) -> set[str]:
        """The directories that hold a version with one of the changes, and those around them."""
        filesystem, codes = self._filesystem, self._selected.codes
        mask = codes.translate(bytes(code in changes for code in range(256)))
        is_directory = filesystem.kinds[: len(mask)].translate(_IS_DIRECTORY)
        found = Ancestors(set(compress(filesystem.directories, mask))).found
        found.update(compress(filesystem.paths, both(mask, is_directory)))
        return found

    def _name(self, key: Key) -> str:
        return self.path(key).rpartition("/")[2]

    def _size(self, key: Key) -> tuple[int, int]:
        sums = self._sums[key] if isinstance(key, str) else self._own(key)
        return sums.content_bytes + sums.hidden_bytes, 0

    def _claimed(self, key: Key) -> tuple[int, int]:
        sums = self._sums[key] if isinstance(key, str) else self._own(key)
        return sums.reclaimable_bytes, sums.content_bytes + sums.hidden_bytes


def _most(whole: tuple[int, int], part: tuple[int, int]) -> bool:
    """Whether a part has more than half of the first figure, or of the second where there is no first."""
    return part[0] * 2 > whole[0] if whole[0] else part[1] * 2 > whole[1]
