"""The tool under proof, as a process."""

import difflib
import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

_ROOT = Path(__file__).parent.parent.parent


class ToolFailed(Exception):
    """layerscope ended with an error."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """What ``layerscope fix`` proposes: the patch, the numbers of its steps, and why others are left out."""

    patch: str
    done: frozenset[int]
    left: dict[int, str]


def layerscope(*arguments: str | Path, cwd: Path | None = None) -> str:
    """Run ``layerscope ...`` and return its output."""
    return _run(*arguments, cwd=cwd).stdout


def _run(*arguments: str | Path, cwd: Path | None = None) -> "subprocess.CompletedProcess[str]":
    run = subprocess.run(
        [sys.executable, "-m", "layerscope", *map(str, arguments)],
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": str(_ROOT), "LAYERSCOPE_NO_CACHE": "1", "COLUMNS": "9999"},
        capture_output=True,
        check=False,
        timeout=1200,
    )
    # A patch may have line ends of Windows, which text mode would change.
    said = run.stdout.decode(), run.stderr.decode("utf-8", "replace")
    done = subprocess.CompletedProcess(run.args, run.returncode, *said)
    if done.returncode not in (0, 1) or "Traceback" in done.stderr:
        raise ToolFailed(f"layerscope {arguments[0]} ended with {done.returncode}: {done.stderr[-1500:]}")
    return done


@cache
def has_fix() -> bool:
    """Return whether the command ``fix`` is there, with what it needs."""
    try:
        layerscope("fix", "--help")
    except ToolFailed:
        return False
    return True


def report(archive: Path, evidence: list[str | Path], folder: Path) -> dict[str, Any]:
    """The report as JSON, for the Dockerfile and the build context in ``folder``."""
    document: dict[str, Any] = json.loads(layerscope("report", archive, *evidence, "-f", "json", "-q", cwd=folder))
    return document


def propose(archive: Path, evidence: list[str | Path], folder: Path, *, review: bool) -> Proposal:
    """The patch for the Dockerfile and the build context in ``folder``."""
    done = _run("fix", archive, *evidence, *(["--include-review"] if review else []), cwd=folder)
    steps = re.findall(r"^step (\d+) saves", done.stderr, re.MULTILINE)
    left = re.findall(r"^left [^:\n]+: step (\d+) saves[^\n]*\n +(?:review: )?([^\n]*)", done.stderr, re.MULTILINE)
    return Proposal(
        patch=done.stdout,
        done=frozenset(map(int, steps)),
        left={int(number): why for number, why in left},
    )


def alone(step: dict[str, Any], folder: Path) -> str:
    """The edits of one step as a patch of the files in ``folder``."""
    patch: list[str] = []
    for file in dict.fromkeys(edit["file"] for edit in step["edits"]):
        path = folder / file
        old = path.read_text("utf-8").splitlines(keepends=True) if path.exists() else []
        new = list(old)
        for edit in sorted(step["edits"], key=lambda edit: -int(edit["line"])):
            if edit["file"] == file:
                start = edit["line"] - 1
                new[start : start + len(edit["removed"])] = [f"{line}\n" for line in edit["added"]]
        before = f"a/{file}" if old else "/dev/null"
        patch += difflib.unified_diff(old, new, before, f"b/{file}")
    return "".join(patch)
