"""Shared libraries, the versions of their symbols, and the loaders of programs."""

from collections.abc import Iterator

from layerscope.packages.formats.elf import MAGIC
from layerscope.rebase.context import Check, Context, Found, Result
from layerscope.rebase.loader import Lack


def _run(context: Context) -> Result:
    own = [number for number, head in context.own_programs if head.startswith(MAGIC)]
    started = {number for number in context.new_start.reached if context.new.elf(number) is not None}
    found = list(_lacks(context, context.new_start.lacks))
    for number in own:
        found += _lacks(context, context.new_loader.direct(number))
    return Result(count=len(started.union(own)), found=tuple(found))


def _lacks(context: Context, lacks: list[Lack]) -> Iterator[Found]:
    """What a file lacks on the other base, but not on the old one."""
    for lack in lacks:
        number = lack.number
        if context.is_own(number) and lack.what in {
            one.what for one in context.old_loader.direct(context.old_number(number))
        }:
            continue
        yield Found(what=lack.what, by=context.rebased.filesystem.path_of(number), number=number)


LIBRARIES = Check(name="libraries", title="programs and libraries", run=_run)
