"""What a build stage makes and a COPY brings along: delete it at the end of that stage."""

import shlex
from collections.abc import Iterable, Iterator, Sequence

from layerscope.advice.context import AdviceContext
from layerscope.advice.files import inserting
from layerscope.advice.needs import COMPILED_IN, NEVER_READ, Need, Needs
from layerscope.advice.stage_end import Removal, removals_at_end, stage_end
from layerscope.advice.strategy import Proposal, Strategy
from layerscope.advice.timeline import Site
from layerscope.advice.viewers import Viewer, Viewers
from layerscope.advice.words import KINDS, REVIEWS, listed, without
from layerscope.model.groups import grouped


def _propose(context: AdviceContext) -> Iterator[Proposal]:
    """Delete at the end of a build stage what a COPY brings from it and nothing needs.

    The stage's own instructions have run by then. Not proposed where another stage is built on it, or copies the files
    by name, or where the stage ends as a user who may not delete them. Where a later RUN may read any file that was
    copied, as a build does, it is for review.
    """
    copied = (one for one in context.of(*KINDS) if one.stage and one.via is not None)
    needs = context.shared(Needs)
    for stage, members in grouped(copied, lambda one: one.stage).items():
        end, filesystem = stage_end(context, stage), context.timelines[stage].filesystem
        if end is None or filesystem is None:
            continue
        groups: dict[str, list[Removal]] = {}
        for removal in removals_at_end(context.timelines[stage], filesystem, members):
            judged = needs.judge(_viewers(context, needs.viewers, end, removal, path) for path in removal.places)
            review = REVIEWS.get(removal.portion.rule, "")
            if judged.need in (Need.MAYBE, Need.BUILD) and removal.portion.rule not in NEVER_READ:
                review = without(judged.readers)
            if judged.need < Need.BUILD or (judged.need == Need.BUILD and removal.portion.rule not in COMPILED_IN):
                groups.setdefault(review, []).append(removal)
        for review, removals in groups.items():
            yield _proposal(end, removals, review)


def _viewers(context: AdviceContext, viewers: Viewers, end: Site, removal: Removal, path: str) -> Iterable[Viewer]:
    """What sees a path of the stage; without a Dockerfile, whatever follows the COPY that brings it."""
    via = removal.portion.via
    if context.placement.match is not None or via is None:
        return viewers.after(end, path)
    return (Viewer(site=site, path=path) for site in context.final.after(via))


def _proposal(end: Site, removals: Sequence[Removal], review: str) -> Proposal:
    words = dict.fromkeys(shlex.quote(path) for removal in removals for path in removal.places)
    command = f"RUN rm -rf {' '.join(words)}"
    what = listed(list(dict.fromkeys(KINDS[removal.portion.rule] for removal in removals)))
    return Proposal(
        site=end,
        portions=tuple(removal.portion for removal in removals),
        sentence=f"delete {what} at the end of stage {end.stage}: `{command}`",
        review=review,
        changes=(inserting(command, after=end),),
    )


PRUNE_STAGE = Strategy(name="prune-stage", propose=_propose)
