"""The end of a build stage, where a RUN can delete what only the stage itself needs."""

from layerscope.advice.context import AdviceContext
from layerscope.advice.timeline import Site, Timeline
from layerscope.filesystem.tree import Filesystem


def stage_end(context: AdviceContext, stage: str) -> Site | None:
    """The last instruction of a stage, after which a RUN of root can delete; None where there is no such place.

    That needs the stage's image, and a shell in it. A volume takes no changes from later instructions.
    """
    timeline = context.timelines.get(stage)
    if timeline is None or timeline.filesystem is None or not timeline.sites or timeline is context.final:
        return None
    if any(site.kind in ("USER", "SHELL", "VOLUME") for site in timeline.sites) or not _is_root(context, stage):
        return None
    if not _has_shell(timeline, timeline.filesystem):
        return None
    if any(_is_built_on(other, timeline) for name, other in context.timelines.items() if name != stage):
        return None
    return timeline.sites[-1]


def _is_root(context: AdviceContext, stage: str) -> bool:
    image = next((builder.image for builder in context.trace.builders if builder.name == stage), None)
    return image is not None and image.config.user.partition(":")[0] in ("", "0", "root")


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
