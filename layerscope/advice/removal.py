"""The words of an ``rm -rf`` that deletes some files of a stage, and nothing else."""

import posixpath
import re
import shlex
from collections.abc import Collection, Container, Iterable, Sequence
from functools import partial

from layerscope.advice.context import AdviceContext
from layerscope.advice.portions import Piece
from layerscope.advice.runs import body, calls, commands, script_of
from layerscope.advice.timeline import Site
from layerscope.filesystem.path_layers import PathLayers
from layerscope.filesystem.tree import Filesystem
from layerscope.model.paths import is_at_or_below
from layerscope.model.patterns import pattern

_OF_SYSTEM = pattern(
    r"/(?:bin|boot|dev|etc|home|lib\w*|media|mnt|opt|proc|root|run|sbin|srv|sys|tmp|usr|var)|/(?:etc|home|usr|var)/[^/]+"
    r"|/usr/local/[^/]+|/var/lib/[^/]+"
)
"""Directories that something may expect, even where they are empty: homes among them."""

_SHARED = frozenset({"", "/tmp", "/var/tmp", "/root", "/home", "/opt", "/usr/local", "/usr", "/var"})
"""Directories that instructions name for what else is in them."""
_WORD = pattern(r"[^\s'\"`;|&()<>=/*]+")


def removal_words(
    filesystem: Filesystem, layer: int, paths: Iterable[str], *, most: int = 12, remaining: Container[str] = ()
) -> tuple[str, ...]:
    """Return directories and files, quoted for a shell, that hold just these paths when a layer has been made.

    A directory stands for its files where the layer itself made it and nothing else is in it, unless it is one of the
    system's or of those ``remaining``. Empty where that takes more than ``most`` words.
    """
    (places,) = removal_places(filesystem, layer, [paths], remaining=remaining)
    return tuple(map(shlex.quote, places)) if len(places) <= most else ()


def removal_places(
    filesystem: Filesystem,
    layer: int,
    groups: Iterable[Iterable[str]],
    *,
    remaining: Container[str] = (),
    own_from: int | None = None,
) -> list[tuple[str, ...]]:
    """Return for each group of paths the directories and files that hold them, and nothing but paths of any group.

    Directories of the layers below ``own_from`` stay, of those below ``layer`` where it is not given.
    """
    members = [sorted(set(group)) for group in groups]
    wanted = {path for group in members for path in group}
    stays = partial(_stays, filesystem.path_layers, layer, wanted, layer if own_from is None else own_from)
    known: dict[str, bool] = {}
    found = []
    for group in members:
        places: dict[str, None] = {}
        for path in group:
            above = path
            while (parent := above.rpartition("/")[0]) and parent not in remaining and not _OF_SYSTEM.fullmatch(parent):
                if parent not in known:
                    known[parent] = stays(parent)
                if known[parent]:
                    break
                above = parent
            places[above] = None
        found.append(tuple(places))
    return found


def _stays(layers: PathLayers, layer: int, wanted: Container[str], own_from: int, directory: str) -> bool:
    """Whether a directory holds other files once a layer has been made, or is one of the layers below the own."""
    lowest, files, never = layers.lowest, layers.files, layer + 1
    if lowest.get(directory, own_from) < own_from:
        return True
    below = layers.below(directory)
    return any(lowest[path] < own_from or (files.get(path, never) <= layer and path not in wanted) for path in below)


def fails_without(site: Site, words: Collection[str]) -> bool:
    """Whether a RUN deletes what the words of a removal hold by an ``rm`` that fails when nothing is there."""
    for command in commands(script_of(site)):
        options = [word for word in command[1:] if word.startswith("-")]
        if command[0] != "rm" or any(word == "--force" or (word[:2] != "--" and "f" in word) for word in options):
            continue
        for argument in set(command[1:]) - set(options):
            path, is_pattern = _named(argument, site)
            if any(is_at_or_below(path, word) or (is_pattern and word.startswith(path)) for word in words):
                return True
    return False


def names_files(site: Site, pieces: Sequence[Piece]) -> bool:
    """Whether an instruction names one of the files, or all that is in the directory that one is in."""
    text = body(site)
    if not {posixpath.basename(piece.path) for piece in pieces}.isdisjoint(_WORD.findall(text)):
        return True
    places = {posixpath.dirname(piece.path) for piece in pieces}
    if any(place in text for place in places - _SHARED):
        return True
    shared = "|".join(re.escape(place) for place in places & _SHARED if place)
    as_whole = re.compile(rf"(?<![\w/.-])(?:{shared})(?:/?(?:[\s'\"]|$)|/\S*[*?\[])")
    return bool(shared) and not calls(text, "rm -rf", "rm -fr") and as_whole.search(text) is not None


def is_read_before_deleted(context: AdviceContext, piece: Piece) -> bool:
    """Whether a RUN names a file, or what is above it, for anything but its deletion: it moves a directory, say."""
    writer, hider = context.final.of_layer(piece.layer), context.final.of_layer(context.hidden_by(piece))
    if writer is None or hider is None:
        return True
    for site in context.final.sites[writer.position + 1 : hider.position + 1]:
        for words in commands(script_of(site)) if site.kind == "RUN" else ():
            if words[0] != "rm" and any(_is_above(word, piece.path, site) for word in words[1:]):
                return True
    return False


def _is_above(word: str, path: str, site: Site) -> bool:
    """Whether a word is a path at or above another, or a wildcard for one."""
    above, is_pattern = _named(word, site)
    if is_pattern:
        return path.startswith(above.rstrip("/") or "/")
    return above != "/" and is_at_or_below(path, above)


def _named(word: str, site: Site) -> tuple[str, bool]:
    """The path that a word names, up to what the shell expands, and whether it expands anything."""
    word = word.strip("'\"")
    literal = re.split(r"[*?$\[]", word)[0]
    return site.path_of(literal), literal != word
