"""Archives of extreme shapes, as docker save lays them out, written straight to disk."""

import hashlib
import io
import json
import tarfile
from collections.abc import Callable
from pathlib import Path

Writer = Callable[[tarfile.TarFile], None]


def many_files(path: Path, count: int) -> Path:
    """One layer of ``count`` small files, a hundred in a directory."""

    def write(tar: tarfile.TarFile) -> None:
        for number in range(count):
            if number % 100 == 0:
                _directory(tar, f"srv/data/{number // 10_000:04}/{number // 100:06}")
            _file(tar, f"srv/data/{number // 10_000:04}/{number // 100:06}/file-{number:08}.txt", b"%d\n" % number)

    return archive(path, [write])


def whiteouts(path: Path, count: int) -> Path:
    """A layer of ``count`` files, and one that deletes each of them by a whiteout of its own."""

    def write(tar: tarfile.TarFile) -> None:
        for number in range(count):
            _file(tar, f"srv/{number // 1000:04}/{number:08}", b"x")

    def hide(tar: tarfile.TarFile) -> None:
        for number in range(count):
            _file(tar, f"srv/{number // 1000:04}/.wh.{number:08}", b"")

    return archive(path, [write, hide])


def layers_image(path: Path, count: int) -> Path:
    """``count`` layers that each overwrite a file of the one below and add some."""

    def layer(number: int) -> Writer:
        def write(tar: tarfile.TarFile) -> None:
            _file(tar, "etc/version", b"%d\n" % number)
            for index in range(5):
                _file(tar, f"opt/{number}/{index}", bytes(1000))

        return write

    return archive(path, [layer(number) for number in range(count)])


def archive(path: Path, writers: list[Writer]) -> Path:
    """A docker archive of the layers that the writers write."""
    names, diff_ids = [], []
    with tarfile.open(path, "w", format=tarfile.GNU_FORMAT) as outer:
        for number, write in enumerate(writers):
            layer = path.with_suffix(f".{number}.layer")
            with tarfile.open(layer, "w", format=tarfile.GNU_FORMAT) as tar:
                write(tar)
            with layer.open("rb") as file:
                diff_ids.append("sha256:" + hashlib.file_digest(file, "sha256").hexdigest())
            names.append(f"{number:064x}/layer.tar")
            outer.add(layer, names[-1])
            layer.unlink()
        config = json.dumps(
            {"os": "linux", "architecture": "amd64", "rootfs": {"type": "layers", "diff_ids": diff_ids}}
        ).encode()
        name = hashlib.sha256(config).hexdigest() + ".json"
        manifest = [{"Config": name, "RepoTags": ["synthetic:latest"], "Layers": names}]
        _file(outer, name, config)
        _file(outer, "manifest.json", json.dumps(manifest).encode())
    return path


def _file(tar: tarfile.TarFile, name: str, content: bytes) -> None:
    info = tarfile.TarInfo(name)
    info.size = len(content)
    tar.addfile(info, io.BytesIO(content))
    tar.members = []  # It would keep every header.


def _directory(tar: tarfile.TarFile, name: str) -> None:
    info = tarfile.TarInfo(name)
    info.type, info.mode = tarfile.DIRTYPE, 0o755
    tar.addfile(info)
    tar.members = []
