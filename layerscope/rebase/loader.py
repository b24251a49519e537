"""Which files the dynamic loader takes for the libraries of a program (ld.so(8) of glibc, musl's ldso/dynlink.c)."""

from collections import deque
from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase
from functools import cached_property
from typing import NamedTuple

from msgspec import Struct

from layerscope.errors import LimitExceeded
from layerscope.model.limits import KIB
from layerscope.packages.formats.dynamic import Dynamic
from layerscope.rebase.system import System

_CONF = "/etc/ld.so.conf"
_MOST_CONF, _MOST_INCLUDES, _MOST_DIRECTORIES = 64 * KIB, 64, 256
_MOST_LOADED, _MOST_ABOVE, _MOST_LOOKUPS = 2000, 16, 1_000_000
_TRIPLETS = {
    3: ("i386-linux-gnu",), 21: ("powerpc64le-linux-gnu",), 22: ("s390x-linux-gnu",), 62: ("x86_64-linux-gnu",),
    40: ("arm-linux-gnueabihf", "arm-linux-gnueabi"), 183: ("aarch64-linux-gnu",), 243: ("riscv64-linux-gnu",),
}  # fmt: skip
"""The directories of Debian's libraries by the number of the machine."""
_MUSL_NAMES = {3: "i386", 21: "powerpc64le", 22: "s390x", 40: "armhf", 62: "x86_64", 183: "aarch64", 243: "riscv64"}
_MUSL_DEFAULT = ("/lib", "/usr/local/lib", "/usr/lib")
_OF_MUSL = ("libc.", "libpthread.", "librt.", "libm.", "libdl.", "libutil.", "libxnet.")
"""Libraries that musl's loader takes for itself, whatever follows."""
_GLIBC = "libc.so.6"


class Lack(Struct, frozen=True, kw_only=True):
    """A library, a version of its symbols, or a loader that the file ``number`` needs and does not get."""

    what: str
    number: int


class Loader:
    """Finds libraries in one image; raises LimitExceeded where files name more than can be looked up."""

    def __init__(self, system: System) -> None:
        self._system = system
        self._common: dict[tuple[str, int, bool, bool], int | None] = {}
        self._real: dict[str, str | None] = {}
        self._left = _MOST_LOOKUPS

    def load(self, program: int) -> tuple[set[int], list[Lack]]:
        """The files that are loaded with a program or library, itself included, and what is missing."""
        system, first = self._system, self._system.elf(program)
        if first is None:
            return set(), []
        loaded, lacks = {program}, list[Lack]()
        musl = self._is_musl(first)
        if first.interpreter and (place := system.file(first.interpreter)) is not None:
            loaded.add(place)
        known: dict[str, int] = {}
        todo: deque[tuple[int, Dynamic, tuple[_Path, ...]]] = deque(((program, first, ()),))
        while todo and len(loaded) < _MOST_LOADED:
            number, one, above = todo.popleft()
            path = _Path(one, system.filesystem.path_of(number).rpartition("/")[0])
            lacks += self._lacks(number, path, above, known, musl=musl)
            for name in one.needed:
                library = system.elf(known[name]) if name in known else None
                if library is not None and known[name] not in loaded:
                    loaded.add(known[name])
                    known.setdefault(library.soname or name, known[name])
                    todo.append((known[name], library, (path, *above)[:_MOST_ABOVE]))
        return loaded, lacks

    def direct(self, number: int) -> list[Lack]:
        """What a program or library lacks itself; not what its libraries lack."""
        one = self._system.elf(number)
        if one is None:
            return []
        path = _Path(one, self._system.filesystem.path_of(number).rpartition("/")[0])
        return list(self._lacks(number, path, (), {}, musl=self._is_musl(one)))

    def library(self, number: int, name: str) -> int | None:
        """The file that a program or library gets for a name by itself."""
        one = self._system.elf(number)
        if one is None or name not in one.needed:
            return None
        path = _Path(one, self._system.filesystem.path_of(number).rpartition("/")[0])
        return self._find(name, path, (), musl=self._is_musl(one))

    def _is_musl(self, one: Dynamic) -> bool:
        """Whether the process of a program, or one that loads a library, runs with musl."""
        return "ld-musl" in one.interpreter if one.interpreter else self._system.is_musl

    def _lacks(
        self, number: int, path: "_Path", above: Sequence["_Path"], known: dict[str, int], *, musl: bool
    ) -> Iterator[Lack]:
        """What one file lacks; the libraries that are found are added to ``known``."""
        one, system = path.file, self._system
        if one.interpreter and system.file(one.interpreter) is None:
            yield Lack(what=one.interpreter, number=number)
        for name in one.needed:
            if name in known:
                continue
            found = self._find(name, path, above, musl=musl)
            if found is not None:
                known[name] = found
            elif not (musl and name.startswith(_OF_MUSL) and _GLIBC not in one.needed):
                yield Lack(what=name, number=number)
        for name, versions in one.requires:
            # A library that defines no version at all is not asked for any, as by glibc.
            library = system.elf(known[name]) if name in known else None
            defined = library.defines if library is not None else frozenset[str]()
            if defined:
                yield from (Lack(what=f"{one} of {name}", number=number) for one in versions if one not in defined)

    def _find(self, name: str, path: "_Path", above: Sequence["_Path"], *, musl: bool) -> int | None:
        one = path.file
        if "/" in name:
            return self._fitting(name, one)
        for directory in self._own_directories(path, above, musl=musl):
            found = self._fitting(f"{directory}/{name}", one)
            if found is not None:
                return found
        key = (name, one.machine, one.is_wide, musl)
        if key not in self._common:
            everywhere = self._of_musl(one.machine) if musl else (*self._conf, *_defaults(one))
            places = (self._fitting(f"{directory}/{name}", one) for directory in everywhere)
            self._common[key] = next((found for found in places if found is not None), None)
        return self._common[key]

    def _fitting(self, path: str, one: Dynamic) -> int | None:
        """The file at a path, unless it is a library for another machine, which the loader skips."""
        self._left -= 1
        if self._left < 0:
            raise LimitExceeded("programs and libraries name more libraries than can be looked up")
        directory, _, name = path.rpartition("/")
        if directory not in self._real:
            self._real[directory] = self._system.filesystem.real(directory)
        real = self._real[directory]
        # Most lookups find nothing, and need no walk along the links of the path.
        if real is None or f"{real}/{name}" not in self._system.filesystem.live:
            return None
        number = self._system.file(path)
        library = self._system.elf(number) if number is not None else None
        if library is not None and (library.machine, library.is_wide) != (one.machine, one.is_wide):
            return None
        return number

    def _own_directories(self, path: "_Path", above: Sequence["_Path"], *, musl: bool) -> Iterator[str]:
        """Where the loader looks before it looks where it does for every file."""
        environment = self._system.environment.get("LD_LIBRARY_PATH", "")
        if musl:
            yield from path.directories(environment)
            for each in (path, *above):
                yield from each.directories(each.file.runpath or each.file.rpath)
            return
        if not path.file.runpath:
            for each in (path, *above):
                yield from each.directories("" if each.file.runpath else each.file.rpath)
        yield from path.directories(environment)
        yield from path.directories(path.file.runpath)

    def _of_musl(self, machine: int) -> Sequence[str]:
        text = self._system.text(f"/etc/ld-musl-{_MUSL_NAMES.get(machine, '')}.path", _MOST_CONF)
        return text.replace("\n", ":").split(":")[:_MOST_DIRECTORIES] if text.strip() else _MUSL_DEFAULT

    @cached_property
    def _conf(self) -> tuple[str, ...]:
        """The directories of ld.so.conf and of what it includes."""
        found, todo, done = list[str](), [_CONF], set[str]()
        while todo and len(done) < _MOST_INCLUDES:
            path = todo.pop(0)
            if path in done:
                continue
            done.add(path)
            for line in self._system.text(path, _MOST_CONF).splitlines():
                words = line.partition("#")[0].replace(",", " ").replace(":", " ").split()
                if words[:1] == ["include"]:
                    todo += [each for word in words[1:] for each in self._included(word)]
                elif words[:1] != ["hwcap"]:
                    found += [word.partition("=")[0].rstrip("/") for word in words if word.startswith("/")]
        return tuple(dict.fromkeys(found))[:_MOST_DIRECTORIES]

    def _included(self, word: str) -> list[str]:
        """The files that an include names, the last component of which may be a pattern."""
        path = word if word.startswith("/") else f"/etc/{word}"
        directory, _, name = path.rpartition("/")
        real = self._system.filesystem.real(directory)
        numbers = self._system.filesystem.children.get(real, ()) if real is not None else ()
        paths = (self._system.filesystem.path_of(number) for number in numbers)
        return sorted(one for one in paths if fnmatchcase(one.rpartition("/")[2], name))[:_MOST_INCLUDES]


def _defaults(one: Dynamic) -> Iterator[str]:
    for triplet in _TRIPLETS.get(one.machine, ()):
        yield from (f"/lib/{triplet}", f"/usr/lib/{triplet}")
    if one.is_wide:
        yield from ("/lib64", "/usr/lib64")
    yield from ("/lib", "/usr/lib")


class _Path(NamedTuple):
    """A file and the directory that it was loaded from."""

    file: Dynamic
    origin: str

    def directories(self, text: str) -> Iterator[str]:
        """Those of an RPATH, a RUNPATH or LD_LIBRARY_PATH, with the loader's own variables in their places."""
        for part in text.split(":")[:_MOST_DIRECTORIES] if text else ():
            library = "lib64" if self.file.is_wide else "lib"
            for name, value in (("ORIGIN", self.origin), ("LIB", library)):
                part = part.replace(f"${{{name}}}", value).replace(f"${name}", value)
            if part.startswith("/"):
                yield part.rstrip("/")
