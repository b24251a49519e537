"""Packages of npm, yarn and pnpm: the directories in ``node_modules``, and what is linked from there.

Sources: npm Docs, "folders" and "package.json"; pnpm.io, "Symlinked node_modules structure"; nodejs.org,
"Loading from node_modules folders".
"""

from collections.abc import Iterable, Iterator, Mapping

from layerscope.filesystem.tree import Filesystem
from layerscope.model.entry import Fate, Kind
from layerscope.model.limits import MIB
from layerscope.model.pathset import PathSet, Wanted
from layerscope.packages.cataloger import Cataloger, Claim
from layerscope.packages.context import Context, Record, word

_MOST = MIB
_MODULES = "node_modules"
_SEPARATOR = f"/{_MODULES}/"
_STORES = (".pnpm", ".store")
_PROGRAMS = ("/usr/local/bin", "/usr/bin", "/bin", "/opt/bin")


def _catalog(context: Context) -> Iterator[Claim]:
    outside: list[Record] = []
    for record in context.live_records():
        if _is_package(record.directory):
            yield _claim(context, record)
        elif _SEPARATOR not in record.path:
            outside.append(record)
    if outside:
        linked = _linked(context.filesystem)
        for record in outside:
            if record.directory in linked:
                yield _claim(context, record)
    yield from _removed(context)


def _is_package(directory: str) -> bool:
    """Whether a directory is where an installation puts a package.

    On the way to it each ``node_modules`` lies directly in a package (or in an entry of pnpm's store): a package's
    own tests may hold trees of ``node_modules`` that hold no installed packages.
    """
    _, *packages = directory.split(_SEPARATOR)
    return bool(packages) and all(_is_name(name) for name in packages)


def _is_name(name: str) -> bool:
    scope, slash, rest = name.partition("/")
    if scope in _STORES:
        # Yarn keeps a package in <entry>/package, npm's entries may have a scope; what lies deeper is a package's own.
        entry, inner, child = rest.partition("/")
        return bool(entry) and (not inner or child == "package" or (entry.startswith("@") and "/" not in child))
    return "/" not in rest and scope.startswith("@") == bool(slash) and not scope.startswith(".")


def _claim(context: Context, record: Record, versions: Iterable[int] | None = None) -> Claim:
    """A package by its manifest; by the name of its directory where that cannot be read."""
    manifest = context.read_object(record.number, _MOST)
    name = word(manifest.get("name")) or _directory_name(record.directory)
    scope, slash, rest = name.partition("/")
    if versions is None:
        versions = context.in_tree(record.directory, without=_MODULES)
    version = word(manifest.get("version"))
    return Claim.of(record, "npm", rest if slash else name, version, versions, namespace=scope if slash else "")


def _directory_name(directory: str) -> str:
    above, _, name = directory.rpartition("/")
    scope = above.rpartition("/")[2]
    return f"{scope}/{name}" if scope.startswith("@") else name


def _linked(filesystem: Filesystem) -> set[str]:
    """Directories outside of ``node_modules`` that are installed by a link alone.

    Workspaces and ``npm link`` put a symlink to the package into ``node_modules``. A program from an archive
    (yarn in the images of Node) has a symlink into its ``bin`` among the programs.
    """
    found = set()
    for directory, numbers in filesystem.children.items():
        parent, _, name = directory.rpartition("/")
        if name == _MODULES or (name.startswith("@") and parent.endswith("/" + _MODULES)):
            found |= {target.rpartition("/")[0] for target in _targets(filesystem, numbers, "/package.json")}
    for directory in _PROGRAMS:
        for target in _targets(filesystem, filesystem.children.get(directory, ())):
            package, slash, _ = target.rpartition("/bin/")
            if slash:
                found.add(package)
    return found


def _targets(filesystem: Filesystem, numbers: Iterable[int], inside: str = "") -> set[str]:
    """The files to which the symlinks among these versions lead, or those of that name inside of where they lead."""
    kind_of, carrier = filesystem.kind_of, filesystem.carrier
    links = [filesystem.path_of(number) for number in numbers if kind_of(carrier(number)) == Kind.SYMLINK]
    targets = [filesystem.resolve(path + inside) for path in links]
    return {filesystem.path_of(target) for target in targets if target is not None}


def _removed(context: Context) -> Iterator[Claim]:
    """Packages that a later layer deleted, with what it hid of them."""
    gone = {record.directory: record for record in context.removed_records() if _is_package(record.directory)}
    homes = {directory: record.removed_in or 0 for directory, record in gone.items()}
    for directory, numbers in _hidden_in(context.filesystem, homes).items():
        yield _claim(context, gone[directory], numbers)


def _hidden_in(filesystem: Filesystem, homes: Mapping[str, int]) -> dict[str, list[int]]:
    """The versions that a layer hid together with the package in which they lay.

    ``homes`` are directories of packages and the layers that deleted them; a version belongs to the nearest one
    around it, and to none beyond a ``node_modules``.
    """
    found: dict[str, list[int]] = {home: [] for home in homes}
    nearest: dict[str, str | None] = {"": None} | {home: home for home in homes}
    for layer in filesystem.layers if homes else ():
        numbers = filesystem.numbers(layer.index)
        fates = filesystem.fates[numbers.start : numbers.stop]
        for number, fate, path in zip(numbers, fates, layer.changeset.paths, strict=True):
            if fate not in (Fate.LIVE, Fate.MARKER):
                home = _nearest(path.rpartition("/")[0], nearest)
                if home is not None and filesystem.hidden_by[number] == homes[home]:
                    found[home].append(number)
    return found


def _nearest(directory: str, known: dict[str, str | None]) -> str | None:
    """The package around a directory; remembered for each directory on the way."""
    unknown = []
    while directory not in known and directory.rpartition("/")[2] != _MODULES:
        unknown.append(directory)
        directory = directory.rpartition("/")[0]
    home = known.get(directory)
    known.update(dict.fromkeys(unknown, home))
    return home


NPM = Cataloger(name="npm", wanted=Wanted(paths=PathSet(names=("package.json",)), head=_MOST), catalog=_catalog)
