"""The engine of the strategies: each byte in one step, whatever they propose, the biggest step first."""

import time
from collections.abc import Iterator
from types import SimpleNamespace
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from layerscope.advice.advise import LEAST_BYTES, OUTDATED, Advice, advise, stored_bytes
from layerscope.advice.context import AdviceContext
from layerscope.advice.files import BuildFiles, Change
from layerscope.advice.portions import Piece, Portion
from layerscope.advice.strategy import Proposal, Strategy
from layerscope.advice.timeline import Site
from layerscope.edit.document import Document
from layerscope.errors import EditError, LayerscopeError, MissingExtra
from layerscope.model.finding import FindingKind
from layerscope.model.step import Safety, Step
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
    start = time.process_time()
    advice = advise(context(*parts), strategies=[proposing(*map(proposal, parts))] * 20)
    assert len(advice) == 1_000 and time.process_time() - start < 10


def placed(*portions: Portion, trades: tuple[Portion, ...] = (), differing: object = None) -> AdviceContext:
    """A context of one compressed layer, with a Dockerfile that may have been edited since."""
    made = cast(SimpleNamespace, context(*portions, compression="gzip", stored=500_000))
    made.trades = trades
    made.placement = SimpleNamespace(match=SimpleNamespace(differing=differing) if differing is not None else None)
    return cast(AdviceContext, made)


def test_a_step_says_all_of_its_proposal() -> None:
    waste, trade = portion(3, 5_000, 1_000), portion(1, 2_000)
    one = replace(proposal(waste, trade, waste), review="look")
    (advice,) = advise(placed(waste, trades=(trade,)), strategies=(proposing(one),))
    assert advice == Advice(
        step=Step(
            strategy="s",
            safety=Safety.REVIEW,
            sentence="make less",
            review="look",
            saves_bytes=8_000,
            trade_bytes=2_000,
            saves_stored_bytes=4_000,
            stage="",
            instruction="RUN make",
            dockerfile_line=2,
            findings=(1, 3),
            edits=(),
        ),
        order=0,
        changes=(),
        problem=None,
        resolved=((1, 2_000), (3, 6_000)),
    )


@pytest.mark.parametrize(
    ("saves", "counted", "trade"),
    [(None, 7_000, 2_000), (6_999, 6_999, 2_000), (7_001, 7_000, 2_000), (4_096, 4_096, 2_000)],
)
def test_a_step_saves_no_more_than_its_portions_count(saves: int | None, counted: int, trade: int) -> None:
    waste, traded = portion(0, 5_000), portion(1, 2_000)
    strategies = (proposing(proposal(waste, traded, saves=saves)),)
    (advice,) = advise(placed(waste, trades=(traded,)), strategies=strategies)
    assert (advice.step.saves_bytes, advice.step.trade_bytes) == (counted, trade)


def test_of_a_step_that_saves_less_than_its_trades_all_is_a_trade() -> None:
    traded = portion(1, 9_000)
    (advice,) = advise(placed(trades=(traded,)), strategies=(proposing(proposal(traded, saves=5_000)),))
    assert (advice.step.saves_bytes, advice.step.trade_bytes, advice.step.safety) == (5_000, 5_000, Safety.SAFE)


@pytest.mark.parametrize(
    ("size", "kind", "taken"),
    [
        (4_096, FindingKind.WASTE, True),
        (4_095, FindingKind.WASTE, False),
        (4_095, FindingKind.SECRET, True),
        (0, FindingKind.SECRET, True),
    ],
)
def test_what_is_worth_a_step(size: int, kind: FindingKind, taken: bool) -> None:
    one = replace(portion(0, size), kind=kind)
    assert bool(advise(context(one), strategies=(proposing(proposal(one)),))) == taken


def test_a_secret_that_another_step_took_is_no_reason_for_a_step() -> None:
    secret, other = replace(portion(0, 10), kind=FindingKind.SECRET), portion(1, 100)
    advice = advise(context(secret, other), strategies=(proposing(proposal(secret), proposal(secret, other)),))
    assert [one.step.findings for one in advice] == [(0,)]


def test_what_is_not_among_the_findings_left_is_not_taken() -> None:
    known, unknown, elsewhere = portion(0, 5_000), portion(1, 6_000), portion(0, 5_000, layer=1)
    advice = advise(placed(known), strategies=(proposing(proposal(known, unknown, elsewhere)),))
    assert [(one.step.saves_bytes, one.resolved) for one in advice] == [(5_000, ((0, 5_000),))]


def test_steps_come_by_what_they_save_then_by_their_line() -> None:
    parts = [portion(place, size) for place, size in enumerate((5_000, 9_000, 5_000, 5_000, 5_000))]
    sites = [replace(SITE, line=line) for line in (7, 9, 1, None, 2)]
    proposals = [replace(proposal(part), site=site) for part, site in zip(parts, sites, strict=True)]
    advice = advise(context(*parts), strategies=(proposing(*proposals),))
    assert [(one.step.dockerfile_line, one.order) for one in advice] == [(9, 1), (None, 3), (1, 2), (2, 4), (7, 0)]


def test_what_strategies_see_is_what_those_before_them_left() -> None:
    first, second, third = portion(0, 5_000, 6_000), portion(1, 7_000), portion(2, 8_000, 100)
    seen: list[tuple[list[int], list[int]]] = []

    def look(context: AdviceContext) -> Iterator[Proposal]:
        seen.append(([one.content_bytes for one in context.left], [one.content_bytes for one in context.trades]))
        return iter(())

    taking = proposing(proposal(masked(first, 1)), proposal(second), proposal(masked(third, 1)))
    watching = Strategy(name="look", propose=look)
    advise(placed(first, second, trades=(third,)), strategies=(watching, taking, watching, proposing(), watching))
    assert seen == [([11_000, 7_000], [8_100]), ([6_000], [100]), ([6_000], [100])]


def _refuse(problem: LayerscopeError) -> Change:
    def change(files: BuildFiles) -> BuildFiles:
        raise problem

    return change


FILES = BuildFiles(dockerfile=Document.parse("FROM a\nRUN make\n"), ignore=".git\n")


@pytest.mark.parametrize(
    ("changes", "review", "expected", "kept"),
    [
        pytest.param((adding("docs"),), "", "", 1, id="a change"),
        pytest.param((adding("docs"),), "look", "look", 1, id="a change to be looked at"),
        pytest.param((), "", "the change has to be made by hand", 0, id="no change"),
        pytest.param((), "look", "look", 0, id="no change, and a reason"),
        pytest.param(
            (lambda files: files,), "", "the files have this change already: build the image again", 0, id="made"
        ),
        pytest.param((_refuse(EditError("no RUN")),), "", "the change has to be made by hand: no RUN", 0, id="refused"),
        pytest.param((_refuse(MissingExtra("no parser", extra="x")),), "", "", 0, id="not installed here"),
    ],
)
def test_what_the_users_files_make_of_a_change(
    changes: tuple[Change, ...], review: str, expected: str, kept: int
) -> None:
    one = replace(proposal(portion(0, 9_000)), changes=changes, review=review)
    (advice,) = advise(context(portion(0, 9_000)), FILES, strategies=(proposing(one),))
    assert (advice.step.review, len(advice.changes), len(advice.step.edits)) == (expected, kept, kept)
    assert advice.step.safety == (Safety.REVIEW if expected else Safety.SAFE)
    (without,) = advise(context(portion(0, 9_000)), strategies=(proposing(one),))
    assert (without.step.review, without.changes, without.step.edits) == (review, changes, ())


@pytest.mark.parametrize(
    ("differing", "review", "expected"),
    [((), "", ""), ((1,), "", OUTDATED), ((1,), "look", f"look; {OUTDATED}"), (None, "", "")],
)
def test_a_dockerfile_that_was_edited_since_makes_every_step_doubtful(
    differing: object, review: str, expected: str
) -> None:
    one = replace(proposal(portion(0, 9_000)), review=review)
    (advice,) = advise(placed(portion(0, 9_000), differing=differing), strategies=(proposing(one),))
    assert advice.step.review == expected


@pytest.mark.parametrize(
    ("sizes", "saves", "layer", "expected"),
    [
        pytest.param((1_000, 3_000), 4_000, ("gzip", 1_000, 4_000), 1_000, id="a quarter"),
        pytest.param((1_000, 3_000), 2_000, ("gzip", 1_000, 4_000), 500, id="half of it"),
        pytest.param((1_000,), 1_000, ("", 1_000, 4_000), None, id="not compressed"),
        pytest.param((0,), 0, ("gzip", 1_000, 4_000), None, id="nothing"),
        pytest.param((10,), 10, ("gzip", 3, 0), 30, id="a tar of no bytes"),
    ],
)
def test_what_a_pull_saves(
    sizes: tuple[int, ...], saves: int, layer: tuple[str, int, int], expected: int | None
) -> None:
    compression, stored, tar_bytes = layer
    one = SimpleNamespace(compression=compression, stored_bytes=stored, tar_bytes=tar_bytes)
    image = cast(AdviceContext, SimpleNamespace(image=SimpleNamespace(layers=(one,))))
    assert stored_bytes(image, portion(0, *sizes).pieces, saves) == expected
