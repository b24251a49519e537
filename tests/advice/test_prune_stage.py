"""What a stage needs until its own instructions have run is deleted at its end, where nothing else sees it."""

from pathlib import Path

import pytest

from layerscope.model.step import Safety
from tests.advice.builds import Advised, Build
from tests.advice.test_ignore_context import ALL, PROJECT, TESTS
from tests.builder import Member, file

CLONE = (
    file("src/.git/HEAD", b"ref: refs/heads/main\n"),
    file("src/.git/config", b"[core]\n"),
    file("src/.git/objects/pack/pack-1.pack", b"g" * 60_000),
    file("src/main.py", b"import flask\n" * 10),
)


def advised(
    directory: Path,
    *final: str,
    stage: tuple[str, ...] = ("RUN git clone https://example.com/app /src",),
    between: tuple[str, ...] = (),
    copy: str = "COPY --from=build /src /src",
    made: tuple[Member, ...] = CLONE,
    stages: bool = True,
) -> Advised:
    """The advice where a stage makes a directory that the final one copies."""
    lines = ["FROM python AS build", *stage, *between, "FROM python", copy, *final, 'CMD ["python", "main.py"]', ""]
    copied = lines.index(copy) + 1
    layers = {2: made, copied: made}
    return Build(dockerfile="\n".join(lines), layers=layers, stages=stages).advise(directory)


def removal(found: Advised) -> str:
    lines = [edit.added[0] for step in found.steps if step.strategy == "prune-stage" for edit in step.edits]
    return lines[0] if lines else ""


def test_it_is_deleted_at_the_end_of_the_stage_that_makes_it(tmp_path: Path) -> None:
    found = advised(tmp_path, "RUN pip install flask", between=("ENV A=1",))
    step = found.of("prune-stage")
    assert step.safety == Safety.SAFE and (step.stage, step.dockerfile_line) == ("build", 3)
    assert step.saves_bytes == sum(len(one.content) for one in CLONE[:3])
    assert "ENV A=1\nRUN rm -rf /src/.git\nFROM python\n" in found.patched("prune-stage").dockerfile.text


def test_tests_of_the_context_go_when_they_have_run(tmp_path: Path) -> None:
    text = (
        "FROM python AS build\nWORKDIR /app\nCOPY . .\nRUN pytest\n"
        "FROM python\nWORKDIR /app\nCOPY --from=build /app /app\nCMD main.py\n"
    )
    members = (*PROJECT, *TESTS)
    found = Build(dockerfile=text, layers={3: members, 7: members}).advise(tmp_path)
    assert removal(found) == "RUN rm -rf /app/tests" and found.of("prune-stage").safety == Safety.SAFE


@pytest.mark.parametrize(
    "final",
    [
        pytest.param("RUN git -C /src describe > /version", id="a later RUN reads it"),
        pytest.param("RUN tar cf /x.tar /src/.git", id="a later RUN names it"),
        pytest.param("COPY --from=build /src/.git/HEAD /version", id="another COPY takes a part of it"),
        pytest.param("ENV GIT_DIR=/src/.git", id="a variable names it"),
    ],
)
def test_what_the_final_stage_needs_stays(tmp_path: Path, final: str) -> None:
    assert not removal(advised(tmp_path, final))


def test_a_later_build_makes_it_doubtful(tmp_path: Path) -> None:
    step = advised(tmp_path, "RUN make -C /src").of("prune-stage")
    assert (
        step.safety == Safety.REVIEW and step.review == "make sure that line 5 (`RUN make -C /src`) can do without them"
    )


@pytest.mark.parametrize(
    ("stage", "between"),
    [
        pytest.param(("RUN git clone x /src", "USER nobody"), (), id="another user"),
        pytest.param(("RUN git clone x /src", 'SHELL ["/bin/bash", "-c"]'), (), id="another shell"),
        pytest.param(("RUN git clone x /src", "VOLUME /src"), (), id="a volume"),
        pytest.param(('RUN ["git", "clone", "x", "/src"]',), (), id="no shell"),
        pytest.param(("RUN git clone x /src",), ("FROM build AS test", "RUN make"), id="built upon"),
        pytest.param(
            ("RUN git clone x /src",), ("FROM python AS v", "COPY --from=build /src/.git /r"), id="copied elsewhere"
        ),
        pytest.param(
            ("RUN git clone x /src",),
            ("FROM python AS v", "COPY --from=build /src /src", "RUN git -C /src log > /log"),
            id="read elsewhere",
        ),
    ],
)
def test_a_stage_that_cannot_delete_it_is_left_alone(
    tmp_path: Path, stage: tuple[str, ...], between: tuple[str, ...]
) -> None:
    assert not removal(advised(tmp_path, stage=stage, between=between))


def test_a_stage_without_its_image_is_left_alone(tmp_path: Path) -> None:
    assert not removal(advised(tmp_path, stages=False))


def test_a_stage_without_run_needs_a_shell(tmp_path: Path) -> None:
    text = "FROM python AS build\nCOPY . /app\nFROM python\nCOPY docs /d\nCOPY --from=build /app /app\nWORKDIR /app\n"
    shell = (file("bin/sh", b"\x7fELF"), file("bin/rm", b"\x7fELF"))
    for members, expected in ((ALL, ""), ((*ALL, *shell), "RUN rm -rf /app/docs")):
        layers = {2: members, 5: ALL}
        found = Build(dockerfile=text, layers=layers).advise(tmp_path)
        assert removal(found) == expected


def test_names_that_a_shell_would_read_are_quoted(tmp_path: Path) -> None:
    made = tuple(file(one.name.decode().replace("src/", "src/my app/"), one.content) for one in CLONE)
    assert removal(advised(tmp_path, made=made)) == "RUN rm -rf '/src/my app/.git'"


@pytest.mark.parametrize(
    ("later", "safety"), [("RUN make", Safety.REVIEW), ("RUN useradd a", Safety.SAFE), ("RUN git log", None)]
)
def test_without_a_dockerfile_what_follows_the_copy_counts(tmp_path: Path, later: str, safety: Safety | None) -> None:
    text = f"FROM python AS build\nRUN git clone x /src\nFROM python\nCOPY --from=build /src /src\n{later}\n"
    found = Build(dockerfile=text, layers={2: CLONE, 4: CLONE}).advise(tmp_path, with_dockerfile=False)
    assert [step.safety for step in found.steps if step.strategy == "prune-stage"] == ([safety] if safety else [])
