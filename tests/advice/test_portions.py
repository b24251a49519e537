"""The line to edit is the one that makes the content, through as many stages as it takes."""

from pathlib import Path

import pytest

from layerscope.model.step import Safety
from tests.advice.builds import Build
from tests.advice.test_ignore_context import ALL, PROJECT, REPOSITORY, moved
from tests.advice.test_prune_stage import CLONE
from tests.builder import file

CACHE = file("root/.cache/pip/http/a", b"c" * 60_000)


def line_of(text: str, path: Path, strategy: str, **layers: tuple[object, ...]) -> tuple[str, int | None]:
    build = Build(dockerfile=text, layers={int(line[1:]): members for line, members in layers.items()})  # type: ignore[misc]
    step = build.advise(path).of(strategy)
    return step.stage, step.dockerfile_line


def test_a_copy_of_a_copy_leads_to_the_stage_that_made_it(tmp_path: Path) -> None:
    text = (
        "FROM python AS first\nRUN git clone x /src\n"
        "FROM python AS second\nCOPY --from=first /src /work\n"
        "FROM python\nCOPY --from=second /work /srv\n"
    )
    made = {"l2": CLONE, "l4": moved_from_src("work"), "l6": moved_from_src("srv")}
    assert line_of(text, tmp_path, "prune-stage", **made) == ("first", 2)


def moved_from_src(directory: str) -> tuple[object, ...]:
    return tuple(file(one.name.decode().replace("src", directory, 1), one.content) for one in CLONE)


def test_a_copy_of_a_copy_leads_to_the_context(tmp_path: Path) -> None:
    text = (
        "FROM python AS first\nWORKDIR /app\nCOPY . .\n"
        "FROM python AS second\nCOPY --from=first /app /work\n"
        "FROM python\nCOPY --from=second /work /srv\n"
    )
    made = {"l3": ALL, "l5": moved(ALL, "work"), "l7": moved(ALL, "srv")}
    assert line_of(text, tmp_path, "ignore-context", **made) == ("first", 3)


@pytest.mark.parametrize("name", ["0", "SOURCES", "Sources"])
def test_stages_by_number_and_in_any_case(tmp_path: Path, name: str) -> None:
    text = f"FROM python AS sources\nRUN git clone x /src\nFROM python\nCOPY --from={name} /src /src\n"
    assert line_of(text, tmp_path, "prune-stage", l2=CLONE, l4=CLONE) == ("sources", 2)


def test_a_stage_without_a_name_has_its_number(tmp_path: Path) -> None:
    text = "FROM python\nRUN git clone x /src\nFROM python\nCOPY --from=0 /src /src\n"
    assert line_of(text, tmp_path, "prune-stage", l2=CLONE, l4=CLONE) == ("0", 2)


def test_a_target_that_is_built_on_a_stage_has_the_lines_of_both(tmp_path: Path) -> None:
    text = "FROM python AS app\nWORKDIR /app\nCOPY . .\nFROM app AS production\nENV A=1\nCMD main.py\n"
    assert line_of(text, tmp_path, "ignore-context", l3=ALL) == ("app", 3)


def test_what_two_copies_bring_is_counted_for_each(tmp_path: Path) -> None:
    text = "FROM python\nWORKDIR /app\nCOPY . .\nCOPY . /srv\nCMD main.py\n"
    found = Build(dockerfile=text, layers={3: ALL, 4: moved(ALL, "srv")}).advise(tmp_path)
    total = found.of("ignore-context").saves_bytes
    assert total >= sum(len(one.content) for one in (*REPOSITORY, *REPOSITORY))


def test_an_external_image_is_no_stage(tmp_path: Path) -> None:
    text = "FROM python\nWORKDIR /app\nCOPY --from=example/app:1 /app /app\nCMD main.py\n"
    found = Build(dockerfile=text, layers={3: (*PROJECT, *REPOSITORY)}).advise(tmp_path)
    assert not {"ignore-context", "prune-stage"} & set(found.names)


@pytest.mark.parametrize(
    ("middle", "line"),
    [
        pytest.param("", 3, id="its own COPY"),
        pytest.param("FROM python AS last\nCOPY --from=build /app /app\n", 3, id="through another stage"),
        pytest.param("RUN pip install -r requirements.txt\n", 3, id="RUNs that download no project"),
    ],
)
def test_without_the_image_of_a_stage_its_instructions_speak(tmp_path: Path, middle: str, line: int) -> None:
    last = "last" if "AS last" in middle else "build"
    text = f"FROM python AS build\nWORKDIR /app\nCOPY . .\n{middle}FROM python\nCOPY --from={last} /app /app\nCMD main.py\n"
    copied = text.count("\n", 0, text.index(f"COPY --from={last} /app /app\nCMD")) + 1
    members = (*PROJECT, *REPOSITORY)
    found = Build(dockerfile=text, layers={copied: members}, stages=False).advise(tmp_path)
    step = found.of("ignore-context")
    assert (step.stage, step.dockerfile_line, step.safety) == ("build", line, Safety.REVIEW)
    assert step.review.startswith("make sure that line 3 (`COPY . .`) copies them")
    assert found.patched().ignore == ".git\n"


@pytest.mark.parametrize(
    "stage",
    [
        pytest.param("COPY . .\nRUN git clone https://example.com/x other", id="a clone may have made it"),
        pytest.param("COPY requirements.txt .\nRUN make", id="nothing copies it"),
        pytest.param("COPY . .\nRUN curl -L https://example.com/x.tgz | tar xz", id="a download"),
    ],
)
def test_without_the_image_of_a_stage_nothing_is_guessed(tmp_path: Path, stage: str) -> None:
    text = f"FROM python AS build\nWORKDIR /app\n{stage}\nFROM python\nCOPY --from=build /app /app\nCMD main.py\n"
    copied = text.split("\n").index("COPY --from=build /app /app") + 1
    found = Build(dockerfile=text, layers={copied: (*PROJECT, *REPOSITORY)}, stages=False).advise(tmp_path)
    assert "ignore-context" not in found.names
