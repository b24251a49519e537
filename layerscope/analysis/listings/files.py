"""The files of an image or of one layer as rows, filtered, sorted, or summed by directory."""

from collections.abc import Iterable, Iterator
from fnmatch import translate
from itertools import islice
from operator import itemgetter
from re import compile as compile_pattern

from msgspec import Struct
from msgspec.structs import replace

from layerscope.analysis.lookup import check_layer, lookup
from layerscope.errors import UsageError
from layerscope.filesystem.tree import Filesystem
from layerscope.model.changeset import Changeset
from layerscope.model.entry import FATE_WORDS, KIND_WORDS, Fate, Kind
from layerscope.model.image import Image
from layerscope.model.nearest import did_you_mean
from layerscope.model.paths import is_at_or_below
from layerscope.model.rows import Column, Rows, beyond
from layerscope.packages.catalog import UNOWNED, Catalog
from layerscope.packages.inventory import catalog as catalog_of
from layerscope.packages.registry import CATALOGERS

_COLUMNS = (
    Column(name="content_bytes", header="SIZE", kind="bytes"),
    Column(name="files", header="FILES", kind="number", shown=False),
    Column(name="layer", header="LAYER", kind="number"),
    Column(name="kind", header="KIND", shown=False),
    Column(name="mode", header="MODE", rank=2),
    Column(name="uid", header="UID", kind="number", shown=False),
    Column(name="gid", header="GID", kind="number", shown=False),
    Column(name="fate", header="FATE", rank=1),
    Column(name="hidden_by", header="BY", kind="number", shown=False),
    Column(name="owner", header="OWNER"),
    Column(name="path", header="PATH"),
    Column(name="link", shown=False),
)
_TREE = (
    Column(name="content_bytes", header="SIZE", kind="bytes"),
    Column(name="files", header="FILES", kind="number"),
    Column(name="path", header="PATH"),
)


class FileQuery(Struct, frozen=True, kw_only=True):
    """Which versions to list: those at or below ``path``, the live ones or with ``hidden`` the others.

    ``layer`` selects all versions of one layer, with ``hidden`` only its hidden ones. ``pattern`` is a shell pattern
    for the whole path or the last component, ``owner`` the name of a package (``-`` for files not owned by a package).
    ``package`` is the index of one package in the catalog, and selects all that it owns, or owned until its removal.
    """

    path: str = "/"
    layer: int | None = None
    hidden: bool = False
    pattern: str = ""
    owner: str = ""
    package: int | None = None
    least_bytes: int = 0


def file_rows(image: Image, query: FileQuery, *, depth: int, sort: str, top: int) -> tuple[Rows, tuple[str, ...]]:
    """Return the rows for a query: a tree of ``depth`` levels, or with depth 0 a list sorted by size, path or layer.

    The rows of a list are generated. The second value are warnings about records of packages, which are read only
    where owners are shown or selected. Raises UsageError for a layer, a path or an owner that does not exist.
    """
    if query.layer is not None:
        check_layer(query.layer, len(image.layers))
    filesystem = Filesystem(image.layers)
    query = _placed(filesystem, query)
    catalog = catalog_of(filesystem, () if depth and not query.owner else CATALOGERS)
    if query.owner and not _owners(catalog, query.owner):
        names = {package.full_name for package in catalog.packages}
        hint = did_you_mean(query.owner, names, "layerscope packages IMAGE lists the names")
        raise UsageError(f"the image has no package {query.owner}", hint=hint)
    found = versions(filesystem, catalog, query)
    if depth:
        sizes = filesystem.sizes
        shown = tuple(tree(((path, sizes[number]) for number, path in found), query.path, depth))
        return Rows(columns=_TREE, rows=shown[: top or None], left_out=beyond(len(shown), top)), catalog.warnings
    ordered = _sorted(found, filesystem, sort)
    if top:
        ordered = list(ordered)
    left_out = beyond(len(ordered), top) if isinstance(ordered, list) else 0
    rows = islice(_rows(ordered, filesystem, catalog), top or None)
    return Rows(columns=_COLUMNS, rows=rows, left_out=left_out), catalog.warnings


def _placed(filesystem: Filesystem, query: FileQuery) -> FileQuery:
    """Return the query with a path that exists, the one behind symlinks where it has any."""
    path = query.path
    if path == "/":
        return query
    if query.layer is not None:
        lookup(filesystem, path, query.layer)
        return query
    paths = filesystem.paths if query.hidden else filesystem.live
    if path in filesystem.live or any(is_at_or_below(one, path) for one in paths):
        return query
    return replace(query, path=lookup(filesystem, path, None).path)


def _sorted(found: Iterator[tuple[int, str]], filesystem: Filesystem, sort: str) -> Iterable[tuple[int, str]]:
    """Sort versions and their paths; they come in the order of the layers."""
    sizes = filesystem.sizes
    if sort == "size":
        # Two stable sorts by one value each are faster than one by a pair.
        return sorted(sorted(found, key=itemgetter(1)), key=lambda one: sizes[one[0]], reverse=True)
    return sorted(found, key=itemgetter(1)) if sort == "path" else found


def versions(filesystem: Filesystem, catalog: Catalog, query: FileQuery) -> Iterator[tuple[int, str]]:
    """Yield number and path of each version for a query, in the order of the layers, without directories."""
    matches = compile_pattern(translate(query.pattern)).match if query.pattern else None
    root = query.path.rstrip("/") or "/"
    kinds, sizes, paths = filesystem.kinds, filesystem.sizes, filesystem.paths
    directory, hardlink = Kind.DIRECTORY, Kind.HARDLINK
    owners = _owners(catalog, query.owner)
    for number in _numbers(filesystem, catalog, query):
        path = paths[number] if query.layer is None else filesystem.path_in_layer(number)
        if root != "/" and not is_at_or_below(path, root):
            continue
        if matches is not None and not matches(path) and not matches(path.rpartition("/")[2]):
            continue
        kind = kinds[number]
        if kind == directory or sizes[number] < query.least_bytes:
            continue
        if kind == hardlink and query.layer is None and paths[filesystem.carrier(number)] == path:
            continue  # The carrier of its bytes is live under this name, and is listed itself.
        if query.owner and catalog.owners[number] not in owners:
            continue
        yield number, path


def _owners(catalog: Catalog, name: str) -> frozenset[int]:
    """The packages of that name, with or without its namespace, by their index; UNOWNED for ``-``."""
    if name == "-":
        return frozenset((UNOWNED,))
    return frozenset(index for index, package in enumerate(catalog.packages) if package.is_called(name))


def _rows(found: Iterable[tuple[int, str]], filesystem: Filesystem, catalog: Catalog) -> Iterator[tuple[object, ...]]:
    """Yield the values of each version, in the order of the columns."""
    modes, sizes, fates, hiders = _Modes(), filesystem.sizes, filesystem.fates, filesystem.hidden_by
    layer, numbers, changeset = -1, range(0), Changeset()
    for number, path in found:
        if number not in numbers:
            layer = filesystem.layer_of(number)
            numbers, changeset = filesystem.numbers(layer), filesystem.layers[layer].changeset
        index = number - numbers.start
        mode, uid, gid = changeset.ownerships[index]
        hidden_by = hiders[number]
        yield (
            sizes[number],
            1,
            layer,
            KIND_WORDS[changeset.kinds[index]],
            modes[mode],
            uid,
            gid,
            FATE_WORDS[fates[number]],
            None if hidden_by < 0 else hidden_by,
            owner_of(catalog, number),
            path,
            changeset.links.get(index, ""),
        )


class _Modes(dict[int, str]):
    """Permission bits in octal; an image has few distinct ones."""

    def __missing__(self, mode: int) -> str:
        text = self[mode] = f"{mode:04o}"
        return text


def owner_of(catalog: Catalog, number: int) -> str:
    """Return name and version of the package that owns a version; empty where none does."""
    owner = catalog.owners[number]
    if owner == UNOWNED:
        return ""
    package = catalog.packages[owner]
    return f"{package.full_name} {package.version}"


def _numbers(filesystem: Filesystem, catalog: Catalog, query: FileQuery) -> Iterable[int]:
    fates = filesystem.fates
    if query.package is not None:
        return catalog.files(query.package)
    numbers = range(len(filesystem)) if query.layer is None else filesystem.numbers(query.layer)
    if query.hidden:
        return (number for number in numbers if Fate.LIVE < fates[number] < Fate.MARKER)
    if query.layer is not None:
        return (number for number in numbers if fates[number] != Fate.MARKER)
    return filesystem.live_numbers()


def tree(files: Iterable[tuple[str, int]], root: str, depth: int) -> Iterator[tuple[int, int, str]]:
    """Yield bytes, number of files and the indented name of each directory down to ``depth`` levels.

    ``files`` are pairs of path and bytes at or below ``root``. A directory comes before its children, the biggest
    first.
    """
    base = root.rstrip("/")
    sums: dict[str, list[int]] = {}
    leaves: set[str] = set()
    for path, content_bytes in files:
        parts = path[len(base) + 1 :].split("/") if path != base else []
        for level in range(min(len(parts), depth) + 1):
            total = sums.setdefault("/".join(parts[:level]), [0, 0])
            total[0] += content_bytes
            total[1] += 1
        if len(parts) <= depth:
            leaves.add("/".join(parts))
    children: dict[str, list[str]] = {}
    for key in sums:
        if key:
            children.setdefault(key.rpartition("/")[0], []).append(key)
    todo = [""] if sums else []
    while todo:
        key = todo.pop()
        path = f"{base}/{key}" if key else base or "/"
        yield sums[key][0], sums[key][1], _indented(path, base, is_directory=key not in leaves)
        todo += sorted(children.get(key, ()), key=lambda one: (sums[one][0], one))


def _indented(path: str, base: str, *, is_directory: bool) -> str:
    """Return the last component of a path, indented by its depth."""
    below = path[len(base) :].strip("/")
    if not below:
        return path
    return "  " * (below.count("/") + 1) + below.rpartition("/")[2] + ("/" if is_directory else "")
