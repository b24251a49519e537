"""What was measured, as tables in Markdown."""

import re
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

from measure import LIMIT, Measured, megabytes

ROOT = Path(__file__).parent.parent
_MARK = "<!-- tables -->"
_HEADING = re.compile(r"^(?=### )", re.MULTILINE)
_TIMES = re.compile(r"^\| (?:CPU )?time for a .*$", re.MULTILINE)


def table(name: str, image: Path | None, results: dict[str, Measured]) -> str:
    """``ratio`` is against the first command, so above 1 the first one is faster."""
    first = next(iter(results.values()))
    lines = [
        f"### {name}" + (f" ({megabytes(image)})" if image else ""),
        "",
        "| command | least | spread | ratio | CPU | peak memory |",
        "| --- | ---: | ---: | ---: | ---: | ---: |",
    ]
    for command, result in results.items():
        if result.failed:
            lines.append(f"| {command} | failed | | | | |")
            continue
        if result.ended:
            lines.append(f"| {command} | over {LIMIT} s | | over {LIMIT / first.least:,.0f} | | |")
            continue
        lines.append(
            f"| {command} | {result.least:.2f} s | {result.least:.2f} to {max(result.seconds):.2f} s"
            f" | {result.least / first.least:.2f} | {min(result.cpu):.2f} s | {result.peak_bytes / 1e6:,.0f} MB |"
        )
    return "\n".join(lines) + "\n"


def growth(rows: Sequence[tuple[str, Sequence[Measured]]]) -> str:
    """CPU seconds at one, two and four times the size; linear work doubles from each to the next, or less."""
    lines = [
        "### one, two and four times as much",
        "",
        "| what grows | once | twice | four times | ratios |",
        "| --- | ---: | ---: | ---: | ---: |",
    ]
    for name, sizes in rows:
        cpu = [min(one.cpu) for one in sizes]
        ratios = ", ".join(f"{after / before:.2f}" for before, after in pairwise(cpu))
        lines.append(f"| {name} | " + " | ".join(f"{one:.2f} s" for one in cpu) + f" | {ratios} |")
    return "\n".join(lines) + "\n"


def write(tables: Sequence[str]) -> None:
    """Put the tables into docs/performance.md, behind its prose; others that are there stay."""
    page = ROOT / "docs" / "performance.md"
    head, _, rest = page.read_text(encoding="utf-8").partition(_MARK)
    found = {one.partition("\n")[0]: f"{one.strip()}\n" for one in _HEADING.split(rest) if one.strip()}
    found |= {one.partition("\n")[0]: one for one in tables}
    page.write_text(head + _MARK + "\n\n" + "\n".join(found.values()), encoding="utf-8")


def write_times(image: Path, results: dict[str, Measured]) -> None:
    """Put the CPU times of one image, which vary least, into the README's table, in the order of its columns."""
    page = ROOT / "README.md"
    cells = [f"CPU time for a {image.stat().st_size / 1e9:.2f} GB archive"]
    for command in ("layerscope report -f json", "dive --json", "syft -o json", "trivy --scanners secret"):
        one = results.get(command)
        cells.append("not measured" if one is None or one.failed else f"{min(one.cpu):.2f} s")
    row = f"| {' | '.join(cells)} | - |"
    page.write_text(_TIMES.sub(lambda _: row, page.read_text(encoding="utf-8")), encoding="utf-8")
