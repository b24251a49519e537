"""Base images for the scenarios, made of Debian's packages and of the languages that this machine has.

No registry of images is needed. ``base/`` has a Dockerfile for each; ``tree`` in its context is a copy of the machine's
own language.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from tests.fixes.engine import Engine, Unavailable

_HERE = Path(__file__).parent / "base"
_DEBIAN = "debian:bookworm-slim"
_CERTIFICATES = Path("/etc/ssl/certs/ca-certificates.crt")
_CLEAN = """DPkg::Post-Invoke { "rm -f /var/cache/apt/archives/*.deb /var/cache/apt/*.bin || true"; };
Dir::Cache::pkgcache "";
Dir::Cache::srcpkgcache "";
"""

# The part of a tag that names the version is left out: the machine's own is what the image gets.
_FOLDERS = {
    "python": "python",
    "node": "node",
    "golang": "golang",
    "rust": "rust",
    "ruby": "ruby",
    "eclipse-temurin": "jre",
    "maven": "maven",
    "php": "php",
    "composer": "php",
    "distroless/cc": "distroless",
}


def provide(engine: Engine, tag: str) -> None:
    """Make the base image ``tag`` unless the engine has it; raises Unavailable with the reason."""
    if engine.has(tag):
        return
    if tag == _DEBIAN:
        _debian(engine)
        return
    folder = _FOLDERS.get(tag.split(":")[0])
    if folder is None:
        raise Unavailable(f"no stand-in for the base image {tag}")
    dockerfile = _HERE / folder / "Dockerfile"
    for needed in re.findall(r"^FROM (\S+:\S+)", dockerfile.read_text(), re.MULTILINE):
        provide(engine, needed)
    with tempfile.TemporaryDirectory(prefix="layerscope-base-") as scratch:
        context = Path(scratch)
        if folder in _TREES:
            _TREES[folder](context / "tree")
        if folder == "jre":
            _copy_if_there(Path("/etc/ssl/certs/java/cacerts"), context / "cacerts")
        engine.build(tag, dockerfile, context, buildkit=False)


def _debian(engine: Engine) -> None:
    if shutil.which("debootstrap") is None:
        raise Unavailable("needs debootstrap")
    with tempfile.TemporaryDirectory(prefix="layerscope-debian-") as scratch:
        root = Path(scratch) / "root"
        arguments = ["debootstrap", "--variant=minbase", "--include=ca-certificates", "bookworm", str(root)]
        done = subprocess.run(arguments, capture_output=True, text=True, check=False)
        if done.returncode:
            raise Unavailable(f"debootstrap failed: {done.stdout.strip()[-200:]}")
        # A machine may trust a certificate of its own; a build inside the image reaches the same hosts with it.
        shutil.copyfile(_CERTIFICATES, root / _CERTIFICATES.relative_to("/"))
        (root / "etc/apt/apt.conf.d/docker-clean").write_text(_CLEAN)
        for folder in ("var/lib/apt/lists", "var/cache/apt/archives", "var/cache/apt"):
            for path in (root / folder).iterdir():
                if not path.is_dir():
                    path.unlink()
        archive = Path(scratch) / "root.tar"
        subprocess.run(["tar", "-C", str(root), "--numeric-owner", "-cf", str(archive), "."], check=True)
        engine.run("import", "-c", 'CMD ["bash"]', archive, _DEBIAN)


def _copy_if_there(source: Path, target: Path) -> None:
    if not source.exists():
        raise Unavailable(f"needs {source}")
    shutil.copyfile(source, target)


def _copy(source: Path, target: Path, skip: tuple[str, ...] = ()) -> None:
    shutil.copytree(source, target, symlinks=True, ignore=shutil.ignore_patterns(*skip))


def _output(*command: str) -> str:
    if shutil.which(command[0]) is None:
        raise Unavailable(f"needs {command[0]}")
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def _python_tree(target: Path) -> None:
    prefix = Path(sys.base_prefix)
    if prefix == Path("/usr"):
        raise Unavailable("needs a Python outside /usr, which becomes the base image's")
    for name in ("bin", "include", "lib"):
        _copy(prefix / name, target / name, ("__pycache__", "test", "site-packages"))
    (target / "lib" / f"python{sys.version_info.major}.{sys.version_info.minor}" / "site-packages").mkdir()
    for script in (target / "bin").iterdir():
        # What pip installed on this machine has scripts without the packages that they run.
        if script.is_file() and not script.is_symlink() and b"#!" in script.read_bytes()[:2]:
            script.unlink()


def _node_tree(target: Path) -> None:
    prefix = Path(os.path.realpath(_output("sh", "-c", "command -v node") or "node")).parent.parent
    (target / "bin").mkdir(parents=True)
    shutil.copy2(prefix / "bin" / "node", target / "bin" / "node")
    _copy(prefix / "lib" / "node_modules" / "npm", target / "lib" / "node_modules" / "npm")
    for name in ("npm", "npx"):
        (target / "bin" / name).symlink_to(f"../lib/node_modules/npm/bin/{name}-cli.js")


def _go_tree(target: Path) -> None:
    _copy(Path(_output("go", "env", "GOROOT")), target)


def _rust_tree(target: Path) -> None:
    _copy(Path(_output("rustc", "--print", "sysroot")), target, ("share",))


_TREES: dict[str, Callable[[Path], None]] = {
    "python": _python_tree,
    "node": _node_tree,
    "golang": _go_tree,
    "rust": _rust_tree,
}
