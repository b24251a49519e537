"""A Docker engine of its own, whose images stay in a cache directory between runs."""

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

CACHE = Path(os.environ.get("LAYERSCOPE_FIXES", str(Path("~/.cache/layerscope-fixes").expanduser())))
_START_SECONDS = 60
_BUILD_SECONDS = 1800


class Unavailable(Exception):
    """The proof cannot run here; the message is the reason."""


class BuildFailed(Exception):
    """A build ended with an error; the message is the end of its output."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Engine:
    """Commands for one running daemon."""

    docker: str
    socket: Path

    def run(self, *arguments: str | Path, **environment: str) -> str:
        """Run ``docker ...`` and return its output; raises CalledProcessError."""
        done = subprocess.run(
            [self.docker, *map(str, arguments)],
            env={**os.environ, "DOCKER_HOST": f"unix://{self.socket}", **environment},
            capture_output=True,
            text=True,
            errors="replace",
            check=True,
            timeout=_BUILD_SECONDS,
        )
        return done.stdout

    def build(
        self,
        tag: str,
        dockerfile: Path,
        context: Path,
        *,
        buildkit: bool,
        target: str | None = None,
        cached: bool = True,
    ) -> float:
        """Build ``tag`` and return the seconds that it took."""
        began = time.monotonic()
        options: list[str | Path] = ["--network=host", "-t", tag, "-f", dockerfile]
        options += ["--target", target] if target is not None else []
        options += [] if cached else ["--no-cache"]
        try:
            self.run("build", *options, context, DOCKER_BUILDKIT="01"[buildkit])
        except subprocess.CalledProcessError as error:
            raise BuildFailed("\n".join((error.stdout + error.stderr).splitlines()[-15:])) from error
        return time.monotonic() - began

    def has(self, tag: str) -> bool:
        """Return whether there is such an image."""
        with suppress(subprocess.CalledProcessError):
            return bool(self.run("image", "inspect", "-f", "{{.Id}}", tag))
        return False

    def image_id(self, tag: str) -> str:
        return self.run("image", "inspect", "-f", "{{.Id}}", tag).strip()

    def remove(self, tags: Sequence[str]) -> None:
        with suppress(subprocess.CalledProcessError):
            self.run("rmi", "-f", *tags)

    def succeeds(self, tag: str, command: Sequence[str], *, serves: bool) -> str:
        """Run ``command`` in the image; return "" if it succeeded, else what it said.

        Without a command it is the image's own. A server succeeds if it still runs after three seconds.
        """
        arguments = ["--network=none"]
        if command:
            arguments += ["--entrypoint", command[0]]
        container = self.run("create", *arguments, tag, *command[1:]).strip()
        try:
            self.run("start", container)
            deadline = time.monotonic() + (3 if serves else 120)
            running = True
            while running and time.monotonic() < deadline:
                time.sleep(0.3)
                running = self._inspect(container, "{{.State.Running}}") == "true"
            if running:
                return "" if serves else "still running after two minutes"
            if self._inspect(container, "{{.State.ExitCode}}") == "0":
                return ""
            said = subprocess.run(
                [self.docker, "-H", f"unix://{self.socket}", "logs", container],
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                check=False,
            )
            return said.stdout.decode("utf-8", "replace")[-1500:] or "failed without a message"
        except subprocess.CalledProcessError as error:
            return str(error.stderr)[-1500:]
        finally:
            self.run("rm", "-f", container)

    def _inspect(self, container: str, template: str) -> str:
        return self.run("inspect", "-f", template, container).strip()


def _needs() -> tuple[str, str]:
    """The client and the daemon, or a reason why there is none."""
    if not hasattr(os, "geteuid") or os.geteuid() != 0:
        raise Unavailable("needs root")
    daemon = shutil.which("dockerd")
    # A client beside the distribution's daemon is of its version; another one may need plugins that are not there.
    client = "/usr/bin/docker" if Path("/usr/bin/docker").exists() else shutil.which("docker")
    if daemon is None or client is None:
        raise Unavailable("needs dockerd and docker (Debian: docker.io)")
    for program in ("git", "patch"):
        if shutil.which(program) is None:
            raise Unavailable(f"needs {program}")
    return client, daemon


@contextmanager
def engine() -> Iterator[Engine]:
    """A daemon with a socket of its own; its images stay in the cache directory."""
    client, daemon = _needs()
    import fcntl  # Not on Windows, where these modules are only collected.

    CACHE.mkdir(parents=True, exist_ok=True)
    with (CACHE / "lock").open("w") as lock, tempfile.TemporaryDirectory(prefix="layerscope-engine-") as scratch:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise Unavailable("another run of these tests uses the engine") from error
        root = Path(scratch)
        with (CACHE / "dockerd.log").open("wb") as log:
            process = _start(daemon, root, log)
            try:
                running = Engine(docker=client, socket=root / "docker.sock")
                _wait(running, process)
                yield running
            finally:
                process.terminate()
                try:
                    process.wait(30)
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.wait()
                _unmount((root, CACHE / "engine"))


def _start(daemon: str, root: Path, log: IO[bytes]) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        [
            daemon,
            "--bridge=none",
            "--iptables=false",
            "--ip6tables=false",
            "--storage-driver=overlay2",
            f"--data-root={CACHE / 'engine'}",
            f"--exec-root={root / 'exec'}",
            f"--pidfile={root / 'pid'}",
            f"--host=unix://{root / 'docker.sock'}",
        ],
        stdout=log,
        stderr=log,
        start_new_session=True,  # Ctrl-C is for us: what a test started is ended in order.
    )


def _wait(running: Engine, process: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        with suppress(subprocess.CalledProcessError):
            running.run("version")
            return
        time.sleep(0.5)
    raise Unavailable(f"dockerd does not start here; see {CACHE / 'dockerd.log'}")


def _unmount(roots: Sequence[Path]) -> None:
    """Unmount what a daemon that was killed left behind, the deepest first."""
    mounts = [line.split()[4] for line in Path("/proc/self/mountinfo").read_text().splitlines()]
    for mount in sorted(mounts, reverse=True):
        if any(Path(mount).is_relative_to(root) for root in roots):
            subprocess.run(["umount", "--lazy", mount], check=False, capture_output=True)
