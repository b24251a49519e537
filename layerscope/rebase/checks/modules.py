"""Modules of Python and Node that another version of them does not load."""

from collections.abc import Iterator

from layerscope.model.entry import Kind
from layerscope.model.limits import KIB
from layerscope.model.onto import Need
from layerscope.model.patterns import pattern
from layerscope.rebase.context import Check, Context, Found, Result
from layerscope.rebase.system import System

_SITES = pattern(r"(.*)/lib(?:64)?/python(\d\.\d{1,2})/(?:site|dist)-packages(?=/)")
_COMPILED = pattern(r"\.cpython-(\d)(\d{1,2})t?-[\w-]*?-linux-(gnu|musl)\w*\.so\Z")
_PYTHON = pattern(r"python(\d\.\d{1,2})t?\Z")
_NODE_HEADER = "/include/node/node_version.h"
_NODE_ABI = pattern(r"#define NODE_MODULE_VERSION (\d{2,3})\b")
_NAMES = ("python3", "python")
_HEADER_BYTES = 64 * KIB


def _run(context: Context) -> Result:
    found, count = list[Found](), 0
    sites: dict[str, bool] = {}
    invisible: dict[tuple[str, bool], Found] = {}
    filesystem = context.rebased.filesystem
    node = (_node_abi(context.old), _node_abi(context.new))
    for number in context.own_live(Kind.FILE):
        path = filesystem.paths[number]
        site = _SITES.match(path)
        if site is not None:
            if site[0] not in sites:
                sites[site[0]] = _is_lost(context, site[1], site[2])
            if sites[site[0]]:
                count += 1
                place = (site[0], context.is_made_by_run(number))
                if place not in invisible:
                    invisible[place] = _invisible(context, number, site[0], site[1], site[2])
                continue
        compiled = _COMPILED.search(path)
        if compiled is not None:
            count += 1
            found += _unloadable(context, number, f"{compiled[1]}.{compiled[2]}", is_musl=compiled[3] == "musl")
        elif path.endswith(".node"):
            count += 1
            found += _foreign(context, number, *node)
    return Result(count=count, found=(*invisible.values(), *found))


def _is_lost(context: Context, prefix: str, version: str) -> bool:
    """Whether a Python looked for packages below a prefix that no Python of the other base looks for there."""
    return _sees(context.old, prefix, version) and not _sees(context.new, prefix, version)


def _sees(system: System, prefix: str, version: str) -> bool:
    """Whether there is a Python of that version whose packages lie below the prefix."""
    # Debian's own Python also looks below /usr/local.
    prefixes = (prefix, "/usr") if prefix == "/usr/local" else (prefix,)
    names = (f"python{version}", *_NAMES)
    return any(_version(system, f"{one}/bin/{name}") == version for one in prefixes for name in names)


def _version(system: System, path: str) -> str:
    """The version of the Python at a path, by the name behind its links; empty where there is none."""
    number = system.file(path)
    named = _PYTHON.search(system.filesystem.path_of(number)) if number is not None else None
    return named[1] if named else ""


def _invisible(context: Context, number: int, site: str, prefix: str, version: str) -> Found:
    """A file of the packages of a Python that is not there, which the start needs if it runs that Python."""
    started = {path.rpartition("/bin/")[0] for path in context.old_start.pythons}
    is_started = prefix in started or (prefix == "/usr/local" and "/usr" in started)
    need = Need.START if is_started and not context.is_made_by_run(number) else None
    return Found(what=f"Python {version}", by=site, number=number, need=need, detail=_pythons(context))


def _pythons(context: Context) -> str:
    """Which version the other base has instead."""
    versions = {_version(context.new, f"{prefix}/bin/python3") for prefix in ("/usr/local", "/usr")} - {""}
    return f"it has Python {', '.join(sorted(versions))}" if versions else "it has no Python"


def _unloadable(context: Context, number: int, version: str, *, is_musl: bool) -> Iterator[Found]:
    """A compiled module that was loaded by a Python of its own version and C library."""
    path = context.rebased.filesystem.paths[number]
    if context.new.is_musl != is_musl and context.old.is_musl == is_musl:
        libc = "musl" if is_musl else "glibc"
        yield Found(what=f"Python {version} with {libc}", by=path, number=number)
    elif not _any(context.new, version) and _any(context.old, version):
        yield Found(what=f"Python {version}", by=path, number=number, detail=_pythons(context))


def _any(system: System, version: str) -> bool:
    return any(_version(system, f"{prefix}/bin/python{version}") for prefix in ("/usr/local", "/usr"))


def _foreign(context: Context, number: int, old: int | None, new: int | None) -> Iterator[Found]:
    """A module that was compiled for the Node of the old base and not for the other one's."""
    module = context.new.elf(number)
    if module is not None and module.node_abi is not None and module.node_abi == old and new not in (None, old):
        detail = f"its Node has {new}"
        yield Found(
            what=f"Node with NODE_MODULE_VERSION {old}",
            by=context.rebased.filesystem.paths[number],
            number=number,
            detail=detail,
        )


def _node_abi(system: System) -> int | None:
    """The version of Node's interface for compiled modules, by the headers beside it."""
    path = system.program_path("node")
    prefix = path.rpartition("/bin/")[0]
    named = _NODE_ABI.search(system.text(prefix + _NODE_HEADER, _HEADER_BYTES)) if path else None
    return int(named[1]) if named else None


MODULES = Check(name="modules", title="modules for one version of Python or Node", run=_run)
