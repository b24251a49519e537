"""Chiselled Ubuntu: slices of Debian packages, listed in a ``manifest.wall`` (Chisel's reference, "Manifest").

A zstd stream of one JSON object a line: the header, then objects whose ``kind`` is ``package``, ``slice``, ``path`` or
``content``. A slice is called ``<package>_<slice>``; a path names the slices that contain it.
"""

import io
from collections.abc import Iterable, Iterator
from functools import partial
from typing import Any

from layerscope.model.limits import loads
from layerscope.model.pathset import PathSet, Wanted
from layerscope.packages.cataloger import Cataloger, Claim
from layerscope.packages.context import A_LINE, Context
from layerscope.packages.database import MOST_BYTES, Database, Listed, Reader

_MOST_WINDOW_BYTES = 128 << 20
_MOST_UNPACKED_BYTES = 16 << 20


def _catalog(context: Context) -> Iterator[Claim]:
    listings = ((number, _listed(context, number)) for number in context.matches)
    return Database(context, "deb", namespace="ubuntu").claims(listings)


def _listed(context: Context, number: int) -> list[Listed]:
    data = context.read_all(number, MOST_BYTES, None)
    if data is None:
        return []
    where = context.filesystem.path_of(number)
    packages: dict[str, dict[str, Any]] = {}
    paths: dict[str, list[str]] = {}
    for record in _records(data, where, context):
        kind, name, version, path, slices = (record.get(key) for key in ("kind", "name", "version", "path", "slices"))
        if kind == "package" and isinstance(name, str) and isinstance(version, str):
            packages[name] = record
        elif kind == "path" and isinstance(path, str) and isinstance(slices, list):
            # The first slice's package is as good an owner as any; packages rarely share more than directories.
            owner = next((one.partition("_")[0] for one in slices if isinstance(one, str)), "")
            paths.setdefault(owner, []).append(path)
    return [
        Listed(
            name=package["name"],
            version=package["version"],
            arch=arch if isinstance(arch := package.get("arch"), str) else "",
            paths=partial(_paths, paths.get(package["name"], ())),
        )
        for package in packages.values()
    ]


def _paths(paths: Iterable[str], _: Reader) -> Iterable[str]:
    return paths


def _records(data: bytes, where: str, context: Context) -> Iterator[dict[str, Any]]:
    """The objects of a manifest, up to the first that cannot be read."""
    import zstandard

    unpacker = zstandard.ZstdDecompressor(max_window_size=_MOST_WINDOW_BYTES)
    record: Any = "its start"
    try:
        with unpacker.stream_reader(io.BytesIO(data), read_across_frames=True) as stream:
            raw = stream.read(_MOST_UNPACKED_BYTES)
        context.spend(len(raw) + A_LINE * raw.count(b"\n"))
        # A frame that was cut gives less, and no error.
        if not raw.startswith(b'{"jsonwall"') or not raw.endswith(b"\n"):
            context.warn(f"{where}: not a manifest, or cut short")
        for line in io.BytesIO(raw):
            record = loads(line)
            if isinstance(record, dict):
                yield record
    except (zstandard.ZstdError, ValueError, RecursionError) as problem:
        context.warn(f"{where}: the record after {str(record)[:200]} cannot be read: {problem}")


CHISEL = Cataloger(
    name="deb", wanted=Wanted(paths=PathSet(names=("manifest.wall",)), head=MOST_BYTES), catalog=_catalog, is_os=True
)
