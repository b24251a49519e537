"""Packages of npm, yarn and pnpm: the directories in ``node_modules``, and what is linked from there.

Sources: npm Docs, "folders" and "package.json"; pnpm.io, "Symlinked node_modules structure"; nodejs.org,
"Loading from node_modules folders".
"""

from collections.abc import Iterable, Iterator

from layerscope.filesystem.tree import Filesystem
from layerscope.model.entry import Kind
from layerscope.model.limits import MIB
from layerscope.model.pathset import PathSet, Wanted
from layerscope.packages import records
from layerscope.packages.cataloger import Cataloger, Claim, Evidence
from layerscope.packages.records import Record, read_object, word

_MOST = MIB
_MODULES = "node_modules"
_SEPARATOR = f"/{_MODULES}/"
_STORES = (".pnpm", ".store")
_PROGRAMS = ("/usr/local/bin", "/usr/bin", "/bin", "/opt/bin")


def _catalog(evidence: Evidence) -> Iterator[Claim]:
    outside: list[Record] = []
    for record in records.live_records(evidence):
        if _is_package(record.directory):
            yield _claim(evidence, record)
        elif _SEPARATOR not in record.path:
            outside.append(record)
    if outside:
        linked = _linked(evidence.filesystem)
        for record in outside:
            if record.directory in linked:
                yield _claim(evidence, record)
    yield from _removed(evidence)


def _is_package(directory: str) -> bool:
    """Whether a directory is where an installation puts a package.

    On the way to it each ``node_modules`` lies directly in a package (or in an entry of pnpm's store): a package's
    own tests may hold trees of ``node_modules`` that nothing was installed to.
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


def _claim(evidence: Evidence, record: Record, versions: Iterable[int] | None = None) -> Claim:
    """A package by its manifest; by the name of its directory where that cannot be read."""
    manifest = read_object(evidence, record, _MOST) or {}
    name = word(manifest.get("name")) or _directory_name(record.directory)
    scope, slash, rest = name.partition("/")
    if versions is None:
        versions = evidence.context.in_tree(record.directory, without=_MODULES)
    return Claim(
        type="npm",
        namespace=scope if slash else "",
        name=rest if slash else name,
        version=word(manifest.get("version")),
        versions=tuple(versions),
        layer=record.layer,
        removed_in=record.removed_in,
        location=record.path,
    )


def _directory_name(directory: str) -> str:
    above, _, name = directory.rpartition("/")
    scope = above.rpartition("/")[2]
    return f"{scope}/{name}" if scope.startswith("@") else name


def _linked(filesystem: Filesystem) -> set[str]:
    """Directories outside of ``node_modules`` that are installed by a link alone.

    Workspaces and ``npm link`` put a symlink to the package into ``node_modules``. A program that came as an archive
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


def _removed(evidence: Evidence) -> Iterator[Claim]:
    """Packages that a later layer deleted, with what it hid of them."""
    gone = {record.directory: record for record in records.removed_records(evidence) if _is_package(record.directory)}
    homes = {directory: record.removed_in or 0 for directory, record in gone.items()}
    for directory, numbers in records.hidden_in(evidence.filesystem, homes, _MODULES).items():
        yield _claim(evidence, gone[directory], numbers)


NPM = Cataloger(
    name="npm",
    wanted=Wanted(paths=PathSet(names=("package.json",)), head=_MOST),
    catalog=_catalog,
)
