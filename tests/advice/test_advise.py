"""The engine of the strategies: each byte in one step, whatever they propose, the biggest step first."""

import time
from collections.abc import Iterator
from types import SimpleNamespace
from typing import cast

from hypothesis import given
from hypothesis import strategies as st

from layerscope.advice.advise import LEAST_BYTES, Advice, advise
from layerscope.advice.context import AdviceContext
from layerscope.advice.files import BuildFiles
from layerscope.advice.portions import Piece, Portion
from layerscope.advice.strategy import Proposal, Strategy
from layerscope.advice.timeline import Site
from layerscope.edit.document import Document
from layerscope.model.finding import FindingKind
from tests.advice.test_apply import adding

SITE = Site(stage="", position=0, kind="RUN", text="make", line=2)


def portion(finding: int, *sizes: int, layer: int = 0) -> Portion:
    """A portion with a piece for each size."""
    pieces = tuple(
        Piece(path=f"/{number}", layer=layer, number=number, content_bytes=size, source=f"/{number}")
        for number, size in enumerate(sizes)
    )
    return Portion(finding=finding, rule="logs", kind=FindingKind.WASTE, site=SITE, via=None, stage="", pieces=pieces)


def context(*portions: Portion, compression: str = "", stored: int = 0) -> AdviceContext:
    layer = SimpleNamespace(compression=compression, stored_bytes=stored, tar_bytes=1_000_000)
    image, placement = SimpleNamespace(layers=(layer,)), SimpleNamespace(match=None)
    return cast(AdviceContext, SimpleNamespace(left=portions, trades=(), image=image, placement=placement))


def proposing(*proposals: Proposal, name: str = "s") -> Strategy:
    return Strategy(name=name, propose=lambda _: iter(proposals))


def proposal(*portions: Portion, saves: int | None = None) -> Proposal:
    return Proposal(site=SITE, portions=portions, sentence="make less", saves_bytes=saves)


def masked(one: Portion, mask: int) -> Portion:
    """Some of the pieces."""
    return one.only(lambda piece: bool(mask >> piece.number & 1))


def saved(*advice: Advice) -> list[int]:
    return [one.step.saves_bytes for one in advice]


@given(st.data())
def test_no_byte_is_in_two_steps(data: st.DataObject) -> None:
    sizes = st.lists(st.integers(0, 20_000), min_size=1, max_size=6)
    all_portions = [portion(place, *data.draw(sizes)) for place in range(data.draw(st.integers(1, 4)))]

    def some() -> Iterator[Proposal]:
        for _ in range(data.draw(st.integers(0, 4))):
            chosen = data.draw(st.lists(st.sampled_from(all_portions), max_size=6))
            parts = [masked(one, data.draw(st.integers(0, 63))) for one in chosen]
            yield proposal(*parts, saves=data.draw(st.none() | st.integers(0, 100_000)))

    many = [proposing(*some()) for _ in range(3)]
    advice = advise(context(*all_portions), strategies=many)
    by_finding: dict[int, int] = {}
    for one in advice:
        assert LEAST_BYTES <= one.step.saves_bytes <= sum(saved for _, saved in one.resolved)
        for place, count in one.resolved:
            by_finding[place] = by_finding.get(place, 0) + count
    assert all(count <= all_portions[place].content_bytes for place, count in by_finding.items())
    assert saved(*advice) == sorted(saved(*advice), reverse=True)


def test_what_an_earlier_strategy_takes_is_not_left_for_a_later_one() -> None:
    whole = portion(0, 10_000, 20_000)
    seen: list[int] = []

    def look(context: AdviceContext) -> Iterator[Proposal]:
        seen.extend(one.content_bytes for one in context.left)
        yield proposal(whole)

    first = proposing(proposal(whole.only(lambda piece: piece.number == 1)), name="first")
    advice = advise(context(whole), strategies=(first, Strategy(name="second", propose=look)))
    assert seen == [10_000] and [(one.step.strategy, one.step.saves_bytes) for one in advice] == [
        ("first", 20_000),
        ("second", 10_000),
    ]


def test_what_is_not_worth_a_step_is_left_for_other_strategies() -> None:
    parts = [portion(0, 4_000), portion(1, 3_000)]
    advice = advise(context(*parts), strategies=(proposing(proposal(parts[0])), proposing(proposal(*parts))))
    assert saved(*advice) == [7_000]


def test_a_portion_that_a_proposal_names_twice_counts_once() -> None:
    one = portion(0, 5_000)
    assert saved(*advise(context(one), strategies=(proposing(proposal(one, one)),))) == [5_000]


def test_stored_bytes_are_estimated_by_the_layer_and_only_where_it_is_compressed() -> None:
    one, two = portion(0, 500_000), proposing(proposal(portion(0, 500_000)))
    assert advise(context(one), strategies=(two,))[0].step.saves_stored_bytes is None
    compressed = advise(context(one, compression="gzip", stored=250_000), strategies=(two,))
    assert compressed[0].step.saves_stored_bytes == 125_000
    half = advise(
        context(one, compression="gzip", stored=250_000), strategies=(proposing(proposal(one, saves=1 << 18)),)
    )
    assert half[0].step.saves_stored_bytes == 65_536


def test_a_change_that_the_files_have_already_says_so() -> None:
    files = BuildFiles(dockerfile=Document.parse("FROM a\nRUN make\n"), ignore=".git\n")
    step = Proposal(site=SITE, portions=(portion(0, 9_000),), sentence="s", changes=(lambda files: files,))
    (one,) = advise(context(portion(0, 9_000)), files, strategies=(proposing(step),))
    assert one.step.review.startswith("the files have this change already: build the image again") and not one.changes
    changed = Proposal(site=SITE, portions=(portion(0, 9_000),), sentence="s", changes=(adding("docs"),))
    (one,) = advise(context(portion(0, 9_000)), files, strategies=(proposing(changed),))
    assert one.step.review == "" and one.step.edits[0].added == ("docs",)


def test_a_hundred_thousand_files_and_a_thousand_steps_take_no_time() -> None:
    parts = [portion(place, *[5_000] * 100) for place in range(1_000)]
    start = time.perf_counter()
    advice = advise(context(*parts), strategies=[proposing(*map(proposal, parts))] * 20)
    assert len(advice) == 1_000 and time.perf_counter() - start < 10
