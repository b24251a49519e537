"""An archive is unpacked by ADD where the RUN does nothing else, and as the same user."""

from pathlib import Path

import pytest

from layerscope.model.step import Safety
from tests.advice.builds import Build
from tests.builder import file, whiteout

ARCHIVE = file("tmp/x.tar.gz", b"z" * 50_000)


@pytest.mark.parametrize(
    "run",
    [
        "tar xzf /tmp/x.tar.gz -C /opt/x",
        "tar -C /opt/x -xzf /tmp/x.tar.gz",
        "mkdir -p /opt/x && tar -xf /tmp/x.tar.gz -C /opt/x",
        "mkdir -p /opt/x && tar -xf /tmp/x.tar.gz -C /opt/x && rm -f /tmp/x.tar.gz",
    ],
)
def test_add_unpacks_it(tmp_path: Path, run: str) -> None:
    text = f"FROM debian\nCOPY vendor/x.tar.gz /tmp/\nRUN {run}\nCMD x\n"
    layers = {2: (ARCHIVE,), 3: (file("opt/x/a", b"a"), *((whiteout("tmp/x.tar.gz"),) if "rm" in run else ()))}
    advised = Build(dockerfile=text, layers=layers).advise(tmp_path)
    assert advised.of("unpack").safety == Safety.SAFE and advised.of("unpack").saves_bytes == 50_000
    assert advised.patched().dockerfile.text == "FROM debian\nADD vendor/x.tar.gz /opt/x/\nCMD x\n"


@pytest.mark.parametrize(
    "lines",
    [
        pytest.param(("COPY x.tar.gz /tmp/", "RUN tar xzf /tmp/x.tar.gz -C /o --strip-components=1"), id="option"),
        pytest.param(("COPY x.tar.gz /tmp/", "RUN tar xzf /tmp/x.tar.gz -C /o && make"), id="does more"),
        pytest.param(("COPY x.tar.gz /tmp/", "RUN tar xzf /tmp/x.tar.gz -C /o a/b"), id="some members"),
        pytest.param(("COPY x.tar.gz /tmp/", "RUN tar xzf /tmp/x.tar.gz -C $DIR"), id="a variable"),
        pytest.param(("COPY x.tar.gz /tmp/", "RUN mkdir -p /a /o && tar xzf /tmp/x.tar.gz -C /o"), id="directories"),
        pytest.param(("COPY --chown=1 x.tar.gz /tmp/", "RUN tar xzf /tmp/x.tar.gz -C /o"), id="an owner"),
        pytest.param(("COPY x.tar.gz /tmp/", "USER app", "RUN tar xzf /tmp/x.tar.gz -C /o"), id="another user"),
        pytest.param(
            ("COPY x.tar.gz /tmp/", "RUN tar xzf /tmp/x.tar.gz -C /o", "RUN sum /tmp/x.tar.gz"), id="read twice"
        ),
    ],
)
def test_it_stays_a_copy(tmp_path: Path, lines: tuple[str, ...]) -> None:
    build = Build(dockerfile="\n".join(("FROM debian", *lines, "")), layers={2: (ARCHIVE,)})
    assert "unpack" not in build.advise(tmp_path).names
