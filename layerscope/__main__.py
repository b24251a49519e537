"""``python -m layerscope`` and the ``layerscope`` command."""

import gc
import os
import sys


def main() -> None:
    """Run the command line and exit with its code."""
    _open_closed_streams()
    # A report has no reference cycles: the collector would scan it for nothing.
    gc.disable()
    from layerscope.cli.run import run

    kept: list[object] = []
    code = run(kept)
    # Everything is written and closed; freeing a million entries would only take time.
    os._exit(code)


def _open_closed_streams() -> None:
    """Open closed streams on the null device, so that no file gets their descriptors."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115


if __name__ == "__main__":
    main()
