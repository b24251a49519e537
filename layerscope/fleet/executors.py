"""Where tasks run: in this process, in processes of this machine, or on a Dask cluster; one interface to all."""

import gc
import multiprocessing
import os
import signal
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import (
    FIRST_COMPLETED,
    BrokenExecutor,
    CancelledError,
    Executor,
    Future,
    ProcessPoolExecutor,
    wait,
)
from threading import Thread
from typing import Any, Generic, Protocol, Self, TypeVar

from msgspec import Struct

from layerscope.errors import LayerscopeError

T = TypeVar("T")
R = TypeVar("R")
_WORK = "layerscope.fleet.work"


class Ready(Struct, Generic[R], frozen=True):
    """A result that needs no task."""

    result: R


class Lost(Struct, frozen=True):
    """A task without a result: it ended its worker twice."""


class Backend(Protocol):
    """Makes executors; ``width`` tasks are handed to one at a time, and ``lost`` are the errors of a task that died."""

    width: int
    lost: tuple[type[BaseException], ...]

    def executor(self) -> Executor:
        """A new executor."""

    def close(self, executor: Executor) -> None:
        """Drop an executor with all that it has begun."""


class InProcess(Executor):
    """Runs each task at once, on the thread that submits it."""

    def submit(self, fn: Callable[..., R], /, *args: Any, **kwargs: Any) -> "Future[R]":
        future: Future[R] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as error:
            future.set_exception(error)
        return future


class Serial:
    """One process with one thread."""

    width = 1
    lost: tuple[type[BaseException], ...] = ()

    def executor(self) -> Executor:
        return InProcess()

    def close(self, executor: Executor) -> None:
        pass


class Processes:
    """Processes of this machine."""

    lost: tuple[type[BaseException], ...] = ()

    def __init__(self, jobs: int) -> None:
        self._jobs = jobs
        self.width = 8 * jobs

    def executor(self) -> Executor:
        # A fork would copy the threads' locks as they are; a server that has loaded the program forks at once.
        methods = multiprocessing.get_all_start_methods()
        context = multiprocessing.get_context("forkserver" if "forkserver" in methods else "spawn")
        if "forkserver" in methods:
            context.set_forkserver_preload([_WORK])
        return ProcessPoolExecutor(self._jobs, mp_context=context, initializer=_begin)

    def close(self, executor: Executor) -> None:
        # What was begun would be finished for nothing; Python 3.14 has terminate_workers for it.
        for process in list((getattr(executor, "_processes", None) or {}).values()):
            process.terminate()
        executor.shutdown(wait=True, cancel_futures=True)


def _begin() -> None:
    """Leave interrupts to the driver, and end with it: a worker would wait for the next task for ever."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    Thread(target=_end_with_driver, daemon=True).start()


def _end_with_driver() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def cores() -> int:
    """The cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


class Workers:
    """Runs tasks on a backend; a task whose worker dies gets one more try, on its own.

    ``deaths`` counts the executors that broke.
    """

    def __init__(self, backend: Backend) -> None:
        self._backend = backend
        self._executor: Executor | None = None
        self.deaths = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._executor is not None:
            self._backend.close(self._executor)
            self._executor = None
        gc.collect()  # The semaphores of processes go with their executors, which are in cycles.

    def results(
        self, call: Callable[[T], R], items: Iterable[tuple[T, Ready[R] | None]], *, in_order: bool
    ) -> Iterator[tuple[T, R | Lost]]:
        """Each item with its result, as they come or in their order; few of them are in memory at any time.

        An item that brings a result needs no task. Raises what a task raised.
        """
        todo, window = iter(items), deque[tuple[T, Future[R]]]()
        while True:
            while len(window) < self._backend.width and (item := next(todo, None)) is not None:
                task, ready = item
                if ready is not None and not in_order:
                    yield task, ready.result
                else:
                    window.append((task, _done(ready.result) if ready is not None else self._submit(call, task)))
            if not window:
                return
            if not in_order:
                done = wait([future for _, future in window], return_when=FIRST_COMPLETED).done
                while window[0][1] not in done:
                    window.rotate(-1)
            task, future = window.popleft()
            try:
                found: R | Lost = future.result()
            except BrokenExecutor:
                yield from self._again(call, [(task, future), *window])
                window.clear()
                continue
            except self._backend.lost:
                found = Lost()
            except CancelledError:
                hint = "call it again to go on where it was"
                raise LayerscopeError("the connection to the workers was lost", hint=hint) from None
            yield task, found

    def _again(self, call: Callable[[T], R], suspects: list[tuple[T, "Future[R]"]]) -> Iterator[tuple[T, R | Lost]]:
        """The results of tasks that were under way when a worker died, each alone, which shows the one that did it."""
        wait([future for _, future in suspects])
        for task, future in suspects:
            if not isinstance(future.exception(), BrokenExecutor):
                yield task, future.result()
                continue
            self._renew()
            try:
                yield task, self._submit(call, task).result()
            except BrokenExecutor:
                yield task, Lost()
        self._renew()

    def _submit(self, call: Callable[[T], R], task: T) -> "Future[R]":
        for _ in range(2):
            if self._executor is None:
                self._executor = self._backend.executor()
            try:
                return self._executor.submit(call, task)
            except BrokenExecutor:  # A worker died while there was nothing to do.
                self._renew()
        raise BrokenExecutor("no worker can be started")

    def _renew(self) -> None:
        if self._executor is not None and _is_broken(self._executor):
            self._backend.close(self._executor)
            self._executor = None
            self.deaths += 1


def _is_broken(executor: Executor) -> bool:
    try:
        executor.submit(int).result()
    except BrokenExecutor:
        return True
    return False


def _done(result: R) -> "Future[R]":
    future: Future[R] = Future()
    future.set_result(result)
    return future
