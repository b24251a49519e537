"""Toolchains of Go, Rust and .NET that were unpacked from an archive: each owns the directory that it was unpacked to.

Sources: go.dev, "Download and install" (the file VERSION); rust-lang.github.io/rustup, "Toolchains" (their names);
dotnet/designs, "install-locations.md" (sdk/<version>).
"""

from collections.abc import Iterator

from layerscope.model.limits import KIB
from layerscope.model.pathset import PathSet, Wanted
from layerscope.packages import records
from layerscope.packages.cataloger import Cataloger, Claim, Evidence
from layerscope.packages.records import Record, read_text, word

_MOST = 64 * KIB
_COMPONENTS = "/lib/rustlib/components"


def _catalog(evidence: Evidence) -> Iterator[Claim]:
    for record in records.live_records(evidence):
        claim = _FINDERS[record.name](evidence, record)
        if claim is not None:
            yield claim


def _go(evidence: Evidence, record: Record) -> Claim | None:
    filesystem, home = evidence.filesystem, record.directory
    if f"{home}/bin/go" not in filesystem.live or f"{home}/src/runtime" not in filesystem.children:
        return None
    text = read_text(evidence, record, _MOST) or ""
    version = word(text.partition("\n")[0])
    if not version.startswith("go"):
        return None
    return _claim(evidence, record, "go", version.removeprefix("go"), home)


def _rust(evidence: Evidence, record: Record) -> Claim | None:
    home = record.path.removesuffix(_COMPONENTS)
    above, _, name = home.rpartition("/")
    if not record.path.endswith(_COMPONENTS) or not above.endswith("/toolchains"):
        return None
    version = name.partition("-")[0]
    if not version[:1].isdigit():
        version = _rust_behind(evidence, home) or version
    return _claim(evidence, record, "rust", word(version), home)


def _rust_behind(evidence: Evidence, home: str) -> str:
    """The version that a channel (``stable``) had when it was installed, by the name of its libLLVM; empty if unknown.

    That ends with the version and the channel: ``-rust-1.75.0-stable.so``.
    """
    filesystem = evidence.filesystem
    for number in filesystem.children.get(f"{home}/lib", ()):
        library = filesystem.path_of(number).rpartition("/")[2].removesuffix(".so")
        before, marker, version = library.partition("-rust-")
        if marker and before.startswith("libLLVM") and version[:1].isdigit():
            return version.removesuffix("-stable")
    return ""


def _dotnet(evidence: Evidence, record: Record) -> Claim | None:
    above, _, version = record.directory.rpartition("/")
    if not above.endswith("/sdk") or not version[:1].isdigit():
        return None
    return _claim(evidence, record, "dotnet-sdk", word(version), record.directory)


def _claim(evidence: Evidence, record: Record, name: str, version: str, home: str) -> Claim:
    return Claim(
        type="generic",
        name=name,
        version=version,
        versions=tuple(evidence.context.in_tree(home)),
        layer=record.layer,
        location=record.path,
    )


_FINDERS = {"VERSION": _go, "components": _rust, "dotnet.dll": _dotnet}

TOOLCHAINS = Cataloger(
    name="toolchain",
    wanted=Wanted(paths=PathSet(names=tuple(_FINDERS)), head=_MOST),
    catalog=_catalog,
)
