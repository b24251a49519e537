"""Layers that are read on several threads: a failure or an interrupt ends all of them before anything is closed."""

import signal
import threading
import time

import pytest

from layerscope.image.assemble import _in_parallel, _ways
from layerscope.image.options import ReadOptions


@pytest.mark.skipif(not hasattr(signal, "pthread_kill"), reason="no signals for single threads here")
def test_an_interrupt_while_another_thread_reads_stops_that_thread_first() -> None:
    reading, both, ended = ReadOptions(threads=2), threading.Barrier(2), []

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

    before = signal.signal(
        signal.SIGINT, signal.default_int_handler
    )  # A test of the command line may have set another.
    try:
        with pytest.raises(KeyboardInterrupt):
            _in_parallel(read, range(2), reading)
    finally:
        signal.signal(signal.SIGINT, before)
    assert ended == [True]


def test_after_a_failure_no_further_layer_is_begun() -> None:
    reading, begun = ReadOptions(threads=1), []

    def read(index: int) -> None:
        begun.append(index)
        raise ZeroDivisionError(str(index))

    with pytest.raises(ZeroDivisionError, match="0"):
        _in_parallel(read, range(3), reading)
    assert begun == [0]
    assert reading.tally.stopped


def test_a_layer_is_decompressed_on_a_thread_of_its_own_where_no_other_layer_is_left_for_it() -> None:
    def threads(*lengths: int, most: int = 2) -> list[int]:
        ways = _ways(range(len(lengths)), dict(enumerate(lengths)), ReadOptions(threads=most))
        assert list(ways) == list(range(len(lengths)))
        return [way.threads for way in ways.values()]

    assert threads(100) == [2]
    assert threads(100, 60) == [2, 2]
    assert threads(100, 90, 80) == [1, 2, 2]
    assert threads(100, 90, 80, most=4) == [4, 4, 4]
    assert threads(100, 60, most=1) == [1, 1]
