"""The end of a build stage, where a RUN can delete what only the stage itself needs."""

from collections.abc import Sequence

from msgspec import Struct

from layerscope.advice.context import AdviceContext
from layerscope.advice.portions import Portion
from layerscope.advice.removal import removal_places
from layerscope.advice.timeline import Site, Timeline
from layerscope.advice.users import is_root
from layerscope.filesystem.tree import Filesystem

_MOST_WORDS = 12


class Removal(Struct, frozen=True, kw_only=True):
    """What of a portion can be deleted, and the directories and files that hold it in the stage."""

    portion: Portion
    places: tuple[str, ...]


def stage_end(context: AdviceContext, stage: str) -> Site | None:
    """The last instruction of a stage, after which a RUN of root can delete; None where there is no such place.

    That needs the stage's image, and a shell in it. A volume takes no changes from later instructions.
    """
    timeline = context.timelines.get(stage)
    if timeline is None or timeline.filesystem is None or not timeline.sites or timeline is context.final:
        return None
    if any(site.kind in ("USER", "SHELL", "VOLUME") for site in timeline.sites) or not is_root(
        context, timeline.sites[-1]
    ):
        return None
    if not _has_shell(timeline, timeline.filesystem):
        return None
    if any(_is_built_on(other, timeline) for name, other in context.timelines.items() if name != stage):
        return None
    return timeline.sites[-1]


def _has_shell(timeline: Timeline, filesystem: Filesystem) -> bool:
    """Whether a RUN of the stage shows that it has a shell, or its files do."""
    if any(site.kind == "RUN" and not site.text.lstrip().startswith("[") for site in timeline.sites):
        return True
    return filesystem.resolve("/bin/sh") is not None and any(
        filesystem.resolve(path) is not None for path in ("/bin/rm", "/usr/bin/rm")
    )


def _is_built_on(other: Timeline, stage: Timeline) -> bool:
    """Whether another stage begins with the instructions of a stage."""
    last = stage.sites[-1]
    return any(site.is_same(last) for site in other.sites)


def removals_at_end(timeline: Timeline, filesystem: Filesystem, members: Sequence[Portion]) -> list[Removal]:
    """What of each portion the stage still holds in the end, in few words; nothing of portions that take many."""
    own_from = min((site.layer for site in timeline.sites if site.layer is not None), default=None)
    while members:
        live = [[piece.source for piece in one.pieces if piece.source in filesystem.live] for one in members]
        found = removal_places(filesystem, len(filesystem.layers) - 1, live, own_from=own_from)
        few = [one for one, places in zip(members, found, strict=True) if 0 < len(places) <= _MOST_WORDS]
        if len(few) == len(members):
            return [
                Removal(portion=one.only(lambda piece: piece.source in filesystem.live), places=places)
                for one, places in zip(members, found, strict=True)
            ]
        members = few
    return []
