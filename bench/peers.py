"""The commands that are measured: layerscope's own, and those of everything else that goes through an archive."""

import json
import os
import shlex
import shutil
import sys
import tarfile
from pathlib import Path

from measure import Command

PYTHON = [sys.executable]
"""The interpreter that layerscope is installed for, in one element, so that it can be chosen at run time."""
_TARFILE = str(Path(__file__).parent / "list_with_tarfile.py")


def layerscope(*arguments: str | Path, cache: str = "", first: bool = False) -> Command:
    return Command(arguments=[*PYTHON, "-m", "layerscope", *map(str, arguments)], cache=cache, first=first)


def report(image: Path | str, *options: str, cache: str = "") -> Command:
    """The complete report, with packages and findings, as JSON."""
    return layerscope("report", "-q", "-f", "json", *options, image, cache=cache)


def piped(image: Path) -> Command:
    python = shlex.join(PYTHON)
    return _shell(f"cat {shlex.quote(str(image))} | {python} -m layerscope report -q -f json -")


def listings(image: Path, scratch: Path) -> dict[str, Command]:
    """A bare listing of every layer of a docker archive with plain layers, which is the least that any tool does.

    GNU tar skips contents only in a file, so it gets the layers taken out of the archive before.
    """
    found = {"stdlib tarfile, listing only": Command(arguments=[sys.executable, _TARFILE, str(image)])}
    if shutil.which("tar"):
        with tarfile.open(image) as outer:
            member = outer.extractfile("manifest.json")
            assert member is not None
            # A layer that is there twice is a link to the other.
            layers = {name: outer.getmember(name) for name in json.load(member)[0]["Layers"]}
            files = [one for one in layers.values() if one.isfile()]
            outer.extractall(scratch, files, filter="data")
        steps = [f"tar tf {shlex.quote(str(scratch / one.name))}" for one in files]
        found["tar t, layer after layer"] = _shell("; ".join(steps))
    return found


def peers(image: Path) -> dict[str, Command]:
    """Those that are on PATH; each writes its complete result as JSON."""
    found = {}
    if shutil.which("dive"):
        arguments = ["dive", "--source", "docker-archive", str(image), "--json", os.devnull]
        found["dive --json"] = Command(arguments=arguments)
    if shutil.which("syft"):
        found["syft -o json"] = Command(arguments=["syft", "-q", "-o", "json", f"docker-archive:{image}"])
    if shutil.which("trivy"):
        # Without its database of vulnerabilities, which it would download, and without what it kept of an earlier run.
        arguments = ["trivy", "image", "--quiet", "--offline-scan", "--cache-backend", "memory"]
        arguments += ["--scanners", "secret", "--list-all-pkgs", "-f", "json", "--input", str(image)]
        found["trivy --scanners secret"] = Command(arguments=arguments)
    return found


def decompressed(image: Path, tool: str, scratch: Path) -> dict[str, Command]:
    """``gzip -dc`` or ``zstd -dc`` and ``tar t`` over the layers of an OCI archive, taken out of it before."""
    if not shutil.which(tool):
        return {}
    with tarfile.open(image) as outer:
        layers = _layers(outer)
        outer.extractall(scratch, [outer.getmember(name) for name in layers], filter="data")
    steps = [f"{tool} -dc {shlex.quote(str(scratch / name))} | tar tf -" for name in layers]
    return {f"{tool} -dc and tar t, layer after layer": _shell("; ".join(steps))}


def _layers(outer: tarfile.TarFile) -> list[str]:
    """The names of the layer blobs."""

    def read(name: str) -> dict[str, list[dict[str, str]]]:
        member = outer.extractfile(name)
        assert member is not None
        found: dict[str, list[dict[str, str]]] = json.load(member)
        return found

    manifest = read(_blob(read("index.json")["manifests"][0]))
    return [_blob(layer) for layer in manifest["layers"]]


def _blob(descriptor: dict[str, str]) -> str:
    return "blobs/" + descriptor["digest"].replace(":", "/")


def _shell(script: str) -> Command:
    return Command(arguments=["sh", "-c", script])
