"""Toolchains of Go, Rust and .NET that were unpacked from an archive: each owns the directory that it was unpacked to.

Sources: go.dev, "Download and install" (the file VERSION); rust-lang.github.io/rustup, "Toolchains" (their names);
dotnet/designs, "install-locations.md" (sdk/<version>).
"""

from collections.abc import Iterator

from layerscope.model.limits import KIB
from layerscope.model.pathset import PathSet, Wanted
from layerscope.packages.cataloger import Cataloger, Claim
from layerscope.packages.context import Context, Record, word

_MOST = 64 * KIB
_COMPONENTS = "/lib/rustlib/components"


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


_FINDERS = {"VERSION": _go, "components": _rust, "dotnet.dll": _dotnet}

TOOLCHAINS = Cataloger(
    name="toolchain", wanted=Wanted(paths=PathSet(names=tuple(_FINDERS)), head=_MOST), catalog=_catalog
)
