"""Steps followed one after the other: by consent or number, in the order of the strategies, and what is left."""

import pytest
from msgspec.structs import replace

from layerscope.advice.advise import Advice
from layerscope.advice.apply import follow
from layerscope.advice.files import BuildFiles, Change
from layerscope.edit.document import Document
from layerscope.errors import EditError, MissingExtra
from layerscope.model.step import Safety, Step

FILES = BuildFiles(dockerfile=Document.parse("FROM a\nRUN make\n"))


def adding(line: str) -> Change:
    return lambda files: replace(files, ignore=f"{files.ignore}{line}\n")


def failing(files: BuildFiles) -> BuildFiles:
    raise EditError("`RUN make` is not in the Dockerfile any more")


def advice(name: str, order: int, *changes: Change, review: str = "") -> Advice:
    safety = Safety.REVIEW if review else Safety.SAFE
    step = Step(strategy=name, safety=safety, sentence=name, review=review, saves_bytes=9)
    return Advice(step=step, order=order, changes=changes)


def test_changes_are_made_in_the_order_of_the_strategies_and_told_in_that_of_the_report() -> None:
    followed = follow((advice("big", 1, adding("big")), advice("first", 0, adding("first"))), FILES)
    assert followed.files.ignore == "first\nbig\n"
    assert [number for number, _ in followed.done] == [1, 2] and followed.left == ()


@pytest.mark.parametrize(
    ("wanted", "include_review", "done"),
    [((), False, [1]), ((), True, [1, 2]), ((2,), False, [2]), ((1,), True, [1])],
)
def test_a_step_for_review_needs_consent_or_its_number(
    wanted: tuple[int, ...], include_review: bool, done: list[int]
) -> None:
    two = (advice("safe", 0, adding("safe")), advice("doubtful", 1, adding("doubtful"), review="look at it"))
    followed = follow(two, FILES, wanted=wanted, include_review=include_review)
    assert [number for number, _ in followed.done] == done
    left = {one.number: (one.why, one.can_be_included) for one in followed.left}
    assert left == ({2: ("look at it", True)} if done == [1] and not wanted else {})


def test_a_step_that_fails_after_others_is_named_and_changes_nothing() -> None:
    steps = (advice("a", 0, adding("a")), advice("b", 1, adding("b"), failing), advice("c", 2, adding("c")))
    followed = follow(steps, FILES)
    assert followed.files.ignore == "a\nc\n"
    (left,) = followed.left
    assert left.number == 2 and not left.can_be_included
    assert left.why == "it does not go together with the other steps: `RUN make` is not in the Dockerfile any more"


def test_a_step_without_an_edit_is_left_with_its_reason_also_by_number() -> None:
    by_hand = advice("by hand", 0, review="the change has to be made by hand")
    unreadable = replace(advice("unreadable", 1, review="x"), problem=EditError("the script has a syntax error"))
    followed = follow((by_hand, unreadable), FILES, wanted=(1, 2), include_review=True)
    assert [one.why for one in followed.left] == ["the change has to be made by hand", "the script has a syntax error"]
    assert not followed.done and not any(one.can_be_included for one in followed.left)
    missing = replace(by_hand, problem=MissingExtra("editing", "fix"))
    assert follow((missing,), FILES).left[0].missing is not None
