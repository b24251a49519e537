"""Sets of paths that catalogers and rules ask for, matched by dictionaries instead of one pattern after another."""

from collections.abc import Iterable, Iterator, Sequence

from msgspec import Struct, field

from layerscope.errors import LimitExceeded
from layerscope.model.limits import CHARACTERS_A_DIRECTORY, DIRECTORY_CHARACTERS


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
                root = tree if tree.startswith("/") else "/" + tree
                last = root.rpartition("/")[2]
                _append(self._trees.setdefault(last, {}), tree, number)
        # The last components that any set asks for.
        self._named = {*self._names, *self._trees, *(path.rpartition("/")[2] for path in self._paths)}

    def __call__(self, path: str) -> tuple[int, ...]:
        """Return the numbers of the sets that hold ``path``, in no particular order, possibly repeated."""
        return next((found for _, found in self.scan((path,), (path.rpartition("/")[0],))), ())

    def scan(self, paths: Iterable[str], parents: Iterable[str]) -> Iterator[tuple[int, tuple[int, ...]]]:
        """Yield the index of each path that some sets hold, with their numbers; most paths take three look-ups.

        ``parents`` are the directories of the paths.
        """
        directories, named, suffixes = self._directories, self._named, self._suffixes
        last, start = None, 0
        above: tuple[int, ...] = ()
        for index, (path, parent) in enumerate(zip(paths, parents, strict=True)):
            if parent is not last:  # Most are in the directory of the one before, and share its string.
                last, start, above = parent, len(parent) + 1, directories.get(parent) or self._directory(parent)
            name, found = path[start:], above
            if name in named:
                found += self._by_name(path, name)
            extension = name[name.rfind(".") + 1 :]
            if extension in suffixes:
                for suffix, numbers in suffixes[extension].items():
                    if name.endswith(suffix) and len(name) > len(suffix):
                        found += numbers
            elif extension < ":" and extension.isdecimal():
                found += self._numbered.get(name[: -len(extension) - 1], ())
            if found:
                yield index, found

    def _by_name(self, path: str, name: str) -> tuple[int, ...]:
        found = self._names.get(name, ()) + self._paths.get(path, ())
        return found + self._roots(path, name) if name in self._trees else found

    def _directory(self, path: str) -> tuple[int, ...]:
        """Return the sets whose trees hold everything below ``path``; remember it for each directory on the way."""
        known, unknown = self._directories, []
        self._characters -= CHARACTERS_A_DIRECTORY
        while (found := known.get(path)) is None:
            self._characters += len(path)
            parent, _, name = path.rpartition("/")
            unknown.append((path, name))
            path = parent
        if self._characters > DIRECTORY_CHARACTERS:
            raise LimitExceeded("the paths of the image are too long and too deep to hold in memory")
        for path, name in reversed(unknown):
            if name in self._trees:
                found += self._roots(path, name)
            known[path] = found
        return found

    def _roots(self, path: str, name: str) -> tuple[int, ...]:
        found: tuple[int, ...] = ()
        for tree, numbers in self._trees[name].items():
            if path == tree or (not tree.startswith("/") and path.endswith("/" + tree)):
                found += numbers
        return found


def _append(table: dict[str, tuple[int, ...]], key: str, number: int) -> None:
    table[key] = (*table.get(key, ()), number)
