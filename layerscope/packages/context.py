"""What a cataloger works with: the files that match its paths, and bounded ways to read them.

A million hardlinks to one archive, or a million records that all name one large directory, cost an archive little. So
all that the catalogers of a run read, and every directory that they list, counts against one budget.
"""

from collections.abc import Callable, Iterator
from typing import Any

from msgspec import Struct

from layerscope.errors import LimitExceeded
from layerscope.filesystem.tree import Filesystem
from layerscope.model.entry import Fate, Kind
from layerscope.model.limits import GIB, MIB, loads
from layerscope.model.pathset import A_READ, RangedFile
from layerscope.packages.formats.ranges import ranges_of
from layerscope.packages.locator import Locator

MOST_LINES = 200_000
"""As many lines as are read of a record."""
A_LINE = 64
"""Bytes that a line of a text counts besides its own: many short ones take longer than few long ones."""

_LEAST_BYTES, _BYTES_A_BYTE, _MOST_BYTES = 32 * MIB, 4, 2 * GIB
_LEAST_VISITS, _VISITS_AN_ENTRY = 100_000, 20
_MOST_CLAIMS = 40_000
_LONGEST_WORD = 300


class Record(Struct, frozen=True, kw_only=True):
    """A file that describes a package.

    ``layer`` is the lowest of the layers that hold it with this content, without a gap. ``removed_in`` is the layer
    that deleted it, None for a live one.
    """

    number: int
    path: str
    layer: int
    removed_in: int | None = None

    @property
    def name(self) -> str:
        return self.path.rpartition("/")[2]

    @property
    def directory(self) -> str:
        """The directory it lies in; the empty string for the root."""
        return self.path.rpartition("/")[0]


class Tree(Struct, frozen=True, kw_only=True):
    """The files and links below a directory, at any depth: the live ones, or all hidden ones where none is live.

    ``layer`` is the lowest that holds any of them, ``removed_in`` the one that hid the last of them.
    """

    path: str
    versions: tuple[int, ...]
    layer: int
    removed_in: int | None


class Budget:
    """What all catalogers of a run may read, list and claim: bytes, directory entries and packages."""

    def __init__(self, filesystem: Filesystem) -> None:
        tar_bytes = sum(layer.tar_bytes for layer in filesystem.layers)
        self._bytes = self._most = min(_LEAST_BYTES + _BYTES_A_BYTE * tar_bytes, _MOST_BYTES)
        self._visits = _LEAST_VISITS + _VISITS_AN_ENTRY * len(filesystem)
        self._claims = _MOST_CLAIMS

    def spend(self, count: int) -> None:
        """Count bytes; raises LimitExceeded where none are left."""
        self._bytes -= count
        if self._bytes < 0:
            raise LimitExceeded(f"the records of packages hold more than {self._most:,} bytes to read")

    def visit(self, count: int) -> None:
        """Count directory entries; raises LimitExceeded where none are left."""
        self._visits -= count
        if self._visits < 0:
            raise LimitExceeded("the records of packages name the same directories again and again")

    def claim(self) -> None:
        """Count a package; raises LimitExceeded where there are too many."""
        self._claims -= 1
        if self._claims < 0:
            raise LimitExceeded(f"over {_MOST_CLAIMS:,} packages; the rest are not listed")


class Context:
    """The view that one cataloger has of an image.

    ``matches`` are the versions that its ``Wanted`` asks for by path, live and hidden, lowest layer first;
    ``executables`` the live files that it asks for by their execute bit. ``warn`` takes a sentence that names the file
    that cannot be read. ``locator`` finds the paths that a record lists. ``last_read`` is the version that was read
    last. Every method that reads raises LimitExceeded where the budget is spent.
    """

    def __init__(
        self,
        filesystem: Filesystem,
        budget: Budget,
        *,
        matches: tuple[int, ...],
        executables: tuple[int, ...] = (),
        warn: Callable[[str], None],
    ) -> None:
        self.filesystem = filesystem
        self.matches = matches
        self.executables = executables
        self.warn = warn
        self.locator = Locator(filesystem)
        self.last_read: int | None = None
        self.spend = budget.spend
        self._visit = budget.visit

    def live_records(self) -> Iterator[Record]:
        """The live regular files and hardlinks among the matches."""
        filesystem = self.filesystem
        fates, live = filesystem.fates, filesystem.live
        first: dict[str, int] = {}
        for number in self.matches:
            fate, path = fates[number], filesystem.paths[number]
            if fate == Fate.LIVE and filesystem.kinds[number] <= Kind.HARDLINK:
                if live.get(path) == number:
                    yield Record(number=number, path=path, layer=first.pop(path, filesystem.layer_of(number)))
            elif fate == Fate.COPIED_UP:
                first.setdefault(path, filesystem.layer_of(number))
            else:
                first.pop(path, None)

    def removed_records(self) -> Iterator[Record]:
        """The regular files and hardlinks among the matches that a layer deleted for good; the last at each path."""
        filesystem = self.filesystem
        found: dict[str, int] = {}
        for number in self.matches:
            path = filesystem.paths[number]
            is_deleted_file = filesystem.fates[number] == Fate.DELETED and filesystem.kinds[number] <= Kind.HARDLINK
            if is_deleted_file and path not in filesystem.live:
                found[path] = number
        for path, number in found.items():
            removed_in = filesystem.hidden_by[number]
            yield Record(number=number, path=path, layer=filesystem.layer_of(number), removed_in=removed_in)

    def record_at(self, path: str) -> Record | None:
        """The live regular file or hardlink at a path."""
        filesystem = self.filesystem
        number = filesystem.live.get(path)
        if number is None or filesystem.kinds[number] > Kind.HARDLINK:
            return None
        return Record(number=number, path=path, layer=filesystem.layer_of(number))

    def trees(self, tree_of: Callable[[str], str]) -> Iterator[Tree]:
        """The matches by the tree in which each lies; ``tree_of`` gives the tree of a path, empty for none."""
        filesystem = self.filesystem
        found: dict[str, list[int]] = {}
        for number in self.matches:
            path = tree_of(filesystem.paths[number])
            if path and filesystem.kinds[number] != Kind.DIRECTORY:
                found.setdefault(path, []).append(number)
        for path in list(found):
            numbers = found.pop(path)  # Claims are made of them: both are never in memory together.
            live = [number for number in numbers if filesystem.fates[number] == Fate.LIVE]
            removed_in = None if live else max(filesystem.hidden_by[number] for number in numbers)
            layer = filesystem.layer_of(numbers[0])
            yield Tree(path=path, versions=tuple(live or numbers), layer=layer, removed_in=removed_in)

    def in_tree(self, directory: str, *, without: str = "") -> tuple[int, ...]:
        """The live files and links below a directory; its own child named ``without`` is left out."""
        children, kinds, directory_kind = self.filesystem.children, self.filesystem.kinds, Kind.DIRECTORY
        found, todo = list[int](), [directory]
        while todo:
            current = todo.pop()
            numbers = children.get(current, ())
            self._visit(1 + len(numbers))
            found += [number for number in numbers if kinds[number] != directory_kind]
            todo += self.filesystem.subdirectories.get(current, ())
            if current == directory and f"{directory}/{without}" in todo:
                todo.remove(f"{directory}/{without}")
        return tuple(found)

    def subdirectories(self, directory: str) -> list[str]:
        """The directories in a directory that hold anything, with or without an entry of their own."""
        found = self.filesystem.subdirectories.get(directory, [])
        self._visit(1 + len(found))
        return found

    def read(self, number: int, start: int = 0, length: int | None = None) -> bytes | None:
        """Return content of a file as ``Filesystem.read`` does."""
        self.last_read = number
        data = self.filesystem.read(number, start, length)
        self.spend(A_READ + len(data or b""))
        return data

    def ranged(self, number: int) -> RangedFile:
        """Return a file to read by ranges: those that a RangeReader asked for."""
        read, length = ranges_of(self.filesystem, number, self.read)
        return RangedFile(read, length, self.filesystem.path_of(number), self.spend, self.warn)

    def read_all(self, number: int, most_bytes: int, most_lines: int | None = MOST_LINES) -> bytes | None:
        """Return all of a regular file; None, with a warning, where it exceeds a limit or was not kept.

        ``most_lines`` is None for binary files.
        """
        filesystem = self.filesystem
        path, carrier = filesystem.paths[number], filesystem.carrier(number)
        if filesystem.kinds[carrier] > Kind.HARDLINK:
            return None
        length = filesystem.sizes[carrier]
        if length > most_bytes:
            self.warn(f"{path}: {length:,} bytes exceed the limit of {most_bytes:,}; not read")
            return None
        data = self.read(number, 0, length)
        if data is None or len(data) < length:
            self.warn(f"{path}: its content was not kept")
            return None
        if most_lines is not None:
            lines = data.count(b"\n")
            if lines > most_lines:
                self.warn(f"{path}: {lines:,} lines exceed the limit of {most_lines:,}; not read")
                return None
            self.spend(A_LINE * lines)
        return data

    def read_text(self, number: int, most_bytes: int) -> str | None:
        """Return a file as text, bytes that are not UTF-8 as surrogate escapes; None, with a warning, as above."""
        data = self.read_all(number, most_bytes)
        return None if data is None else text_of(data).removeprefix("\ufeff")

    def read_json(self, number: int, most_bytes: int) -> Any:
        """Return a file's JSON; None, with a warning, where it cannot be read."""
        text = self.read_text(number, most_bytes)
        try:
            return None if text is None else loads(text)
        except (ValueError, RecursionError) as error:
            self.warn(f"{self.filesystem.paths[number]}: not JSON: {error}")
            return None

    def read_object(self, number: int, most_bytes: int) -> dict[str, Any]:
        """Return a file's JSON object; an empty one, with a warning, where it holds none."""
        document = self.read_json(number, most_bytes)
        if document is not None and not isinstance(document, dict):
            self.warn(f"{self.filesystem.paths[number]}: a JSON {type(document).__name__} instead of an object")
        return document if isinstance(document, dict) else {}


def text_of(raw: bytes) -> str:
    """Decode UTF-8; other bytes become surrogate escapes."""
    return raw.decode("utf-8", "surrogateescape")


def word(value: object) -> str:
    """Return a name or version on one line of at most 300 characters; empty for anything but text."""
    if not isinstance(value, str):
        return ""
    return " ".join(value[: 4 * _LONGEST_WORD].split())[:_LONGEST_WORD]


def within(path: str, directory: str) -> bool:
    """Whether a normal absolute path lies below a directory; the root is the empty string and holds everything."""
    return path.startswith(directory + "/")
