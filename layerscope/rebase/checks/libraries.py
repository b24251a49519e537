"""Shared libraries, the versions of their symbols, and the loaders of programs."""

from collections.abc import Iterator

from layerscope.packages.formats.elf import MAGIC
from layerscope.rebase.context import Check, Context, Found, Result
from layerscope.rebase.loader import Lack


def _run(context: Context) -> Result:
    own = [number for number, head in context.own_programs if head.startswith(MAGIC)]
    started = {number for number in context.new_start.reached if context.new.elf(number) is not None}
    by_file: dict[int, list[Lack]] = {}
    for lack in context.new_start.lacks:
        by_file.setdefault(lack.number, []).append(lack)
    for number in own:
        by_file.setdefault(number, []).extend(context.new_loader.direct(number))
    found = [one for number, lacks in by_file.items() for one in _found(context, number, lacks)]
    return Result(count=len(started.union(own)), found=tuple(found))


def _found(context: Context, number: int, lacks: list[Lack]) -> Iterator[Found]:
    """What a file lacks on the other base, but not on the old one."""
    if not lacks:
        return
    path = context.rebased.filesystem.path_of(number)
    own = context.old_number(number) if context.is_own(number) else None
    before = {one.what for one in context.old_loader.direct(own)} if own is not None else frozenset[str]()
    for what in dict.fromkeys(lack.what for lack in lacks):
        if what not in before:
            provider = context.old_loader.library(own, what) if own is not None else None
            yield Found(what=what, by=path, number=number, provider=provider)


LIBRARIES = Check(name="libraries", title="programs and libraries", run=_run)
