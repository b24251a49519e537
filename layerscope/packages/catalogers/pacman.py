"""Arch Linux packages: a directory for each below ``/var/lib/pacman/local`` (pacman, lib/libalpm/be_local.c).

``desc`` holds the name and version, ``files`` the paths, ``mtree`` the same compressed, with attributes.
"""

import zlib
from collections.abc import Iterator
from functools import partial

from layerscope.model.pathset import PathSet, Wanted
from layerscope.model.patterns import pattern
from layerscope.packages.cataloger import Cataloger, Claim
from layerscope.packages.context import Context, text_of
from layerscope.packages.database import MOST_BYTES, NAMELESS, Database, Listed, Reader

_ROOT = "/var/lib/pacman/local"
_GZIP = 31
_OCTAL = pattern(rb"\\([0-3][0-7]{2})")


def _catalog(context: Context) -> Iterator[Claim]:
    database = Database(context, "alpm", namespace="arch")
    return database.claims(_listings(context, database))


def _listings(context: Context, database: Database) -> Iterator[tuple[int, list[Listed]]]:
    for number in context.matches:
        path = context.filesystem.path_of(number)
        if path.count("/") != _ROOT.count("/") + 2 or not path.endswith("/desc"):
            continue
        data = database.read(number)
        if not data:
            continue
        fields = sections(text_of(data))
        name, version, arch = ("".join(fields.get(key, [])[:1]) for key in ("NAME", "VERSION", "ARCH"))
        if name and version:
            paths = partial(_paths, path.removesuffix("/desc"), context)
            yield number, [Listed(name=name, version=version, arch=arch, paths=paths)]
        else:
            context.warn(f"{path} {NAMELESS}")


def sections(text: str) -> dict[str, list[str]]:
    """The lines below each ``%HEADING%``, up to an empty one."""
    found: dict[str, list[str]] = {}
    lines: list[str] | None = None
    for line in text.split("\n"):
        if lines is None and len(line) > 2 and line[0] == line[-1] == "%":
            lines = found.setdefault(line[1:-1], [])
        elif not line:
            lines = None
        elif lines is not None:
            lines.append(line)
    return found


def _paths(directory: str, context: Context, read: Reader) -> Iterator[str]:
    """The database's own files of a package, and those that it lists; directories end with a slash."""
    for name in ("desc", "files", "mtree", "install", "changelog"):
        yield f"{directory}/{name}"
    files = read(f"{directory}/files")
    if files is not None:
        yield from (f"/{path}" for path in sections(text_of(files)).get("FILES", ()))
        return
    mtree = read(f"{directory}/mtree")
    if mtree is not None:
        yield from _in_mtree(mtree, f"{directory}/mtree", context)


def _in_mtree(data: bytes, where: str, context: Context) -> Iterator[str]:
    """The paths of a compressed mtree(5) list; names that begin with a dot are pacman's own."""
    unpacker = zlib.decompressobj(_GZIP)
    try:
        text = text_of(unpacker.decompress(data, MOST_BYTES))
    except zlib.error as problem:
        context.warn(f"{where}: {problem}")
        return
    if not unpacker.eof:
        context.warn(f"{where}: it ends early, or holds more than {MOST_BYTES:,} bytes")
    default = "file"
    for line in text.split("\n"):
        name, _, attributes = line.partition(" ")
        kind = next((word[5:] for word in attributes.split(" ") if word.startswith("type=")), default)
        if name == "/set":
            default = kind  # What it does not name stays as an earlier one set it.
        elif name.startswith("./") and not name.startswith("./.") and kind != "dir":
            yield _unescaped(name.removeprefix("."))


def _unescaped(name: str) -> str:
    """A name whose bytes may be escaped one by one; only together are they UTF-8."""
    return text_of(_OCTAL.sub(lambda match: bytes((int(match[1], 8),)), name.encode("utf-8", "surrogateescape")))


PACMAN = Cataloger(
    name="alpm", wanted=Wanted(paths=PathSet(trees=(_ROOT,)), head=MOST_BYTES), catalog=_catalog, is_os=True
)
