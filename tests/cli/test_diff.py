"""``layerscope diff``: archives and saved reports, as text, JSON and Markdown."""

import json
from pathlib import Path

import pytest

from tests.cli.images import AFTER, BEFORE, written
from tests.conftest import FIXTURES, Run, real_image


@pytest.fixture
def pair(tmp_path: Path) -> tuple[Path, Path]:
    return written(tmp_path, "before.tar", BEFORE), written(tmp_path, "after.tar", AFTER)


def test_text_says_what_came_what_went_and_what_is_still_in(run: Run, pair: tuple[Path, Path]) -> None:
    done = run("diff", *pair)
    lines = done.stdout.split("\n")
    assert done.returncode == 0 and not done.stderr
    assert lines[0] == "app:after is 500 B (13%) smaller than app:before"
    assert any(line.split() == ["layers", "4", "3", "2", "shared,", "456", "B"] for line in lines)
    assert any(line.endswith("RUN make tool") for line in lines)
    left = next(index for index, line in enumerate(lines) if line.endswith("REMAINING FINDINGS"))
    assert lines[left + 1].split() == ["high", "21", "B", "vcs-metadata:", "/app/.git/HEAD"]
    assert "PATHS: 1 moved (3.00 kB, content unchanged)" in done.stdout
    assert len(lines) <= 41


def test_the_biggest_paths_are_listed_where_rows_are_asked_for(run: Run, pair: tuple[Path, Path]) -> None:
    assert "/usr/lib/tool -> /opt/tool" in run("diff", *pair, "--top", "3").stdout


def test_json_holds_every_path(run: Run, pair: tuple[Path, Path]) -> None:
    document = json.loads(run("diff", *pair, "-f", "json").stdout)
    (moved,) = document["paths"]["paths"]
    assert (moved["path"], moved["moved_from"], moved["status"]) == ("/opt/tool", "/usr/lib/tool", "moved")
    assert document["after"]["totals"]["live_bytes"] == document["before"]["totals"]["live_bytes"]


def test_saved_reports_are_compared_too_and_it_is_said_what_is_missing(
    run: Run, pair: tuple[Path, Path], tmp_path: Path
) -> None:
    for name in ("before", "after"):
        (tmp_path / f"{name}.json").write_text(run("report", tmp_path / f"{name}.tar", "-f", "json").stdout)
    full, short = (json.loads(run("diff", *sides, "-f", "json").stdout) for sides in (pair, ("before.json", pair[1])))
    assert short["paths"] is None
    same = ("before", "after", "layers", "packages", "instructions", "findings", "stages")
    assert {name: short[name] for name in same} == {name: full[name] for name in same}
    assert "so paths were not compared" in run("diff", "before.json", "after.json").stdout


def test_markdown_is_a_heading_and_tables(run: Run, pair: tuple[Path, Path]) -> None:
    text = run("diff", *pair, "-f", "markdown").stdout
    assert text.startswith("### app:after is 500 B ") and "\n| --- |" in text


def test_an_image_does_not_differ_from_itself(run: Run, pair: tuple[Path, Path]) -> None:
    done = run("diff", pair[0], pair[0])
    assert "app:before and app:before are the same size" in done.stdout and "PATHS: no differences" in done.stdout
    assert "STEPS" not in done.stdout and "PACKAGES" not in done.stdout


def test_both_sides_cannot_come_through_one_pipe(run: Run) -> None:
    done = run("diff", "-", "-")
    assert done.returncode == 2 and "from stdin" in done.stderr


SEVERAL = FIXTURES / "several.tar"


@pytest.mark.parametrize(
    ("arguments", "verdict"),
    [
        pytest.param(
            (SEVERAL, SEVERAL, "--before-image", "tiny:builder", "--after-image", "tiny:legacy"),
            "tiny:legacy is 15.5 kB (32%) larger than tiny:builder",
            id="two images of one archive",
        ),
        pytest.param(
            (SEVERAL, FIXTURES / "tiny-legacy.tar", "--before-image", "tiny:builder"),
            "tiny:legacy is 15.5 kB (32%) larger than tiny:builder",
            id="one of several and a lone one",
        ),
        pytest.param(
            (SEVERAL, SEVERAL, "--image", "tiny:builder", "--after-image", "1"),
            "tiny:legacy is 15.5 kB (32%) larger than tiny:builder",
            id="one side overrides what is for both",
        ),
    ],
)
def test_each_side_may_have_its_own_image(run: Run, arguments: tuple[str | Path, ...], verdict: str) -> None:
    assert run("diff", *arguments).stdout.split("\n")[0] == verdict


def test_each_side_may_have_its_own_platform(run: Run) -> None:
    path = FIXTURES / "buildah-platforms.tar"
    done = run("diff", path, path, "--before-platform", "linux/amd64", "--after-platform", "linux/arm64", "-f", "json")
    document = json.loads(done.stdout)
    assert [document[side]["image"]["platform"] for side in ("before", "after")] == ["linux/amd64", "linux/arm64"]


@pytest.mark.parametrize(
    ("sides", "option"),
    [
        ((SEVERAL, FIXTURES / "tiny-legacy.tar"), "--before-image"),
        ((FIXTURES / "tiny-legacy.tar", SEVERAL), "--after-image"),
    ],
)
def test_it_is_said_which_side_has_to_be_picked(run: Run, sides: tuple[Path, Path], option: str) -> None:
    done = run("diff", *sides)
    assert done.returncode == 2
    assert (
        f"{SEVERAL}: the archive holds 3 images" in done.stderr
        and f"hint: pick one with {option} NAME|INDEX\n" in done.stderr
    )


DOCKERFILE = FIXTURES / "context" / "Dockerfile"


def test_a_dockerfile_says_which_line_added_how_much(run: Run, tmp_path: Path) -> None:
    pair = (FIXTURES / "tiny-legacy.tar", FIXTURES / "tiny-buildkit.tar")
    older = tmp_path / "Dockerfile"
    older.write_text("# A comment moves every line.\n" + DOCKERFILE.read_text())
    found = json.loads(run("diff", *pair, "--dockerfile", DOCKERFILE, "-f", "json").stdout)
    lines = {(one["before_line"], one["after_line"], one["text"]) for one in found["instructions"]}
    assert (9, 9, "COPY op /bin/op") in lines and (18, 18, 'CMD ["/usr/bin/app"]') in lines
    dockerfiles = ("--before-dockerfile", older, "--after-dockerfile", DOCKERFILE)
    moved = json.loads(run("diff", *pair, *dockerfiles, "-f", "json").stdout)
    assert {(one["before_line"], one["after_line"]) for one in moved["instructions"]} >= {(10, 9), (19, 18)}


def test_a_dockerfile_of_one_side_alone_is_for_that_side(run: Run) -> None:
    pair = (FIXTURES / "tiny-legacy.tar", FIXTURES / "tiny-buildkit.tar")
    found = json.loads(run("diff", *pair, "--after-dockerfile", DOCKERFILE, "-f", "json").stdout)
    assert {one["before_line"] for one in found["instructions"]} == {None}
    assert {one["after_line"] for one in found["instructions"]} > {9, 18}


def test_a_dockerfile_of_another_image_is_an_error_that_names_the_option(run: Run, pair: tuple[Path, Path]) -> None:
    done = run("diff", *pair, "--dockerfile", DOCKERFILE)
    assert done.returncode == 2 and "--before-dockerfile names the one of this image" in done.stderr
    other = run("diff", FIXTURES / "tiny-legacy.tar", pair[1], "--dockerfile", DOCKERFILE)
    assert other.returncode == 2 and "--after-dockerfile names the one of this image" in other.stderr


@pytest.mark.parametrize(
    ("options", "own"),
    [
        (("--base", "itself"), (False, False)),
        (("--before-base", "itself"), (False, True)),
        (("--after-base", "itself"), (True, False)),
    ],
)
def test_a_base_image_is_that_of_both_images_or_of_one(
    run: Run, options: tuple[str, str], own: tuple[bool, bool]
) -> None:
    image = FIXTURES / "tiny-legacy.tar"
    done = run("diff", image, image, options[0], image, "-f", "json")
    found = json.loads(done.stdout)
    assert tuple(found[side]["totals"]["own_bytes"] > 0 for side in ("before", "after")) == own
    text = run("diff", image, image, options[0], image).stdout
    assert ("the files are still there" in text) == (own[0] != own[1])
    assert "\ninherited " in text


@pytest.mark.parametrize("option", ["--stage", "--before-stage", "--after-stage"])
def test_equal_files_are_equal_whichever_image_has_a_stage(run: Run, pair: tuple[Path, Path], option: str) -> None:
    paths, with_stage = (
        json.loads(run("diff", *pair, *stage, "-f", "json").stdout)["paths"]
        for stage in ((), (option, f"build={pair[0]}"))
    )
    assert with_stage == paths
    assert "moved" in {one["status"] for one in paths["paths"]}


@pytest.mark.parametrize("chosen", ["table", "markdown", "json"])
def test_growth_beyond_the_maximum_is_said_and_fails(run: Run, pair: tuple[Path, Path], chosen: str) -> None:
    words = {"json": '"outcome":"FAIL"'}.get(chosen, "exceeds")
    grown = run("diff", pair[1], pair[0], "--max-growth", "5%", "-f", chosen)
    assert grown.returncode == 1 and words in grown.stdout
    within = run("diff", pair[1], pair[0], "--max-growth", "50%", "-f", chosen)
    assert within.returncode == 0 and words not in within.stdout
    assert run("diff", *pair, "--max-growth", "much").returncode == 2


@pytest.mark.real
def test_a_build_stage_is_accounted_for_to_the_byte(run: Run) -> None:
    names = ("notesapp-default", "notesapp-multistage")
    document = json.loads(run("diff", *(real_image(f"{name}.tar") for name in names), "-f", "json").stdout)
    sides = (document["before"], document["after"])
    engine = [json.loads(real_image(f"{name}.inspect.json").read_text())[0] for name in names]
    assert [side["image"]["docker_size"] for side in sides] == [one["Size"] for one in engine]
    layers = [one["RootFS"]["Layers"] for one in engine]
    assert document["layers"]["shared"] == len(set(layers[0]) & set(layers[1]))
    live = sides[1]["totals"]["live_bytes"] - sides[0]["totals"]["live_bytes"]
    content = sides[1]["totals"]["content_bytes"] - sides[0]["totals"]["content_bytes"]

    def delta(name: str) -> int:
        return sum(one["after_bytes"] - one["before_bytes"] for one in document[name])

    assert delta("directories") == live
    assert delta("packages") + document["after_unowned_bytes"] - document["before_unowned_bytes"] == live
    assert sum(one["after_bytes"] - one["before_bytes"] for one in document["paths"]["paths"]) == live
    assert delta("instructions") == content
    assert document["paths"]["unknown"] == 0
