"""``python -m layerscope`` and the ``layerscope`` command."""

import gc
import os
import sys


def main() -> None:
    """Answer ``--version`` without loading anything; everything else is the command line's."""
    if sys.argv[1:] in (["--version"], ["-V"]):
        from layerscope import __version__

        print(f"layerscope {__version__}")
        return
    # A report is columns and values without cycles: the collector would go through them again and again for nothing.
    gc.disable()
    from layerscope.cli.run import run

    code = run()
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError):
            code = code or 3
    # Everything is written and closed; taking a million entries apart again would only cost time.
    os._exit(code)


if __name__ == "__main__":
    main()
