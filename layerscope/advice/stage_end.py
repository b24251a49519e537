"""The end of a build stage, where a RUN can delete what only the stage itself needs."""

from layerscope.advice.context import AdviceContext
from layerscope.advice.timeline import Site, Timeline


def stage_end(context: AdviceContext, stage: str) -> Site | None:
    """The last instruction of a stage, after which a RUN of root can delete; None where there is no such place."""
    timeline = context.timelines.get(stage)
    if timeline is None or not any(site.kind == "RUN" for site in timeline.sites) or timeline.filesystem is None:
        return None
    if any(site.kind in ("USER", "SHELL") for site in timeline.sites) or _user(context, stage) not in ("", "0", "root"):
        return None
    if any(_is_built_on(other, timeline) for name, other in context.timelines.items() if name != stage):
        return None
    return timeline.sites[-1]


def _user(context: AdviceContext, stage: str) -> str:
    image = next(builder.image for builder in context.trace.builders if builder.name == stage)
    return image.config.user.partition(":")[0]


def _is_built_on(other: Timeline, stage: Timeline) -> bool:
    """Whether another stage begins with the instructions of a stage."""
    last = stage.sites[-1]
    return any(site.line == last.line and site.stage == last.stage for site in other.sites)
