"""Steps followed one after the other: what ``layerscope fix`` writes, and what it leaves for a person."""

from collections.abc import Collection, Sequence

from msgspec import Struct
from msgspec.structs import replace

from layerscope.advice.advise import Advice
from layerscope.advice.files import BuildFiles, Change, applied
from layerscope.errors import LayerscopeError, MissingExtra
from layerscope.model.step import Safety, Step


class Left(Struct, frozen=True, kw_only=True):
    """A step that was not followed, and why; ``can_be_included`` where only a person's consent is missing."""

    number: int
    step: Step
    why: str
    can_be_included: bool = False
    missing: MissingExtra | None = None


class Followed(Struct, frozen=True, kw_only=True):
    """The files after the steps that were followed, numbered from 1 as the report has them, and those that were not."""

    files: BuildFiles
    done: tuple[tuple[int, Step], ...] = ()
    left: tuple[Left, ...] = ()


def follow(
    advice: Sequence[Advice], files: BuildFiles, *, wanted: Collection[int] = (), include_review: bool = False
) -> Followed:
    """Follow the steps of these numbers, all where none is given; one for review only by its number or by consent."""
    done: list[tuple[int, Step]] = []
    left: list[Left] = []
    for number, one in sorted(enumerate(advice, 1), key=lambda item: item[1].order):
        if wanted and number not in wanted:
            continue
        why, can_be_included = _obstacle(one, is_allowed=include_review or number in wanted)
        if not why:
            try:
                files = applied(files, one.changes)
                done.append((number, one.step))
                continue
            except LayerscopeError as error:
                why = f"it does not go together with the other steps: {error.message}"
        missing = one.problem if isinstance(one.problem, MissingExtra) else None
        left.append(Left(number=number, step=one.step, why=why, can_be_included=can_be_included, missing=missing))
    return Followed(
        files=files,
        done=tuple(sorted(done, key=lambda item: item[0])),
        left=tuple(sorted(left, key=lambda item: item.number)),
    )


def on_base(followed: Followed, changes: Sequence[Change]) -> Followed:
    """The files with the FROM line of another base image, too."""
    return replace(followed, files=applied(followed.files, changes))


def _obstacle(one: Advice, *, is_allowed: bool) -> tuple[str, bool]:
    """Why a step is not followed, empty where nothing is in the way; and whether consent is all that is missing."""
    if one.problem is not None:
        return one.problem.message, False
    if not one.changes:
        return one.step.review, False
    if one.step.safety == Safety.REVIEW and not is_allowed:
        return one.step.review, True
    return "", False
