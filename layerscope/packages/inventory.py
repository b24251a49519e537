"""Runs all catalogers over a file system, and settles who owns each byte."""

from collections.abc import Iterator, Sequence

from layerscope.errors import LayerscopeError
from layerscope.filesystem.tree import Filesystem
from layerscope.model.entry import Fate, Kind
from layerscope.packages.catalog import Catalog
from layerscope.packages.cataloger import Cataloger, Claim, Evidence
from layerscope.packages.context import Context
from layerscope.packages.ledger import Ledger
from layerscope.packages.registry import CATALOGERS

_MOST_WARNINGS = 20
_EXECUTE_BITS = 0o111


def catalog(filesystem: Filesystem, catalogers: Sequence[Cataloger] = CATALOGERS) -> Catalog:
    """The packages of an image, with one owner, or none, for each live version.

    Raises nothing on account of what the image holds: a database that cannot be read costs a warning that names it,
    and the other catalogers go on.
    """
    warnings: list[str] = []
    ledger = Ledger(filesystem)
    context = Context(filesystem)
    ordered = sorted(catalogers, key=lambda cataloger: not cataloger.is_os)
    selected = filesystem.select([cataloger.wanted.paths for cataloger in ordered])
    executables = _executables(filesystem, ordered)
    for cataloger, matches in zip(ordered, selected, strict=True):
        run = _Run(cataloger, context)
        least = cataloger.wanted.executables
        large = tuple(number for number, content_bytes in executables if content_bytes >= least) if least else ()
        for claim in run.claims(tuple(matches), large):
            ledger.add(claim, is_os=cataloger.is_os, is_guess=cataloger.is_guess)
        warnings += run.warnings()
    return ledger.close(tuple(warnings))


class _Run:
    """One cataloger at work."""

    def __init__(self, cataloger: Cataloger, context: Context) -> None:
        self._cataloger = cataloger
        self._context = context
        self._warnings: list[str] = []

    def claims(self, matches: tuple[int, ...], executables: tuple[int, ...]) -> Iterator[Claim]:
        """What the cataloger yields until it ends or fails."""
        self._context.last_read = None
        evidence = Evidence(context=self._context, matches=matches, warn=self._warnings.append, executables=executables)
        try:
            yield from self._cataloger.catalog(evidence)
        except LayerscopeError as problem:
            self._fail(problem.message)
        except Exception as problem:
            # Databases are hostile input, and an oversight in one cataloger must not cost the whole report.
            self._fail(f"{type(problem).__name__}: {problem}")

    def warnings(self) -> list[str]:
        """The first of the warnings, and how many more there are."""
        more = len(self._warnings) - _MOST_WARNINGS
        if more <= 0:
            return self._warnings
        return [*self._warnings[:_MOST_WARNINGS], f"{self._cataloger.name} packages: {more:,} more warnings"]

    def _fail(self, message: str) -> None:
        last = self._context.last_read
        after = "" if last is None else f" after {self._context.filesystem.path_of(last)}"
        self._warnings.insert(0, f"{self._cataloger.name} packages{after}: {message}")


def _executables(filesystem: Filesystem, catalogers: Sequence[Cataloger]) -> list[tuple[int, int]]:
    """Number and length of each live regular file that can be executed and is large enough for some cataloger."""
    least = min((cataloger.wanted.executables for cataloger in catalogers if cataloger.wanted.executables), default=0)
    if not least:
        return []
    found = []
    for layer in filesystem.layers:
        changeset, start = layer.changeset, filesystem.numbers(layer.index).start
        for index, content_bytes in enumerate(changeset.sizes):
            if (
                content_bytes >= least
                and changeset.kinds[index] == Kind.FILE
                and changeset.ownerships[index][0] & _EXECUTE_BITS
                and filesystem.fates[start + index] == Fate.LIVE
            ):
                found.append((start + index, content_bytes))
    return found
