"""``python -m layerscope`` and the ``layerscope`` command."""

import gc
import os
import sys
from contextlib import suppress


def main() -> None:
    """Run the command line, and end the process with its exit code."""
    _open_closed_streams()
    # A report is columns and values without cycles: the collector would go through them again and again for nothing.
    gc.disable()
    from layerscope.cli.signals import Ended, raise_on_signals

    kept: list[object] = []
    try:
        raise_on_signals()
        from layerscope.cli.run import run

        code = _flushed(run(kept))
    except Ended as end:
        code = int(str(end.code))
        with suppress(OSError):  # The terminal may be gone.
            print(f"layerscope: {end.word}", file=sys.stderr, flush=True)
    # Everything is written and closed; taking what is kept apart, a million entries perhaps, would only cost time.
    os._exit(code)


def _flushed(code: int) -> int:
    """The exit code once the streams are written out: a full disk must be noticed."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError):
            code = code or 3
    return code


def _open_closed_streams() -> None:
    """Whoever closes a stream wants nothing of it; the next file that is opened must not get its number."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115


if __name__ == "__main__":
    main()
