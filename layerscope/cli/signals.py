"""Signals that end the process: the first one is raised as an exception, so that what was begun is taken away."""

import signal
from types import FrameType

_WORDS = {"SIGINT": "interrupted", "SIGTERM": "terminated", "SIGHUP": "hung up"}
_WORD_OF = {int(getattr(signal, name)): word for name, word in _WORDS.items() if hasattr(signal, name)}


class Ended(SystemExit):
    """A signal asks the process to end; ``code`` is 128 and its number, as shells report it.

    It is a SystemExit, which event loops and the command line library let pass.
    """

    def __init__(self, number: int) -> None:
        super().__init__(_WORD_OF[number])
        self.code = 128 + number


def raise_on_signals() -> None:
    """Let the first signal raise Ended in the main thread; one that is ignored, as nohup has it, stays ignored."""
    for number in _WORD_OF:
        if signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, _raise)


def _raise(number: int, _: FrameType | None) -> None:
    for each in _WORD_OF:  # A service gets two at once, and none may come between a file and its removal.
        signal.signal(each, _pass)
    raise Ended(number)


def _pass(number: int, frame: FrameType | None) -> None:
    """Python complains of a signal that came while its handler was taken away."""
