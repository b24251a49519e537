"""Puts paths, instructions and what the builder understands into the sentences of the rules."""

from collections.abc import Callable, Mapping, Sequence
from itertools import islice

from layerscope.model.common_path import collapse, common
from layerscope.model.finding import FoundPath
from layerscope.model.instruction import Instruction
from layerscope.model.pathset import PathSet
from layerscope.model.patterns import pattern
from layerscope.secrets.text import quoted

_LONGEST = 72
_PATTERNS = 4
_TOP = frozenset(
    {"", "/", "/usr", "/usr/share", "/var", "/var/lib", "/etc", "/opt", "/usr/local", "/home", "/root", "/srv"}
)
"""Directories that are too general to say where something is."""

_CHOICE = pattern(r"\[\[(.*?)\|(.*?)\]\]")
CACHE_MOUNT = "[[, or mount a cache there with `RUN --mount=type=cache`|]]"
BIND_MOUNT = (
    "[[mount {path} into the RUN that needs it (`RUN --mount=type=bind`)|copy {path} into a build stage only, and from "
    "there what is made of it,]] instead of {step}"
)
SECRET_MOUNT = "[[mount it (RUN --mount=type=secret)|use it in a build stage only]]"
OUT_OF_COPY = "leave it out of {step}[[ (`COPY --exclude`, Dockerfile syntax 1.19)|]]"


def for_builder(text: str, *, is_buildkit: bool) -> str:
    """The text with each ``[[A|B]]`` replaced by A where BuildKit builds the image, else by B.

    The legacy builder has neither ``--mount`` nor ``--chmod`` nor ``--exclude``.
    """
    return _CHOICE.sub(lambda choice: choice[1 if is_buildkit else 2], text)


def filled(texts: Sequence[str], meanings: Mapping[str, Callable[[], str]]) -> tuple[str, ...]:
    """The texts with each ``{name}`` replaced by its meaning; other braces stay.

    A meaning is computed once for all texts, and only if one of them uses it.
    """
    for name, meaning in meanings.items():
        mark = f"{{{name}}}"
        if any(mark in text for text in texts):
            value = meaning()
            texts = [text.replace(mark, value) for text in texts]
    return tuple(texts)


def telling(paths: Sequence[FoundPath]) -> str:
    """The one directory or file that says most about where the paths lie; the biggest where they are scattered.

    There may be other files in it, so do not advise to delete it.
    """
    if not paths:
        return "it"
    shared = common([path.path for path in paths])
    if shared not in _TOP:
        return shared
    groups = [group.path for group in collapse(((path.path, path.content_bytes) for path in paths), most=8)]
    return next((path for path in groups if path not in _TOP), groups[0])


def exact(paths: Sequence[FoundPath], is_whole: Callable[[str], bool]) -> str:
    """What can be deleted: a directory of which ``is_whole`` says that nothing else is in it, or a file; how many more.

    ``paths`` are biggest first. Deleting it deletes nothing but what was found.
    """
    if not paths:
        return "it"
    shared, place = common([path.path for path in paths]), paths[0].path
    while len(place) > len(shared) and (above := place.rpartition("/")[0]) not in _TOP and is_whole(above):
        place = above
    more = sum(path.path != place and not path.path.startswith(f"{place}/") for path in paths)
    return f"{place} and {more:,} more" if more else place


def ignored(paths: Sequence[FoundPath], wanted: PathSet) -> str:
    """The patterns of a .dockerignore that keep the paths out of the build context, wherever in it they lie."""
    patterns = dict.fromkeys(_pattern(path.path, wanted) for path in paths)
    shown = [f"`**/{pattern}`" for pattern in islice(patterns, _PATTERNS)]
    more = len(patterns) - len(shown)
    return ", ".join(shown) + (f" and {more:,} more" if more else "")


def _pattern(path: str, wanted: PathSet) -> str:
    """The directory, name or suffix by which a rule found a path."""
    *directories, name = path.split("/")
    if tree := next((one for one in directories if one in wanted.trees), ""):
        return tree
    suffix = next((one for one in wanted.suffixes if name.endswith(one)), "")
    return f"*{suffix}" if suffix and name not in wanted.names else name


def shortened(step: Instruction) -> str:
    """An instruction on one short line, its secrets masked."""
    return f"`{quoted(step.shown or str(step), _LONGEST)}`"
