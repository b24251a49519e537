"""Nix store paths: ``/nix/store/<digest>-<name>-<version>`` owns all that lies in it (Nix manual, "Store Path")."""

import re
from collections.abc import Iterator

from layerscope.model.pathset import PathSet, Wanted
from layerscope.model.patterns import pattern
from layerscope.packages.cataloger import Cataloger, Claim
from layerscope.packages.context import Context, Tree

_STORE = "/nix/store/"
_STORE_NAME = pattern(r"[0-9a-z]{32}-(.+)", re.DOTALL)
_VERSION = pattern(r"-(?=[^a-zA-Z])")


def _catalog(context: Context) -> Iterator[Claim]:
    for tree in context.trees(_tree_of):
        match = _STORE_NAME.fullmatch(tree.path.removeprefix(_STORE))
        if match is None or _is_by_product(context, tree, match[1]):
            continue
        # A version begins at the first hyphen that no letter follows (Nix, parseDrvName).
        name, *version = _VERSION.split(match[1], maxsplit=1)
        yield Claim.of(tree, "nix", name, "".join(version), tree.versions)


def _is_by_product(context: Context, tree: Tree, store_name: str) -> bool:
    """Whether a builder left it: the recipe of a store path, or the empty file that locked one."""
    if store_name.endswith(".drv"):
        return True
    filesystem = context.filesystem
    return store_name.endswith(".lock") and not any(
        filesystem.content_bytes(filesystem.carrier(number)) for number in tree.versions
    )


def _tree_of(path: str) -> str:
    return _STORE + path.removeprefix(_STORE).partition("/")[0]


NIX = Cataloger(
    name="nix", wanted=Wanted(paths=PathSet(trees=(_STORE.rstrip("/"),)), head=0), catalog=_catalog, is_os=True
)
