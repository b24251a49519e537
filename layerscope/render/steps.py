"""Steps as every format says them: where, how much, and what to make sure of first."""

from collections.abc import Collection, Iterator

from layerscope.model.report import Report
from layerscope.model.step import BY_HAND, Safety, Step
from layerscope.render.escape import printable
from layerscope.render.units import RenderOptions, Units
from layerscope.render.width import shortened, wrap_words
from layerscope.render.words import dockerfile_name, layer_words

_LONGEST = 200
"""Characters that are shown of an instruction."""
_BELOW = "   "


def has_biggest(report: Report) -> bool:
    """Whether the first step saves anything, so that it comes before all others."""
    return any(step.saves_bytes for step in report.steps[:1])


def step_mark(step: Step) -> str:
    """Whether a person has to do it, or to look at it first; nothing where it is safe."""
    if step.strategy == BY_HAND:
        return "by hand"
    return "review" if step.safety == Safety.REVIEW else ""


def step_name(number: int, step: Step) -> str:
    """``step 2, review``."""
    return ", ".join(filter(None, (f"step {number}", step_mark(step))))


def step_place(step: Step, report: Report) -> str:
    """``Dockerfile:11, stage builder``; without a line the instruction itself, or the layers of what is found."""
    if step.dockerfile_line is None:
        instruction = shortened(printable(step.instruction), _LONGEST)
        return instruction or step_layers(step, report) or "the image's config"
    # A stage without a name has its number, which says nothing beside a line.
    stage = f", stage {printable(step.stage)}" if step.stage and not step.stage.isdigit() else ""
    return f"{printable(dockerfile_name(report))}:{step.dockerfile_line}{stage}"


def step_layers(step: Step, report: Report) -> str:
    """``Dockerfile:5, 8``: the lines of the layers that hold what a step is about; ``layers 8, 10`` without them."""
    layers = sorted({layer for place in step.findings for layer in report.findings[place].layers})
    by_layer = {one.layer: one.dockerfile_line for one in report.instructions if one.layer is not None}
    lines = [line for layer in layers if (line := by_layer.get(layer)) is not None]
    if not lines or len(lines) < len(layers):
        return layer_words(layers)
    return f"{printable(dockerfile_name(report))}:{', '.join(map(str, dict.fromkeys(lines)))}"


def short_place(step: Step, report: Report) -> str:
    """``Dockerfile:14, stage builder``; without a line ``layer 9``."""
    return (step.dockerfile_line is None and step_layers(step, report)) or step_place(step, report)


def step_saves(step: Step, units: Units) -> str:
    """``118 MB``, and what a pull saves of it where layers are stored compressed."""
    stored = step.saves_stored_bytes
    return units(step.saves_bytes) + (f" (about {units(stored)} compressed)" if stored else "")


def steps_text(report: Report, options: RenderOptions, numbers: Collection[int] = ()) -> str:
    """All steps in words, or those of some numbers, and the base image below them."""
    lines: list[str] = []
    for number, step in enumerate(report.steps, 1):
        if not numbers or number in numbers:
            lines += [*_block(f"{number}.", step, report, options), ""]
    if report.base_step is not None and not numbers:
        lines += [*_block("base image:", report.base_step, report, options), ""]
    return "".join(f"{line}\n" for line in lines[:-1])


def _block(name: str, step: Step, report: Report, options: RenderOptions) -> Iterator[str]:
    saves = f" saves {'up to ' if step is report.base_step else ''}{step_saves(step, options.units)}"
    saves = saves if step.saves_bytes else ""
    by_hand = " (by hand)" if step.strategy == BY_HAND else ""
    yield from _wrapped(f"{name}{saves}  {step_place(step, report)}{by_hand}", "", options)
    yield from _wrapped(printable(step.sentence), _BELOW, options)
    if step.review and step.strategy != BY_HAND:
        yield from _wrapped(f"review: {printable(step.review)}", _BELOW, options)


def _wrapped(text: str, indent: str, options: RenderOptions) -> Iterator[str]:
    return wrap_words(indent + text, options.width, indent or _BELOW)


def diff_lines(step: Step) -> Iterator[str]:
    """The edits of a step as the lines of a unified diff without context, which ``patch -p1`` applies."""
    file, moved = "", 0
    for edit in step.edits:
        if edit.file != file:
            file, moved = edit.file, 0
            yield f"--- a/{printable(file)}"
            yield f"+++ b/{printable(file)}"
        before, after = len(edit.removed), len(edit.added)
        yield f"@@ -{_range(edit.line, before)} +{_range(edit.line + moved, after)} @@"
        moved += after - before
        yield from (f"-{printable(line)}" for line in edit.removed)
        yield from (f"+{printable(line)}" for line in edit.added)


def _range(line: int, length: int) -> str:
    """Lines of a hunk; none of them stand behind the line before."""
    return f"{line if length else line - 1},{length}"
