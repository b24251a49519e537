"""Steps in every format: numbered as ``fix`` numbers them, with the change as a diff and as edits of SARIF."""

import json
import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest
from msgspec.structs import replace
from sarif_pydantic import Sarif  # type: ignore[import-untyped]

from layerscope.advice.files import BuildFiles, edits
from layerscope.edit.document import Document
from layerscope.model.finding import Severity
from layerscope.model.report import DockerfileReport, Report
from layerscope.model.step import BY_HAND, Edit, Safety, SecretAdvice, Step
from layerscope.render.html import html
from layerscope.render.json import report_json
from layerscope.render.markdown import markdown
from layerscope.render.sarif import sarif
from layerscope.render.steps import diff_lines, step_place, steps_text
from layerscope.render.text import text
from tests.render.reports import HOSTILE, OPTIONS, finding, ordinary

EDITS = (
    Edit(file="Dockerfile", line=2, removed=("RUN apt-get update",)),
    Edit(file=".dockerignore", line=1, added=(".git", "```")),
)


def step(saves_bytes: int = 400, **changes: object) -> Step:
    made = Step(
        strategy="s",
        safety=Safety.SAFE,
        sentence="delete the lists",
        saves_bytes=saves_bytes,
        stage="build",
        instruction="RUN apt-get update",
        dockerfile_line=2,
        findings=(1,),
        edits=EDITS,
    )
    return replace(made, **changes)


def report(*steps: Step) -> Report:
    base = step(
        1000, strategy="base", sentence="use a smaller base image", safety=Safety.REVIEW, findings=(2,), edits=()
    )
    secrets = (SecretAdvice(finding=0, severity=Severity.CRITICAL, rotate="rotate X", supply="mount it"),)
    dockerfile = DockerfileReport(name="Dockerfile", evidence=ordinary().stages[0].evidence or "declared")  # type: ignore[arg-type]
    return replace(ordinary(), dockerfile=dockerfile, steps=steps, base_step=base, secrets=secrets)


def hostile(name: str) -> Report:
    edit = Edit(file=name, line=1, removed=(name,), added=(name, name))
    one = step(sentence=name, review=name, safety=Safety.REVIEW, instruction=name, stage=name, edits=(edit,))
    secrets = (SecretAdvice(finding=0, severity=Severity.LOW, rotate=name, supply=name),)
    return replace(ordinary(), steps=(one, replace(one, dockerfile_line=None)), base_step=one, secrets=secrets)


def test_a_step_over_several_layers_has_their_lines_else_the_layers() -> None:
    one = step(stage="", instruction="", dockerfile_line=None, findings=(0,))
    made = report(one)
    findings = (replace(made.findings[0], layers=(0, 1)), *made.findings[1:])
    lines = (replace(made.instructions[0], dockerfile_line=3), made.instructions[1])
    assert step_place(one, replace(made, findings=findings, instructions=lines)) == "Dockerfile:3, 7"
    assert step_place(one, replace(made, findings=findings)) == "layers 0-1"


@pytest.mark.parametrize(("title", "rows"), [("only to develop", 1), ("only to test", 2)])
def test_findings_that_differ_in_their_packages_alone_are_one_row_of_evidence(title: str, rows: int) -> None:
    made = report(step(findings=(0, 1)))
    first = replace(made.findings[0], title="only to develop", packages=(("mypy 2", 100), ("black 1", 10)))
    other = replace(first, title=title, packages=(("jedi 1", 50),))
    lines = text(replace(made, findings=(first, other, made.findings[2])), OPTIONS).split("\n")
    evidence = [line for line in lines if "only to" in line]
    assert len(evidence) == rows
    assert (": mypy 100 B, jedi 50 B, black 10 B" in evidence[0]) is (rows == 1)


def test_the_text_has_the_biggest_step_first_and_names_the_rest_with_a_command_to_run() -> None:
    many = report(*(step(9000 - number, sentence=f"do {number}", safety=Safety.REVIEW) for number in range(8)))
    lines = text(many, replace(OPTIONS, width=80, arguments="app.tar")).split("\n")
    first = lines.index("SAVE 9.00 kB   Dockerfile:2, stage build (step 1, review)")
    assert lines[first + 1] == "  do 0"
    first = lines.index("  SAVES  OTHER STEPS")
    assert lines[first + 1] == "9.00 kB  2. Dockerfile:2, stage build (review): do 1"
    assert lines[first + 6] == "18.0 kB  2 more steps: layerscope fix app.tar"
    assert lines[first + 7] == "1.00 kB  base image (line 2, at most, review): use a smaller base image"


@pytest.mark.parametrize("saves", [7, 20_480])
def test_no_line_of_advice_is_cut_because_of_a_wide_amount_in_another_row(saves: int) -> None:
    long = "word " * 20 + "end"
    some = report(step(9000), step(100, sentence=long))
    some = replace(some, base_step=step(saves, sentence="smaller"))
    for width in range(60, 100):
        assert "…" not in text(some, replace(OPTIONS, width=width)).split("OTHER STEPS")[1].split("\n\n")[0]


def test_steps_that_are_left_out_take_the_second_line_of_what_no_step_saves() -> None:
    sentence = "use a smaller base image " * 4
    few, many = (
        replace(report(*(step() for _ in range(count))), base_step=step(5, sentence=sentence)) for count in (2, 12)
    )
    rows = [
        [line for line in text(one, replace(OPTIONS, width=80)).split("\n") if "smaller base" in line]
        for one in (few, many)
    ]
    assert list(map(len, rows)) == [2, 1] and rows[1][0].endswith("…")


def test_a_command_that_is_too_long_for_the_line_can_still_be_run() -> None:
    for length in (30, 200):
        arguments = f"{'x' * length}.tar --dockerfile '{'y' * 12} {'y' * 12}' --stage build={'z' * 40}"
        lines = text(report(*(step() for _ in range(9))), replace(OPTIONS, width=60, arguments=arguments)).split("\n")
        first = next(index for index, line in enumerate(lines) if re.search(r"\d more steps:", line)) + 1
        command = lines[first]
        while command.endswith("\\"):
            first += 1
            assert len(lines[first]) <= 60
            command = command[:-1] + lines[first]
        assert shlex.split(command) == shlex.split(f"layerscope fix {arguments}")


def test_the_biggest_step_says_what_it_is_about_and_which_line_brings_it() -> None:
    found = replace(ordinary().findings[1], packages=(("mypy 1.0", 300), ("black 2", 100)), dockerfile_line=14)
    made = replace(report(step()), findings=(ordinary().findings[0], found, ordinary().findings[2]))
    shown = text(made, replace(OPTIONS, width=80))
    assert "\n  what apt-lists finds: mypy 300 B, black 100 B, copied by line 14\n" in shown
    same = replace(made, findings=(made.findings[0], replace(found, dockerfile_line=2), made.findings[2]))
    assert "\n  what apt-lists finds: mypy 300 B, black 100 B\n" in text(same, replace(OPTIONS, width=80))


def test_secrets_stand_in_a_list_of_their_own_with_their_place_and_no_longer_among_the_steps() -> None:
    secret = replace(finding("cred-file", Severity.CRITICAL, ordinary().findings[0].kind, "/root/.npmrc"))
    made = replace(report(), findings=(secret, *ordinary().findings[1:]))
    shown = text(made, OPTIONS)
    assert (
        "SEVERITY  SECRETS (anyone who pulled the image has them)\ncritical  layer 1: rotate X; mount it\n" in shown
        and "cred-file" not in shown
    )
    assert shown.index("SECRETS") < shown.index("LAYER ") < shown.index("BIGGEST")


@pytest.mark.parametrize(("given", "hint"), [(False, True), (True, False)])
def test_the_option_that_adds_most_is_named_once_for_an_archive_alone(given: bool, hint: bool) -> None:
    without = replace(ordinary(), dockerfile=None)
    assert ("hint: --dockerfile FILE" in text(without, replace(OPTIONS, is_saved=given))) is hint
    assert "hint: --stage build=IMAGE" in text(report(), OPTIONS)
    stages = (replace(ordinary().stages[0], not_copied_bytes=7),)
    assert "hint:" not in text(replace(report(), stages=stages), OPTIONS)


def test_all_formats_have_the_same_steps_and_mark_what_is_done_by_hand() -> None:
    by_hand = step(30, strategy=BY_HAND, sentence="sweep up", review="by hand", safety=Safety.REVIEW, edits=())
    made = report(step(), by_hand, replace(by_hand, dockerfile_line=None, instruction="", findings=(0,)))
    for shown in (text(made, OPTIONS), markdown(made, OPTIONS), html(made, OPTIONS), steps_text(made, OPTIONS)):
        assert shown.count("sweep up") == 2 and shown.count("by hand") == 2 and "Dockerfile:7" in shown
    assert len(json.loads(report_json(made, OPTIONS))["steps"]) == 3
    assert "saves 0 B" not in steps_text(replace(made, steps=(replace(by_hand, saves_bytes=0),)), OPTIONS)
    without = replace(made, steps=())
    for shown in (text(without, OPTIONS), markdown(without, OPTIONS)):
        assert "(step " not in shown


def test_a_step_that_saves_what_is_a_trade_leaves_less_of_it() -> None:
    totals = replace(ordinary().totals, trade_bytes=900)
    findings = (replace(ordinary().findings[0], trade=True), *ordinary().findings[1:])
    made = replace(report(step(trade_bytes=300)), totals=totals, findings=findings)
    assert "  600 B  trades" in text(made, OPTIONS)
    assert "trades" not in text(replace(made, steps=(step(trade_bytes=900),)), OPTIONS)


def test_markdown_has_the_change_as_a_diff_that_its_own_lines_cannot_end() -> None:
    shown = markdown(report(step(review="look", safety=Safety.REVIEW)), OPTIONS)
    block = re.search(r"(?ms)^(`{4,})diff\n(.*?)^\1$", shown)
    assert block is not None and "-RUN apt-get update\n" in block[2] and "+```\n" in block[2]
    assert "(step 1, review)" in shown and "**Review:** look" in shown and "| critical | rotate X | mount it |" in shown


@pytest.mark.parametrize("case", sorted(HOSTILE))
def test_no_format_lets_a_text_of_a_step_out(case: str) -> None:
    made, name = hostile(HOSTILE[case]), HOSTILE[case]
    for shown in (text(made, OPTIONS), markdown(made, OPTIONS), html(made, OPTIONS), steps_text(made, OPTIONS)):
        assert all(line.isprintable() for line in shown.split("\n"))
    page = html(made, OPTIONS)
    assert page.count("<script") == 1 and "<img" not in page
    assert Sarif.model_validate(json.loads(sarif(made, OPTIONS))).version == "2.1.0"
    assert json.loads(report_json(made, OPTIONS))["steps"][0]["sentence"] == name


def test_the_words_have_the_review_and_the_base_below() -> None:
    made = report(step(), step(review="look", safety=Safety.REVIEW))
    shown = steps_text(made, OPTIONS)
    assert (
        shown.index("1. saves 400 B  Dockerfile:2, stage build") < shown.index("2. saves") < shown.index("base image:")
    )
    assert "   review: look\n" in shown and "saves up to 1.00 kB" in shown
    assert steps_text(made, OPTIONS, (2,)).startswith("2. ") and "base image" not in steps_text(made, OPTIONS, (2,))


BEFORE = "FROM a\nRUN one\nRUN two\nRUN three"


@pytest.mark.parametrize(
    "after",
    [
        pytest.param("FROM a\nRUN two\nRUN three", id="deleted"),
        pytest.param("FROM a\nRUN one\nRUN new\nRUN two\nRUN three", id="inserted"),
        pytest.param("FROM a\nRUN one \\\n  && more\nRUN two\nRUN four", id="replaced"),
        pytest.param("FROM a\nRUN one\nRUN two\nRUN three\nRUN last\n", id="behind a last line without an end"),
        pytest.param("FROM a\nRUN ünï \U0001f433\nRUN two\nRUN three", id="not ASCII"),
        pytest.param("FROM a\nRUN two\nRUN three\nCMD x", id="several"),
    ],
)
def test_the_replacements_of_sarif_make_the_file(after: str) -> None:
    old, new = (BuildFiles(dockerfile=Document.parse(one)) for one in (BEFORE, after))
    made = json.loads(sarif(report(step(edits=edits(old, new))), OPTIONS))
    results = [one for one in made["runs"][0]["results"] if "fixes" in one]
    assert [one["ruleId"] for one in results] == ["apt-lists"]
    (change,) = results[0]["fixes"][0]["artifactChanges"]
    assert change["artifactLocation"]["uri"] == "Dockerfile"
    assert replaced(BEFORE, change["replacements"]) == after.removesuffix("\n")


@pytest.mark.skipif(shutil.which("patch") is None, reason="patch is not installed")
@pytest.mark.parametrize(
    "after",
    [
        pytest.param("FROM a\nRUN two\nRUN three\n", id="deleted"),
        pytest.param("# zero\nFROM a\nRUN one\nRUN two\nRUN three\n", id="inserted before the first line"),
        pytest.param("FROM a\nRUN new\nRUN one\nRUN two\nRUN three\nRUN last\n", id="two insertions"),
        pytest.param("FROM a\nRUN one \\\n  && more\nRUN two\nRUN four\n", id="replaced"),
        pytest.param("FROM a\nRUN two\nRUN three\nCMD x\n", id="deleted and added"),
    ],
)
def test_the_change_of_a_step_is_a_diff_that_patch_applies(tmp_path: Path, after: str) -> None:
    before = BEFORE + "\n"
    old, new = (BuildFiles(dockerfile=Document.parse(one)) for one in (before, after))
    (tmp_path / "Dockerfile").write_text(before)
    lines = "".join(f"{line}\n" for line in diff_lines(step(edits=edits(old, new))))
    subprocess.run(["patch", "-p1", "-s"], input=lines, text=True, cwd=tmp_path, check=True)
    assert (tmp_path / "Dockerfile").read_text() == after


def replaced(before: str, replacements: list[dict[str, object]]) -> str:
    """The text after replacements of regions (SARIF, section 3.30), from the last to the first."""
    starts = [0]
    for line in before.split("\n"):
        starts.append(starts[-1] + len(line) + 1)
    for one in reversed(replacements):
        region: dict[str, int] = one["deletedRegion"]  # type: ignore[assignment]
        start = starts[region["startLine"] - 1] + region["startColumn"] - 1
        end = starts[region["endLine"] - 1] + region["endColumn"] - 1
        inserted: dict[str, str] = one.get("insertedContent", {"text": ""})  # type: ignore[assignment]
        before = before[:start] + inserted["text"] + before[end:]
    return before


def test_sarif_has_no_fix_where_a_line_is_no_text() -> None:
    odd = step(edits=(Edit(file="Dockerfile", line=2, removed=("RUN a",), added=("RUN \udcff",)),))
    assert "fixes" not in sarif(report(odd), OPTIONS)
