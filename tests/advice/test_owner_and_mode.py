"""Owner and mode are set where files are written, and never where that would need a user who is not there yet."""

from pathlib import Path

import pytest

from layerscope.model.step import Safety
from tests.advice.builds import Build
from tests.builder import Member, file

DATA = b"m" * 50_000


def model(**fields: int) -> Member:
    return file("app/model.bin", DATA, **fields)  # type: ignore[arg-type]


def test_a_copy_takes_the_owner(tmp_path: Path) -> None:
    text = "FROM debian\nWORKDIR /app\nCOPY . .\nRUN chown -R node:node /app\nUSER node\n"
    advised = Build(dockerfile=text, layers={3: (model(),), 4: (model(uid=1000),)}).advise(tmp_path)
    step = advised.of("owner-and-mode")
    assert step.safety == Safety.SAFE and step.saves_bytes == 50_000 and step.dockerfile_line == 4
    assert advised.patched().dockerfile.text == (
        "FROM debian\nWORKDIR /app\nCOPY --chown=node:node . .\nRUN chown node:node /app\nUSER node\n"
    )


def test_a_run_sets_the_mode_itself(tmp_path: Path) -> None:
    text = "FROM debian\nRUN fetch model\nRUN chmod -R g+w /app\n"
    advised = Build(dockerfile=text, layers={2: (model(),), 3: (model(mode=0o664),)}).advise(tmp_path)
    patched = advised.patched("owner-and-mode").dockerfile.text
    assert "fetch model \\\n    && chmod -R g+w /app" in patched and "\nRUN chmod g+w /app\n" in patched


@pytest.mark.parametrize(
    "middle",
    [
        pytest.param("RUN useradd node", id="the user is made in between"),
        pytest.param("USER daemon", id="what writes is not root"),
    ],
)
def test_nothing_is_proposed_that_would_fail(tmp_path: Path, middle: str) -> None:
    text = f"FROM debian\nCOPY . /app\n{middle}\nRUN chown -R node:node /app\n"
    advised = Build(dockerfile=text, layers={2: (model(),), 4: (model(uid=1000),)}).advise(tmp_path)
    assert "owner-and-mode" not in advised.names


def test_a_script_that_does_more_is_left_alone(tmp_path: Path) -> None:
    text = "FROM debian\nCOPY . /app\nRUN chown -R node:node /app && /app/setup\n"
    advised = Build(dockerfile=text, layers={2: (model(),), 3: (model(uid=1000),)}).advise(tmp_path)
    assert "owner-and-mode" not in advised.names


def test_the_legacy_builder_has_no_chmod_for_copy(tmp_path: Path) -> None:
    text = "FROM debian\nCOPY . /app\nRUN chmod -R 775 /app\n"
    layers = {2: (model(),), 3: (model(mode=0o775),)}
    assert "owner-and-mode" not in Build(dockerfile=text, layers=layers).advise(tmp_path).names
    advised = Build(dockerfile=text, layers=layers, is_buildkit=True).advise(tmp_path)
    assert "COPY --chmod=775 . /app" in advised.patched().dockerfile.text
