"""Rocks of LuaRocks: ``lib/luarocks/rocks-<Lua>/<name>/<version>/`` and what was deployed from there.

Source: luarocks, docs/rockspec_format.md and src/luarocks/core/path.lua.
"""

from collections.abc import Iterator
from posixpath import normpath

from layerscope.model.limits import MIB
from layerscope.model.pathset import PathSet, Wanted
from layerscope.model.patterns import pattern
from layerscope.packages.cataloger import Cataloger, Claim
from layerscope.packages.context import Context, Record, word

_MOST = 4 * MIB
_MANIFEST = "rock_manifest"
_TREE = "/lib/luarocks/rocks"
_TOKEN = pattern(r"[{}=]|\"([^\"\\\n]{0,1000})\"|(\w{1,200})")
_DEEPEST = 40


def _catalog(context: Context) -> Iterator[Claim]:
    for record in context.live_records():
        prefix, _, rest = record.directory.partition(_TREE)
        parts = rest.split("/")
        if len(parts) != 3:
            context.warn(f"{record.path}: it does not lie in a tree of LuaRocks")
            continue
        deployed = _deployed(context, record, prefix, parts[0].removeprefix("-") or "5.1")
        versions = [*context.in_tree(record.directory), *context.locator.find_all(deployed)]
        yield Claim.of(record, "luarocks", word(parts[1]), word(parts[2]), dict.fromkeys(versions))


def _deployed(context: Context, record: Record, prefix: str, lua: str) -> Iterator[str]:
    """Where the files of a manifest were copied to: modules, compiled modules and programs."""
    text = context.read_text(record.number, _MOST) or ""
    places = {"lua": f"{prefix}/share/lua/{lua}", "lib": f"{prefix}/lib/lua/{lua}", "bin": f"{prefix}/bin"}
    foreign = 0
    for kind, *names in _listed(text):
        place = places.get(kind)
        path = "/".join((place or "", *names))
        if place and normpath(path) == path:
            yield path
        elif place:
            foreign += 1
    if foreign:
        context.warn(f"{record.path}: paths that lead out of the directory of their kind: {foreign:,}")


def _listed(text: str) -> Iterator[list[str]]:
    """The paths in a manifest, as components: nested tables of Lua whose leaves are checksums."""
    above: list[str] = []
    key = before = ""
    for token in _TOKEN.finditer(text):
        sign = token[0]
        if sign == "{":
            if len(above) >= _DEEPEST:
                return
            above.append(key)
        elif sign == "}":
            if above:
                above.pop()
        elif sign != "=" and before != "=":
            key = token[1] if token[1] is not None else token[2]
        # The outermost table is the manifest itself.
        elif sign != "=" and len(above) > 1:
            yield [*above[1:], key]
        before = sign


LUA = Cataloger(name="luarocks", wanted=Wanted(paths=PathSet(names=(_MANIFEST,)), head=_MOST), catalog=_catalog)
