"""Runs commands in turn and keeps, for each, the wall time of every run and the peak memory of its largest process."""

import os
import subprocess
import sys
import time
from dataclasses import dataclass

_SETTINGS = {"PYTHONDONTWRITEBYTECODE", "PYTHONUNBUFFERED"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """Seconds of each run, and the largest resident set in bytes."""

    seconds: tuple[float, ...]
    peak_bytes: int

    @property
    def least(self) -> float:
        return min(self.seconds)

    @property
    def most(self) -> float:
        return max(self.seconds)


def compare(commands: dict[str, list[str]], *, runs: int) -> dict[str, Measured]:
    """Each command ``runs`` times after one warm-up, A B C A B C: a machine that slows down slows down all of them."""
    seconds: dict[str, list[float]] = {name: [] for name in commands}
    peaks = dict.fromkeys(commands, 0)
    for turn in range(runs + 1):
        for name, command in commands.items():
            elapsed, peak = _once(command)
            if turn:
                seconds[name].append(elapsed)
                peaks[name] = max(peaks[name], peak)
    return {name: Measured(seconds=tuple(seconds[name]), peak_bytes=peaks[name]) for name in commands}


def _once(command: list[str]) -> tuple[float, int]:
    """Seconds and peak bytes of one run; what it prints is thrown away, a failure is told."""
    begun = time.perf_counter()
    # What is installed has its bytecode; a setting that keeps Python from writing it would be measured otherwise.
    environment = {name: value for name, value in os.environ.items() if name not in _SETTINGS}
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment)
    _, status, usage = os.wait4(process.pid, 0)
    elapsed = time.perf_counter() - begun
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        print(f"exit code {process.returncode}: {' '.join(command)[:200]}", file=sys.stderr)
    return elapsed, usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024)
