"""Tasks for workers, which have to be importable."""

import os
import signal
import time
from pathlib import Path


def square(number: int) -> int:
    return number * number


def die_once(task: tuple[int, str]) -> int:
    """End the worker the first time; ``task`` is a number and a file that remembers it."""
    number, marker = task
    if number == 3:
        try:
            Path(marker).touch(exist_ok=False)
        except FileExistsError:
            return number
        os.kill(os.getpid(), signal.SIGKILL)
    time.sleep(0.01)
    return number


def die_always(number: int) -> int:
    """End the worker for one number."""
    if number == 3:
        os.kill(os.getpid(), signal.SIGKILL)
    time.sleep(0.01)
    return number


def fail(number: int) -> int:
    raise ValueError(f"no {number}")
