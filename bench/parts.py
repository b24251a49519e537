"""How long each step of a report takes, in CPU seconds of one process, beside a listing by the standard library.

    python bench/parts.py IMAGE [RUNS]

Prints the least of several runs for each step and its part of the time in which tarfile lists the layers.
"""

import contextlib
import io
import sys
import time
from collections.abc import Callable
from typing import TypeVar

import list_with_tarfile

T = TypeVar("T")


def once(image: str) -> dict[str, float]:
    """The CPU seconds of each step of one report."""
    from layerscope.analysis.analyse import WANTED, AnalysisInputs, analyse
    from layerscope.analysis.report import report
    from layerscope.filesystem.tree import Filesystem
    from layerscope.history.alignment import instructions
    from layerscope.image.open import open_image
    from layerscope.image.options import ReadOptions
    from layerscope.packages.inventory import catalog
    from layerscope.provenance.base_image import find_base
    from layerscope.render.json import lines
    from layerscope.rules.engine import findings

    spent: dict[str, float] = {}

    def timed(name: str, step: Callable[[], T]) -> T:
        begun = time.process_time()
        result = step()
        spent[name] = time.process_time() - begun
        return result

    context = timed("metadata and walk", lambda: _entered(open_image(image, ReadOptions(wanted=WANTED))))
    opened = context[1]
    filesystem = timed("overlay", lambda: Filesystem(opened.layers))
    timed("select paths", lambda: filesystem.select([wanted.paths for wanted in WANTED]))
    packages = timed("packages", lambda: catalog(filesystem))
    history, _ = instructions(opened.config.history, len(opened.layers))
    base = find_base(opened, history, None)
    timed("rules", lambda: findings(opened, filesystem, packages, history, base.layers))
    analysis = analyse(opened, AnalysisInputs())
    made = timed("report", lambda: report(analysis))
    timed("json", lambda: lines(made))
    context[0].__exit__(None, None, None)
    return spent


def _entered(context: contextlib.AbstractContextManager[T]) -> tuple[contextlib.AbstractContextManager[T], T]:
    return context, context.__enter__()


def main() -> None:
    image, runs = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 5
    begun = time.process_time()

    loading = time.process_time() - begun
    listings, parts = [], []
    for _ in range(runs):
        parts.append(once(image))
        begun = time.process_time()
        with contextlib.redirect_stdout(io.StringIO()):
            list_with_tarfile.main(image)
        listings.append(time.process_time() - begun)
    listing = min(listings)
    print(f"{'tarfile, listing only':<22}{listing:8.3f} s")
    print(f"{'loading the modules':<22}{loading:8.3f} s{loading / listing:8.2f}")
    for name in parts[0]:
        least = min(part[name] for part in parts)
        print(f"{name:<22}{least:8.3f} s{least / listing:8.2f}")


if __name__ == "__main__":
    main()
