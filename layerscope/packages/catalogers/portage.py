"""Gentoo packages: ``/var/db/pkg/<category>/<name>-<version>/CONTENTS`` (Package Manager Specification, portage(5))."""

from collections.abc import Iterator
from functools import partial

from layerscope.model.pathset import PathSet, Wanted
from layerscope.model.patterns import pattern
from layerscope.packages.cataloger import Cataloger, Claim
from layerscope.packages.context import Context, text_of
from layerscope.packages.database import MOST_BYTES, Database, Listed, Reader

_ROOT = "/var/db/pkg"
_REVISION = pattern(r"r[0-9]+\Z")


def _catalog(context: Context) -> Iterator[Claim]:
    path_of = context.filesystem.path_of
    own: dict[str, dict[str, None]] = {}
    contents = []
    for number in context.matches:
        path = path_of(number)
        directory, _, name = path.rpartition("/")
        own.setdefault(directory, {})[path] = None
        if name == "CONTENTS" and directory.count("/") == _ROOT.count("/") + 2:
            contents.append((number, directory))
    listings = ((number, _listed(context, directory, tuple(own[directory]))) for number, directory in contents)
    return Database(context, "ebuild").claims(listings)


def _listed(context: Context, directory: str, own: tuple[str, ...]) -> list[Listed]:
    category, name, version = _parts(directory)
    if not version:
        context.warn(f"{directory}: the name has no version")
        return []
    paths = partial(_paths, directory, own)
    return [Listed(namespace=category, place=category, name=name, version=version, paths=paths)]


def _parts(directory: str) -> tuple[str, str, str]:
    """Category, name and version; the version follows the last hyphen, or the last but one where a revision follows."""
    category, name = directory.split("/")[-2:]
    name, _, version = name.rpartition("-")
    if _REVISION.match(version):
        name, _, base = name.rpartition("-")
        version = f"{base}-{version}"
    return category, name, version if name and version[:1].isdigit() else ""


def _paths(directory: str, own: tuple[str, ...], read: Reader) -> Iterator[str]:
    """The database's own files of a package, and its ``obj`` and ``sym`` lines; paths may hold spaces."""
    yield from own
    for line in text_of(read(f"{directory}/CONTENTS") or b"").split("\n"):
        kind, _, rest = line.partition(" ")
        if kind == "obj":
            yield rest.rsplit(" ", 2)[0]
        elif kind == "sym":
            yield rest.partition(" -> ")[0]


PORTAGE = Cataloger(
    name="ebuild", wanted=Wanted(paths=PathSet(trees=(_ROOT,)), head=MOST_BYTES), catalog=_catalog, is_os=True
)
