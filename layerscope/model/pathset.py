"""Sets of paths that catalogers and rules ask for, matched by dictionaries instead of one pattern after another."""

from collections.abc import Iterator, Sequence
from itertools import repeat
from operator import itemgetter

from msgspec import Struct, field

from layerscope.errors import LimitExceeded
from layerscope.model.limits import CHARACTERS_A_DIRECTORY, DIRECTORY_CHARACTERS

_LAST = itemgetter(2)


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


class Wanted(Struct, frozen=True, kw_only=True):
    """Contents that a later step will ask for: the first ``head`` and last ``tail`` bytes of the files in a set.

    ``executables`` adds every regular file with an execute bit of at least that many bytes; 0 for none of them. Of the
    executables also ``marked`` bytes are kept from the first place on where ``mark`` stands.

    ``small`` adds every regular file up to that many bytes that begins with ``beginning`` and in which the expression
    ``holding`` is found, except in directories in whose paths (with a slash at the end) ``without`` is found. This also
    works in a pipe, where the files to be asked for are not known in advance.

    ``ranges`` says that a reader needs places in the middle of a file. A plain layer gives those too, of the files in
    the set and of the executables; apart from that no layer gives more than what is described here.
    """

    paths: PathSet = field(default_factory=PathSet)
    head: int = 1 << 20
    tail: int = 0
    executables: int = 0
    small: int = 0
    beginning: bytes = b""
    holding: bytes = b""
    without: str = ""
    mark: bytes = b""
    marked: int = 0
    ranges: bool = False


class Selector:
    """Finds which of many sets hold a path, in time that does not grow with their number."""

    def __init__(self, sets: Sequence[PathSet]) -> None:
        self._paths: dict[str, tuple[int, ...]] = {}
        self._names: dict[str, tuple[int, ...]] = {}
        self._suffixes: dict[str, dict[str, tuple[int, ...]]] = {}
        self._roots: dict[str, tuple[int, ...]] = {}
        self._trees: dict[str, dict[str, tuple[int, ...]]] = {}
        self._directories: dict[str, tuple[int, ...]] = {"": ()}
        self._numbered: dict[str, tuple[int, ...]] = {}
        self._characters = 0
        for number, pathset in enumerate(sets):
            for path in pathset.paths:
                _append(self._paths, path, number)
            for name in pathset.names:
                _append(self._names, name, number)
            for suffix in pathset.suffixes:
                _append(self._suffixes.setdefault(suffix.rpartition(".")[2], {}), suffix, number)
            for stem in pathset.numbered:
                _append(self._numbered, stem, number)
            for tree in pathset.trees:
                if tree.startswith("/"):
                    _append(self._roots, tree, number)
                else:
                    _append(self._trees.setdefault(tree.rpartition("/")[2], {}), f"/{tree}", number)
        # The last components that any set asks for.
        self._named = {*self._names, *self._trees, *(path.rpartition("/")[2] for path in (*self._paths, *self._roots))}

    def __call__(self, path: str) -> tuple[int, ...]:
        """Return the numbers of the sets that hold ``path``, in no particular order, possibly repeated."""
        return next((found for _, found in self.scan((path,), (path.rpartition("/")[0],))), ())

    def scan(self, paths: Sequence[str], parents: Sequence[str]) -> Iterator[tuple[int, tuple[int, ...]]]:
        """Yield the index of each path that some sets hold, with their numbers; three look-ups decide most paths.

        ``parents`` are the directories that the paths lie in.
        """
        directories, named, suffixes = self._directories, self._named, self._suffixes
        for parent in set(parents).difference(directories):
            self._directory(parent)
        # This runs for every entry of an image, so what can be done with whole columns is done so.
        names = map(_LAST, map(str.rpartition, paths, repeat("/")))
        for index, (name, found) in enumerate(zip(names, map(directories.__getitem__, parents), strict=True)):
            if name in named:
                found += self._by_name(paths[index], name)
            extension = name.rpartition(".")[2]
            if extension in suffixes:
                for suffix, numbers in suffixes[extension].items():
                    if name.endswith(suffix) and len(name) > len(suffix):
                        found += numbers
            elif extension < ":" and extension.isdecimal():
                found += self._numbered.get(name[: -len(extension) - 1], ())
            if found:
                yield index, found

    def _by_name(self, path: str, name: str) -> tuple[int, ...]:
        found = self._names.get(name, ()) + self._paths.get(path, ()) + self._roots.get(path, ())
        return found + self._trees_at(path, name) if name in self._trees else found

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
