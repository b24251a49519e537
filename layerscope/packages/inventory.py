"""Runs all catalogers over a file system, and gives each byte one owner or none."""

from collections.abc import Iterator, Sequence

from layerscope.errors import LayerscopeError
from layerscope.filesystem.tree import Filesystem
from layerscope.model.entry import Fate, Kind
from layerscope.packages.catalog import Catalog
from layerscope.packages.cataloger import Cataloger, Claim
from layerscope.packages.context import Budget, Context
from layerscope.packages.ledger import Ledger
from layerscope.packages.registry import CATALOGERS

_MOST_WARNINGS = 20
_EXECUTE_BITS = 0o111


def catalog(filesystem: Filesystem, catalogers: Sequence[Cataloger] = CATALOGERS) -> Catalog:
    """Return the packages of an image, and for each live version its owner or none.

    A database that cannot be read costs a warning that names it, and the other catalogers go on: nothing that the
    image holds raises an error.
    """
    warnings: list[str] = []
    ledger = Ledger(filesystem)
    budget = Budget(filesystem)
    ordered = sorted(catalogers, key=lambda cataloger: not cataloger.is_os)
    selected = filesystem.select([cataloger.wanted.paths for cataloger in ordered])
    executables = _executables(filesystem, ordered)
    for cataloger, matches in zip(ordered, selected, strict=True):
        least, own = cataloger.wanted.executables, list[str]()
        large = tuple(number for number, content_bytes in executables if content_bytes >= least) if least else ()
        context = Context(filesystem, budget, matches=matches, executables=large, warn=own.append)
        for claim in _claims(cataloger, context, budget, own):
            ledger.add(claim, is_os=cataloger.is_os, is_guess=cataloger.is_guess)
        more = len(own) - _MOST_WARNINGS
        warnings += own[:_MOST_WARNINGS]
        warnings += [f"{cataloger.name} packages: {more:,} more warnings"] if more > 0 else []
    return ledger.close(tuple(warnings))


def _claims(cataloger: Cataloger, context: Context, budget: Budget, warnings: list[str]) -> Iterator[Claim]:
    """What a cataloger yields until it ends or fails; a failure is the first of its warnings."""
    try:
        for claim in cataloger.catalog(context):
            budget.claim()
            yield claim
    except Exception as problem:
        # Databases are hostile input, and an oversight in one cataloger must not cost the whole report.
        message = problem.message if isinstance(problem, LayerscopeError) else f"{type(problem).__name__}: {problem}"
        after = "" if context.last_read is None else f" after {context.filesystem.path_of(context.last_read)}"
        warnings.insert(0, f"{cataloger.name} packages{after}: {message}")


def _executables(filesystem: Filesystem, catalogers: Sequence[Cataloger]) -> list[tuple[int, int]]:
    """Number and length of each live regular file that can be executed and is large enough for a cataloger."""
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
