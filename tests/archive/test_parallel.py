"""Layers that are read on several threads: a failure or an interrupt ends all of them before anything is closed."""

import signal
import threading
import time

import pytest

from layerscope.archive.build import _in_parallel
from layerscope.archive.reading import Reading


@pytest.mark.skipif(not hasattr(signal, "pthread_kill"), reason="no signals for single threads here")
def test_an_interrupt_while_another_thread_reads_stops_that_thread_first() -> None:
    reading, both, ended = Reading(threads=2), threading.Barrier(2), []

    def read(index: int) -> None:
        both.wait(10)
        if threading.current_thread() is threading.main_thread():
            return  # It waits for the other one from now on.
        time.sleep(0.2)
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)
        limit = time.monotonic() + 10
        while not reading.tally.stopped and time.monotonic() < limit:
            time.sleep(0.01)
        ended.append(reading.tally.stopped)

    with pytest.raises(KeyboardInterrupt):
        _in_parallel(read, range(2), reading)
    assert ended == [True]


def test_after_a_failure_no_further_layer_is_begun() -> None:
    reading, begun = Reading(threads=1), []

    def read(index: int) -> None:
        begun.append(index)
        raise ZeroDivisionError(str(index))

    with pytest.raises(ZeroDivisionError, match="0"):
        _in_parallel(read, range(3), reading)
    assert begun == [0]
    assert reading.tally.stopped
