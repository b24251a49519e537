"""Plan which files of an image to extract, and under which names, before anything is written."""

import os
from collections.abc import Iterable, Iterator, Mapping

from msgspec import Struct

from layerscope.analysis.lookup import lookup
from layerscope.filesystem.tree import Filesystem
from layerscope.model.contents import Piece
from layerscope.model.entry import Fate, Kind
from layerscope.model.paths import is_at_or_below, normal
from layerscope.model.patterns import pattern

_SETID = 0o7000
_RESERVED = frozenset('<>:"/\\|?*')
"""Characters that Windows refuses in a name."""
_DEVICES = frozenset({"CON", "PRN", "AUX", "NUL", *(f"{kind}{n}" for kind in ("COM", "LPT") for n in range(10))})
"""Names of devices on Windows, in every directory and with any suffix."""
_CODE = pattern(r"%([0-9A-F]{2})")


class ExtractQuery(Struct, frozen=True, kw_only=True):
    """What to extract: ``path`` and all below it, from the final image, one ``layer``, or the ``hidden`` versions.

    Without ``setid`` no file keeps its setuid, setgid or sticky bit.
    """

    path: str
    layer: int | None = None
    hidden: bool = False
    setid: bool = False
    windows: bool = os.name == "nt"


class Item(Struct, frozen=True, kw_only=True):
    """One file, directory or symlink to write; ``parts`` are the safe components of its path below the destination.

    ``carrier`` is the version that has the bytes of a file.
    """

    path: str
    parts: tuple[str, ...]
    kind: Kind
    mode: int
    mtime: int
    link: str = ""
    carrier: int = -1
    content_bytes: int = 0


class Note(Struct, frozen=True, kw_only=True):
    """A path that is left out or changed, and why."""

    path: str
    reason: str


class Plan(Struct, frozen=True, kw_only=True):
    """Items in the order of their paths; ``content_bytes`` counts the files that hard links share once."""

    items: tuple[Item, ...]
    notes: tuple[Note, ...]
    content_bytes: int


def plan(filesystem: Filesystem, query: ExtractQuery) -> Plan:
    """Return the plan for a query; raises UsageError where there is nothing at its path."""
    notes: list[Note] = []
    root, versions = _versions(filesystem, query, notes)
    return _plan(filesystem, query, root, versions, notes)


def plan_of(filesystem: Filesystem, query: ExtractQuery, versions: Mapping[str, int]) -> Plan:
    """Return the plan for versions that are chosen already, by their paths at or below that of the query."""
    return _plan(filesystem, query, query.path, versions, [])


def _plan(
    filesystem: Filesystem, query: ExtractQuery, root: str, versions: Mapping[str, int], notes: list[Note]
) -> Plan:
    name = normal(query.path).rpartition("/")[2]
    items = []
    for path, number in sorted(versions.items()):
        inner = path[len(root.rstrip("/")) :].strip("/")
        parts = tuple(part for part in (name, *inner.split("/")) if part)
        item = _item(filesystem, path, number, parts, query, notes)
        if item is not None:
            items.append(item)
    carriers = {item.carrier: item.content_bytes for item in items}
    return Plan(items=tuple(items), notes=tuple(notes), content_bytes=sum(carriers.values()))


def contents(filesystem: Filesystem, carriers: Iterable[int]) -> Iterator[tuple[int, Iterator[Piece]]]:
    """Yield the bytes of carriers, layer by layer, in the order of their tars (see Contents.stream)."""
    by_layer: dict[int, dict[int, int]] = {}
    for carrier in carriers:
        layer, index = filesystem.place(carrier)
        by_layer.setdefault(layer, {})[index] = carrier
    for layer, indexes in sorted(by_layer.items()):
        for index, pieces in filesystem.layers[layer].contents.stream(tuple(indexes)):
            yield indexes[index], pieces


def _versions(filesystem: Filesystem, query: ExtractQuery, notes: list[Note]) -> tuple[str, Mapping[str, int]]:
    """Return the path behind symlinks, and the version of each path at or below it."""
    if query.layer is None and not query.hidden:
        root = lookup(filesystem, query.path, None).path
        return root, {path: number for path, number in filesystem.live.items() if is_at_or_below(path, root)}
    root = normal(query.path)
    found: dict[str, int] = {}
    layers = range(len(filesystem.layers)) if query.layer is None else (query.layer,)
    for layer in layers:
        paths = filesystem.layers[layer].changeset.paths if 0 <= layer < len(filesystem.layers) else ()
        for number, path in zip(filesystem.numbers(layer) if paths else (), paths, strict=True):
            fate = filesystem.fates[number]
            if fate == Fate.MARKER or (query.hidden and fate == Fate.LIVE) or not is_at_or_below(path, root):
                continue
            if path in found and filesystem.kind_of(found[path]) != Kind.DIRECTORY:
                notes.append(_older(filesystem, path, found[path]))
            found[path] = number
    if not found:
        lookup(filesystem, query.path, query.layer)  # Raises an error that says where it is instead.
    return root, found


def _older(filesystem: Filesystem, path: str, number: int) -> Note:
    layer = filesystem.layer_of(number)
    return Note(path=path, reason=f"layer {layer} holds an older version; extract it with --layer {layer}")


def _item(
    filesystem: Filesystem, path: str, number: int, parts: tuple[str, ...], query: ExtractQuery, notes: list[Note]
) -> Item | None:
    """Return the item of one version; None, and a note, for a kind that is never written."""
    carrier = filesystem.carrier(number)
    kind = filesystem.kind_of(carrier)
    if kind not in (Kind.FILE, Kind.DIRECTORY, Kind.SYMLINK):
        what = "a broken hardlink" if kind == Kind.HARDLINK else f"a {kind.name.lower().replace('_', ' ')}"
        notes.append(Note(path=path, reason=f"left out: {what}"))
        return None
    if not parts and kind != Kind.DIRECTORY:
        notes.append(Note(path=path, reason="left out: it is in the place of the root directory"))
        return None
    version = filesystem.version(carrier)
    safe = tuple(safe_name(part, windows=query.windows) for part in parts)
    if safe != parts:
        notes.append(Note(path=path, reason=f"written as {'/'.join(safe)}"))
    mode = version.mode
    if mode & _SETID and not query.setid:
        mode &= ~_SETID
        if kind == Kind.FILE:
            notes.append(Note(path=path, reason="written without its setuid, setgid or sticky bit"))
    return Item(
        path=path,
        parts=safe,
        kind=kind,
        mode=mode,
        mtime=version.mtime,
        link=version.link,
        carrier=carrier if kind == Kind.FILE else -1,
        content_bytes=version.content_bytes,
    )


def safe_name(name: str, *, windows: bool = False) -> str:
    """Return a name without characters that move a cursor or mean something to the system: they are percent-encoded.

    So are bytes that are not UTF-8, and percent signs of names that look encoded: no two names become the same.
    """
    if name in (".", "..", ""):
        return name.replace(".", "%2E") or "%"
    unsafe = _RESERVED if windows else frozenset("/")

    def is_safe(place: int, one: str) -> bool:
        if code := _CODE.match(name, place):
            byte = chr(int(code[1], 16))
            return not windows and byte.isascii() and byte.isprintable() and byte not in "./%"
        return one.isprintable() and one not in unsafe

    made = "".join(one if is_safe(place, one) else _encoded(one) for place, one in enumerate(name))
    if windows and made[-1] in ". ":  # Windows drops them, so two names could become one.
        made = made[:-1] + _encoded(made[-1])
    if windows and made.partition(".")[0].rstrip().upper() in _DEVICES:
        made = _encoded(made[0]) + made[1:]
    return made


def _encoded(character: str) -> str:
    raw = character.encode("utf-8", "surrogateescape" if 0xDC80 <= ord(character) <= 0xDCFF else "surrogatepass")
    return "".join(f"%{byte:02X}" for byte in raw)
