"""What is said of a layer's files where many images are added up: its directories, and its biggest files."""

from heapq import nlargest
from itertools import compress

from layerscope.analysis.directories import DirectorySums
from layerscope.filesystem.tree import Filesystem
from layerscope.fleet.values import LayerContents, LayerFile

DEPTH = 3
"""Components of the directories that are told apart, such as /usr/share/doc."""
BIG = 1 << 16
"""Bytes of a file that is worth comparing with those of other layers."""
_MOST_DIRECTORIES, _MOST_FILES = 200, 50
_ROOT = "/"


def layer_contents(filesystem: Filesystem) -> tuple[LayerContents, ...]:
    """Return the contents of each layer; the content of its biggest files may have to be read for it."""
    return tuple(
        LayerContents(directories=_directories(filesystem, layer), files=tuple(_files(filesystem, layer)))
        for layer in range(len(filesystem.layers))
    )


def _directories(filesystem: Filesystem, layer: int) -> tuple[tuple[str, int], ...]:
    """Directories and their bytes, which add up to those of the layer; small ones beyond the limit are the root's."""
    numbers = filesystem.numbers(layer)
    sizes = filesystem.sizes[numbers.start : numbers.stop]
    places = filesystem.directories[numbers.start : numbers.stop]
    sums: dict[str, int] = {}
    for directory, content_bytes in DirectorySums(compress(zip(places, sizes, strict=True), sizes)).own():
        place = _ROOT.join(directory.split(_ROOT, DEPTH + 1)[: DEPTH + 1]) or _ROOT
        sums[place] = sums.get(place, 0) + content_bytes
    kept = dict(nlargest(_MOST_DIRECTORIES, sums.items(), key=lambda item: (item[1], item[0])))
    rest = sum(sums.values()) - sum(kept.values())
    if rest:
        kept[_ROOT] = kept.get(_ROOT, 0) + rest
    return tuple(sorted(kept.items()))


def _files(filesystem: Filesystem, layer: int) -> list[LayerFile]:
    numbers = filesystem.numbers(layer)
    big = [number for number in numbers if filesystem.sizes[number] >= BIG]
    found = []
    for number in sorted(big, key=lambda one: (-filesystem.sizes[one], one))[:_MOST_FILES]:
        fingerprint = filesystem.fingerprint(number)
        if fingerprint is not None:
            path, size = filesystem.paths[number], filesystem.sizes[number]
            found.append(LayerFile(path=path, content_bytes=size, fingerprint=fingerprint.hex()))
    return found
