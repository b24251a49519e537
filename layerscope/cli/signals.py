"""Signals that end the process: the first is raised as an exception, so that temporary files are removed."""

import signal
from types import FrameType

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
