"""Measures layerscope beside other tools: whole processes in turn, minimum of several runs, ratios.

    python bench/run.py [--images DIR] [--runs N] [--only NAME] [--large] [--write] [--python PATH]

What is measured is a wheel of this tree in an environment of its own, or the layerscope of another Python. DIR holds
images that a real engine built (LAYERSCOPE_IMAGES, by default ~/.cache/layerscope-images); images that are absent are
left out and named. Peers (dive, syft, trivy, GNU tar) take part where they are on PATH. ``--large`` also makes and
measures a synthetic image of a million files, one of 200,000 whiteouts, and 5 GB in few files. ``--write`` puts the
tables into docs/performance.md, in the place of those of the same name, and the times of one image into the README.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import synthetic
from measure import Command, Measured, compare
from peers import PYTHON, decompressed, layerscope, listings, peers, piped, report
from synthetic import made
from tables import growth, table, write

_WORDS = {"estargz": "a gzip member for each file"}
_FIXTURE = Path(__file__).parent.parent / "fixtures" / "tiny-legacy.tar"


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One table: an image, and the commands that read it, made when their turn comes; ratios are to the first."""

    name: str
    commands: Callable[[], tuple[Path | None, dict[str, Command]]]


def plain(image: Path, scratch: Path, *, verify: bool = False) -> tuple[Path, dict[str, Command]]:
    """A docker archive with plain layers."""
    commands = {"layerscope report -f json": report(image)}
    if verify:
        commands["the same, --verify"] = report(image, "--verify")
    commands |= {"the same, through a pipe": piped(image)} | listings(image, scratch)
    return image, commands | peers(image)


def compressed(image: Path, tool: str, scratch: Path) -> tuple[Path, dict[str, Command]]:
    """An OCI archive; the second report of it finds its layers in the cache."""
    warm = str(scratch / "cache")
    commands = {
        "layerscope report -f json": report(image),
        "the same, --no-cache": report(image, "--no-cache"),
        "the same once more": report(image, cache=warm),
        "the same, through a pipe": piped(image),
    }
    return image, commands | decompressed(image, tool, scratch)


def cases(images: Path, scratch: Path, *, large: bool) -> Iterator[Case]:
    """What there is to measure."""
    yield Case(name="start", commands=lambda: (None, _start()))
    for name in ("notesapp-default", "waste-v1", "mini-v1"):
        image = images / f"{name}.tar"
        if image.exists():
            yield Case(name=name, commands=partial(plain, image, _folder(scratch), verify=True))
        else:
            print(f"left out: {name}.tar is not in {images}", file=sys.stderr)
    for name in ("notesapp-default", "mini-v1"):
        for form in ("gzip", "zstd"):
            if (images / f"{name}.tar").exists() and shutil.which("skopeo"):
                yield Case(name=f"{name}, OCI {form}", commands=partial(_form, images / f"{name}.tar", form, scratch))
    for form in ("gzip", "zstd", "estargz"):
        yield Case(
            name=f"12,000 files in three layers, {_WORDS.get(form, form)}", commands=partial(_synthetic, form, scratch)
        )
    yield Case(
        name="120 layers",
        commands=lambda: plain(made(synthetic.layers_image, scratch / "layers.tar", 120), _folder(scratch)),
    )
    if large:
        yield Case(
            name="200,000 whiteouts",
            commands=lambda: plain(made(synthetic.whiteouts, scratch / "w.tar", 200_000), _folder(scratch)),
        )
        yield Case(
            name="5 GB in ten files",
            commands=lambda: plain(made(synthetic.large_files, scratch / "l.tar", 10), _folder(scratch)),
        )
        yield Case(
            name="a million files",
            commands=lambda: plain(made(synthetic.many_files, scratch / "m.tar", 10**6), _folder(scratch)),
        )
        yield Case(
            name="a million files in ten layers, a tenth of them deleted",
            commands=lambda: plain(made(synthetic.layered_files, scratch / "d.tar", 10**6), _folder(scratch)),
        )
        yield Case(name="a million files listed", commands=lambda: _listed(scratch / "m.tar"))


def _synthetic(form: str, scratch: Path) -> tuple[Path, dict[str, Command]]:
    image = made(synthetic.oci, scratch / f"{form}.tar", form)
    return compressed(image, "zstd" if form == "zstd" else "gzip", _folder(scratch))


def _start() -> dict[str, Command]:
    return {
        "layerscope --version": layerscope("--version"),
        "layerscope --help": layerscope("--help"),
        "layerscope report, 64 kB": layerscope("report", "-q", _FIXTURE),
        "layerscope report -f json, 64 kB": report(_FIXTURE),
        "python -c pass": Command(arguments=[*PYTHON, "-c", "pass"]),
    }


def _folder(scratch: Path) -> Path:
    return Path(tempfile.mkdtemp(dir=scratch))


def _form(image: Path, form: str, scratch: Path) -> tuple[Path, dict[str, Command]]:
    """The same image as an OCI archive, which skopeo writes before it is measured."""
    target = scratch / f"{image.stem}.{form}.tar"
    options = ["--dest-compress-format", form, "--dest-oci-accept-uncompressed-layers=false"]
    places = [f"docker-archive:{image}", f"oci-archive:{target}"]
    subprocess.run(["skopeo", "--insecure-policy", "copy", "-q", *options, *places], check=True)
    return compressed(target, form, _folder(scratch))


def _listed(image: Path) -> tuple[Path, dict[str, Command]]:
    """``files``, until its first output and until its end."""
    commands = {}
    for order in ("layer", "size"):
        arguments = ("files", "-q", "-f", "csv", "--sort", order, image)
        commands[f"files -f csv --sort {order}, first output"] = layerscope(*arguments, first=True)
        commands[f"files -f csv --sort {order}"] = layerscope(*arguments)
    return image, commands


def linear(scratch: Path, runs: int) -> str:
    """How the time grows with entries, whiteouts and layers."""
    makers: dict[str, tuple[Callable[[Path, int], Path], int]] = {
        "entries, from 100,000": (synthetic.many_files, 100_000),
        "whiteouts, from 50,000": (synthetic.whiteouts, 50_000),
        "layers, from 250": (synthetic.layers_image, 250),
    }
    rows: list[tuple[str, list[Measured]]] = []
    for name, (make, count) in makers.items():
        commands = {str(n): report(made(make, scratch / f"{n}.tar", n * count)) for n in (1, 2, 4)}
        rows.append((name, list(compare(commands, runs=runs).values())))
    return growth(rows)


def _installed(directory: Path) -> str:
    """The Python of a new environment that has a wheel of this tree."""
    root = Path(__file__).parent.parent
    subprocess.run([sys.executable, "-m", "venv", directory / "venv"], check=True)
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, "wheel", "--no-deps", "--wheel-dir", directory, root], check=True)
    python = directory / "venv" / ("Scripts" if os.name == "nt" else "bin") / "python"
    subprocess.run([*pip, "--python", python, "install", *directory.glob("*.whl")], check=True)
    return str(python)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    default = os.environ.get("LAYERSCOPE_IMAGES", str(Path("~/.cache/layerscope-images").expanduser()))
    parser.add_argument("--images", type=Path, default=Path(default))
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--only", default="")
    parser.add_argument("--large", action="store_true")
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--python", default="")
    options = parser.parse_args()
    tables = []
    with tempfile.TemporaryDirectory() as scratch:
        PYTHON[:] = [options.python or _installed(Path(tempfile.mkdtemp(dir=scratch)))]
        for case in cases(options.images, Path(scratch), large=options.large):
            if options.only in case.name:
                image, commands = case.commands()
                tables.append(table(case.name, image, compare(commands, runs=options.runs)))
                print(tables[-1], flush=True)
        if options.only in "linear":
            tables.append(linear(Path(scratch), options.runs))
            print(tables[-1], flush=True)
    if options.write:
        write(tables)


if __name__ == "__main__":
    main()
