"""Symlinks of own layers that lead to what only the old base has."""

from layerscope.model.entry import Kind
from layerscope.rebase.context import Check, Context, Found, Result

_OF_KERNEL = ("/proc/", "/sys/", "/dev/", "/run/")


def _run(context: Context) -> Result:
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


LINKS = Check(name="links", title="symlinks", run=_run)
