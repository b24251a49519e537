"""Names as tars write them, and the entries that they speak of."""

from layerscope.model.entry import Kind
from layerscope.model.paths import normal as normal

_WHITEOUT = ".wh."
_ASIDE = "/.wh..wh."
_OPAQUE = ".wh..wh..opq"
_LANDMARKS = frozenset({"/.prefetch.landmark", "/.no.prefetch.landmark"})
TABLE_OF_CONTENTS = "/stargz.index.json"
"""The last entry of an eStargz layer, no part of its file system."""


def is_aside(path: str) -> bool:
    """Whether a path lies below a directory of AUFS, which is no part of the file system."""
    return _ASIDE in path.rpartition("/")[0]


def classify(path: str, kind: Kind | int) -> tuple[str, int]:
    """The path that an entry speaks of, and its kind where its name makes it a marker (image-spec, layer.md)."""
    parent, _, name = path.rpartition("/")
    if is_aside(path):
        return path, Kind.BOOKKEEPING
    if name.startswith(_WHITEOUT):
        if name == _OPAQUE:
            return parent or "/", Kind.OPAQUE
        hidden = name[len(_WHITEOUT) :]
        if hidden.startswith(_WHITEOUT) or hidden in ("", ".", ".."):
            return path, Kind.BOOKKEEPING
        return f"{parent}/{hidden}", Kind.WHITEOUT
    if path in _LANDMARKS:
        return path, Kind.BOOKKEEPING
    return path, kind
