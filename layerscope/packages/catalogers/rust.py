"""Rust binaries that cargo-auditable built: the list of crates in a section of their own.

Source: rust-secure-code/cargo-auditable, PARSING.md and the schema of its JSON.
"""

import zlib
from collections.abc import Iterator
from typing import Any

from layerscope.model.limits import KIB, MIB, loads
from layerscope.model.pathset import PathSet, RangedFile, RangeReader, Wanted
from layerscope.packages.cataloger import Cataloger, Claim
from layerscope.packages.context import Context, word
from layerscope.packages.formats.elf import MAGIC, Elf

_SECTION = ".dep-v0"
_MOST_STORED, _MOST_LIST = MIB, 8 * MIB


def _catalog(context: Context) -> Iterator[Claim]:
    filesystem = context.filesystem
    for number in context.executables:
        crates = _crates(context.ranged(number))
        if crates is None:
            continue
        location = filesystem.path_of(number)
        root = next((crate for crate in crates if crate.get("root") is True), None)
        if root is None:
            context.warn(f"{location}: the list of crates in {_SECTION} was not kept or is damaged")
            continue
        yield _claim(root, location, versions=(number,))
        for crate in crates:
            # A crate that only the build ran is not part of the binary.
            if crate is not root and crate.get("kind") != "build":
                yield _claim(crate, location, parent=word(root["name"]))


def _claim(crate: dict[str, Any], location: str, *, versions: tuple[int, ...] = (), parent: str = "") -> Claim:
    return Claim(
        type="cargo",
        name=word(crate["name"]),
        version=word(crate.get("version")),
        versions=versions,
        location=location,
        parent=parent,
    )


def _crates(file: RangedFile) -> list[dict[str, Any]] | None:
    """The crates with names; none where the section cannot be read, None for a file without one."""
    section = Elf(file.read).section(_SECTION)
    if section is None:
        return None
    data = file.read(section.offset, section.length) if section.length <= _MOST_STORED else None
    try:
        text = zlib.decompressobj().decompress(data or b"", _MOST_LIST)
        file.spend(len(text))
        document = loads(text)
        crates = document["packages"]
        return [crate for crate in crates if word(crate.get("name"))]
    except (zlib.error, ValueError, RecursionError, KeyError, TypeError, AttributeError):
        return []


RUST = Cataloger(
    name="cargo",
    wanted=Wanted(paths=PathSet(), head=0, executables=256 * KIB, ranges=RangeReader(_crates, MAGIC)),
    catalog=_catalog,
)
