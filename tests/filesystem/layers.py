"""Layers in a short notation, laid over each other for tests."""

import io
from collections.abc import Sequence

from layerscope.filesystem.tree import Filesystem
from layerscope.image.layer import LayerData, read_stream
from layerscope.image.options import ReadOptions
from layerscope.model.entry import Fate
from layerscope.model.image import Layer
from tests.builder import Member, directory, fifo, file, hardlink, layer, symlink


def member(text: str) -> Member:
    """``a/`` is a directory, ``a -> b`` a symlink, ``a = b`` a hardlink, ``a|`` a pipe, ``a:b`` a file of content b.

    Anything else is a file whose content is its name; a whiteout is empty.
    """
    if " -> " in text:
        return symlink(*text.split(" -> "))
    if " = " in text:
        return hardlink(*text.split(" = "))
    if text.endswith("/"):
        return directory(text)
    if text.endswith("|"):
        return fifo(text[:-1])
    name, colon, content = text.partition(":")
    return file(name, (content if colon else "" if ".wh." in name else name).encode())


def changes(members: Sequence[str | Member]) -> LayerData:
    """A layer as it is read."""
    data = layer(*(member(each) if isinstance(each, str) else each for each in members))
    return read_stream(io.BytesIO(data), "layer", ReadOptions())


def tree(*layers: Sequence[str | Member]) -> Filesystem:
    """The file system of these layers, lowest first."""
    return Filesystem(
        [
            Layer(index=index, diff_id=data.diff_id, changeset=data.changeset, contents=data.contents)
            for index, data in enumerate(map(changes, layers))
        ]
    )


def visible(filesystem: Filesystem) -> list[str]:
    """The live paths without their first slash, as the notation writes them, in order."""
    return sorted(path[1:] or "." for path in filesystem.live)


def fates(filesystem: Filesystem) -> list[list[str]]:
    """The fate of each entry, by layer."""
    return [
        [Fate(filesystem.fates[number]).name for number in filesystem.numbers(n)]
        for n, _ in enumerate(filesystem.layers)
    ]


def by_fate(filesystem: Filesystem) -> tuple[int, int]:
    """Live and hidden bytes over all versions."""
    live = sum(filesystem.content_bytes(n) for n in range(len(filesystem)) if filesystem.fates[n] == Fate.LIVE)
    hidden = sum(filesystem.hidden_bytes(n) for n, _ in enumerate(filesystem.layers))
    return live, hidden
