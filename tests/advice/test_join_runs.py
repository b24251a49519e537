"""RUNs of which one undoes what another wrote are made one, where that changes nothing else."""

from pathlib import Path

import pytest

from layerscope.advice.apply import follow
from layerscope.model.step import Safety
from tests.advice.builds import Advised, Build
from tests.builder import file, whiteout

DATA = file("opt/data.zip", b"d" * 200_000)
GONE = whiteout("opt/data.zip")


def built(path: Path, *lines: str, last: int = 0, made: object = DATA, undone: object = GONE) -> Advised:
    """The advice for a Dockerfile of these lines below FROM: line 2 makes a file, and line ``last`` undoes it."""
    text = "\n".join(("FROM debian", *lines, ""))
    layers = {2: (made,), last or len(lines) + 1: (undone,)}
    return Build(dockerfile=text, layers=layers).advise(path)  # type: ignore[arg-type]


def patched(advised: Advised) -> list[str]:
    return advised.patched("join-runs").dockerfile.text.replace(" \\\n   ", "").split("\n")[1:-1]


def test_what_is_read_and_deleted_later(tmp_path: Path) -> None:
    advised = built(tmp_path, "RUN curl -o /opt/data.zip x", "RUN unzip /opt/data.zip", "RUN rm /opt/data.zip")
    step = advised.of("join-runs")
    assert step.safety == Safety.SAFE and step.saves_bytes == 200_000 and step.dockerfile_line == 2
    assert step.sentence == "make it one RUN with line 3 and line 4: /opt/data.zip is deleted there"
    assert patched(advised) == ["RUN curl -o /opt/data.zip x && unzip /opt/data.zip && rm /opt/data.zip"]


def test_databases_that_two_installations_write(tmp_path: Path) -> None:
    made, again = (file("var/lib/dpkg/status", letter * 150_000) for letter in (b"a", b"b"))
    lines = ("RUN apt-get install -y git", "ENV DEBIAN=1", "LABEL a=b", "WORKDIR /app", "RUN apt-get install -y vim")
    advised = built(tmp_path, *lines, made=made, undone=again)
    assert advised.of("join-runs").saves_bytes == 150_000
    assert patched(advised) == [*lines[1:4], "RUN apt-get install -y git && apt-get install -y vim"]


@pytest.mark.parametrize(
    "lines",
    [
        pytest.param(("RUN make", "USER app", "RUN rm /opt/data.zip"), id="another user"),
        pytest.param(("RUN make", "COPY app /app", "RUN rm /opt/data.zip"), id="files that the first may read"),
        pytest.param(("RUN make", "WORKDIR /app", "RUN rm /opt/data.zip"), id="another directory"),
        pytest.param(("RUN make", "ENV CC=clang", "RUN rm /opt/data.zip"), id="another variable"),
        pytest.param(("RUN service db start && make", "RUN rm /opt/data.zip"), id="a daemon"),
        pytest.param(("RUN make", *["RUN true"] * 3, "RUN rm /opt/data.zip"), id="too many"),
        pytest.param(("COPY data.zip /opt/", "RUN unzip /opt/data.zip && rm /opt/data.zip"), id="a COPY"),
    ],
)
def test_what_depends_on_its_place_is_not_moved(tmp_path: Path, lines: tuple[str, ...]) -> None:
    assert "join-runs" not in built(tmp_path, *lines).names


def test_little_is_not_worth_a_layer_of_the_build_cache(tmp_path: Path) -> None:
    small = file("opt/data.zip", b"d" * 50_000)
    assert "join-runs" not in built(tmp_path, "RUN make", "RUN use /opt/data.zip && rm /opt/data.zip", made=small).names


@pytest.mark.parametrize(
    "lines",
    [
        pytest.param(
            ("WORKDIR $X", "RUN cd /opt && make", "RUN use /opt/data.zip && rm /opt/data.zip"), id="a directory"
        ),
        pytest.param(("RUN export A=1", "RUN use && rm /opt/data.zip"), id="a variable that stays"),
        pytest.param(("RUN --network=none make", "RUN use && rm /opt/data.zip"), id="other flags"),
        pytest.param(("RUN ['make']", "RUN use && rm /opt/data.zip"), id="no shell"),
    ],
)
def test_what_cannot_be_joined_is_left_for_a_person(tmp_path: Path, lines: tuple[str, ...]) -> None:
    advised = built(tmp_path, *(line.replace("'", '"') for line in lines))
    followed = follow(advised.advice, advised.files, include_review=True)
    assert followed.files.dockerfile.text == advised.files.dockerfile.text
    assert all(one.problem for one in advised.advice if one.step.strategy == "join-runs")


def test_a_run_of_another_stage_is_not_moved(tmp_path: Path) -> None:
    text = "FROM debian AS a\nRUN make\nFROM a\nRUN use && rm /opt/data.zip\n"
    assert "join-runs" not in Build(dockerfile=text, layers={2: (DATA,), 4: (GONE,)}).advise(tmp_path).names


def test_words_without_a_dockerfile(tmp_path: Path) -> None:
    text = "FROM debian\nRUN make\nRUN use /opt/data.zip && rm /opt/data.zip\n"
    build = Build(dockerfile=text, layers={2: (DATA,), 3: (GONE,)})
    step = build.advise(tmp_path, with_dockerfile=False).of("join-runs")
    assert "one RUN with `RUN use /opt/data.zip && rm /opt/data.zip`" in step.sentence and not step.edits
