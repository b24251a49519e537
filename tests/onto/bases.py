"""Base images for the pairs: those of the proof of fixes, and a few that only these need."""

import lzma
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path

from tests.fixes import bases
from tests.fixes.engine import Engine, Unavailable

_ROOT = Path(__file__).parent.parent.parent
_ALPINE = _ROOT / "fixtures" / "public-alpine-3.8-rootfs.tar.xz"
_PYTHON = Path("~/.pyenv/versions").expanduser()
_IMAGES = Path("~/.cache/layerscope-images").expanduser()


def provide(engine: Engine, tag: str) -> None:
    """Make a base image unless the engine has it; raises Unavailable with the reason."""
    if tag == "scratch" or engine.has(tag):
        return
    if tag in _OWN:
        _OWN[tag](engine, tag)
    elif tag in _DOCKERFILES:
        for line in _DOCKERFILES[tag].splitlines():
            if line.startswith("FROM "):
                provide(engine, line.split()[1])
        _build(engine, tag, _DOCKERFILES[tag])
    else:
        bases.provide(engine, tag)


_DOCKERFILES = {
    "onto/jdk:17": """FROM eclipse-temurin:17-jre
RUN apt-get update && apt-get install -y --no-install-recommends openjdk-17-jdk-headless && rm -rf /var/lib/apt/lists/*
""",
    "onto/python:bookworm": """FROM debian:bookworm-slim
RUN apt-get update && apt-get install -y --no-install-recommends python3 && rm -rf /var/lib/apt/lists/*
""",
    "onto/sqlite:bookworm": """FROM debian:bookworm-slim
RUN apt-get update && apt-get install -y --no-install-recommends libsqlite3-0 && rm -rf /var/lib/apt/lists/*
""",
}
"""Images of Debian with a little more."""


def _build(engine: Engine, tag: str, dockerfile: str, fill: Callable[[Path], None] = lambda _: None) -> None:
    with tempfile.TemporaryDirectory(prefix="layerscope-base-") as scratch:
        context = Path(scratch)
        (context / "Dockerfile").write_text(dockerfile)
        fill(context)
        engine.build(tag, context / "Dockerfile", context, buildkit=False)


def _alpine(engine: Engine, tag: str) -> None:
    """The real root file system of Alpine 3.8, with musl and busybox."""
    with tempfile.NamedTemporaryFile(suffix=".tar") as plain:
        with lzma.open(_ALPINE) as packed:
            shutil.copyfileobj(packed, plain)
        plain.flush()
        engine.run("import", "-c", 'CMD ["/bin/sh"]', plain.name, tag)


def _bullseye(engine: Engine, tag: str) -> None:
    """Debian with an older C library."""
    if shutil.which("debootstrap") is None:
        raise Unavailable("needs debootstrap")
    with tempfile.TemporaryDirectory(prefix="layerscope-debian-") as scratch:
        root, archive = Path(scratch) / "root", Path(scratch) / "root.tar"
        done = subprocess.run(
            ["debootstrap", "--variant=minbase", "bullseye", str(root)], capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise Unavailable(f"debootstrap failed: {done.stdout.strip()[-200:]}")
        subprocess.run(["tar", "-C", str(root), "--numeric-owner", "-cf", str(archive), "."], check=True)
        engine.run("import", "-c", 'CMD ["bash"]', archive, tag)


def _other_python(engine: Engine, tag: str) -> None:
    """Another minor version of Python under /usr/local, from pyenv."""
    minor = tag.partition(":")[2].removesuffix("-slim")
    found = sorted(_PYTHON.glob(f"{minor}.*"))
    if not found:
        raise Unavailable(f"needs Python {minor} of pyenv")
    provide(engine, "python:3.11-slim")  # Its layers below have the libraries that any Python needs.

    def fill(context: Path) -> None:
        for name in ("bin", "lib"):
            skip = shutil.ignore_patterns("__pycache__", "test", "site-packages", "*.a")
            shutil.copytree(found[-1] / name, context / "tree" / name, symlinks=True, ignore=skip)

    dockerfile = f"""FROM python:3.11-slim
RUN rm -rf /usr/local/bin/python3* /usr/local/lib/python3.11 /usr/local/lib/libpython3*
COPY tree /usr/local
RUN ldconfig && python{minor} -c 'import ssl'
"""
    _build(engine, tag, dockerfile, fill)


def _saved(engine: Engine, tag: str) -> None:
    archive = _IMAGES / "python-3.tar"
    if not archive.exists():
        raise Unavailable(f"needs {archive}")
    engine.run("load", "-i", archive)
    if not engine.has(tag):
        raise Unavailable(f"{archive} does not hold {tag}")


_OWN: dict[str, Callable[[Engine, str], None]] = {
    "alpine:3.8": _alpine,
    "debian:bullseye-slim": _bullseye,
    "python:3.12-slim": _other_python,
    "python:3": _saved,
}
