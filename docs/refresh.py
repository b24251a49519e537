"""Runs the commands in README.md and docs/, writes their output below them, and draws the pictures anew.

A ``console`` block holds commands after ``$`` and their output. ``--check`` only lists stale pages, as a test does.
"""

import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
PAGES = (ROOT / "README.md", ROOT / "docs" / "usage.md", ROOT / "docs" / "provenance.md")
_BLOCK = re.compile(r"```console\n(.*?)```", re.DOTALL)


def refreshed(page: str, directory: Path = ROOT) -> str:
    """Return the page with fresh output of its commands, run in ``directory``."""
    return _BLOCK.sub(lambda block: f"```console\n{_run_all(block.group(1), directory)}```", page)


def _run_all(block: str, directory: Path) -> str:
    commands = [line[2:] for line in block.split("\n") if line.startswith("$ ")]
    return "".join(f"$ {command}\n{output(command, directory)}" for command in commands)


def output(command: str, directory: Path = ROOT) -> str:
    """Run a command in a shell, with this Python, by default at the top of the repository; return stdout and stderr."""
    function = f'layerscope() {{ "{sys.executable}" -m layerscope "$@"; }}'
    done = subprocess.run(
        ["bash", "-c", f"{function}\n{command}"],
        cwd=directory,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        check=False,
    )
    return done.stdout if done.stdout.endswith("\n") or not done.stdout else done.stdout + "\n"


def environment() -> dict[str, str]:
    """The environment in which the pages' commands run, the same on every machine."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith("LAYERSCOPE_")}
    return kept | {"COLUMNS": "120", "PYTHONPATH": str(ROOT), "LC_ALL": "C.UTF-8", "LAYERSCOPE_NO_CACHE": "1"}


def main() -> int:
    stale = []
    for page in PAGES:
        before = page.read_text(encoding="utf-8")
        after = refreshed(before)
        if after != before:
            stale.append(page.name)
            if "--check" not in sys.argv:
                page.write_text(after, encoding="utf-8")
    if "--check" not in sys.argv:
        from docs import pictures  # It loads the terminal UI, and this module.

        pictures.main()
    if stale:
        print(f"{'stale' if '--check' in sys.argv else 'refreshed'}: {', '.join(stale)}")
    return 1 if stale and "--check" in sys.argv else 0


if __name__ == "__main__":
    sys.exit(main())
