"""Runs the application and turns whatever happens into a message and an exit code."""

import io
import os
import sys
from contextlib import suppress

from layerscope import __version__
from layerscope.cli.failure import tell, writing
from layerscope.errors import LayerscopeError


def run(kept: list[object]) -> int:
    """The exit code of one call: 0, 1 (the gate found something), 2 (wrong usage), 3 (the archive), 128 + a signal.

    What a command has no more use for is put in ``kept`` where taking it apart would take long.
    """
    _settle_stdout()
    try:
        code = _code(kept)
        with suppress(OSError, ValueError):  # What an error has left there; that is told already.
            sys.stdout.flush()
        return code
    except SystemExit as end:  # Only that of a signal comes here. Nobody may read what is left in stdout.
        with suppress(OSError):  # Its terminal may be gone.
            print(f"layerscope: {end}", file=sys.stderr, flush=True)
        return end.code if isinstance(end.code, int) else 0


def _code(kept: list[object]) -> int:
    """The exit code of a call, whose messages are printed; raises Ended."""
    try:
        if sys.argv[1:] in (["--version"], ["-V"]):  # It needs nothing to be loaded.
            print(f"layerscope {__version__}")
            return flushed(0)
        return flushed(_application(kept))
    except LayerscopeError as error:
        return _failed(error)
    except BrokenPipeError:
        return _closed_pipe(0)
    except Exception as error:  # The last resort: a person gets a sentence, never a traceback.
        if os.environ.get("LAYERSCOPE_DEBUG"):
            raise
        return _failed(_unexpected(error))


def _application(kept: list[object]) -> int:
    from layerscope.cli.signals import Ended, raise_on_signals

    raise_on_signals()
    from layerscope.cli.app import make_app

    try:
        make_app()(prog_name="layerscope", obj=kept)
    except Ended:
        raise
    except SystemExit as end:
        if isinstance(end.__context__, BrokenPipeError):  # The command line has caught the closed pipe already.
            return _closed_pipe(0)
        return end.code if isinstance(end.code, int) else 0
    return 0


def _settle_stdout() -> None:
    """A file or a pipe gets the same bytes on every system, which are those of ``-o``: UTF-8, lines ended by LF.

    Windows has other line ends, and both it and an old locale an encoding that is not what HTML or SARIF promise.
    """
    out = sys.stdout
    if isinstance(out, io.TextIOWrapper) and not out.isatty() and "PYTHONIOENCODING" not in os.environ:
        out.reconfigure(encoding="utf-8", newline="\n")


def _failed(error: LayerscopeError) -> int:
    tell(error)
    return error.exit_code


def _unexpected(error: Exception) -> LayerscopeError:
    if isinstance(error, MemoryError):
        return LayerscopeError("out of memory", hint="lower --limit entries or captured_bytes to fail early")
    if isinstance(error, OSError):
        name = f" ({error.filename})" if error.filename else ""
        return LayerscopeError(f"{error.strerror or error}{name}")
    hint = "please report it with the archive's origin; LAYERSCOPE_DEBUG=1 shows where it happened"
    return LayerscopeError(f"failed on an unforeseen {type(error).__name__}: {error}", hint=hint)


def flushed(code: int) -> int:
    """Write out what is left, so that a full disk or a closed pipe is noticed here; the exit code."""
    try:
        with writing():
            sys.stdout.flush()
    except BrokenPipeError:
        return _closed_pipe(code)
    except LayerscopeError as error:
        return _failed(error)
    return code


def _closed_pipe(code: int) -> int:
    """The reader has seen enough (``| head``); the interpreter must not complain at its end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return code
