"""Patches that are proven: every scenario is built, patched, built again and compared (``make test-fixes``)."""

import pytest

from tests.fixes.command import has_fix
from tests.fixes.engine import Engine, Unavailable
from tests.fixes.harness import prove, summary
from tests.fixes.results import Attempt, Result
from tests.fixes.scenario import Scenario, scenarios

pytestmark = pytest.mark.fixes

_RESULTS: dict[str, Result] = {}
_TOLERANCE_BYTES = 100_000
_SCENARIOS = scenarios()


@pytest.fixture(scope="session", params=_SCENARIOS, ids=lambda scenario: scenario.name)
def result(request: pytest.FixtureRequest, running: Engine) -> Result:
    scenario: Scenario = request.param
    try:
        found = prove(running, scenario)
    except Unavailable as reason:
        pytest.skip(str(reason))
    print("\n" + "\n".join(summary(found)), flush=True)
    _RESULTS[scenario.name] = found
    return found


def proposed(result: Result) -> list[Attempt]:
    """The attempts that layerscope made, not a person."""
    if not has_fix():
        pytest.skip("needs the command fix")
    return [attempt for attempt in result.attempts if not attempt.mode.startswith("by hand")]


def test_the_application_runs_before_any_patch(result: Result) -> None:
    assert result.smoke == ""


def test_every_patch_applies_and_builds(result: Result) -> None:
    assert [attempt.error for attempt in result.attempts if attempt.error] == []


def test_the_application_runs_after_every_patch(result: Result) -> None:
    assert [attempt.smoke for attempt in result.attempts if attempt.smoke] == []


def test_what_has_to_be_kept_is_there_unchanged(result: Result) -> None:
    wrong = [(one.mode, one.removed, one.changed, one.metadata) for one in proposed(result)]
    assert [one for one in wrong if any(one[1:])] == []


def test_savings_are_as_predicted(result: Result) -> None:
    wrong = []
    for attempt in proposed(result):
        difference = abs(attempt.predicted_bytes - attempt.actual_bytes)
        if not attempt.error and difference > max(_TOLERANCE_BYTES, attempt.actual_bytes / 100):
            wrong.append((attempt.mode, attempt.predicted_bytes, attempt.actual_bytes))
    assert wrong == []


def test_nothing_of_the_patch_is_proposed_again(result: Result) -> None:
    assert [attempt.proposed_again for attempt in proposed(result) if attempt.proposed_again] == []


def test_no_finding_is_false_or_names_another_stage(result: Result) -> None:
    assert (result.false, result.wrong_stage_bytes) == ({}, 0)


@pytest.mark.skipif(len(_SCENARIOS) < 10, reason="sums are of all scenarios")
def test_sums_over_all_scenarios() -> None:
    if not _RESULTS:
        pytest.skip("no scenario ran here")
    found = list(_RESULTS.values())
    needless = sum(result.needless_bytes for result in found)
    assert sum(result.found_bytes for result in found) >= 0.95 * needless
    assert sum(result.false_bytes for result in found) <= 0.001 * sum(result.claimed_bytes for result in found)
    if has_fix():
        # Compilers are for review, as an application may call them, and several scenarios have one.
        assert sum(result.saved("safe") for result in found) >= 0.45 * needless
        assert sum(result.saved("review") for result in found) >= 0.85 * needless
