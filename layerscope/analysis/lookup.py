"""Look up a path; if it is not there, say which layers hold it."""

from msgspec import Struct

from layerscope.errors import UsageError
from layerscope.filesystem.tree import Filesystem
from layerscope.model.entry import FATE_WORDS, Fate, Kind
from layerscope.model.nearest import did_you_mean
from layerscope.model.paths import normal
from layerscope.model.pathset import PathSet


class Found(Struct, frozen=True, kw_only=True):
    """A path and the number of its version, None for a directory without an entry."""

    path: str
    number: int | None


def lookup(filesystem: Filesystem, path: str, layer: int | None) -> Found:
    """Look ``path`` up in the final image, following symlinks, or in one layer.

    Raises UsageError where it does not exist; the hint names the layers that hold it.
    """
    asked = normal(path)
    if layer is not None:
        return _in_layer(filesystem, asked, layer)
    real = filesystem.real(asked)
    number = filesystem.live.get(real or "/") if real is not None else None
    if number is not None or asked == "/" or (real is not None and _holds(filesystem, real)):
        return Found(path=real or "/", number=number)
    raise UsageError(f"the image has no {asked}", hint=_elsewhere(filesystem, asked))


def _holds(filesystem: Filesystem, directory: str) -> bool:
    """Return whether anything is below a directory, which need not have an entry."""
    return any(path.startswith(f"{directory}/") for path in filesystem.live)


def check_layer(layer: int, layer_count: int) -> None:
    """Raise UsageError for a layer that the image does not have."""
    if not 0 <= layer < layer_count:
        raise UsageError(f"there is no layer {layer}; the image has {layer_count}, counted from 0")


def _in_layer(filesystem: Filesystem, path: str, layer: int) -> Found:
    check_layer(layer, len(filesystem.layers))
    problem = filesystem.layers[layer].problem
    if problem:
        raise UsageError(f"layer {layer} could not be read: {problem}")
    changeset = filesystem.layers[layer].changeset
    numbers = filesystem.numbers(layer)
    found = [n for n, one in zip(numbers, changeset.paths, strict=True) if one == path]
    held = [number for number in found if filesystem.fates[number] != Fate.MARKER]
    if held:
        return Found(path=path, number=held[-1])
    if any(one.startswith(path.rstrip("/") + "/") for one in changeset.paths):
        return Found(path=path, number=None)
    message = f"layer {layer} deletes {path}" if found else f"layer {layer} has no {path}"
    raise UsageError(message, hint=_elsewhere(filesystem, path))


def _elsewhere(filesystem: Filesystem, path: str) -> str:
    """Return a hint with the layers that hold a path; empty where none does."""
    (numbers,) = filesystem.select([PathSet(paths=(path,))])
    held = [
        f"layer {filesystem.layer_of(number)} holds it ({FATE_WORDS[filesystem.fates[number]]})"
        for number in sorted(numbers)
        if filesystem.kind_of(number) < Kind.WHITEOUT
    ]
    return f"{', '.join(held)}; read it with --layer" if held else did_you_mean(path, _alike(filesystem, path))


def _alike(filesystem: Filesystem, path: str) -> list[str]:
    """The live paths of the same name in other directories, else those of the same directory."""
    directory, _, name = path.rpartition("/")
    named = [one for one in filesystem.live if one.endswith(f"/{name}")]
    if named:
        return [min(named, key=len)]
    beside = len(directory) + 1
    return [one for one in filesystem.live if one.startswith(f"{directory}/") and "/" not in one[beside:]]
