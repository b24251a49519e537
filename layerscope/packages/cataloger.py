"""What every cataloger is: the files that it asks for, and a generator of the packages that it finds there."""

from collections.abc import Callable, Iterator

from msgspec import Struct

from layerscope.filesystem.tree import Filesystem
from layerscope.model.pathset import Wanted
from layerscope.packages.context import Context


class Claim(Struct, frozen=True, kw_only=True):
    """One installed package and the versions that it says are its own.

    ``versions`` are numbers of live versions (regular files and links; directories belong to nobody); two claims on
    one version are settled by the order of the catalogers, then of the claims. ``layer`` is the first layer that
    lists the package, None where only the place of its files tells. ``removed_in`` is set for a package that a later
    layer took away; its ``versions`` are then hidden ones. ``location`` is the path of the record that tells of it,
    ``parent`` the package within which it lies (a nested jar, a module of a Go binary): such claims own nothing.
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


class Evidence(Struct, frozen=True, kw_only=True):
    """What a cataloger may look at; contents are read through ``context``, which counts them.

    ``matches`` are the numbers of all versions, live and hidden, that its path set holds, lowest layer first.
    ``executables`` are the live regular files with an execute bit and at least as many bytes as the ``executables``
    of its Wanted, empty where that is 0. ``warn`` takes one sentence that names the file and the record that cannot
    be read.
    """

    context: Context
    matches: tuple[int, ...]
    warn: Callable[[str], None]
    executables: tuple[int, ...] = ()

    @property
    def filesystem(self) -> Filesystem:
        return self.context.filesystem


class Cataloger(Struct, frozen=True, kw_only=True):
    """One ecosystem. ``name`` is its purl type where it has one; ``is_os`` puts its claims before the languages'.

    ``is_os`` marks the managers of whole systems and prefixes (dpkg, rpm, conda, Nix): what a language's own records
    tell of their files is listed as shared.

    ``is_guess`` is set where programs are recognised by their looks: what a package owns already is not listed again.
    """

    name: str
    wanted: Wanted
    catalog: Callable[[Evidence], Iterator[Claim]]
    is_os: bool = False
    is_guess: bool = False
