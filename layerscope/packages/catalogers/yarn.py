"""Packages that Yarn keeps as archives and runs from there (Plug'n'Play): each archive in ``.yarn/cache`` owns itself.

Source: yarnpkg.com, "Plug'n'Play" and "Zero-installs".
"""

from collections.abc import Iterator

from layerscope.errors import Damaged
from layerscope.model.limits import MIB, loads
from layerscope.model.pathset import PathSet, RangedFile, RangeReader, Wanted
from layerscope.packages.cataloger import Cataloger, Claim
from layerscope.packages.context import Context, word
from layerscope.packages.formats.zip import member_content, zip_members

_CACHE = ".yarn/cache"
_MANIFEST = "/package.json"
_MOST = MIB


def _catalog(context: Context) -> Iterator[Claim]:
    for record in context.live_records():
        if record.name.endswith(".zip"):
            name, version = _packed(context.ranged(record.number))
            scope, slash, rest = name.partition("/")
            namespace, name = (scope, rest) if slash else ("", name)
            yield Claim.of(record, "npm", name, version, (record.number,), namespace=namespace)


def _packed(file: RangedFile) -> tuple[str, str]:
    """Name and version by the manifest inside, ``node_modules/<name>/package.json``; else by the archive's own name."""
    try:
        members = zip_members(file.read, file.length, file.path, (_MANIFEST.encode(),)) or []
    except Damaged as problem:
        file.warn(problem.message)
        members = []
    outermost = min(members, key=lambda member: member.name.count("/"), default=None)
    name, _, rest = file.path.rpartition("/")[2].partition("-npm-")
    if outermost is None:
        return word(name), word(rest.partition("-")[0])
    name = outermost.name.removesuffix(_MANIFEST).removeprefix("node_modules/")
    try:
        manifest = loads(member_content(file.read, outermost, _MOST, file.spend) or b"{}")
        return word(manifest.get("name")) or word(name), word(manifest.get("version"))
    except (ValueError, RecursionError, AttributeError):
        return word(name), word(rest.partition("-")[0])


YARN = Cataloger(
    name="yarn",
    wanted=Wanted(paths=PathSet(trees=(_CACHE,)), head=0, ranges=RangeReader(_packed)),
    catalog=_catalog,
)
