"""Archives of extreme shapes, as docker save lays them out, written straight to disk."""

import gzip
import hashlib
import io
import json
import multiprocessing
import random
import tarfile
from collections.abc import Callable
from pathlib import Path

import zstandard

Writer = Callable[[tarfile.TarFile], None]


def made(make: Callable[..., Path], path: Path, *arguments: object) -> Path:
    """Make an image in a process of its own: what is measured later would count this one's memory as its own."""
    process = multiprocessing.get_context("spawn").Process(target=make, args=(path, *arguments))
    process.start()
    process.join()
    if process.exitcode:
        raise RuntimeError(f"{path} could not be made")
    return path


def many_files(path: Path, count: int) -> Path:
    """One layer of ``count`` small files, a hundred in a directory."""
    return archive(path, [_small_files(range(count))])


def layered_files(path: Path, count: int) -> Path:
    """The same files in ten layers, and an eleventh that deletes every tenth directory."""
    tenth = count // 10

    def hide(tar: tarfile.TarFile) -> None:
        for number in range(0, count, 1000):
            directory, name = _directory_of(number).rsplit("/", 1)
            _file(tar, f"{directory}/.wh.{name}", b"")

    return archive(path, [*(_small_files(range(first, first + tenth)) for first in range(0, count, tenth)), hide])


def _small_files(numbers: range) -> Writer:
    def write(tar: tarfile.TarFile) -> None:
        for number in numbers:
            if number % 100 == 0:
                _directory(tar, _directory_of(number))
            _file(tar, f"{_directory_of(number)}/file-{number:08}.txt", b"%d\n" % number)

    return write


def _directory_of(number: int) -> str:
    return f"srv/data/{number // 10_000:04}/{number // 100:06}"


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


def large_files(path: Path, count: int) -> Path:
    """One layer of ``count`` files of 512 MiB, each a number and zeros, which take no room on a disk with holes."""
    name, size, proof, zeros = f"{0:064x}/layer.tar", 512 << 20, hashlib.sha256(), bytes(1 << 20)
    with path.open("wb") as outer:
        outer.write(_header(name, count * (512 + size) + 1024))
        for number in range(count):
            header = _header(f"srv/large-{number}.bin", size)
            first = f"{number:016}".encode()
            outer.write(header + first)
            outer.seek(size - len(first), io.SEEK_CUR)
            proof.update(header + first + zeros[len(first) :])
            for _ in range((size >> 20) - 1):
                proof.update(zeros)
        outer.write(bytes(1024 + 1024))  # The ends of the layer and of the archive.
        proof.update(bytes(1024))
    with tarfile.open(path, "a", format=tarfile.GNU_FORMAT) as tar:
        _metadata(tar, ["sha256:" + proof.hexdigest()], [name])
    return path


def _header(name: str, size: int) -> bytes:
    info = tarfile.TarInfo(name)
    info.size = size
    return info.tobuf(tarfile.GNU_FORMAT)


def oci(path: Path, form: str) -> Path:
    """An OCI archive of three layers with 4,000 files each, as gzip, zstd, or estargz: a gzip member for each file."""
    compress = {"gzip": _gzip, "zstd": zstandard.ZstdCompressor().compress, "estargz": _estargz}[form]
    media_type = "application/vnd.oci.image.layer.v1.tar+" + ("zstd" if form == "zstd" else "gzip")
    blobs: dict[str, bytes] = {}

    def descriptor(kind: str, data: bytes) -> dict[str, object]:
        digest = hashlib.sha256(data).hexdigest()
        blobs[f"blobs/sha256/{digest}"] = data
        return {"mediaType": kind, "digest": f"sha256:{digest}", "size": len(data)}

    tars = [_layer(number) for number in range(3)]
    config = _config(["sha256:" + hashlib.sha256(tar).hexdigest() for tar in tars])
    manifest = {
        "schemaVersion": 2,
        "config": descriptor("application/vnd.oci.image.config.v1+json", config),
        "layers": [descriptor(media_type, compress(tar)) for tar in tars],
    }
    kind = "application/vnd.oci.image.manifest.v1+json"
    index = {"schemaVersion": 2, "manifests": [descriptor(kind, json.dumps(manifest).encode())]}
    with tarfile.open(path, "w", format=tarfile.GNU_FORMAT) as outer:
        for name, data in blobs.items():
            _file(outer, name, data)
        _file(outer, "index.json", json.dumps(index).encode())
        _file(outer, "oci-layout", b'{"imageLayoutVersion": "1.0.0"}')
    return path


def _layer(number: int) -> bytes:
    """A tar of 4,000 files, some of which can be compressed well and some hardly."""
    out, noise = io.BytesIO(), random.Random(number)
    with tarfile.open(fileobj=out, mode="w", format=tarfile.GNU_FORMAT) as tar:
        for index in range(4000):
            content = b"layer %d, line %d\n" % (number, index) * (index % 700) + noise.randbytes(index % 5000)
            _file(tar, f"srv/{number}/{index // 100:02}/{index:04}", content)
    return out.getvalue()


def _gzip(data: bytes) -> bytes:
    return gzip.compress(data, 6, mtime=0)


def _estargz(data: bytes) -> bytes:
    """Each entry in a gzip member of its own, as eStargz has them; the table of contents is left out."""
    with tarfile.open(fileobj=io.BytesIO(data)) as tar:
        starts = [one.offset for one in tar]
    ends = [*starts[1:], len(data)]
    return b"".join(_gzip(data[start:end]) for start, end in zip(starts, ends, strict=True))


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
        _metadata(outer, diff_ids, names)
    return path


def _config(diff_ids: list[str]) -> bytes:
    rootfs = {"type": "layers", "diff_ids": diff_ids}
    return json.dumps({"os": "linux", "architecture": "amd64", "rootfs": rootfs}).encode()


def _metadata(outer: tarfile.TarFile, diff_ids: list[str], names: list[str]) -> None:
    config = _config(diff_ids)
    name = hashlib.sha256(config).hexdigest() + ".json"
    _file(outer, name, config)
    manifest = [{"Config": name, "RepoTags": ["synthetic:latest"], "Layers": names}]
    _file(outer, "manifest.json", json.dumps(manifest).encode())


def _file(tar: tarfile.TarFile, name: str, content: bytes) -> None:
    info = tarfile.TarInfo(name)
    info.size = len(content)
    tar.addfile(info, io.BytesIO(content))
    _forget(tar)


def _directory(tar: tarfile.TarFile, name: str) -> None:
    info = tarfile.TarInfo(name)
    info.type, info.mode = tarfile.DIRTYPE, 0o755
    tar.addfile(info)
    _forget(tar)


def _forget(tar: tarfile.TarFile) -> None:
    """Have it not keep the headers that it wrote; ``members`` is what everybody uses for it, and documented nowhere."""
    setattr(tar, "members", [])  # noqa: B010
