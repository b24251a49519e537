"""The base image as a step that names a candidate: its FROM line, and the bytes that it saves."""

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from msgspec.structs import replace

from layerscope.advice.context import AdviceContext
from layerscope.advice.files import BuildFiles, Change, edits, rewriting_from
from layerscope.errors import EditError, LayerscopeError
from layerscope.model.base import FoundBy
from layerscope.model.onto import Need, Onto
from layerscope.model.patterns import pattern
from layerscope.model.step import OTHER_BASE, Edit, Safety, Step

if TYPE_CHECKING:  # The parser, and what edits, are loaded only for a Dockerfile.
    from layerscope.edit.document import EditableInstruction
    from layerscope.history.match import Match

_LOADED = frozenset({"libraries", "modules", "interpreters"})
"""The checks of what programs and their code load."""
_FROM = pattern(r"(FROM[ \t]+(?:--\S+[ \t]+)*)(\S+)", re.IGNORECASE)


def best_fit(candidates: Sequence[Onto], content_bytes: int) -> Onto | None:
    """The smallest candidate that lacks no program, library or module, among what was checked.

    A step that a person follows needs more than a start: what Python imports is not followed, so a module that cannot
    be loaded may be needed. None where none of them saves bytes, or is known by a name that FROM takes.
    """
    fitting = [one for one in candidates if lacks_nothing(one) and one.reference and one.content_bytes < content_bytes]
    return min(fitting, key=lambda one: one.content_bytes, default=None)


def lacks_nothing(one: Onto) -> bool:
    """Whether no file that the build or the start needs is missing, nor any that code may load."""
    return one.fits and not any(each.need == Need.OTHER and each.check in _LOADED for each in one.missing)


def other_base(
    context: AdviceContext, found: Step | None, candidates: Sequence[Onto], files: BuildFiles | None
) -> tuple[Step | None, tuple[Change, ...]]:
    """The step that takes the best candidate, and the change of its FROM line; what was found before without one."""
    content_bytes = sum(layer.content_bytes for layer in context.image.layers)
    best = best_fit(candidates, content_bytes)
    if best is None:
        return found, ()
    match = context.placement.match
    root = match.build.chain()[0] if match is not None else None
    changes: tuple[Change, ...] = ()
    changed: tuple[Edit, ...] = ()
    problem = ""
    if files is not None and root is not None:
        change = _basing(root.index, best.reference)
        try:
            changed, changes = edits(files, change(files)), (change,)
        except LayerscopeError as error:
            problem = f"the FROM line has to be changed by hand: {error.message}"
    step = found or Step(strategy=OTHER_BASE, safety=Safety.REVIEW, sentence="")
    return (
        replace(
            step,
            strategy=OTHER_BASE,
            sentence=f"build on another base image: `FROM {best.reference}`",
            review="; ".join(filter(None, (_review(best, context), _shared(match), problem))),
            saves_bytes=content_bytes - best.content_bytes,
            stage=match.stage_name(root.index) if match is not None and root is not None else "",
            instruction=str(root.declaration) if root is not None else step.instruction,
            dockerfile_line=root.declaration.line if root is not None else None,
            edits=changed,
        ),
        changes,
    )


def _basing(stage: int, reference: str) -> Change:
    """Give a stage another base image; its flags and its name stay."""

    def rewrite(instruction: "EditableInstruction") -> str:
        if "$" in instruction.parsed.arguments[0]:
            raise EditError(f"`{instruction.source.strip()}` takes its image from a build argument")
        return _FROM.sub(lambda line: line[1] + reference, instruction.source, count=1)

    return rewriting_from(stage, rewrite)


def _review(best: Onto, context: AdviceContext) -> str:
    """What the report does not know of a candidate in which it found nothing missing."""
    count = len(best.missing_for(Need.OTHER))
    rest = f", but for {count} that the report lists" if count else ""
    checked = f"nothing is missing among what was checked{rest}"
    sure = f"{checked}; build it and run its tests, since what the code imports is not followed"
    is_guess = context.base.found_by == FoundBy.HISTORY_GUESS
    return f"{sure}; where the old base image ends is a guess" if is_guess else sure


def _shared(match: "Match | None") -> str:
    """Which other stages stand on the same FROM."""
    if match is None:
        return ""
    root, own = match.build.chain()[0], {stage.index for stage in match.build.chain()}
    others = [
        match.stage_name(stage.index)
        for stage in match.build.stages
        if stage.index not in own and match.build.chain(stage.index)[0] is root
    ]
    return f"stages on the same FROM change too: {', '.join(others)}" if others else ""
