"""A secret is in no report, wherever the image repeats it."""

from pathlib import Path

import pytest
from msgspec.structs import replace

from layerscope.analysis.redact import cleaner, redacted, shown
from layerscope.errors import LimitExceeded
from layerscope.model.instruction import Instruction
from layerscope.model.step import Edit, Safety, Step
from tests.builder import ImageSpec, docker_legacy, file, layer
from tests.conftest import Run
from tests.render.reports import ordinary

SECRET = "s3cr3t-" + "Zq8vXw2Lk9Pn"


@pytest.mark.parametrize(("length", "masked"), [(10, 100), (10_000, 9)])
def test_the_work_of_masking_is_limited_by_secrets_and_by_length(
    length: int, masked: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("layerscope.analysis.redact._MOST", 1000)
    clean = cleaner(frozenset(f"{SECRET}{number}" for number in range(10)))
    for _ in range(masked):
        assert clean("x" * length) == "x" * length
    with pytest.raises(LimitExceeded, match="10 secrets, too many to mask them all"):
        clean("x" * length)


@pytest.fixture
def image(tmp_path: Path) -> Path:
    spec = ImageSpec(
        layers=(layer(file("var/lib/apt/lists/x_Packages", b"x" * 9000)),),
        history=(
            {"created_by": f"/bin/sh -c #(nop)  ENV DB_PASSWORD={SECRET}", "empty_layer": True},
            {"created_by": f"|1 API_TOKEN={SECRET}2 /bin/sh -c curl -u me:{SECRET}2 https://x && apt-get update"},
        ),
        env=(f"DB_PASSWORD={SECRET}",),
        tags=("app:1",),
    )
    path = tmp_path / "image.tar"
    path.write_bytes(docker_legacy(spec))
    return path


@pytest.mark.parametrize("form", ["table", "json", "markdown", "html", "sarif", "csv"])
def test_no_format_of_the_report_prints_it(run: Run, image: Path, form: str) -> None:
    done = run("report", image, "-f", form)
    assert done.returncode == 0, done.stderr
    assert done.stdout and SECRET[3:] not in done.stdout


@pytest.mark.parametrize("form", ["table", "json", "csv"])
def test_no_list_of_layers_prints_it(run: Run, image: Path, form: str) -> None:
    done = run("layers", image, "-f", form)
    assert "curl -u me:s3***n2 https://x" in done.stdout and SECRET[3:] not in done.stdout


@pytest.mark.parametrize("form", ["table", "json", "csv"])
def test_no_history_prints_it(run: Run, image: Path, form: str) -> None:
    done = run("history", image, "-f", form)
    assert "curl -u me:s3***n2 https://x" in done.stdout and SECRET[3:] not in done.stdout


def test_the_mask_stands_in_its_place(run: Run, image: Path) -> None:
    assert "DB_PASSWORD=s3***Pn" in run("report", image, "-f", "json").stdout


def test_the_engines_own_document_stays_as_it_is(run: Run, image: Path) -> None:
    assert SECRET in run("inspect", "-f", "{{.Config.Env}}", image).stdout


def test_a_report_in_which_nothing_is_secret_is_the_same() -> None:
    made = ordinary()
    assert redacted(made, frozenset()) is made
    assert redacted(made, frozenset({"not in it at all"})) == made


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("none", "none"),
        ("a hunter22 b", "a *** b"),
        ("hunter22hunter22", "******"),
        ("xhunter22y", "x***y"),
        ("hunter22 pass hunter22", "*** pass ***"),
        ("a hunter22-and-more b", "a hu***re b"),
        ("a super-hunter22-and-more b", "a su***re b"),
    ],
)
def test_each_secret_is_masked_and_of_those_that_overlap_no_part_is_left(text: str, masked: str) -> None:
    clean = cleaner(frozenset({"hunter22", "hunter22-and-more", "super-hunter22"}))
    assert clean(text) == masked


@pytest.mark.parametrize("repeats", [False, True])
def test_only_instructions_that_repeat_a_secret_are_shown_otherwise(repeats: bool) -> None:
    secret = "hunter22"
    steps = (
        Instruction(index=0, kind="RUN", text=f"use {secret if repeats else 'it'}", layer=0),
        Instruction(index=1, kind="RUN", text="make", layer=1),
    )
    found = shown(steps, frozenset({secret}))
    assert [step.shown for step in found] == (["RUN use ***", ""] if repeats else ["", ""])
    assert found[1] is steps[1]
    assert shown(steps, frozenset()) == steps


def test_edits_of_a_line_with_a_secret_are_left_out() -> None:
    edit = Edit(file="Dockerfile", line=3, removed=("ENV A=hunter22",), added=("RUN x",))
    step = Step(strategy="s", safety=Safety.SAFE, sentence="drop hunter22", saves_bytes=1, edits=(edit,))
    other = replace(step, sentence="keep", edits=(replace(edit, removed=("ENV A=1",)),))
    made = redacted(replace(ordinary(), steps=(step, other)), frozenset({"hunter22"}))
    assert [(one.sentence, one.edits) for one in made.steps] == [("drop ***", ()), ("keep", other.edits)]
