"""What a COPY takes from where: paths of the build context, and names that have to be there."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from layerscope.advice.context import AdviceContext
from layerscope.advice.portions import Portion, mapped, mapping_of
from layerscope.advice.timeline import Site
from layerscope.filesystem.tree import Filesystem
from layerscope.model.entry import Kind
from layerscope.model.groups import grouped
from layerscope.model.paths import is_at_or_below

if TYPE_CHECKING:  # The parser is loaded only for a Dockerfile.
    from layerscope.dockerfile.copying import CopyMapping

_ARCHIVES = (".tar", ".tgz", ".tbz", ".tbz2", ".txz", ".gz", ".bz2", ".xz", ".zst", ".lzma")
"""Endings of what ADD may unpack."""


def by_copy(context: AdviceContext, *rules: str) -> dict[int, list[Portion]]:
    """What is left of some rules by the position of the COPY of one source that brings it."""
    found = (one for one in context.of(*rules) if one.copy.kind == "COPY" and len(one.copy.arguments) == 2)
    return grouped(found, lambda one: one.copy.position)


def context_paths(site: Site, paths: Iterable[str]) -> Mapping[str, str]:
    """By path in the image: the path in the build context that a COPY or ADD takes it from, as far as it is known."""
    mapping = mapping_of(site)
    if mapping is None or not mapping.resolved or mapping.source.kind != "context":
        return {}
    if mapping.unpacks and any(source.path.lower().endswith(_ARCHIVES) for source in mapping.sources):
        return {}
    files = [f"{source.path}/" for source in mapping.sources if "." in source.path.rpartition("/")[2][1:]]
    prefix, root = _whole_directory(mapping)
    found = {}
    for path in paths:
        if prefix and path.startswith(prefix) and path != f"{prefix}{root.rpartition('/')[2]}":
            found[path] = f"{root}/{path[len(prefix) :]}"
            continue
        # A source with an ending is a file, so nothing lies below it.
        sources = [one for one in mapping.map_back(path) if not one.startswith(tuple(files))]
        if len(sources) == 1:
            found[path] = sources[0]
    return found


def _whole_directory(mapping: "CopyMapping") -> tuple[str, str]:
    """What the paths that a COPY of one directory brings begin with, and the directory; empty for another COPY."""
    literal = mapping.sources[0].pattern.literal if len(mapping.sources) == 1 else None
    if literal is None or mapping.parents or mapping.excludes or "." in literal.rpartition("/")[2][1:]:
        return "", ""
    return f"{mapping.destination.rstrip('/')}/", literal.rstrip("/")


def ignorable(context: AdviceContext, portions: Sequence[Portion]) -> Mapping[str, str]:
    """What one COPY brought, by its path in the stage: the path in the build context, or the highest directory there.

    Directories stand for their files where nothing else is in them, as far as one COPY of the whole directory shows.
    """
    site = portions[0].site
    found = context_paths(site, {piece.source or piece.path for portion in portions for piece in portion.pieces})
    mapping, others = mapping_of(site), _others(context, portions)
    if mapping is None or others is None or mapping.excludes or mapping.parents:
        return found
    mappings = [mapping, *(one for portion in portions if portion.is_declared and (one := _via(portion)) is not None)]
    if any(source.pattern.literal is None for one in mappings for source in one.sources):
        return found
    kept: set[str] = set()
    for other in others:
        while other not in found and (other := other.rpartition("/")[0]) and other not in kept:
            kept.add(other)
    roots = {mapping.destination.rstrip("/"), *(source.path.rstrip("/") for one in mappings for source in one.sources)}
    tops = {}
    for path, source in found.items():
        above, top = path, source
        while True:
            parent, upper = above.rpartition("/")[0], top.rpartition("/")[0]
            if not parent or not upper or parent in kept or parent in roots or upper in roots:
                break
            above, top = parent, upper
        tops[path] = top
    return tops


def _others(context: AdviceContext, portions: Sequence[Portion]) -> Iterable[str] | None:
    """The paths in the stage of all files that a COPY is known to have brought; None where that is not known.

    Without the stage's image it is those that the image has from it.
    """
    site = portions[0].site
    if portions[0].is_declared:
        layers = {piece.layer: portion.via for portion in portions for piece in portion.pieces}
        pairs = ((via, path) for layer, via in layers.items() if via for path in files_in(context.filesystem, layer))
        return (mapped(via, path) for via, path in pairs)
    filesystem = filesystem_of(context, site)
    return files_in(filesystem, site.layer) if filesystem is not None and site.layer is not None else None


def files_in(filesystem: Filesystem, layer: int) -> Iterator[str]:
    """The paths of all that a layer holds but its directories."""
    changeset, directory = filesystem.layers[layer].changeset, Kind.DIRECTORY
    return (path for path, kind in zip(changeset.paths, changeset.kinds, strict=True) if kind != directory)


def _via(portion: Portion) -> "CopyMapping | None":
    return mapping_of(portion.via) if portion.via is not None else None


def filesystem_of(context: AdviceContext, site: Site) -> Filesystem | None:
    """The filesystem that holds what a site made."""
    timelines = (context.timelines[name] for name, _ in context.places(site))
    return next((one.filesystem for one in timelines if any(each is site for each in one.sites)), None)


def would_miss(context: AdviceContext, stage: str, paths: Iterable[str]) -> bool:
    """Whether another stage copies something by a name that would be gone, so that the build would fail."""
    gone = set(paths)
    for site in context.readers(stage):
        mapping = mapping_of(site)
        for source in mapping.sources if mapping is not None else ():
            path = source.pattern.literal or ""
            while path:
                if path in gone:
                    return True
                path = path.rpartition("/")[0]
    return False


def readers_elsewhere(context: AdviceContext, stage: str, paths: Iterable[str]) -> Iterator[Site]:
    """The instructions of stages other than the final one that copy any of the paths, or what holds them.

    A wildcard, or a variable that is not known, may stand for any of them, and so may what a RUN mounts.
    """
    final = {id(site) for site in context.final.sites}
    wanted = tuple(paths)
    for site in context.readers(stage):
        if id(site) not in final and any(is_at_or_below(path, source) for source in _sources(site) for path in wanted):
            yield site


def _sources(site: Site) -> Iterator[str]:
    mapping = mapping_of(site) if site.kind in ("COPY", "ADD") else None
    if mapping is None or not mapping.resolved:
        yield "/"
        return
    for source in mapping.sources:
        yield source.path if source.pattern.literal is not None else re.split(r"[*?\[]", source.path)[0] or "/"
