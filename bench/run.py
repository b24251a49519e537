"""Measures layerscope beside other tools: whole processes in turn, minimum of several runs, ratios.

    python bench/run.py [--images DIR] [--runs N] [--only NAME] [--million] [--write]

DIR holds images that a real engine built (LAYERSCOPE_IMAGES, by default ~/.cache/layerscope-images); what is absent is
left out and said. Peers (dive, syft, GNU tar) take part where they are on PATH. ``--million`` also makes and measures a
synthetic image of a million files, and one of 200,000 whiteouts. ``--write`` puts the tables into docs/performance.md.
"""

import argparse
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from measure import Measured, compare
from synthetic import layers_image, many_files, whiteouts

ROOT = Path(__file__).parent.parent
TARFILE = str(ROOT / "bench" / "list_with_tarfile.py")


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One table: an image and the commands that read it; the first is the one that the others are held against."""

    name: str
    image: Path
    commands: dict[str, list[str]]


def layerscope(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "layerscope", *arguments]


def report_case(name: str, image: Path, *, verify: bool = False, peers: bool = True) -> Case:
    """The complete report as JSON beside everything else that goes through the same archive."""
    commands = {"layerscope report -f json": layerscope("report", "-q", "-f", "json", str(image))}
    if verify:
        commands["the same, --verify"] = layerscope("report", "-q", "-f", "json", "--verify", str(image))
    commands["stdlib tarfile, listing only"] = [sys.executable, TARFILE, str(image)]
    if peers and shutil.which("dive"):
        commands["dive --json"] = ["dive", "--source", "docker-archive", str(image), "--json", os.devnull]
    if peers and shutil.which("syft"):
        commands["syft -o json"] = ["syft", "-q", "-o", "json", f"docker-archive:{image}"]
    return Case(name=name, image=image, commands=commands)


def compressed_case(name: str, image: Path, tool: str) -> Case:
    """A report of compressed layers beside decompressing and listing them one after another."""
    script = (
        f"tar xf {image} -C $0 blobs && for blob in $0/blobs/sha256/*; do"
        f" {tool} -dc $blob 2>/dev/null | tar t >/dev/null 2>&1; done; true"
    )
    with_blobs = ["sh", "-c", f"d=$(mktemp -d); trap \"rm -rf $d\" EXIT; sh -c '{script}' $d"]
    return Case(
        name=name,
        image=image,
        commands={
            "layerscope report -f json": layerscope("report", "-q", "-f", "json", str(image)),
            f"{tool} -dc and tar t, layer after layer": with_blobs,
        },
    )


def cases(images: Path, scratch: Path, *, million: bool) -> Iterator[Case]:
    """What there is to measure."""
    yield Case(
        name="start",
        image=ROOT,
        commands={
            "layerscope --version": layerscope("--version"),
            "layerscope --help": layerscope("--help"),
            "python -c pass": [sys.executable, "-c", "pass"],
        },
    )
    for name in ("notesapp-default", "waste-v1", "mini-v1"):
        if (images / f"{name}.tar").exists():
            yield report_case(name, images / f"{name}.tar", verify=name == "notesapp-default")
        else:
            print(f"left out: {name}.tar is not in {images}", file=sys.stderr)
    for form, tool in (("gzip", "gzip"), ("zstd", "zstd")):
        image = images / f"mini-v1.oci-{form}.tar"
        if image.exists() and shutil.which(tool):
            yield compressed_case(f"mini-v1, OCI {form}", image, tool)
    yield report_case("120 layers", layers_image(scratch / "layers.tar", 120), peers=True)
    if million:
        yield report_case("200,000 whiteouts", whiteouts(scratch / "whiteouts.tar", 200_000), peers=False)
        yield report_case("a million files", many_files(scratch / "million.tar", 1_000_000), peers=False)


def table(case: Case, results: dict[str, Measured]) -> str:
    """One table in Markdown; ``ratio`` is against the first command, so above 1 the first one is faster."""
    first = next(iter(results.values()))
    lines = [
        f"### {case.name}" + (f" ({case.image.stat().st_size / 1e6:,.0f} MB)" if case.image.is_file() else ""),
        "",
        "| command | least | spread | ratio | peak memory |",
        "| --- | ---: | ---: | ---: | ---: |",
    ]
    for name, result in results.items():
        ratio = result.least / first.least
        lines.append(
            f"| {name} | {result.least:.2f} s | {result.least:.2f} to {result.most:.2f} s"
            f" | {ratio:.2f} | {result.peak_bytes / 1e6:,.0f} MB |"
        )
    return "\n".join(lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    default = os.environ.get("LAYERSCOPE_IMAGES", str(Path("~/.cache/layerscope-images").expanduser()))
    parser.add_argument("--images", type=Path, default=Path(default))
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--only", default="")
    parser.add_argument("--million", action="store_true")
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    tables = []
    with tempfile.TemporaryDirectory() as scratch:
        for case in cases(options.images, Path(scratch), million=options.million):
            if options.only in case.name:
                tables.append(table(case, compare(case.commands, runs=options.runs)))
                print(tables[-1], flush=True)
    if options.write:
        page = ROOT / "docs" / "performance.md"
        head = page.read_text(encoding="utf-8").partition("<!-- tables -->")[0]
        page.write_text(head + "<!-- tables -->\n\n" + "\n".join(tables), encoding="utf-8")


if __name__ == "__main__":
    main()
