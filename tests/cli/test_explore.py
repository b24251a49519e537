"""``layerscope explore`` on a terminal, and what it says where there is none."""

import os
import select
import subprocess
import sys
import time
from collections.abc import Callable
from importlib.machinery import ModuleSpec
from pathlib import Path

import pytest

from layerscope.analysis.browse import Scope
from layerscope.cli.commands import explore
from layerscope.errors import MissingExtra, UsageError
from tests.analysis.test_browse import browsing
from tests.cli.calling import call
from tests.conftest import FIXTURES

TINY = FIXTURES / "tiny-legacy.tar"


def test_without_a_terminal_it_says_what_to_do_instead() -> None:
    done = call("explore", TINY)
    assert (done.code, done.out) == (2, b"")
    assert done.err == (
        "layerscope: explore needs a terminal\nhint: use layerscope report for files and pipes\n"
    ).replace("\n", os.linesep)


def test_an_image_from_a_pipe_is_refused_before_it_is_read() -> None:
    done = call("explore", "-", stdin=TINY.read_bytes())
    assert done.code == 2 and "explore cannot read the image from stdin" in done.err


def test_a_missing_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal:
        def isatty(self) -> bool:
            return True

    def find(name: str) -> ModuleSpec | None:
        return None

    monkeypatch.setattr(sys, "stdin", Terminal())
    monkeypatch.setattr(sys, "stdout", Terminal())
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(explore, "find_spec", find)
    with pytest.raises(MissingExtra) as caught:
        explore._check("image.tar")
    assert caught.value.hint == "install it with: pip install 'layerscope[explore]'"
    monkeypatch.setenv("TERM", "dumb")
    with pytest.raises(UsageError, match="explore needs a terminal"):
        explore._check("image.tar")


def on_terminal(
    *arguments: str | Path, keys: bytes, awaited: bytes, meanwhile: Callable[[], object] = lambda: None
) -> tuple[int, bytes]:
    """The exit code and all output of a call on a terminal, where ``keys`` are pressed once ``awaited`` is shown."""
    pty = pytest.importorskip("pty", reason="the system has no pseudo-terminals")
    import fcntl
    import struct
    import termios

    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 30, 100, 0, 0))
    process = subprocess.Popen(
        [sys.executable, "-m", "layerscope", "explore", *map(str, arguments)],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env={**os.environ, "TERM": "xterm-256color", "PYTHONPATH": str(FIXTURES.parent)},
        start_new_session=True,
    )
    os.close(theirs)
    out, limit, pressed = b"", time.monotonic() + 60, False
    while time.monotonic() < limit:
        if not select.select([ours], [], [], 0.2)[0]:
            continue
        try:
            piece = os.read(ours, 65536)
        except OSError:  # Linux says so when the other side is closed.
            break
        if not piece:
            break
        out += piece
        if awaited in out and not pressed:
            pressed = True
            meanwhile()
            os.write(ours, keys)
    os.close(ours)
    process.kill() if time.monotonic() >= limit else None
    return process.wait(10), out


def test_it_shows_the_image_until_q_is_pressed() -> None:
    code, out = on_terminal(TINY, keys=b"q", awaited=b"reclaimable")
    assert code == 0, out
    assert b"tiny:legacy" in out and b"Traceback" not in out


def test_the_archive_may_be_written_anew_while_somebody_looks(tmp_path: Path) -> None:
    path = tmp_path / "image.tar"
    path.write_bytes(TINY.read_bytes())
    code, out = on_terminal(path, keys=b"q", awaited=b"reclaimable", meanwhile=lambda: path.write_bytes(b"new"))
    assert code == 0, out


def test_a_saved_report_has_too_little_to_walk_through(tmp_path: Path) -> None:
    saved = tmp_path / "report.json"
    saved.write_bytes(call("report", TINY, "-f", "json").out)
    code, out = on_terminal(saved, keys=b"", awaited=b"hint")
    assert code == 2 and b"is a saved report, which does not list all files" in out


def test_a_file_that_is_no_image_is_told_as_everywhere(tmp_path: Path) -> None:
    path = tmp_path / "empty.tar"
    path.write_bytes(b"")
    code, out = on_terminal(path, keys=b"", awaited=b"hint")
    assert code == 3 and b"is empty" in out


def extracted(image: Path, path: str, place: Path, most: int = 1 << 30) -> str:
    """What is said of the extraction of all that the last layer shows at or below a path."""
    with browsing(image) as (browser, report, analysis):
        tree = browser.tree(Scope(layer=len(report.layers) - 1, cumulative=True))
        key = tree.find(path)
        assert key is not None
        return explore._extracted(analysis.filesystem, most, tree.versions(key), path, str(place))


def test_what_is_extracted_is_what_the_tree_lists(tmp_path: Path) -> None:
    wrote = extracted(TINY, "/src", tmp_path / "out")
    assert wrote == f"wrote 4 files, 4 directories and 0 symlinks to {tmp_path / 'out'}"
    assert (tmp_path / "out" / "src" / "app.py").read_bytes()
    again = extracted(TINY, "/src/app.py", tmp_path / "out" / "src")
    assert again.endswith("/src/app.py: already exists")


def test_an_extraction_that_fails_says_why(tmp_path: Path) -> None:
    assert extracted(TINY, "/src", tmp_path, most=10).startswith("not extracted: ")
    (tmp_path / "file").write_bytes(b"")
    assert extracted(TINY, "/src", tmp_path / "file").startswith("not extracted: cannot write to ")
