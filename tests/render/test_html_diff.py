"""A diff as one HTML page."""

import json

import pytest
from msgspec.structs import replace

from layerscope.model.check import CheckResult, Outcome
from layerscope.model.diff import Cause, Change, PathDiff, Status
from layerscope.model.size_map import NONE, SizeCell, SizeMap, State
from layerscope.render.escape import printable
from layerscope.render.html_diff import html
from tests.render.reports import HOSTILE, OPTIONS, ordinary
from tests.render.test_diff import with_name
from tests.render.test_html import Page, blocks

SIZES = SizeMap(
    names=("/", "app"),
    parents=(0, 0),
    cells=(SizeCell(1, 1, NONE, NONE, NONE, State.OWN, False, 2500, 1),),
)
SIDES = ((ordinary(), SIZES), (ordinary(), SIZES))


@pytest.mark.parametrize("case", sorted(HOSTILE))
def test_names_are_text_and_nothing_else(case: str) -> None:
    page, plain = (Page(html(with_name(name), OPTIONS, SIDES)) for name in (HOSTILE[case], "plain"))
    assert [tag for tag, _ in page.tags] == [tag for tag, _ in plain.tags]
    assert "/" + printable(HOSTILE[case]) in page.text
    assert not [name for _, attributes in page.tags for name in attributes if name.startswith("on") or name == "style"]


def test_two_maps_stand_side_by_side_and_layers_are_called_alike_in_both() -> None:
    made = html(with_name("x"), OPTIONS, SIDES)
    found = json.loads(blocks(made, "script")[0])["maps"]
    assert [one["title"] for one in found] == ["before: app:1", "after: x"]
    assert [one["layers"] for one in found] == [{"1": "COPY --from=build /app /app"}] * 2
    assert made.count('<figure class="map"') == 2 and '<option value="growth">' in made


def test_without_both_archives_there_is_no_map() -> None:
    made = html(with_name("x"), OPTIONS)
    assert '<figure class="map"' not in made and len(blocks(made, "script")) == 1


def test_a_cause_has_its_lines_and_a_bar_to_the_side_of_its_difference() -> None:
    causes = (
        Cause(
            text="RUN make all",
            status=Status.CHANGED,
            before_text="RUN make",
            before_line=3,
            after_line=5,
            after_bytes=900,
        ),
        Cause(text="COPY . .", status=Status.REMOVED, before_line=9, before_bytes=300),
    )
    diff = replace(with_name("x"), causes=causes)
    diff = replace(
        diff, after=replace(diff.after, dockerfile="new.Dockerfile"), before=replace(diff.before, dockerfile="old")
    )
    made = html(diff, OPTIONS)
    assert "<code>new.Dockerfile:5</code> <code>RUN make all</code>" in made and "(was line 3)" in made
    assert "<code>RUN make</code>" in made and "<code>old:9</code> <code>COPY . .</code>" in made
    assert '<rect class="new" x="50.000%" width="50.000%"' in made
    assert '<rect class="gone" x="33.333%" width="16.667%"' in made
    assert '<td class="n" data-v="-300">-300 B</td>' in made


def test_the_sums_of_directories_and_instructions_are_those_of_the_json() -> None:
    diff = with_name("x")
    made = html(
        replace(diff, directories=(Change(name="/a", status=Status.CHANGED, before_bytes=5, after_bytes=1005),)),
        OPTIONS,
    )
    assert (
        '<td class="n" data-v="5">5 B</td><td class="n" data-v="1005">1.00 kB</td><td class="n" data-v="1000">' in made
    )


@pytest.mark.parametrize(("outcome", "is_alert"), [(Outcome.FAIL, True), (Outcome.PASS, False)])
def test_growth_beyond_the_limit_is_an_alert(outcome: Outcome, is_alert: bool) -> None:
    growth = CheckResult(rule="max-growth", outcome=outcome, unit="bytes", value=300, limit=100)
    made = html(replace(with_name("x"), growth=growth), OPTIONS)
    assert ('<p class="alert">' in made) is is_alert and f"{outcome.value}: growth of 300 B" in made


def test_no_difference_in_paths_is_said() -> None:
    made = html(replace(with_name("x"), paths=PathDiff(counts={"added": 0})), OPTIONS)
    assert "<p>no differences.</p>" in made
