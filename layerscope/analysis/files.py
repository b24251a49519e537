"""The files of an image or of one layer, as rows to be listed, filtered and summed."""

from collections.abc import Iterable, Iterator
from fnmatch import translate
from re import compile as compile_pattern

from msgspec import Struct

from layerscope.analysis.lookup import check_layer
from layerscope.filesystem.tree import Filesystem
from layerscope.model.entry import Fate, Kind
from layerscope.model.image import Image
from layerscope.model.paths import is_at_or_below
from layerscope.model.rows import Column, Rows
from layerscope.packages.catalog import UNOWNED, Catalog
from layerscope.packages.inventory import catalog as catalog_of

_COLUMNS = (
    Column(name="content_bytes", header="SIZE", kind="bytes"),
    Column(name="files", header="FILES", kind="number", shown=False),
    Column(name="layer", header="LAYER", kind="number"),
    Column(name="kind", header="KIND", shown=False),
    Column(name="mode", header="MODE"),
    Column(name="uid", header="UID", kind="number", shown=False),
    Column(name="gid", header="GID", kind="number", shown=False),
    Column(name="fate", header="FATE"),
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


class FileRow(Struct, frozen=True, kw_only=True):
    """One path; ``owner`` is a package's name and version, ``files`` counts what a directory's sum holds."""

    path: str
    kind: str
    content_bytes: int
    layer: int
    fate: str = "live"
    mode: int = 0
    uid: int = 0
    gid: int = 0
    link: str = ""
    owner: str = ""
    files: int = 1
    hidden_by: int | None = None


class FileQuery(Struct, frozen=True, kw_only=True):
    """Which versions to list: those at or below ``path``, live ones unless ``hidden`` asks for the others.

    ``layer`` asks for all that one layer holds, whatever became of it; ``pattern`` is a shell pattern over the whole
    path or the last component, ``owner`` the name of a package (``-`` for what no package owns).
    """

    path: str = "/"
    layer: int | None = None
    hidden: bool = False
    pattern: str = ""
    owner: str = ""
    least_bytes: int = 0


def file_rows(image: Image, query: FileQuery, *, depth: int, sort: str, top: int) -> Rows:
    """The rows for a query: a tree of ``depth`` levels, or with depth 0 flat, sorted by size, path or layer.

    Raises UsageError for a layer that the image does not have.
    """
    if query.layer is not None:
        check_layer(query.layer, len(image.layers))
    filesystem = Filesystem(image.layers)
    found = files(filesystem, catalog_of(filesystem), query)
    if depth:
        shown = list(tree(found, query.path, depth))
        rows = [(row.content_bytes, row.files, _indented(row, query.path)) for row in shown]
        return Rows(columns=_TREE, rows=tuple(rows[: top or None]))
    keys = {"size": lambda row: (-row.content_bytes, row.path), "path": lambda row: (row.path, row.layer)}
    ordered = sorted(found, key=keys[sort]) if sort in keys else list(found)
    return Rows(columns=_COLUMNS, rows=tuple(_values(row) for row in ordered[: top or None]))


def _values(row: FileRow) -> tuple[object, ...]:
    return (
        row.content_bytes,
        row.files,
        row.layer,
        row.kind,
        f"{row.mode:04o}",
        row.uid,
        row.gid,
        row.fate,
        row.hidden_by,
        row.owner,
        row.path,
        row.link,
    )


def _indented(row: FileRow, root: str) -> str:
    """The path as a tree shows it: its last component, moved in by its depth."""
    base = root.rstrip("/")
    below = row.path[len(base) :].strip("/")
    if not below:
        return row.path
    name = below.rpartition("/")[2] + ("/" if row.kind == "directory" else "")
    return "  " * (below.count("/") + 1) + name


def files(filesystem: Filesystem, catalog: Catalog | None, query: FileQuery) -> Iterator[FileRow]:
    """The rows for a query, in the order of the layers; directories themselves are left out unless they are alone."""
    matches = compile_pattern(translate(query.pattern)).match if query.pattern else None
    root = query.path.rstrip("/") or "/"
    for number in _numbers(filesystem, query):
        path = filesystem.path_of(number) if query.layer is None else filesystem.path_in_layer(number)
        if not is_at_or_below(path, root):
            continue
        if matches is not None and not matches(path) and not matches(path.rpartition("/")[2]):
            continue
        kind = filesystem.kind_of(number)
        if kind == Kind.HARDLINK and query.layer is None and filesystem.path_of(filesystem.carrier(number)) == path:
            continue  # The carrier of its bytes lives on under this name, and is listed itself.
        if kind == Kind.DIRECTORY or filesystem.content_bytes(number) < query.least_bytes:
            continue
        owner = owner_of(catalog, number)
        if query.owner and query.owner != (owner.partition(" ")[0] or "-"):
            continue
        yield _row(filesystem, number, path, owner)


def owner_of(catalog: Catalog | None, number: int) -> str:
    """Name and version of the package that owns a version; empty where none does."""
    if catalog is None or catalog.owners[number] == UNOWNED:
        return ""
    package = catalog.packages[catalog.owners[number]]
    return f"{package.name} {package.version}"


def _numbers(filesystem: Filesystem, query: FileQuery) -> Iterable[int]:
    fates = filesystem.fates
    if query.layer is not None:
        return (number for number in filesystem.numbers(query.layer) if fates[number] != Fate.MARKER)
    if query.hidden:
        return (number for number, fate in enumerate(fates) if Fate.LIVE < fate < Fate.MARKER)
    return filesystem.live_numbers()


def _row(filesystem: Filesystem, number: int, path: str, owner: str) -> FileRow:
    version = filesystem.version(number)
    return FileRow(
        path=path,
        kind=version.kind.name.lower().replace("_", "-"),
        content_bytes=version.content_bytes,
        layer=version.layer,
        fate=version.fate.name.lower().replace("_", "-"),
        mode=version.mode,
        uid=version.uid,
        gid=version.gid,
        link=version.link,
        owner=owner,
        hidden_by=None if version.hidden_by < 0 else version.hidden_by,
    )


def tree(rows: Iterable[FileRow], root: str, depth: int) -> Iterator[FileRow]:
    """Sums of the rows by directory, down to ``depth`` levels below ``root``, each directory before what it holds.

    Within a directory the biggest come first.
    """
    base = root.rstrip("/")
    sums: dict[str, list[int]] = {}
    leaves: dict[str, FileRow] = {}
    for row in rows:
        parts = row.path[len(base) + 1 :].split("/")
        for level in range(min(len(parts), depth) + 1):
            key = "/".join(parts[:level])
            total = sums.setdefault(key, [0, 0])
            total[0] += row.content_bytes
            total[1] += 1
        if len(parts) <= depth:
            leaves["/".join(parts)] = row
    children: dict[str, list[str]] = {}
    for key in sums:
        if key:
            children.setdefault(key.rpartition("/")[0], []).append(key)
    todo = [""] if sums else []
    while todo:
        key = todo.pop()
        leaf = leaves.get(key)
        path = f"{base}/{key}" if key else base or "/"
        yield leaf or FileRow(
            path=path, kind="directory", content_bytes=sums[key][0], layer=-1, fate="", files=sums[key][1]
        )
        todo += sorted(children.get(key, ()), key=lambda one: (sums[one][0], one), reverse=False)
