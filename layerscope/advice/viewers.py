"""Where a path goes in the rest of a build: all instructions that run on top of it, copy it, or mount its stage."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from msgspec import Struct

from layerscope.advice.context import AdviceContext
from layerscope.advice.portions import mapping_of
from layerscope.advice.timeline import Site
from layerscope.model.paths import is_at_or_below, normal

if TYPE_CHECKING:  # The parser is loaded only for a Dockerfile.
    from layerscope.dockerfile.copying import CopyMapping, CopySource

_MOST_VIEWS = 500_000
"""Instructions that are looked at for all paths together; then a path counts as needed."""


class Viewer(Struct, frozen=True, kw_only=True):
    """An instruction that can see a path, and where it sees it.

    ``copies``: it copies the path by its name, or something in it, and so would fail without it. ``is_unknown``: what
    it copies is not known.
    """

    site: Site
    path: str
    copies: bool = False
    is_unknown: bool = False


class Viewers:
    """The instructions of a build, by what they can see."""

    def __init__(self, context: AdviceContext) -> None:
        self._context = context
        self._left = _MOST_VIEWS

    def of_context(self, path: str) -> Iterator[Viewer]:
        """Everything that can see a path of the build context."""
        for name, position, site in self._context.readers_of.get(None, ()):
            yield from self._read(name, position, site, path, set())

    def after(self, site: Site, path: str) -> Iterator[Viewer]:
        """Everything that can see a path of a stage as an instruction leaves it."""
        seen: set[tuple[str, str]] = set()
        for name, position in self._context.places(site):
            yield from self._from(name, position + 1, path, seen)

    def _from(self, name: str, position: int, path: str, seen: set[tuple[str, str]]) -> Iterator[Viewer]:
        """What a stage does with a path from a position on, and those that copy it from the stage."""
        todo = [(name, position, path)]
        while todo:
            name, position, path = todo.pop()
            if (name, path) in seen:
                continue
            seen.add((name, path))
            for site in self._context.timelines[name].sites[position:]:
                self._left -= 1
                yield Viewer(site=site, path=path, copies=self._left < 0)
            for other, place, reader in self._context.readers_of.get(name, ()):
                for viewer in self._viewed(reader, path):
                    yield viewer
                    if viewer.path and self._left > 0:
                        todo.append((other, place + 1, viewer.path))

    def _read(self, name: str, position: int, site: Site, path: str, seen: set[tuple[str, str]]) -> Iterator[Viewer]:
        for viewer in self._viewed(site, path):
            yield viewer
            if viewer.path:
                yield from self._from(name, position + 1, viewer.path, seen)

    def _viewed(self, site: Site, path: str) -> Iterator[Viewer]:
        """How an instruction that reads a stage or the context sees a path of it, if it does."""
        self._left -= 1
        if site.kind == "RUN":  # It mounts; whatever it then does is not known.
            yield Viewer(site=site, path=path)
            return
        mapping = mapping_of(site)
        if mapping is None or not mapping.resolved:
            yield Viewer(site=site, path="", is_unknown=True)
            return
        for source in mapping.sources:
            found = _seen_by(mapping, source, path)
            if found is not None:
                there, copies = found
                yield Viewer(site=site, path=there, copies=copies or self._left < 0)


def _seen_by(mapping: "CopyMapping", source: "CopySource", path: str) -> tuple[str, bool] | None:
    """Where a COPY puts a path, and whether it fails without it; None where it does not copy it."""
    name = path.rpartition("/")[2]
    if source.pattern.literal is None:
        if not source.pattern.matches(path, prefixes=True):
            return None
        takes_all = source.path.rpartition("/")[2] == "*"
        return normal(f"{mapping.destination}/{name}"), not takes_all
    literal = source.pattern.literal
    if literal != "/" and is_at_or_below(literal, path):
        return normal(f"{mapping.destination}/{name}"), True
    if not is_at_or_below(path, literal):
        return None
    pivot = (source.pivot.literal or "/") if mapping.parents else literal
    return normal(f"{mapping.destination}/{path.removeprefix(pivot.rstrip('/'))}"), False
