"""What the kernel and the loader find: platform, libraries, interpreters of scripts, and symlinks."""

from collections.abc import Iterator

from layerscope.model.entry import Kind
from layerscope.model.onto import Need
from layerscope.packages.formats.elf import MAGIC
from layerscope.rebase.context import Check, Context, Found, Result
from layerscope.rebase.loader import Lack
from layerscope.rebase.start import interpreter_of

_OF_KERNEL = ("/proc/", "/sys/", "/dev/", "/run/")


def _platform(context: Context) -> Result:
    """The platform: an image has one, and its base has the same."""
    own, other = context.old.config.platform, context.new.config.platform
    if not (own.architecture and other.architecture) or own.normalized == other.normalized:
        return Result(count=1, found=())
    return Result(count=1, found=(Found(what=f"platform {own}", by=str(other), need=Need.START),))


def _libraries(context: Context) -> Result:
    """Shared libraries, the versions of their symbols, and the loaders of programs."""
    own = [number for number, head in context.own_programs if head.startswith(MAGIC)]
    started = {number for number in context.new_start.reached if context.new.elf(number) is not None}
    by_file: dict[int, list[Lack]] = {}
    for lack in context.new_start.lacks:
        by_file.setdefault(lack.number, []).append(lack)
    for number in own:
        by_file.setdefault(number, []).extend(context.new_loader.direct(number))
    found = [one for number, lacks in by_file.items() for one in _lacks(context, number, lacks)]
    return Result(count=len(started.union(own)), found=tuple(found))


def _lacks(context: Context, number: int, lacks: list[Lack]) -> Iterator[Found]:
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


def _interpreters(context: Context) -> Result:
    """The interpreters of scripts, as the kernel finds them by ``#!``."""
    scripts = [(number, context.new.first_line(number)) for number, head in context.own_programs if head[:2] == b"#!"]
    found = [
        Found(what=one.what, by=one.by, number=one.number, provider=context.old.program(one.what))
        for one in context.new_start.unmet
        if one.is_interpreter and one.is_needed and context.old.program(one.what) is not None
    ]
    is_missing: dict[str, bool] = {}
    for number, line in scripts:
        name, _ = interpreter_of(line)
        if name not in is_missing:
            is_missing[name] = context.new.program(name) is None and context.old.program(name) is not None
        if is_missing[name]:
            by = context.rebased.filesystem.path_of(number)
            found.append(Found(what=name, by=by, number=number, provider=context.old.program(name)))
    return Result(count=len(scripts), found=tuple(found))


def _links(context: Context) -> Result:
    """Symlinks of own layers that lead to what only the old base has."""
    new, old = context.rebased.filesystem, context.original.filesystem
    links = list(context.own_live(Kind.SYMLINK))
    found = []
    for number in links:
        path = new.paths[number]
        if new.resolve(path) is not None or old.resolve(path) is None:
            continue
        target = old.real(path) or "/"
        if not target.startswith(_OF_KERNEL):
            found.append(Found(what=target, by=path, number=number, provider=old.resolve(path)))
    return Result(count=len(links), found=tuple(found))


PLATFORM = Check(name="platform", title="platform", run=_platform)
LIBRARIES = Check(name="libraries", title="programs and libraries", run=_libraries)
INTERPRETERS = Check(name="interpreters", title="scripts", run=_interpreters)
LINKS = Check(name="links", title="symlinks", run=_links)
