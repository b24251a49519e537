"""Workers on other machines: a Dask cluster, through its own executor (distributed, Client.get_executor)."""

import logging
import os
from collections.abc import Sequence
from concurrent.futures import Executor
from contextlib import suppress
from pathlib import Path
from typing import Any

from layerscope.errors import LayerscopeError, MissingExtra, UsageError
from layerscope.fleet.values import Settings
from layerscope.fleet.work import look_around
from layerscope.version import __version__

_PATIENCE = 10
"""Seconds to wait for the scheduler."""
_AHEAD = 4
"""Tasks at the scheduler for each thread of a worker."""


class DaskCluster:
    """A Dask cluster, whose scheduler gives the task of a worker that died to another one by itself.

    Raises UsageError where no scheduler answers, LayerscopeError where a worker runs another program than the driver,
    or does not see the places to read or the directory of results.
    """

    def __init__(self, address: str, places: Sequence[str], settings: Settings) -> None:
        try:
            # Loaded only for --scheduler: an extra, and large.
            import distributed
        except ImportError:
            raise MissingExtra("--scheduler", "fleet") from None
        dask: Any = distributed  # It has no types.
        logging.getLogger("distributed").setLevel(logging.CRITICAL)  # What is lost is said by the scan.
        self.lost: tuple[type[BaseException], ...] = (dask.KilledWorker,)
        try:
            self._client = dask.Client(address, timeout=_PATIENCE, set_as_default=False)
        except (OSError, ValueError, TimeoutError) as error:
            raise UsageError(f"--scheduler {address}: no scheduler answers: {error}") from None
        try:
            self._check([os.path.abspath(place) for place in places], settings)
            self.width = _AHEAD * sum(self._client.nthreads().values())
        except BaseException:
            self._client.close()
            raise

    def executor(self) -> Executor:
        found: Executor = self._client.get_executor(pure=False)
        return found

    def close(self, executor: Executor) -> None:
        executor.shutdown(wait=False)
        self._client.close()

    def _check(self, places: Sequence[str], settings: Settings) -> None:
        """Raise LayerscopeError unless every worker can do the work."""
        token = _token(settings)
        try:
            found: dict[str, Any] = self._client.run(look_around, list(places), str(token), on_error="return")
        finally:
            with suppress(OSError):
                token.unlink()
        if not found:
            raise LayerscopeError("the scheduler has no workers", hint="start some: dask worker ADDRESS")
        for worker, seen in sorted(found.items()):
            if isinstance(seen, BaseException):
                hint = "install layerscope of the same version on all workers"
                raise LayerscopeError(f"worker {worker} cannot run layerscope: {seen}", hint=hint)
            program, version, missing = seen
            if program != settings.program:
                message = f"worker {worker} runs another layerscope ({version}) than this one ({__version__})"
                raise LayerscopeError(message, hint="install the same version on all workers, and restart them")
            if missing:
                hint = "mount the storage and the directory of --state at the same paths on all workers"
                raise LayerscopeError(f"worker {worker} does not see {', '.join(missing)}", hint=hint)


def _token(settings: Settings) -> Path:
    """A new file in the directory of results: who sees it, sees the same directory."""
    path = Path(settings.state) / f"{os.urandom(16).hex()}.seen"
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        path.touch(exist_ok=False)
    except OSError as error:
        raise LayerscopeError(f"cannot write to {settings.state}: {error.strerror or error}") from None
    return path
