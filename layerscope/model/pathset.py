"""Sets of paths that catalogers and rules ask for, matched by dictionaries instead of one pattern after another."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import compress, product
from operator import itemgetter, not_, or_
from string import digits
from typing import TypeAlias

from msgspec import Struct, field

from layerscope.errors import LimitExceeded
from layerscope.model.limits import CHARACTERS_A_DIRECTORY, DIRECTORY_CHARACTERS

ReadRange: TypeAlias = Callable[[int, int], bytes | None]
"""Called with a start and a length: exactly that many bytes, or None where they are not there or were not kept."""
A_READ = 256
"""Bytes that every read counts towards a budget besides what it gives."""


class RangedFile(Struct, frozen=True):
    """A file of ``length`` bytes at ``path``, of which ``read`` gives ranges.

    ``spend`` is called with the number of bytes that come out of an archive, before they do. ``warn`` takes a sentence
    about what cannot be read.
    """

    read: ReadRange
    length: int
    path: str
    spend: Callable[[int], None]
    warn: Callable[[str], None]


class RangeReader(Struct, frozen=True):
    """Who reads a file by ranges: ``analyse`` asks for the same ranges of the same file every time.

    A pass over a layer calls it to learn which ranges to keep, and a later step once more for what it finds there.
    ``magic`` is how the files begin, empty where they begin in many ways.
    """

    analyse: Callable[[RangedFile], object]
    magic: bytes = b""


_ASCII = tuple(map(chr, range(128)))
_VERSION = "." + digits
_MOST_DIRECTORIES = 4096
_ending = itemgetter(slice(-3, None))
"""The last three characters of a name; a suffix is a dot and something."""


class PathSet(Struct, frozen=True, kw_only=True):
    """The paths for which any of these holds.

    ``paths``: equal to one of these absolute paths. ``names``: the last component is one of these.
    ``suffixes``: the last component ends so and is longer (``.pyc``, ``.tar.gz``). ``trees``: the path is one of
    these, or lies below it; absolute (``/var/lib/apt/lists``), or the components to meet anywhere
    (``.git``, ``go/pkg/mod``). ``numbered``: the last component is one of these, a dot and a number (``core.4711``).
    """

    paths: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    suffixes: tuple[str, ...] = ()
    trees: tuple[str, ...] = ()
    numbered: tuple[str, ...] = ()
    versioned: tuple[str, ...] = ()


class Wanted(Struct, frozen=True, kw_only=True):
    """Contents that a later step will ask for: the first ``head`` and last ``tail`` bytes of the files in a set.

    ``executables`` adds every regular file with an execute bit of at least that many bytes; 0 for none of them.

    ``small`` adds every regular file up to that many bytes that begins with ``beginning`` and in which the expression
    ``holding`` is found, if it is a text (no NUL byte, or a byte order mark of UTF-16), except in directories in whose
    paths (with a slash at the end) ``without`` is found. This also works in a pipe, where the files to be asked for
    are not known in advance.

    ``ranges`` reads the files in the set, and the executables, by ranges: what it asks for is kept too.
    """

    paths: PathSet = field(default_factory=PathSet)
    head: int = 1 << 20
    tail: int = 0
    executables: int = 0
    small: int = 0
    beginning: bytes = b""
    holding: bytes = b""
    without: str = ""
    ranges: RangeReader | None = None


class Selector:
    """Finds which of many sets hold a path, in time that does not grow with their number."""

    def __init__(self, sets: Sequence[PathSet]) -> None:
        self._whole: dict[str, tuple[int, ...]] = {}
        self._names: dict[str, tuple[int, ...]] = {}
        self._suffixes: dict[str, dict[str, tuple[int, ...]]] = {}
        self._roots: dict[str, tuple[int, ...]] = {}
        self._trees: dict[str, dict[str, tuple[int, ...]]] = {}
        self._directories: dict[str, tuple[int, ...]] = {"": ()}
        self._numbered: dict[str, tuple[int, ...]] = {}
        self._versioned: dict[str, tuple[int, ...]] = {}
        self._characters = 0
        for number, pathset in enumerate(sets):
            for path in pathset.paths:
                _append(self._whole, path, number)
            for name in pathset.names:
                _append(self._names, name, number)
            for suffix in pathset.suffixes:
                _append(self._suffixes.setdefault(suffix.rpartition(".")[2], {}), suffix, number)
            for stem in pathset.numbered:
                _append(self._numbered, stem, number)
            for suffix in pathset.versioned:
                _append(self._versioned, suffix, number)
            for tree in pathset.trees:
                if tree.startswith("/"):
                    _append(self._roots, tree, number)
                    _append(self._whole, tree, number)
                else:
                    _append(self._trees.setdefault(tree.rpartition("/")[2], {}), f"/{tree}", number)
        # What the last components that any set asks for look like: a slash and the whole of it, or how it ends.
        self._named = {
            *(f"/{name}" for name in (*self._names, *self._trees)),
            *(path[path.rfind("/") :] for path in self._whole),
        }
        suffixes = {suffix for pathset in sets for suffix in pathset.suffixes}
        self._endings = {_ending(suffix) for suffix in suffixes if len(suffix) > 2}
        self._endings.update(map("".join, product(_ASCII, (suffix for suffix in suffixes if len(suffix) == 2))))
        if self._numbered or self._versioned:
            self._endings.update(map("".join, product(_ASCII, ".", digits)))
            self._endings.update(map("".join, product("." + digits, digits, digits)))

    def __call__(self, path: str) -> tuple[int, ...]:
        """Return the numbers of the sets that hold ``path``, in no particular order, possibly repeated."""
        parent = path.rpartition("/")[0]
        if parent not in self._directories:
            self._forget()
            self._directory(parent)
        return self._directories[parent] + next(self._by_names((path,)))

    def scan(self, paths: Sequence[str], parents: Sequence[str]) -> list[tuple[int, ...]]:
        """Return for each path what a call with it returns; ``parents`` are the directories that the paths lie in.

        This runs for every entry of an image, so what can be done with whole columns is done so. Most names look like
        nothing that is asked for: such paths have what their directory has, the very same value.
        """
        if len(paths) != len(parents):
            raise ValueError("not as many directories as paths")
        for parent in set(parents).difference(self._directories):
            self._directory(parent)
        found = list(map(self._directories.__getitem__, parents))
        named = map(self._named.__contains__, map(str.removeprefix, paths, parents))
        ending = map(self._endings.__contains__, map(_ending, paths))
        likely = map(or_, named, ending)
        if not all(map(str.isascii, paths)):  # ``_endings`` does not hold all endings of other paths.
            likely = map(or_, likely, map(not_, map(str.isascii, paths)))
        indexes = list(compress(range(len(found)), likely))
        for index, own in zip(indexes, self._by_names(map(paths.__getitem__, indexes)), strict=True):
            if own:
                found[index] += own
        self._forget()
        return found

    def _forget(self) -> None:
        """Let go of what was found about directories, where these are many: they would stay as long as the image."""
        if len(self._directories) > _MOST_DIRECTORIES:
            self._directories, self._characters = {"": ()}, 0

    def _by_names(self, paths: Iterable[str]) -> Iterator[tuple[int, ...]]:
        """Yield for each path the sets that hold it for its last component, or for the whole of it."""
        names, whole, trees, suffixes = self._names, self._whole, self._trees, self._suffixes
        numbered, versioned = self._numbered, self._versioned
        for path in paths:
            name = path[path.rfind("/") + 1 :]
            found = names.get(name, ())
            if path in whole:
                found += whole[path]
            if name in trees:
                found += self._trees_at(path, name)
            extension = name[name.rfind(".") + 1 :]
            if extension in suffixes:
                for suffix, numbers in suffixes[extension].items():
                    if name.endswith(suffix) and len(name) > len(suffix):
                        found += numbers
            if extension < ":" and extension.isdecimal() and extension.isascii():
                found += numbered.get(name[: -len(extension) - 1], ())
                for suffix, numbers in versioned.items():
                    if name.rstrip(_VERSION).endswith(suffix):
                        found += numbers
            yield found

    def _directory(self, path: str) -> None:
        """Find the sets whose trees hold everything below ``path``, and below each directory on the way."""
        known, unknown = self._directories, [path]
        self._characters += len(path) - CHARACTERS_A_DIRECTORY
        while (parent := path.rpartition("/")[0]) not in known:
            self._characters += len(parent)
            unknown.append(parent)
            path = parent
        if self._characters > DIRECTORY_CHARACTERS:
            raise LimitExceeded("the paths of the image are too long and too deep to hold in memory")
        found = known[parent]
        for path in reversed(unknown):
            if path in self._roots:
                found += self._roots[path]
            name = path.rpartition("/")[2]
            if name in self._trees:
                found += self._trees_at(path, name)
            known[path] = found

    def _trees_at(self, path: str, name: str) -> tuple[int, ...]:
        """The sets with a tree that may lie anywhere, and of which ``path`` is the root; ``name`` is its last part."""
        found: tuple[int, ...] = ()
        for tree, numbers in self._trees[name].items():
            if path.endswith(tree):
                found += numbers
        return found


def _append(table: dict[str, tuple[int, ...]], key: str, number: int) -> None:
    table[key] = (*table.get(key, ()), number)
