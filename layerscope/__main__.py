"""``python -m layerscope`` and the ``layerscope`` command."""

import sys


def main() -> None:
    """Answer ``--version`` without loading anything; everything else is the command line's."""
    if sys.argv[1:] in (["--version"], ["-V"]):
        from layerscope import __version__

        print(f"layerscope {__version__}")
        return
    from layerscope.cli.run import run

    sys.exit(run())


if __name__ == "__main__":
    main()
