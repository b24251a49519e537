"""Checks as text, Markdown and JSON: the verdict first, then the limits, then what made one fail."""

import json
from fractions import Fraction

import pytest
from msgspec.structs import replace

from layerscope.analysis.amounts import Amount
from layerscope.analysis.policy import Policy, evaluate
from layerscope.model.check import CheckReport, CheckResult, Outcome
from layerscope.model.diff import Cause, Status
from layerscope.model.finding import FindingKind, Severity
from layerscope.model.report import LayerReport, Report
from layerscope.model.step import Safety, Step
from layerscope.render.check import as_json, markdown, summary, text
from layerscope.render.failures import Growth
from layerscope.render.units import RenderOptions, si
from tests.render.reports import HOSTILE, empty, finding, hostile, ordinary

OPTIONS = RenderOptions(units=si, arguments="app.tar --dockerfile Dockerfile", image_arguments="app.tar")
CHECKED = CheckReport(
    name="app:1",
    checks=(
        CheckResult(rule="max-size", outcome=Outcome.PASS, unit="bytes", value=999, limit=1500, detail="size"),
        CheckResult(
            rule="min-efficiency", outcome=Outcome.FAIL, unit="percent", value=74.91, limit=90.0, detail="live"
        ),
        CheckResult(rule="max-growth", outcome=Outcome.SKIP, unit="bytes", detail="no limit is set"),
        CheckResult(rule="fail-on", outcome=Outcome.SKIP, unit="findings", detail="no limit is set"),
    ),
)


def below(policy: Policy, report: Report, options: RenderOptions = OPTIONS, growth: Growth | None = None) -> list[str]:
    """The lines below the limits."""
    lines = text(evaluate(report, policy), report, options, growth).split("\n")
    return lines[lines.index("", 2) + 1 : -1]


def test_the_verdict_is_first_then_what_failed_and_last_what_has_no_limit() -> None:
    assert text(CHECKED, empty(), OPTIONS).split("\n")[:6] == [
        "FAIL app:1: 1 of 2 checks failed",
        "",
        "      RULE             VALUE    LIMIT  WHAT IS CHECKED",
        "FAIL  min-efficiency  74.91%      90%  live",
        "PASS  max-size         999 B  1.50 kB  size",
        "no limit: max-growth, fail-on",
    ]


def test_a_figure_and_a_limit_that_look_equal_have_all_their_digits() -> None:
    close = CheckResult(rule="max-size", outcome=Outcome.FAIL, unit="bytes", value=63_706, limit=63_700, detail="size")
    same = CheckResult(rule="max-size", outcome=Outcome.PASS, unit="bytes", value=63_700, limit=63_700, detail="size")
    lines = text(CheckReport(name="a", checks=(close, same)), empty(), OPTIONS).split("\n")
    assert lines[3].split("  ") == ["FAIL", "max-size", "63,706 B", "63,700 B", "size"]
    assert lines[4].split() == ["PASS", "max-size", "63.7", "kB", "63.7", "kB", "size"]


@pytest.mark.parametrize(
    ("checks", "ignored", "words"),
    [
        (CHECKED.checks[:1], 2, "PASS a: 1 check passed; 2 findings ignored"),
        (CHECKED.checks[:1], 0, "PASS a: 1 check passed"),
        (CHECKED.checks[:1] * 3, 0, "PASS a: 3 of 3 checks passed"),
        (CHECKED.checks, 0, "FAIL a: 1 of 2 checks failed"),
    ],
)
def test_the_verdict_counts_what_has_a_limit(checks: tuple[CheckResult, ...], ignored: int, words: str) -> None:
    assert summary(CheckReport(name="a", checks=checks, ignored=ignored)) == words


def test_a_finding_has_its_line_its_path_and_the_command_that_lists_it() -> None:
    assert below(Policy(fail_on=Severity.MEDIUM), ordinary()) == [
        "fail-on medium",
        "  SEVERITY  RULE            SIZE  WHERE         PATH",
        "  high      git-directory  400 B  Dockerfile:7  /app/.git",
        "  medium    apt-lists      400 B  layer 1       /var/lib/apt/lists",
        "  next: layerscope findings app.tar --dockerfile Dockerfile --severity high --severity medium",
    ]


def test_a_rule_that_must_not_fire_is_named_in_the_command() -> None:
    lines = below(Policy(fail_on_rules=("apt-lists",)), ordinary())
    assert lines[0] == "fail-on-rule apt-lists" and lines[-1].endswith("--rule apt-lists")
    assert below(Policy(fail_on_rules=("private-key",)), ordinary()) == []


def test_limits_with_the_same_reason_are_explained_once() -> None:
    step = Step(strategy="s", safety=Safety.SAFE, sentence="do it", saves_bytes=9, dockerfile_line=7)
    lines = below(Policy(max_size=1), replace(ordinary(), steps=(step,)))
    assert lines[0] == "max-size" and "Dockerfile:7" in lines[2]
    assert lines[-1] == "  next: layerscope report app.tar --dockerfile Dockerfile"
    lines = below(Policy(min_efficiency=Fraction(99, 100), highest_wasted=1), ordinary())
    assert lines[0] == "min-efficiency, highestWastedBytes"
    assert lines[2:] == ["  500 B  layer 1  deleted  /tmp/x", "  next: layerscope files app.tar --hidden --flat"]


def test_an_image_that_is_too_big_without_waste_shows_its_biggest_layers() -> None:
    report = replace(ordinary(), findings=())
    assert below(Policy(max_size=1), report)[2].split(maxsplit=3)[:3] == ["2.50", "kB", "1"]


def test_hidden_files_of_the_base_count_only_where_the_limit_counts_them() -> None:
    report = ordinary()
    (one,) = report.hidden
    layers = (replace(report.layers[0], hidden_bytes=9), replace(report.layers[1], hidden_bytes=9))
    report = replace(report, layers=layers, hidden=(one, replace(one, path="/of/base", layers=(0,))))
    assert "/of/base" not in "\n".join(below(Policy(max_hidden=(Amount(content_bytes=8),)), report))
    assert "/of/base" in "\n".join(below(Policy(highest_wasted=1), report))


def test_growth_has_what_grew_and_what_shrank_and_the_command_that_compares() -> None:
    failed = CheckResult(rule="max-growth", outcome=Outcome.FAIL, unit="bytes", value=9, limit=1, detail="growth")
    causes = (
        Cause(text="COPY . .", status=Status.CHANGED, after_line=7, before_bytes=1, after_bytes=9),
        Cause(text="RUN make", status=Status.REMOVED, before_line=9, before_bytes=5),
    )
    growth = Growth(causes=causes, command="layerscope diff old.tar app.tar")
    lines = text(CheckReport(name="a", checks=(failed,)), empty(), OPTIONS, growth).split("\n")
    assert lines[5:] == [
        "max-growth",
        "  GROWTH  INSTRUCTION",
        "    +8 B  line 7: COPY . .",
        "    -5 B  was line 9: RUN make",
        "  next: layerscope diff old.tar app.tar",
        "",
    ]


def test_a_layer_that_is_missing_has_its_reason() -> None:
    layers = (LayerReport(index=0, problem="the blob is missing"),)
    lines = below(Policy(max_size=10**6), replace(ordinary(), layers=layers, complete=False))
    assert lines[0] == "complete" and lines[2].split(maxsplit=1) == ["0", "LEFT OUT: the blob is missing"]
    assert lines[-1] == "  next: layerscope layers app.tar"


def test_a_saved_report_gets_no_command_that_needs_the_archive() -> None:
    saved = replace(OPTIONS, is_saved=True)
    for policy in (Policy(highest_wasted=1), Policy(max_size=1)):
        command = below(policy, ordinary(), saved)[-1]
        assert command.split()[2] in ("findings", "report"), command


def test_many_findings_are_counted() -> None:
    every = tuple(
        finding("apt-lists", Severity.HIGH, FindingKind.WASTE, f"/{number}", source="run") for number in range(9)
    )
    lines = below(Policy(fail_on=Severity.HIGH), replace(ordinary(), findings=every))
    assert len(lines) == 9 and lines[-2] == "  and 4 more"


@pytest.mark.parametrize("width", [60, 80, 120])
def test_rules_and_paths_are_whole_on_a_narrow_terminal(width: int) -> None:
    path = "/srv/" + "x" * 150
    every = tuple(
        finding(rule, Severity.HIGH, FindingKind.WASTE, f"{path}/{rule}", source="run")
        for rule in ("apt-lists", "vcs-metadata", "project-files", "private-key", "npm-cache")
    )
    report = replace(ordinary(), findings=every)
    made = text(evaluate(report, Policy(fail_on=Severity.HIGH)), report, replace(OPTIONS, width=width))
    assert "…" not in made and all(f"{path}/{one.rule}" in made for one in every)
    short = [line for line in made.split("\n") if path not in line and "next: " not in line]
    assert max(map(len, short)) <= width
    assert set(made.replace(",", " ").split()) >= {one.rule for one in every}


def test_markdown_has_the_same_in_tables() -> None:
    report = ordinary()
    made = markdown(evaluate(report, Policy(fail_on=Severity.HIGH)), report, OPTIONS)
    assert made.startswith("### FAIL app:1: 1 of 2 checks failed\n\n|  | rule | value | limit | what is checked |\n")
    assert (
        "\n\n**fail-on high**\n\n| severity | rule | size | where | path |\n| --- | --- | ---: | --- | --- |\n" in made
    )
    assert "| high | git-directory | 400 B | Dockerfile:7 | /app/.git |" in made
    assert made.endswith("\n\nNext: `layerscope findings app.tar --dockerfile Dockerfile --severity high`\n")


def test_json_names_the_findings_of_a_check() -> None:
    report = ordinary()
    made = json.loads(as_json(evaluate(report, Policy(fail_on=Severity.HIGH)), report))
    failed = made["checks"][-1]
    assert failed["rule"] == "fail-on high" and [one["path"] for one in failed["findings"]] == ["/app/.git"]
    assert (failed["findings"][0]["rule"], failed["findings"][0]["edit_line"]) == ("git-directory", 7)
    assert all("findings" not in one for one in made["checks"] if one["unit"] != "findings")


@pytest.mark.parametrize("name", HOSTILE.values(), ids=HOSTILE.keys())
def test_no_name_breaks_a_line(name: str) -> None:
    plain, report = hostile("x"), hostile(name)
    policy = Policy(fail_on=Severity.HIGH, max_size=0, highest_wasted=0)
    counts = [
        len(render(evaluate(one, policy), one, OPTIONS).split("\n"))
        for render in (text, markdown)
        for one in (plain, report)
    ]
    assert counts[0] == counts[1] and counts[2] == counts[3]
    assert "\x1b" not in text(evaluate(report, policy), report, OPTIONS)
