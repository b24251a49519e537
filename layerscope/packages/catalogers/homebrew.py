"""Homebrew formulae: each version has a tree of its own, ``Cellar/<name>/<version>`` (Homebrew, Formula Cookbook)."""

from collections.abc import Iterator

from layerscope.model.pathset import PathSet, Wanted
from layerscope.packages.cataloger import Cataloger, Claim
from layerscope.packages.context import Context

_CELLAR = "/Cellar/"


def _catalog(context: Context) -> Iterator[Claim]:
    for tree in context.trees(_tree_of):
        name, version = tree.path.split("/")[-2:]
        yield Claim.of(tree, "brew", name, version, tree.versions)


def _tree_of(path: str) -> str:
    prefix, _, rest = path.partition(_CELLAR)
    parts = rest.split("/", 2)
    return f"{prefix}{_CELLAR}{parts[0]}/{parts[1]}" if len(parts) == 3 else ""


HOMEBREW = Cataloger(name="brew", wanted=Wanted(paths=PathSet(trees=("Cellar",)), head=0), catalog=_catalog, is_os=True)
