"""What all tests share: a scratch archive, the real images, and a command line that runs as a process."""

import itertools
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

if TYPE_CHECKING:
    from tests.fixes.engine import Engine

# How long an example takes says more about the machine than about the code.
settings.register_profile("any machine", deadline=None)
settings.load_profile("any machine")

FIXTURES = Path(__file__).parent.parent / "fixtures"
IMAGES = Path(os.environ.get("LAYERSCOPE_IMAGES", str(Path("~/.cache/layerscope-images").expanduser())))

Run = Callable[..., "subprocess.CompletedProcess[str]"]


def pytest_configure() -> None:
    """What a shell starts in the background ignores interrupts, or with nohup hang-ups; so would all that a test starts."""
    if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    for name in ("SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)  # Windows has no SIGHUP.
        if number is not None and signal.getsignal(number) == signal.SIG_IGN:
            signal.signal(number, signal.SIG_DFL)


@pytest.fixture(scope="session")
def running() -> "Iterator[Engine]":
    """An engine that builds and runs images, where this machine has what it needs."""
    from tests.fixes.engine import Unavailable, engine

    try:
        with engine() as found:
            yield found
    except Unavailable as reason:
        pytest.skip(str(reason))


@pytest.fixture(autouse=True)
def _no_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Runners of tests set COLUMNS for their own output; ours has to be as wide as a pipe."""
    monkeypatch.delenv("COLUMNS", raising=False)


_caches = itertools.count()


@pytest.fixture(autouse=True)
def cache_directory(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where every process that the test starts keeps its layers: nowhere else, and nothing is there before."""
    place = tmp_path_factory.getbasetemp() / f"cache-{next(_caches)}"
    monkeypatch.setenv("XDG_CACHE_HOME", str(place))
    return place / "layerscope"


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """``run("report", "x.tar", stdin=b"", **environment)``: the command in an empty directory, output as text."""

    def command(*arguments: str | Path, stdin: bytes = b"", **changes: str) -> "subprocess.CompletedProcess[str]":
        environment = {key: value for key, value in os.environ.items() if not key.startswith("LAYERSCOPE_")}
        environment |= {"PYTHONPATH": str(FIXTURES.parent), "HOME": str(tmp_path), **changes}
        done = subprocess.run(
            [sys.executable, "-m", "layerscope", *map(str, arguments)],
            input=stdin,
            capture_output=True,
            cwd=tmp_path,
            env=environment,
            timeout=120,
            check=False,
        )
        return subprocess.CompletedProcess(
            done.args,
            done.returncode,
            done.stdout.decode("utf-8"),
            done.stderr.decode("utf-8").replace(os.linesep, "\n"),
        )

    return command


def real_image(name: str) -> Path:
    """The archive of an image that a real engine built; skips the test where it is absent."""
    path = IMAGES / name
    if not path.exists():
        pytest.skip(f"{name} is not in {IMAGES}; LAYERSCOPE_IMAGES names another directory")
    return path
