"""Runs harnesses for a time: ``python -m tests.fuzz.run --seconds 60 [NAME...]``.

Under atheris, where it is installed, which is led by what the input reaches; else by random changes of the seeds.
What is found is kept in tests/fuzz/corpus/NAME.
"""

import argparse
import hashlib
import importlib.util
import math
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from types import FrameType

from tests.fuzz.damage import damaged
from tests.fuzz.harnesses import HARNESSES, nothing_else
from tests.fuzz.seeds import CORPUS, WORDS, seeds

_PATIENCE = 20
"""Seconds for one input; all of them are small."""


class Hang(Exception):
    """One input took too long."""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(HARNESSES))
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument("--engine", choices=["auto", "random", "atheris"], default="auto")
    options = parser.parse_args()
    engine = options.engine
    if engine == "auto":
        engine = "atheris" if importlib.util.find_spec("atheris") else "random"
    failed = [
        name
        for name in options.names or HARNESSES
        if not (
            _atheris(name, options.seconds) if engine == "atheris" else _random(name, options.seconds, options.seed)
        )
    ]
    if failed:
        print(f"finds in {', '.join(failed)}", file=sys.stderr)
    return bool(failed)


def _random(name: str, seconds: float, seed: int) -> bool:
    print(f"{name}: {fuzz(name, seed, seconds=seconds):,} inputs in {seconds:.0f} s, seed {seed}", flush=True)
    return True


def fuzz(name: str, seed: int, *, seconds: float = math.inf, most: float = math.inf) -> int:
    """Run random changes of the seeds through a harness for a time, or ``most`` of them; return how many."""
    first = seeds(name)
    choose, pool, words = random.Random(seed), list(first), WORDS.get(name, [b"\0\0\0\0", b"\xff\xff\xff\xff"])
    count, end = 0, time.monotonic() + seconds
    signal.signal(signal.SIGALRM, _hang)
    while count < most and time.monotonic() < end:
        data = damaged(choose.choice(pool), choose, words)
        signal.alarm(_PATIENCE)
        try:
            taken = nothing_else(data, HARNESSES[name])
        except BaseException:
            _keep(name, data)
            raise
        finally:
            signal.alarm(0)
        count += 1
        if taken and len(data) < 100_000:
            pool[len(first) :] = [*pool[len(first) :][-200:], data]  # Changes of changes reach further.
    return count


def _hang(_: int, frame: FrameType | None) -> None:
    raise Hang


def _keep(name: str, data: bytes) -> None:
    path = CORPUS / name / hashlib.sha256(data).hexdigest()[:16]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    print(f"{name}: a find, kept as {path}", file=sys.stderr)


def _atheris(name: str, seconds: float) -> bool:
    """In a process of its own, since atheris ends the one that it runs in."""
    kept = CORPUS / name
    kept.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as directory:
        for number, data in enumerate(seeds(name)):
            (Path(directory) / str(number)).write_bytes(data)
        arguments = [f"-max_total_time={seconds:.0f}", f"-timeout={_PATIENCE}", "-rss_limit_mb=2000", "-max_len=100000"]
        arguments += [f"-artifact_prefix={kept}/", "-print_final_stats=1", directory]
        done = subprocess.run(
            [sys.executable, "-m", "tests.fuzz.under_atheris", name, *arguments], capture_output=True, check=False
        )
    log = done.stderr.decode("utf-8", "replace") + done.stdout.decode("utf-8", "replace")
    units = [line.split()[-1] for line in log.splitlines() if "number_of_executed_units" in line]
    print(f"{name}: {int(units[0]) if units else 0:,} inputs in {seconds:.0f} s under atheris", flush=True)
    if done.returncode:
        print(log[-4000:], file=sys.stderr)
    if not any(kept.iterdir()):
        kept.rmdir()
    return not done.returncode


if __name__ == "__main__":
    sys.exit(main())
