"""Which packages of the operating system are in use by what no such package brought.

Looked at are the user's own layers: commands and scripts that call a program, programs that load a library, links, code
for an interpreter, and Python packages that pip installed. What cannot be read counts as using every library.
"""

from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from itertools import chain

from layerscope.model.entry import Fate, Kind
from layerscope.model.pathset import PathSet, Wanted
from layerscope.model.patterns import pattern
from layerscope.packages.catalog import UNOWNED
from layerscope.packages.formats.dynamic import NEEDED, needed
from layerscope.packages.formats.elf import IDENTITY_BYTES, identity
from layerscope.packages.formats.ranges import ranges_of
from layerscope.rules.commands import tools_of
from layerscope.rules.families.python_dev import python_needs
from layerscope.rules.lockfiles import normal
from layerscope.rules.ownership import OS_PACKAGES, is_vendored
from layerscope.rules.rule import RuleContext

_PROGRAM_BYTES = 8 << 10
PROGRAMS = Wanted(paths=PathSet(suffixes=(".so", ".node")), head=64, executables=_PROGRAM_BYTES, ranges=NEEDED)
"""Programs and libraries, of which the names of the libraries that they load are read."""
_SCRIPT_BYTES = 64 << 10
_MOST_READ = 20_000
_VERSION = ".0123456789"
_WORD = pattern(r"[^\s'\"`;|&()<>=]+")
_PATHS = pattern(r"[:,\s]")
_COMMANDS = ("/usr/local/bin", "/usr/bin", "/usr/sbin", "/bin", "/sbin")
_SHELL = frozenset({"sh", "bash", "dash", "ash", "ksh", "zsh"})
_INTERPRETERS = {
    ".pl": "perl", ".pm": "perl", ".cgi": "perl", ".py": "python3", ".rb": "ruby", ".tcl": "tclsh", ".lua": "lua",
    ".php": "php", ".jar": "java", ".war": "java", ".js": "node",
}  # fmt: skip
_ALTERNATIVES = "/etc/alternatives/"
_LINKS_OF_SYSTEM = ("/etc/alternatives/", "/etc/rc", "/etc/systemd/", "/usr/share/doc/")


def used_packages(context: RuleContext, candidates: AbstractSet[int]) -> set[int]:
    """Those of the candidates, by their index in the catalogue, that anything uses."""
    uses = _Uses(context, candidates)
    uses.call(context.called)
    uses.name()
    uses.require()
    for number in _loose(context):
        uses.look_at(number)
    return uses.found


def _loose(context: RuleContext) -> Iterator[int]:
    """The live versions of own layers that neither a package of the system owns nor a finding claims."""
    filesystem, owners, claimed, live = context.filesystem, context.catalog.owners, context.claimed, Fate.LIVE
    fates, kinds, link = filesystem.fates, filesystem.kinds, Kind.SYMLINK
    of_system = {index for index, package in enumerate(context.catalog.packages) if package.type in OS_PACKAGES}
    for layer in range(context.base_layers, len(filesystem.layers)):
        for number in filesystem.numbers(layer):
            is_loose = fates[number] == live and kinds[number] <= link and owners[number] not in of_system
            if is_loose and not claimed[number]:
                yield number


class _Uses:
    """Gathers the candidates that are in use (``found``)."""

    def __init__(self, context: RuleContext, candidates: AbstractSet[int]) -> None:
        self._context, self._filesystem, self._candidates = context, context.filesystem, candidates
        self._libraries: dict[str, set[int]] = {}
        self._programs: dict[str, set[int]] = {}
        for index in candidates:
            for number in context.owned.get(index, ()):
                directory, _, name = self._filesystem.paths[number].rpartition("/")
                if directory.endswith("bin"):
                    for program in tools_of((name,)):
                        self._programs.setdefault(program, set()).add(index)
                elif ".so" in name:
                    self._libraries.setdefault(name, set()).add(index)
        self._left = _MOST_READ
        self.found = set[int]()

    def call(self, programs: AbstractSet[str]) -> None:
        """Add the packages of these programs, of any version, and of those to which such a name is a link."""
        for program in programs & self._programs.keys():
            self.found |= self._programs[program]
        live = self._filesystem.live
        for program in programs:
            for directory in _COMMANDS:
                if (path := f"{directory}/{program}") in live:
                    self._own(path)

    def name(self) -> None:
        """Add the packages of the files that Env and the commands name."""
        values = (variable.partition("=")[2] for variable in self._context.image.config.env)
        words = chain(self._context.command_words, *(_PATHS.split(value) for value in values))
        for path in {word for word in words if word.startswith("/")}:
            self._own(path)

    def _own(self, path: str) -> None:
        """Add the package that owns what lies at a path, or behind the links there."""
        number = self._filesystem.resolve(path)
        if number is not None:
            self.found |= {self._context.catalog.owners[number]} & self._candidates

    def require(self) -> None:
        """Add the packages of the Python distributions that those of pip require."""
        packages, live, owners = self._context.catalog.packages, self._filesystem.live, self._context.catalog.owners
        owner_of = {
            normal(package.name): owners[live[package.location]]
            for package in packages
            if package.type == "pypi" and package.shared and package.location in live
        }
        if self._candidates.isdisjoint(owner_of.values()):
            return
        loose = {normal(package.name) for package in packages if package.type == "pypi" and not package.shared}
        for (name, extra), needs in python_needs(self._context).items():
            if name in loose and not extra:
                self.found |= {owner_of.get(need, UNOWNED) for need, _ in needs} & self._candidates

    def look_at(self, number: int) -> None:
        """Add the packages that one file or link uses."""
        filesystem = self._filesystem
        path = filesystem.paths[number]
        if filesystem.kinds[number] == Kind.SYMLINK:
            layer, index = filesystem.place(number)
            self._follow(path, filesystem.layers[layer].changeset.links.get(index, ""))
            return
        suffix = path[path.rfind(".") :]
        if suffix in _INTERPRETERS and not (suffix != ".py" and is_vendored(path)):
            self.call({_INTERPRETERS[suffix]})
        carrier = filesystem.carrier(number)
        layer, index = filesystem.place(carrier)
        is_executable = bool(filesystem.layers[layer].changeset.ownerships[index][0] & 0o111)
        if path.rstrip(_VERSION).endswith((".so", ".node")) or (
            is_executable and filesystem.sizes[carrier] >= _PROGRAM_BYTES
        ):
            self._load(number)
        if is_executable and filesystem.sizes[carrier] <= _SCRIPT_BYTES and suffix != ".sample":
            self._interpret(number)

    def _follow(self, path: str, target: str) -> None:
        """A link of the system's own tools says nothing: those of alternatives, services, and library versions."""
        if path.startswith(_LINKS_OF_SYSTEM) or target.startswith(_ALTERNATIVES) or "/" not in target:
            return
        self._own(path)

    def _load(self, number: int) -> None:
        """The libraries that a program names; all of them where that cannot be read."""
        if not self._libraries:
            return
        self._left -= 1
        head = self._filesystem.read(number, 0, IDENTITY_BYTES) if self._left >= 0 else None
        if head is not None and identity(head) is None:
            return
        names = needed(*ranges_of(self._filesystem, number)) if head is not None else None
        for name in tuple(self._libraries) if names is None else self._libraries.keys() & set(names):
            self.found |= self._libraries.pop(name)

    def _interpret(self, number: int) -> None:
        """The interpreter of a script; of a shell script every program that it names."""
        text = (self._filesystem.read(number, 0, _SCRIPT_BYTES) or b"") if self._programs else b""
        if not text.startswith(b"#!"):
            return
        first = tools_of(_WORD.findall(text[2:].partition(b"\n")[0].decode("utf-8", "replace")))
        self.call(first)
        if not first.isdisjoint(_SHELL):
            self.call(tools_of(_WORD.findall(text.decode("utf-8", "replace"))))
