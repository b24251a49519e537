"""The interface of a cataloger: the files that it asks for, and a generator of the packages that it finds there."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any, Self

from msgspec import Struct

from layerscope.model.pathset import Wanted
from layerscope.packages.context import Context, Record, Tree
from layerscope.packages.relations import Relations


class Claim(Struct, frozen=True, kw_only=True):
    """One package and the files that it says are its own.

    ``type``, ``namespace``, ``name``, ``version`` and ``qualifiers`` are those of its package URL. ``versions`` are
    numbers of live versions (regular files and links; no package owns a directory); of two claims on one version the
    earlier cataloger's wins, then the earlier claim. ``layer`` is the first layer that lists the package, None for
    the lowest that holds any of its files. ``removed_in`` is the layer that removed it, and ``versions`` are then
    hidden ones; None for an installed package. ``location`` is the path of the record that describes it, ``parent``
    the package that contains it (a nested jar, a module of a Go binary): such claims own nothing. ``relations`` are
    given where the database records them.
    """

    type: str
    name: str
    version: str
    namespace: str = ""
    qualifiers: tuple[tuple[str, str], ...] = ()
    versions: tuple[int, ...] = ()
    layer: int | None = None
    removed_in: int | None = None
    location: str = ""
    parent: str = ""
    relations: Relations | None = None

    @classmethod
    def of(cls, found: Record | Tree, type: str, name: str, version: str, versions: Iterable[int], **more: Any) -> Self:
        """Return the claim of what a record describes, or of a tree; its layers and its path are those of the claim."""
        return cls(
            type=type,
            name=name,
            version=version,
            versions=tuple(versions),
            layer=found.layer,
            removed_in=found.removed_in,
            location=found.path,
            **more,
        )


class Cataloger(Struct, frozen=True, kw_only=True):
    """The packages of one ecosystem.

    ``name`` is its package URL type where it has one. ``wanted`` are the files that ``catalog`` will read: what it
    does not name is not kept of a compressed layer. ``is_os`` marks the managers of whole systems and prefixes (dpkg,
    rpm, conda, Nix): their claims come first, and a language's package made of their files is listed as shared.
    ``is_guess`` marks programs recognised by their contents: what a package owns already is not listed again.
    """

    name: str
    wanted: Wanted
    catalog: Callable[[Context], Iterator[Claim]]
    is_os: bool = False
    is_guess: bool = False
