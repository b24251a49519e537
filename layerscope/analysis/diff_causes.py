"""Which lines of the Dockerfile make the difference between two images."""

from collections.abc import Mapping, Sequence

from msgspec.structs import replace

from layerscope.analysis.diff_steps import CHECKSUM
from layerscope.model.diff import Cause, InstructionChange, Status
from layerscope.model.finding import BuilderStep
from layerscope.model.report import Report, StageStep
from layerscope.model.source import source_of


def diff_causes(before: Report, after: Report, changes: Sequence[InstructionChange]) -> tuple[Cause, ...]:
    """Return the instructions that make a difference, biggest first; the layers of the base images are one."""
    base, causes = list[InstructionChange](), list[Cause]()
    for change in changes:
        if _is_base(before, change.before_layer) and _is_base(after, change.after_layer):
            base.append(change)
        elif change.status != Status.SAME and (change.before_bytes or change.after_bytes):
            causes.append(_with_maker(_cause(before, change), change, before, after))
    if any(change.status != Status.SAME and (change.before_bytes or change.after_bytes) for change in base):
        causes.append(_base_cause(before, after, base))
    return tuple(sorted(causes, key=lambda one: (-abs(one.delta), -max(one.before_bytes, one.after_bytes))))


def _is_base(report: Report, layer: int | None) -> bool:
    return layer is None or report.layers[layer].origin == "base"


def _cause(before: Report, change: InstructionChange) -> Cause:
    text = ""
    if change.before is not None and change.after is not None:
        step = before.instructions[change.before]
        text = step.dockerfile_text or f"{step.kind} {step.text}".strip()
    return Cause(
        text=change.text,
        before_text=text if CHECKSUM.sub("", text) != CHECKSUM.sub("", change.text) else "",
        status=change.status,
        before_line=change.before_line,
        after_line=change.after_line,
        before_bytes=change.before_bytes,
        after_bytes=change.after_bytes,
    )


def _base_cause(before: Report, after: Report, changes: Sequence[InstructionChange]) -> Cause:
    has_before, has_after = (any(layer.origin == "base" for layer in report.layers) for report in (before, after))
    one, other = _from_line(before), _from_line(after)
    return Cause(
        text=other if has_after else one,
        before_text=one if has_before and has_after and one != other else "",
        status=Status.of(has_before, has_after, is_same=False),
        before_line=_base_line(before) if has_before else None,
        after_line=_base_line(after) if has_after else None,
        before_bytes=sum(change.before_bytes for change in changes),
        after_bytes=sum(change.after_bytes for change in changes),
    )


def _from_line(report: Report) -> str:
    return f"FROM {report.base.name}" if report.base.name else "the base image"


def _base_line(report: Report) -> int | None:
    return report.dockerfile.base_line if report.dockerfile is not None else None


def _with_maker(cause: Cause, change: InstructionChange, before: Report, after: Report) -> Cause:
    """The cause with the instruction of its build stage that makes most of the difference, if one does."""
    ours, theirs = _made(before, change.before), _made(after, change.after)
    # Both sides need their stage, else all that the known one has would seem new.
    if not cause.delta or not theirs or (change.before is not None and not ours):
        return cause
    sign = 1 if cause.delta > 0 else -1
    sums = {text: sign * (_bytes(theirs, text) - _bytes(ours, text)) for text in ours.keys() | theirs.keys()}
    most = max(sums, key=lambda text: (sums[text], text))
    # A stage's sums cover all that is copied from it, which may be more than this instruction copies.
    if not abs(cause.delta) / 2 <= sums[most] <= abs(cause.delta) * 1.1:
        return cause
    step = theirs.get(most) or ours[most]
    made_by = BuilderStep(text=step.text, dockerfile_line=step.dockerfile_line)
    return replace(cause, made_by=made_by, made_bytes=sign * sums[most])


def _bytes(steps: Mapping[str, StageStep], text: str) -> int:
    return steps[text].content_bytes if text in steps else 0


def _made(report: Report, instruction: int | None) -> dict[str, StageStep]:
    """The instructions, by their text, of the stage that an instruction copies from."""
    source = report.instructions[instruction].source if instruction is not None else ""
    stages = (stage for stage in report.stages if source and source_of(stage.name) == source)
    return {step.text: step for stage in stages for step in stage.made_by}
