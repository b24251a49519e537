"""Checks as text and Markdown."""

import pytest

from layerscope.model.check import CheckReport, CheckResult, Outcome
from layerscope.render.check import markdown, summary, text
from layerscope.render.units import si
from tests.render.reports import HOSTILE

CHECKED = CheckReport(
    name="app:1",
    checks=(
        CheckResult(rule="max-size", outcome=Outcome.PASS, unit="bytes", value=999, limit=1500, detail="size"),
        CheckResult(
            rule="min-efficiency", outcome=Outcome.FAIL, unit="percent", value=74.91, limit=90.0, detail="live"
        ),
        CheckResult(rule="fail-on", outcome=Outcome.SKIP, unit="findings", detail="no limit is set"),
    ),
)


def test_each_rule_has_a_line_and_the_summary_is_last() -> None:
    assert text(CHECKED, si, None).split("\n") == [
        "      RULE             VALUE    LIMIT  WHAT IS CHECKED",
        "PASS  max-size         999 B  1.50 kB  size",
        "FAIL  min-efficiency  74.91%      90%  live",
        "SKIP  fail-on                          no limit is set",
        "",
        "FAIL app:1: 1 passed, 1 failed, 1 skipped",
        "",
    ]


def test_a_figure_and_a_limit_that_look_equal_have_all_their_digits() -> None:
    close = CheckResult(rule="max-size", outcome=Outcome.FAIL, unit="bytes", value=63_706, limit=63_700, detail="size")
    same = CheckResult(rule="max-size", outcome=Outcome.PASS, unit="bytes", value=63_700, limit=63_700, detail="size")
    lines = text(CheckReport(name="a", checks=(close, same)), si, None).split("\n")
    assert lines[1].split("  ") == ["FAIL", "max-size", "63,706 B", "63,700 B", "size"]
    assert lines[2].split() == ["PASS", "max-size", "63.7", "kB", "63.7", "kB", "size"]


def test_what_is_ignored_is_counted() -> None:
    made = CheckReport(name="a", checks=CHECKED.checks[:1], ignored=2)
    assert summary(made) == "PASS a: 1 passed, 0 failed, 0 skipped; 2 findings ignored"


def test_a_gate_without_failures_is_open() -> None:
    assert summary(CheckReport(name="a", checks=CHECKED.checks[:1])) == "PASS a: 1 passed, 0 failed, 0 skipped"


@pytest.mark.parametrize("name", HOSTILE.values(), ids=HOSTILE.keys())
def test_no_name_breaks_a_line(name: str) -> None:
    checks = (CheckResult(rule=name, outcome=Outcome.PASS, unit="findings", value=0, limit=0, detail=name),)
    made = CheckReport(name=name, checks=checks)
    assert len(text(made, si, None).split("\n")) == 5 and len(markdown(made, si).split("\n")) == 6
