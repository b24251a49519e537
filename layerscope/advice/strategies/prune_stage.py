"""What a build stage makes and a COPY brings along: delete it at the end of that stage."""

import shlex
from collections.abc import Iterable, Iterator, Mapping, Sequence

from msgspec import Struct

from layerscope.advice.context import AdviceContext
from layerscope.advice.files import inserting
from layerscope.advice.needs import NEVER_READ, Need, Needs
from layerscope.advice.portions import Portion
from layerscope.advice.removal import removal_places
from layerscope.advice.stage_end import stage_end
from layerscope.advice.strategy import Proposal, Strategy
from layerscope.advice.timeline import Site, Timeline
from layerscope.advice.viewers import Viewer, Viewers
from layerscope.advice.words import REVIEWS, listed, without
from layerscope.filesystem.tree import Filesystem

_MOST_WORDS = 12
_KINDS: Mapping[str, str] = {
    "vcs-metadata": "the version control repository",
    "ci-config": "files of the build service",
    "container-files": "the image's own build files",
    "editor-os-junk": "files of editors and desktops",
    "logs": "logs",
    "dev-traces": "traces of shells and tools",
    "core-dump": "memory dumps",
    "pip-cache": "the cache of Python's installer",
    "node-cache": "the cache of Node's package manager",
    "go-cache": "Go's caches",
    "cargo-cache": "Cargo's caches",
    "jvm-cache": "the downloads of the JVM build tool",
    "other-cache": "caches",
    "objects": "object files",
    "apt-lists": "the package lists",
    "apt-archives": "apt's downloads",
    "apk-index": "apk's index and downloads",
    "tmp-leftover": "temporary files",
    "project-files": "files that only the work on the project needs",
    "foreign-packages": "packages that the image cannot run",
    "tests": "tests",
    "sources": "sources",
    "source-maps": "source maps",
}
"""What to call what each rule finds."""


class _Removal(Struct, frozen=True, kw_only=True):
    """What of a portion can be deleted, and the directories and files that hold it in the stage."""

    portion: Portion
    places: tuple[str, ...]


def _propose(context: AdviceContext) -> Iterator[Proposal]:
    """Delete at the end of a build stage what a COPY brings from it and nothing needs.

    The stage's own instructions have run by then. Not proposed where another stage is built on it, or copies the files
    by name, or where the stage ends as a user who may not delete them. Where a later RUN may read any file that was
    copied, as a build does, it is for review.
    """
    stages: dict[str, list[Portion]] = {}
    for portion in context.of(*_KINDS):
        if portion.stage and portion.via is not None:
            stages.setdefault(portion.stage, []).append(portion)
    viewers, needs = Viewers(context), Needs(context)
    for stage, members in stages.items():
        end, filesystem = stage_end(context, stage), context.timelines[stage].filesystem
        if end is None or filesystem is None:
            continue
        groups: dict[str, list[_Removal]] = {}
        for removal in _removals(context.timelines[stage], filesystem, members):
            judgements = [needs.judge(_viewers(context, viewers, end, removal, path)) for path in removal.places]
            need = max(one.need for one in judgements)
            review = REVIEWS.get(removal.portion.rule, "")
            if need in (Need.MAYBE, Need.BUILD) and removal.portion.rule not in NEVER_READ:
                review = without(one.site for one in judgements if one.site is not None)
            if need != Need.SURE:
                groups.setdefault(review, []).append(removal)
        for review, removals in groups.items():
            yield _proposal(end, removals, review)


def _viewers(context: AdviceContext, viewers: Viewers, end: Site, removal: _Removal, path: str) -> Iterable[Viewer]:
    """What sees a path of the stage; without a Dockerfile, whatever follows the COPY that brings it."""
    via = removal.portion.via
    if context.placement.match is not None or via is None:
        return viewers.after(end, path)
    return (Viewer(site=site, path=path) for site in context.final.after(via))


def _removals(timeline: Timeline, filesystem: Filesystem, members: Sequence[Portion]) -> list[_Removal]:
    """What of each portion the stage still holds in the end, in few words; nothing of portions that take many."""
    own_from = min((site.layer for site in timeline.sites if site.layer is not None), default=None)
    while members:
        live = [[piece.source for piece in one.pieces if piece.source in filesystem.live] for one in members]
        found = removal_places(filesystem, len(filesystem.layers) - 1, live, own_from=own_from)
        few = [one for one, places in zip(members, found, strict=True) if 0 < len(places) <= _MOST_WORDS]
        if len(few) == len(members):
            return [
                _Removal(portion=one.only(lambda piece: piece.source in filesystem.live), places=places)
                for one, places in zip(members, found, strict=True)
            ]
        members = few
    return []


def _proposal(end: Site, removals: Sequence[_Removal], review: str) -> Proposal:
    words = dict.fromkeys(shlex.quote(path) for removal in removals for path in removal.places)
    command = f"RUN rm -rf {' '.join(words)}"
    what = listed(list(dict.fromkeys(_KINDS[removal.portion.rule] for removal in removals)))
    return Proposal(
        site=end,
        portions=tuple(removal.portion for removal in removals),
        sentence=f"delete {what} at the end of stage {end.stage}: `{command}`",
        review=review,
        changes=(inserting(command, after=end),),
    )


PRUNE_STAGE = Strategy(name="prune-stage", propose=_propose)
