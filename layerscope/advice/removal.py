"""The words of an ``rm -rf`` that deletes some files of a stage, and nothing else."""

import shlex
from collections.abc import Iterable, Iterator

from layerscope.filesystem.tree import Filesystem
from layerscope.model.entry import Kind


def removal_words(filesystem: Filesystem, layer: int, paths: Iterable[str], *, most: int = 12) -> tuple[str, ...]:
    """Return directories and files, quoted for a shell, that hold just these paths when a layer has been made.

    A directory stands for its files where the layer itself made it and nothing else is in it. Empty where that takes
    more than ``most`` words.
    """
    wanted = set(paths)
    kept, lower = _others(filesystem, layer, wanted)
    words: dict[str, None] = {}
    for path in sorted(wanted):
        above = path
        while (parent := above.rpartition("/")[0]) and parent not in kept and parent not in lower:
            above = parent
        words[above] = None
        if len(words) > most:
            return ()
    return tuple(shlex.quote(word) for word in words)


def _others(filesystem: Filesystem, layer: int, wanted: set[str]) -> tuple[set[str], set[str]]:
    """The directories that hold other files once a layer has been made, and the paths of the layers below it."""
    kept: set[str] = set()
    lower: set[str] = set()
    for each in range(layer + 1):
        for number in filesystem.numbers(each):
            path = filesystem.path_in_layer(number)
            if each < layer:
                lower.update(_and_above(path, lower))
            if path not in wanted and filesystem.kinds[number] != Kind.DIRECTORY:
                kept.update(_and_above(path.rpartition("/")[0], kept))
    return kept, lower


def _and_above(path: str, known: set[str]) -> Iterator[str]:
    """A path and the directories above it, up to one that is known."""
    while path and path not in known:
        yield path
        path = path.rpartition("/")[0]
