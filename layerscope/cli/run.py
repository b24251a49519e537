"""Runs the application and turns every outcome into a message and an exit code."""

import io
import os
import signal
import sys
from contextlib import suppress
from types import FrameType

from layerscope.cli.messages import print_error, writing
from layerscope.errors import LayerscopeError
from layerscope.version import __version__

_WORDS = {"SIGINT": "interrupted", "SIGTERM": "terminated", "SIGHUP": "hung up"}
_WORD_OF = {int(getattr(signal, name)): word for name, word in _WORDS.items() if hasattr(signal, name)}


class Ended(SystemExit):
    """A signal ended the process; ``code`` is 128 plus its number, as shells report it.

    It is a SystemExit because event loops and typer let those pass.
    """

    def __init__(self, number: int) -> None:
        super().__init__(_WORD_OF[number])
        self.code = 128 + number


def raise_on_signals() -> None:
    """Let the first signal raise Ended in the main thread; ignored ones, as under nohup, stay ignored."""
    for number in _WORD_OF:
        if signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, _raise)


def _raise(number: int, _: FrameType | None) -> None:
    for each in _WORD_OF:  # A second one must not interrupt the cleanup; services often send two.
        signal.signal(each, _pass)
    raise Ended(number)


def _pass(number: int, frame: FrameType | None) -> None:
    """Ignore a signal; SIG_IGN would make Python complain about one that is pending."""


def run(kept: list[object]) -> int:
    """Return the exit code: 0, 1 (a check failed), 2 (wrong usage), 3 (the archive cannot be read), 128 + a signal.

    Commands put large values into ``kept``, which the caller never frees.
    """
    _settle_stdout()
    try:
        code = _code(kept)
        with suppress(OSError, ValueError):  # The error that left it there is printed already.
            sys.stdout.flush()
        return code
    except SystemExit as end:  # Only a signal's comes here; what is left in stdout is dropped.
        with suppress(OSError):  # The terminal may be gone.
            print(f"layerscope: {end}", file=sys.stderr, flush=True)
        return end.code if isinstance(end.code, int) else 0


def _code(kept: list[object]) -> int:
    """Run the command, print its error, and return the exit code; raises Ended."""
    try:
        if sys.argv[1:] in (["--version"], ["-V"]):  # Needs no other module.
            print(f"layerscope {__version__}")
            return flushed(0)
        return flushed(_application(kept))
    except LayerscopeError as error:
        return _failed(error)
    except BrokenPipeError:
        return _closed_pipe(0)
    except Exception as error:  # Users get a sentence, never a traceback.
        if os.environ.get("LAYERSCOPE_DEBUG"):
            raise
        return _failed(_unexpected(error))


def _application(kept: list[object]) -> int:
    from layerscope.cli.run import Ended, raise_on_signals

    raise_on_signals()
    from layerscope.cli.app import make_app

    try:
        code = make_app()(prog_name="layerscope", obj=kept)
    except Ended:
        raise
    except SystemExit as end:
        if isinstance(end.__context__, BrokenPipeError):  # typer has caught the closed pipe already.
            return _closed_pipe(0)
        return end.code if isinstance(end.code, int) else 0
    return code if isinstance(code, int) else 0


def _settle_stdout() -> None:
    """Write UTF-8 and LF to files and pipes on every system, as ``-o`` does.

    Windows and old locales have other defaults, which HTML and SARIF do not allow.
    """
    out = sys.stdout
    if isinstance(out, io.TextIOWrapper) and not out.isatty() and "PYTHONIOENCODING" not in os.environ:
        out.reconfigure(encoding="utf-8", newline="\n")


def _failed(error: LayerscopeError) -> int:
    print_error(error)
    return error.exit_code


def _unexpected(error: Exception) -> LayerscopeError:
    if isinstance(error, MemoryError):
        return LayerscopeError("out of memory", hint="set a lower --limit entries to fail early")
    if isinstance(error, OSError):
        name = f" ({error.filename})" if error.filename else ""
        return LayerscopeError(f"{error.strerror or error}{name}")
    hint = "please report this with the archive's origin; LAYERSCOPE_DEBUG=1 prints a traceback"
    return LayerscopeError(f"unexpected {type(error).__name__}: {error}", hint=hint)


def flushed(code: int) -> int:
    """Flush stdout, so that a full disk or closed pipe is noticed here, and return the exit code."""
    try:
        with writing():
            sys.stdout.flush()
    except BrokenPipeError:
        return _closed_pipe(code)
    except LayerscopeError as error:
        return _failed(error)
    return code


def _closed_pipe(code: int) -> int:
    """Drop the rest for a reader that is gone (``| head``), or the interpreter complains when it ends."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return code
