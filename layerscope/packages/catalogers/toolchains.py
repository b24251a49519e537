"""Toolchains of Go, Rust, .NET and Java that were unpacked from an archive: each owns the directory of its own.

Sources: go.dev, "Download and install" (the file VERSION); rust-lang.github.io/rustup, "Toolchains" (their names);
dotnet/designs, "install-locations.md" (sdk/<version>); OpenJDK, make/ReleaseFile.gmk (``release`` beside ``bin/java``).
"""

from collections.abc import Iterator

from layerscope.model.limits import KIB
from layerscope.model.pathset import PathSet, Wanted
from layerscope.packages.cataloger import Cataloger, Claim
from layerscope.packages.context import Context, Record, word

_MOST = 64 * KIB
_COMPONENTS = "/lib/rustlib/components"
_JAVA_LIBRARIES = ("lib/modules", "jre/lib/rt.jar", "lib/rt.jar")
"""Either of them is in every runtime since Java 6, and nowhere else."""


def _catalog(context: Context) -> Iterator[Claim]:
    for record in context.live_records():
        claim = _FINDERS[record.name](context, record)
        if claim is not None:
            yield claim


def _go(context: Context, record: Record) -> Claim | None:
    filesystem, home = context.filesystem, record.directory
    if f"{home}/bin/go" not in filesystem.live or f"{home}/src/runtime" not in filesystem.children:
        return None
    text = context.read_text(record.number, _MOST) or ""
    version = word(text.partition("\n")[0])
    if not version.startswith("go"):
        return None
    return Claim.of(record, "generic", "go", version.removeprefix("go"), context.in_tree(home))


def _rust(context: Context, record: Record) -> Claim | None:
    home = record.path.removesuffix(_COMPONENTS)
    above, _, name = home.rpartition("/")
    if not record.path.endswith(_COMPONENTS) or not above.endswith("/toolchains"):
        return None
    version = name.partition("-")[0]
    if not version[:1].isdigit():
        version = _rust_behind(context, home) or version
    return Claim.of(record, "generic", "rust", word(version), context.in_tree(home))


def _rust_behind(context: Context, home: str) -> str:
    """The version that a channel (``stable``) had when it was installed, by the name of its libLLVM; empty if unknown.

    That ends with the version and the channel: ``-rust-1.75.0-stable.so``.
    """
    filesystem = context.filesystem
    for number in filesystem.children.get(f"{home}/lib", ()):
        library = filesystem.path_of(number).rpartition("/")[2].removesuffix(".so")
        before, marker, version = library.partition("-rust-")
        if marker and before.startswith("libLLVM") and version[:1].isdigit():
            return version.removesuffix("-stable")
    return ""


def _dotnet(context: Context, record: Record) -> Claim | None:
    above, _, version = record.directory.rpartition("/")
    if not above.endswith("/sdk") or not version[:1].isdigit():
        return None
    return Claim.of(record, "generic", "dotnet-sdk", word(version), context.in_tree(record.directory))


def _java(context: Context, record: Record) -> Claim | None:
    home = record.directory
    if not any(context.record_at(f"{home}/{library}") for library in _JAVA_LIBRARIES):
        return None
    text = context.read_text(record.number, _MOST) or ""
    lines = (line.partition("=") for line in text.splitlines())
    values = {key: word(value.strip().strip('"')) for key, _, value in lines}
    version = values.get("JAVA_RUNTIME_VERSION") or values.get("JAVA_VERSION", "")
    if not version:
        context.warn(f"{record.path}: it names no version")
    name = "jre" if values.get("IMAGE_TYPE") == "JRE" else "jdk"
    return Claim.of(record, "generic", name, version, context.in_tree(home))


_FINDERS = {"VERSION": _go, "components": _rust, "dotnet.dll": _dotnet, "release": _java}

TOOLCHAINS = Cataloger(
    name="toolchain", wanted=Wanted(paths=PathSet(names=tuple(_FINDERS)), head=_MOST), catalog=_catalog
)
