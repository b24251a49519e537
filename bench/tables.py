"""What was measured, as tables in Markdown."""

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

from measure import LIMIT, Measured, megabytes

ROOT = Path(__file__).parent.parent
_MARK = "<!-- tables -->"


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
    """Put the tables into docs/performance.md, behind its prose."""
    page = ROOT / "docs" / "performance.md"
    head = page.read_text(encoding="utf-8").partition(_MARK)[0]
    page.write_text(head + _MARK + "\n\n" + "\n".join(tables), encoding="utf-8")
