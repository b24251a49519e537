"""docs/fixes.md says what was measured, and every strategy was."""

import re

import pytest

from tests.fixes.page import PAGE, page
from tests.fixes.results import Attempt, Result, StepResult
from tests.fixes.scenario import scenarios

_SCENARIO = "sums-rust"


def result(*attempts: Attempt) -> Result:
    return Result(
        scenario=_SCENARIO,
        builder="legacy",
        content_bytes=9_000_000,
        own_bytes=5_000_000,
        needless_bytes=4_000_000,
        found_bytes=3_000_000,
        false_bytes=0,
        claimed_bytes=3_000_000,
        wrong_stage_bytes=0,
        missed={},
        false={},
        noise_bytes=0,
        smoke="",
        attempts=list(attempts),
    )


def step(*, safety: str, applied: bool) -> StepResult:
    return StepResult(
        strategy=f"narrow-{safety}",
        safety=safety,
        stage="cargo",
        line=3,
        sentence="copy the program only",
        review="" if safety == "safe" else "nothing else may read it",
        predicted_bytes=2_000_000,
        actual_bytes=1_990_000,
        applied=applied,
    )


def written(*attempts: Attempt) -> str:
    return page([result(*attempts)], {scenario.name: scenario for scenario in scenarios()})


def attempt(mode: str, **fields: object) -> Attempt:
    steps = [step(safety="safe", applied=True), step(safety="review", applied=mode == "review")]
    made = Attempt(
        mode=mode, patch="--- a/Dockerfile", steps=steps, actual_bytes=1_990_000, needless_saved_bytes=1_980_000
    )
    for name, value in fields.items():
        setattr(made, name, value)
    return made


def test_the_page_has_predicted_and_actual_savings() -> None:
    text = written(attempt("safe"), attempt("review"))

    assert "| legacy | 4.00 | 75 % | 0.00 | 2.00, 1.99, 50 % | 4.00, 1.99, 50 % | - |" in text
    assert "| `narrow-safe` | `sums-rust` | cargo, line 3 | safe | 2.00 | 1.99 |" in text
    assert "| `sums-rust` | `narrow-review` | 2.00 | nothing else may read it |" in text


def test_the_page_says_what_a_patch_breaks() -> None:
    text = written(attempt("safe", removed=["srv/a", "srv/b"]), attempt("review", error="no such file"))

    assert "| **removes srv/a and 1 more** | **does not build** |" in text


def test_every_strategy_has_a_row_that_was_executed() -> None:
    registry = pytest.importorskip("layerscope.advice.registry", reason="no advice yet")
    _, found, rows = PAGE.read_text("utf-8").partition("## What each strategy saved")
    if not found:
        pytest.skip("make test-fixes has not run with the command fix yet")

    executed = set(re.findall(r"^\| `([^`]+)` \| `[^`]+` \|", rows.partition("\n## ")[0], re.MULTILINE))
    assert executed >= {strategy.name for strategy in registry.STRATEGIES}
