"""``python -m layerscope`` and the ``layerscope`` command."""

import gc
import os
import sys


def main() -> None:
    """Run the command line, and end the process with its exit code."""
    _open_closed_streams()
    # A report is columns and values without cycles: the collector would go through them again and again for nothing.
    gc.disable()
    from layerscope.cli.run import run

    kept: list[object] = []
    code = run(kept)
    # Everything is written and closed; taking what is kept apart, a million entries perhaps, would only cost time.
    os._exit(code)


def _open_closed_streams() -> None:
    """Whoever closes a stream wants nothing of it; the next file that is opened must not get its number."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115


if __name__ == "__main__":
    main()
