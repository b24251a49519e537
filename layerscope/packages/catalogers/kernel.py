"""Linux kernel modules that no package manager lists: ``lib/modules/<version>`` is one package."""

from collections.abc import Iterator

from layerscope.model.pathset import PathSet, Wanted
from layerscope.packages.cataloger import Cataloger, Claim
from layerscope.packages.context import Context

_MODULES = "/lib/modules/"
_SUFFIXES = (".ko", ".ko.gz", ".ko.xz", ".ko.zst")


def _catalog(context: Context) -> Iterator[Claim]:
    """One claim for each version that has a module at the end; the distribution's packages come first."""
    path_of = context.filesystem.path_of
    for tree in context.trees(_tree_of):
        if tree.removed_in is None and any(path_of(number).endswith(_SUFFIXES) for number in tree.versions):
            yield Claim.of(tree, "generic", "linux-modules", tree.path.rpartition("/")[2], tree.versions)


def _tree_of(path: str) -> str:
    root, _, rest = path.partition(_MODULES)
    version, slash, _ = rest.partition("/")
    return f"{root}{_MODULES}{version}" if slash else ""


KERNEL = Cataloger(
    name="generic", wanted=Wanted(paths=PathSet(trees=("/lib/modules", "/usr/lib/modules")), head=0), catalog=_catalog
)
