"""Runs the real command line in a process of its own, as a person does."""

import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import pytest

NEEDS_MODES = pytest.mark.skipif(os.name == "nt", reason="the system has no such modes")


def _has_symlinks() -> bool:
    """Whether a symlink can be made, and is seen as one."""
    with tempfile.TemporaryDirectory() as folder:
        link = Path(folder, "link")
        try:
            link.symlink_to("target")
        except OSError:
            return False
        return link.is_symlink()


NEEDS_SYMLINKS = pytest.mark.skipif(not _has_symlinks(), reason="no symlinks can be made here")


@dataclass(frozen=True, slots=True, kw_only=True)
class Called:
    """What a call left: its exit code, stdout as bytes, and stderr."""

    code: int
    out: bytes
    err: str


def call(*arguments: str | Path, stdin: bytes = b"", folder: Path | None = None, **environment: str) -> Called:
    """Run ``layerscope`` with these arguments; a traceback fails the test whatever it asserts."""
    done = subprocess.run(
        [sys.executable, "-m", "layerscope", *map(str, arguments)],
        input=stdin,
        capture_output=True,
        check=False,
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2]), **environment},
        timeout=120,
    )
    err = done.stderr.decode("utf-8", "replace")
    assert "Traceback" not in err, err
    return Called(code=done.returncode, out=done.stdout, err=err)


def shown(*arguments: str | Path) -> str:
    """What ``layerscope`` prints on a terminal, tabs as spaces."""
    pty = pytest.importorskip("pty", reason="the system has no pseudo-terminals")
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "layerscope", *map(str, arguments)]
    done = subprocess.run(command, stdout=theirs, check=False)
    os.close(theirs)
    found = os.read(ours, 1000)
    os.close(ours)
    assert done.returncode == 0
    return found.decode().replace("\r\n", "\n").expandtabs()
