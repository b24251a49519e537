"""Well-known programs outside of packages: found by their file name, confirmed by the version inside them.

What was installed beside a program (headers, its standard library) goes with it. Packages of other catalogers come
first, so a program of the system's own packages is never taken away from them.
"""

import re
from collections.abc import Iterator

from msgspec import Struct

from layerscope.model.entry import Kind
from layerscope.model.limits import KIB, MIB
from layerscope.model.pathset import PathSet, RangedFile, RangeReader, Wanted
from layerscope.packages.cataloger import Cataloger, Claim
from layerscope.packages.context import Context, Record
from layerscope.packages.formats.elf import MAGIC, Elf

_MOST_SEARCHED = 64 * MIB
_CHUNK, _OVERLAP = 256 * KIB, 256
_SITES = "site-packages"
_CONSTANTS = (".rodata", ".data")


class _Program(Struct, frozen=True, kw_only=True):
    """A program and where its version is found.

    The groups of ``pattern`` joined by dots are the version; of several the first, or the greatest where an older one
    may stand beside it. ``beside`` is what goes with the program: directory below its prefix, and how the names there
    begin; ``{}`` stands for what follows the name in the file's own name (``3.11`` of ``python3.11``). The files
    ``header`` names a file beside it with the version, and the pattern to find it. Patterns are compiled when needed.
    """

    name: str
    files: tuple[str, ...]
    pattern: bytes
    is_greatest: bool = False
    beside: tuple[tuple[str, str], ...] = ()
    header: tuple[str, bytes] | None = None


_PYTHONS = ("2.7", *(f"3.{minor}" for minor in range(5, 20)))
_PROGRAMS = (
    _Program(
        name="node",
        files=("node", "nodejs"),
        pattern=rb"node\.js/v(\d{1,3}\.\d{1,3}\.\d{1,3})",
        beside=(("include", "node"), ("share/doc", "node"), ("share/man/man1", "node.1")),
        header=(
            "include/node/node_version.h",
            rb"NODE_MAJOR_VERSION (\d{1,3})\s{1,9}#define NODE_MINOR_VERSION (\d{1,3})\s{1,9}"
            rb"#define NODE_PATCH_VERSION (\d{1,3})",
        ),
    ),
    _Program(
        name="python",
        files=tuple(f"python{version}" for version in _PYTHONS),
        pattern=rb"\0([23]\.\d{1,2}\.\d{1,2}(?:(?:a|b|rc)\d{1,2})?)\+?\0",
        beside=(("lib", "libpython{}"), ("lib", "python{}"), ("include", "python{}"), ("bin", "python{}")),
        header=("include/python{}/patchlevel.h", rb'PY_VERSION\s{1,20}"(\d[\w.]{1,20})'),
    ),
    _Program(
        name="ruby",
        files=("ruby",),
        pattern=rb"ruby (\d{1,2}\.\d{1,2}\.\d{1,3})(?:p\d|\w| \()",
        beside=(("lib", "libruby"), ("lib", "ruby"), ("include", "ruby-")),
    ),
    _Program(
        name="perl",
        files=("perl",),
        pattern=rb"\0v?(5\.\d{1,2}\.\d{1,2})\0",
        beside=(("lib", "perl5"), ("bin", "perl5.")),
    ),
    _Program(
        name="php",
        files=("php", "php-fpm", "php-cgi"),
        pattern=rb"X-Powered-By: PHP/(\d{1,2}\.\d{1,2}\.\d{1,2})",
        beside=(("lib", "php"), ("include", "php")),
    ),
    _Program(name="httpd", files=("httpd",), pattern=rb"Apache/(2\.\d{1,2}\.\d{1,3})"),
    _Program(name="nginx", files=("nginx",), pattern=rb"nginx/(\d{1,2}\.\d{1,2}\.\d{1,3})"),
    _Program(
        name="redis",
        files=("redis-server", "redis-check-rdb"),
        pattern=rb"\0(\d{1,2}\.\d{1,2}\.\d{1,2})(?=\0)",
        is_greatest=True,
    ),
    _Program(name="memcached", files=("memcached",), pattern=rb"memcached (\d{1,2}\.\d{1,2}\.\d{1,3})"),
    _Program(
        name="postgresql",
        files=("postgres",),
        pattern=rb"postgres \(PostgreSQL\) (\d{1,2}(?:\.\d{1,2}){0,2}(?:(?:beta|rc)\d{1,2})?)",
    ),
    _Program(
        name="mariadb",
        files=("mariadbd", "mysqld"),
        pattern=rb"(?<!\d)(\d{1,2}\.\d{1,2}\.\d{1,3})-MariaDB",
    ),
    _Program(
        name="haproxy",
        files=("haproxy",),
        pattern=rb" version (\d{1,2}\.\d{1,2}\.\d{1,3})[^,\0]{0,60}, released",
    ),
    _Program(name="varnish", files=("varnishd",), pattern=rb"varnish-(\d{1,2}\.\d{1,2}\.\d{1,3})"),
    _Program(name="busybox", files=("busybox",), pattern=rb"BusyBox v(\d{1,2}\.\d{1,2}\.\d{1,3})"),
    _Program(name="bash", files=("bash",), pattern=rb"@\(#\)Bash version (\d{1,2}\.\d{1,2}\.\d{1,3})"),
    _Program(name="openssl", files=("openssl",), pattern=rb"OpenSSL (\d{1,2}\.\d{1,2}\.\d{1,3}[a-z]?) "),
    _Program(name="curl", files=("curl",), pattern=rb"curl/(\d{1,2}\.\d{1,3}\.\d{1,3})"),
    _Program(name="lua", files=("lua", "lua5.1", "lua5.3", "lua5.4"), pattern=rb"Lua (5\.\d\.\d{1,2})"),
)
_BY_FILE = {file: program for program in _PROGRAMS for file in program.files}
_HEADERS = ("node_version.h", "patchlevel.h")
_LIBRARIES = (
    *(f"libpython{version}{abi}.so.1" for version in _PYTHONS for abi in ("", "m")),
    *(f"libruby.so.{major}.{minor}" for major in range(2, 5) for minor in range(10)),
)
"""The names, but for the last number, of the libraries that hold the version where the program does not."""


def _catalog(context: Context) -> Iterator[Claim]:
    for record in context.live_records():
        program = _BY_FILE.get(record.name)
        if program is None or context.read(record.number, 0, 4) not in (b"\x7fELF", None):
            continue
        above, _, directory = record.directory.rpartition("/")
        prefix = above if directory in ("bin", "sbin") and above else None
        beside = _beside(context, program, record, prefix)
        version = _version(context, program, record, prefix, beside)
        if version is not None:
            yield Claim.of(record, "generic", program.name, version, dict.fromkeys([record.number, *beside]))


def _beside(context: Context, program: _Program, record: Record, prefix: str | None) -> list[int]:
    """Live files and links that go with a program."""
    filesystem, found = context.filesystem, list[int]()
    suffix = record.name.removeprefix(program.name)
    for directory, start in program.beside if prefix is not None else ():
        place = f"{prefix}/{directory}"
        begin = f"{place}/{start.format(suffix)}"
        for number in filesystem.children.get(place, ()):
            if filesystem.kinds[number] != Kind.DIRECTORY and _begins(filesystem.path_of(number), begin):
                found.append(number)
        for path in context.subdirectories(place):
            found += context.in_tree(path, without=_SITES) if _begins(path, begin) else []
    return found


def _begins(path: str, begin: str) -> bool:
    """Whether a path begins so; ``python3.1`` does not begin ``python3.11``."""
    return path.startswith(begin) and not (begin[-1:].isdigit() and path[len(begin) : len(begin) + 1].isdigit())


def _version(context: Context, program: _Program, record: Record, prefix: str | None, beside: list[int]) -> str | None:
    """The version by the header, the program or its library; empty where they were not kept, None where none has it."""
    filesystem, read = context.filesystem, context.read
    if program.header is not None and prefix is not None:
        path, pattern = program.header
        header = context.record_at(f"{prefix}/{path.format(record.name.removeprefix(program.name))}")
        found = re.search(pattern, read(header.number, 0, 64 * KIB) or b"") if header is not None else None
        if found is not None:
            return b".".join(found.groups()).decode("ascii", "replace")
    libraries = [number for number in beside if ".so" in filesystem.path_of(number).rpartition("/")[2]]
    is_complete = True
    for number in (
        record.number,
        *(number for number in libraries if f"/lib{program.name}" in filesystem.path_of(number)),
    ):
        if filesystem.kind_of(number) <= Kind.HARDLINK:
            version, was_kept = _searched(context.ranged(number), program)
            if version:
                return version
            is_complete = is_complete and was_kept
    return None if is_complete else ""


def _searched(file: RangedFile, program: _Program | None) -> tuple[str, bool]:
    """The version among a file's constants, and whether all that had to be searched was kept.

    Without a program all of them are read.
    """
    sections = Elf(file.read).sections()
    places = [(sections[name].offset, sections[name].length) for name in _CONSTANTS if name in sections]
    found: list[bytes] = []
    for position, count in places or [(0, file.length)]:
        end = min(position + count, file.length, position + _MOST_SEARCHED)
        while position < end and not (found and program is not None and not program.is_greatest):
            data = file.read(position, min(_CHUNK, end - position))
            if data is None:
                return _greatest(found), False
            found += re.findall(program.pattern, data) if program is not None else ()
            position += _CHUNK - _OVERLAP
    return _greatest(found if program is not None and program.is_greatest else found[:1]), True


def _by_path(file: RangedFile) -> object:
    """Read the version of a program by its name, or of any program if only a link has that name."""
    if file.read(0, len(MAGIC)) != MAGIC:
        return None
    return _searched(file, _BY_FILE.get(file.path.rpartition("/")[2]))


def _greatest(versions: list[bytes]) -> str:
    return max(versions, key=lambda text: [int(part) for part in re.findall(rb"\d+", text)], default=b"").decode(
        "ascii"
    )


BINARIES = Cataloger(
    name="generic",
    wanted=Wanted(
        paths=PathSet(names=(*_BY_FILE, *_HEADERS), numbered=_LIBRARIES),
        head=64 * KIB,
        ranges=RangeReader(_by_path, MAGIC),
    ),
    catalog=_catalog,
    is_guess=True,
)
