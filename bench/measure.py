"""Runs commands in turn and keeps, for each, the time of every run and the peak memory of its largest process."""

import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

SLOW = 20
"""Seconds from which on a command is measured once only."""
LIMIT = 300
"""Seconds after which a command is ended."""
_SETTINGS = ("PYTHONDONTWRITEBYTECODE", "PYTHONUNBUFFERED", "LAYERSCOPE_")


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """What to run; ``cache`` is the directory of layerscope's cache, a new and empty one for each run where not given.

    ``first`` asks for the time until its first output instead of that until its end.
    """

    arguments: list[str]
    cache: str = ""
    first: bool = False


@dataclass(slots=True, kw_only=True)
class Measured:
    """Wall and CPU seconds of each run, and the largest resident set in bytes.

    ``ended`` when it took too long, ``failed`` when it had an exit code: its seconds mean nothing then.
    """

    seconds: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)
    peak_bytes: int = 0
    ended: bool = False
    failed: bool = False

    @property
    def least(self) -> float:
        return min(self.seconds)


def compare(commands: dict[str, Command], *, runs: int) -> dict[str, Measured]:
    """Each command ``runs`` times after one warm-up, A B C A B C: a machine that slows down slows down all of them."""
    results = {name: Measured() for name in commands}
    for turn in range(runs + 1):
        for name, command in commands.items():
            result = results[name]
            if result.ended or (result.seconds and result.least > SLOW):
                continue
            seconds, cpu, peak_bytes, code = once(command)
            result.ended = seconds > LIMIT
            result.failed = result.failed or (code != 0 and not result.ended)
            if turn or seconds > SLOW:
                result.seconds.append(seconds)
                result.cpu.append(cpu)
                result.peak_bytes = max(result.peak_bytes, peak_bytes)
    return results


def once(command: Command) -> tuple[float, float, int, int]:
    """Wall seconds, CPU seconds, peak bytes and exit code of one run; what it prints is thrown away."""
    # What is installed has its bytecode; a setting that keeps Python from writing it would be measured otherwise.
    environment = {name: value for name, value in os.environ.items() if not name.startswith(_SETTINGS)}
    with tempfile.TemporaryDirectory() as empty:
        environment["XDG_CACHE_HOME"] = command.cache or empty
        begun = time.perf_counter()
        process = subprocess.Popen(
            command.arguments,
            stdout=subprocess.PIPE if command.first else subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=environment,
            start_new_session=True,
        )
        timer = threading.Timer(LIMIT, os.killpg, (process.pid, signal.SIGKILL))
        timer.start()
        first_output = 0.0
        if process.stdout is not None:
            process.stdout.read(1)
            first_output = time.perf_counter() - begun
            while process.stdout.read(1 << 20):
                pass
        _, status, usage = os.wait4(process.pid, 0)
        elapsed = time.perf_counter() - begun
        timer.cancel()
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        print(f"exit code {process.returncode}: {' '.join(command.arguments)[:200]}", file=sys.stderr)
    return first_output or elapsed, usage.ru_utime + usage.ru_stime, _bytes(usage.ru_maxrss), process.returncode


def _bytes(resident: int) -> int:
    return resident * (1 if sys.platform == "darwin" else 1024)


def megabytes(path: Path) -> str:
    return f"{path.stat().st_size / 1e6:,.0f} MB"
