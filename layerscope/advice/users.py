"""Who runs a RUN, and how what it is given to do runs as root."""

from collections.abc import Sequence

from layerscope.advice.context import AdviceContext
from layerscope.advice.runs import calls, script_of
from layerscope.advice.timeline import Site, Timeline
from layerscope.model.image import Image
from layerscope.model.instruction import Instruction

_ROOT = ("", "0", "root")


def is_root(context: AdviceContext, site: Site) -> bool:
    """Whether an instruction runs as root, as far as the build and its base images say."""
    return _user(context, site).partition(":")[0] in _ROOT


def as_root(context: AdviceContext, sites: Sequence[Site], *commands: str) -> str:
    """The commands, joined by ``&&``, as RUNs can run them; empty where they are not root's and do not use sudo."""
    if all(is_root(context, site) for site in sites):
        return " && ".join(commands)
    has_sudo = any(calls(script_of(site), "sudo") for site in sites)
    return " && ".join(f"sudo {command}" for command in commands) if has_sudo else ""


def _user(context: AdviceContext, site: Site) -> str:
    timeline = next((one for one in context.timelines.values() if site in one.sites), context.final)
    users = [one for one in timeline.sites if one.kind == "USER"]
    before = [one for one in users if one.position < site.position]
    if before:
        resolved = before[-1].resolved
        return resolved.arguments[0].text if resolved is not None and resolved.arguments else before[-1].text.strip()
    image, instructions = _image(context, timeline)
    if image is None:
        return ""
    if not users:
        return image.config.user
    recorded = [step.text.strip() for step in instructions if step.kind == "USER"]
    of_base = recorded[: max(len(recorded) - len(users), 0)]
    return of_base[-1] if of_base else ""


def _image(context: AdviceContext, timeline: Timeline) -> tuple[Image | None, Sequence[Instruction]]:
    """The image of a timeline with its whole history; none where it is not at hand."""
    if timeline is context.final:
        return context.image, context.instructions
    builder = next((one for one in context.trace.builders if one.name == timeline.stage), None)
    return (None, ()) if builder is None else (builder.image, builder.instructions)
