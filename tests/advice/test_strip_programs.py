"""Programs are linked without debug information, for review."""

from pathlib import Path

import pytest

from layerscope.model.step import Safety
from tests.advice.builds import Advised, Build
from tests.builder import file
from tests.packages.elves import elf

BYTES = elf({".text": b"x" * 50_000, ".debug_info": b"d" * 50_000})
PROGRAM = file("out/tool", BYTES, mode=0o755)
COPIED = file("usr/bin/tool", BYTES, mode=0o755)


def advise(directory: Path, *build: str, stages: bool = True) -> Advised:
    lines = ["FROM golang AS build", *build, "FROM debian", "COPY --from=build /out/tool /usr/bin/tool"]
    layers = {1 + len(build): (PROGRAM,), len(lines): (COPIED,)}
    return Build(dockerfile="\n".join((*lines, "")), layers=layers, stages=stages).advise(directory)


@pytest.mark.parametrize(
    "run",
    [
        "go build -o /out/tool .",
        "CGO_ENABLED=0 go -C cmd build",
        "go mod download && go install ./...",
        "go build -ldflags '-X main.v=1' .",
    ],
)
def test_go(tmp_path: Path, run: str) -> None:
    advised = advise(tmp_path, f"RUN {run}")
    step = advised.of("strip-programs")
    assert step.safety == Safety.REVIEW and step.dockerfile_line == 2 and step.saves_bytes == 50_000
    assert "-ldflags=-w" in step.sentence and not step.edits


def test_the_only_run_of_a_stage_whose_image_is_not_at_hand(tmp_path: Path) -> None:
    advised = advise(tmp_path, "RUN go build -o /out/tool .", stages=False)
    assert advised.of("strip-programs").dockerfile_line == 2


@pytest.mark.parametrize("run", ["cargo build --release --locked", "cargo install --path .", "cargo b -r"])
def test_cargo(tmp_path: Path, run: str) -> None:
    step = advise(tmp_path, f"RUN {run}").of("strip-programs")
    assert "ENV CARGO_PROFILE_RELEASE_STRIP=debuginfo" in step.sentence and not step.edits


@pytest.mark.parametrize(
    "build",
    [
        pytest.param(("RUN go build -ldflags='-s -w' .",), id="stripped already, as far as the options say"),
        pytest.param(("RUN make tool",), id="nobody knows how"),
        pytest.param(("RUN cargo build",), id="a build for debugging"),
        pytest.param(("RUN cargo build --profile dist",), id="another profile"),
        pytest.param(("ENV CARGO_PROFILE_RELEASE_STRIP=none", "RUN cargo build --release"), id="set already"),
    ],
)
def test_no_step(tmp_path: Path, build: tuple[str, ...]) -> None:
    advised = advise(tmp_path, *build)
    assert advised.findings and "strip-programs" not in advised.names
