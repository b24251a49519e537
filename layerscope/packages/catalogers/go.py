"""Go binaries: the build information that the linker leaves in them.

The main module owns the binary; the modules that were linked in are listed, and its bytes are not split. Sources: Go,
debug/buildinfo and runtime/debug (the format of the text); what ``go version -m`` prints.
"""

from collections.abc import Iterator

from msgspec import Struct, field

from layerscope.model.limits import KIB, MIB
from layerscope.model.pathset import PathSet, RangedFile, RangeReader, ReadRange, Wanted
from layerscope.packages.cataloger import Cataloger, Claim
from layerscope.packages.context import Context, word
from layerscope.packages.formats.elf import MAGIC, Elf

_BUILD_INFO = b"\xff Go buildinf:"
_SECTION = ".go.buildinfo"
_ALIGNED = 16
_HEADER_BYTES = 32
_INLINE, _BIG_ENDIAN = 2, 1
_MOST_TEXT = 4 * MIB
_MOST_SEARCHED = MIB
_MOST_MODULES = 10_000
_LONGEST_VARINT = 5
_SENTINEL_BYTES = 16
_VERSIONS = (b"go", b"devel")


class _Module(Struct, frozen=True, kw_only=True):
    path: str
    version: str


class _BuildInfo(Struct):
    """What ``go version -m`` prints of a binary."""

    go_version: str
    package: str = ""
    main: _Module | None = None
    is_cut: bool = False
    modules: list[_Module] = field(default_factory=list)


def _catalog(context: Context) -> Iterator[Claim]:
    filesystem = context.filesystem
    for number in context.executables:
        location = filesystem.path_of(number)
        is_go, info = _build_info(context.ranged(number))
        if info is not None:
            yield from _claims(info, number, location)
            if info.is_cut:
                context.warn(f"{location}: the modules of a Go binary were not read")
        elif is_go:
            yield Claim(
                type="generic", name=location.rpartition("/")[2], version="", versions=(number,), location=location
            )
            context.warn(f"{location}: a Go binary whose build information was not kept or is damaged")


def _build_info(file: RangedFile) -> tuple[bool, _BuildInfo | None]:
    """Return whether a file is a Go binary, and its build information where it can be read."""
    elf = Elf(file.read)
    section = elf.section(_SECTION)
    place = section.offset if section is not None else None if elf.has_sections() else _searched(elf, file.read)
    return place is not None, _at(elf, file.read, place) if place is not None else None


def _claims(info: _BuildInfo, number: int, location: str) -> Iterator[Claim]:
    """The main module with the binary; the others, and the standard library, within it."""
    own = info.main or _Module(path=info.package or location.rpartition("/")[2], version=info.go_version)
    yield _claim(own, location, versions=(number,))
    for module in dict.fromkeys([*info.modules, _Module(path="stdlib", version=info.go_version.removeprefix("go"))]):
        yield _claim(module, location, parent=own.path)


def _claim(module: _Module, location: str, *, versions: tuple[int, ...] = (), parent: str = "") -> Claim:
    namespace, _, name = module.path.rpartition("/")
    return Claim(
        type="golang",
        namespace=namespace,
        name=name,
        version=module.version,
        versions=versions,
        location=location,
        parent=parent,
    )


def _searched(elf: Elf, read: ReadRange) -> int | None:
    """Where the build information of a binary without sections is: near the start of the first writable segment."""
    segment = next((segment for segment in elf.segments() if segment.is_writable), None)
    if segment is None:
        return None
    data = read(segment.offset, min(segment.length, _MOST_SEARCHED)) or b""
    found = data.find(_BUILD_INFO)
    while found >= 0 and (segment.offset + found) % _ALIGNED:
        found = data.find(_BUILD_INFO, found + 1)
    return segment.offset + found if found >= 0 else None


def _at(elf: Elf, read: ReadRange, offset: int) -> _BuildInfo | None:
    """The build information at an offset of the file; None where there is none, or it was not kept."""
    header = read(offset, _HEADER_BYTES)
    if header is None or not header.startswith(_BUILD_INFO):
        return None
    if header[15] & _INLINE:
        version, after = _inline(read, offset + _HEADER_BYTES)
        text, end = _inline(read, after)
        if version.startswith(_VERSIONS) and end > after + len(text) + _LONGEST_VARINT:
            return _BuildInfo(go_version=word(version.decode("utf-8", "replace")), is_cut=True)
    else:
        width = header[14]
        order = "big" if header[15] & _BIG_ENDIAN else "little"
        if width not in (4, 8):
            return None
        pointers = [int.from_bytes(header[start : start + width], order) for start in (16, 16 + width)]  # type: ignore[arg-type]
        version, text = (_pointed(elf, pointer, width, order) for pointer in pointers)
    return _parsed(version, text) if version.startswith(_VERSIONS) else None


def _inline(read: ReadRange, offset: int) -> tuple[bytes, int]:
    """A text after its length as a varint, and where the next begins; empty where it was not kept or is too long."""
    length = shift = 0
    for _ in range(_LONGEST_VARINT):
        byte = read(offset, 1)
        if not byte:
            return b"", offset
        offset += 1
        length |= (byte[0] & 0x7F) << shift
        shift += 7
        if byte[0] < 0x80:
            break
    if length > _MOST_TEXT:
        return b"", offset + length
    return read(offset, length) or b"", offset + length


def _pointed(elf: Elf, address: int, width: int, order: str) -> bytes:
    """A Go string by the address of its header, which is a pointer and a length (before Go 1.18)."""
    header = elf.loaded(address, 2 * width)
    if header is None:
        return b""
    place, length = (int.from_bytes(half, order) for half in (header[:width], header[width:]))  # type: ignore[arg-type]
    return (elf.loaded(place, length) or b"") if length <= _MOST_TEXT else b""


def _parsed(version: bytes, framed: bytes) -> _BuildInfo:
    """The lines of the text: ``path``, ``mod``, ``dep`` and ``=>``, which replaces the module before it."""
    info = _BuildInfo(go_version=word(version.decode("utf-8", "replace")))
    is_framed = len(framed) > 2 * _SENTINEL_BYTES and framed[-_SENTINEL_BYTES - 1 : -_SENTINEL_BYTES] == b"\n"
    text = framed[_SENTINEL_BYTES:-_SENTINEL_BYTES] if is_framed else b""
    for line in text.decode("utf-8", "replace").split("\n"):
        key, *values = line.split("\t")
        if not values or len(info.modules) >= _MOST_MODULES:
            continue
        module = _Module(path=word(values[0]), version=word(values[1]) if len(values) > 1 else "")
        if key == "path":
            info.package = module.path
        elif key == "mod":
            info.main = module
        elif key == "dep":
            info.modules.append(module)
        elif key == "=>" and info.modules:
            # A replacement from a directory has a path of the file system, and no version; the module's name stays.
            replaced = info.modules[-1]
            is_directory = module.path.startswith((".", "/"))
            info.modules[-1] = _Module(path=replaced.path, version=replaced.version) if is_directory else module
    return info


GO = Cataloger(
    name="golang",
    wanted=Wanted(paths=PathSet(), head=0, executables=512 * KIB, ranges=RangeReader(_build_info, MAGIC)),
    catalog=_catalog,
)
