"""What was measured, as tables in Markdown."""

import re
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

from measure import LIMIT, Measured, megabytes

ROOT = Path(__file__).parent.parent
_MARK = "<!-- tables -->"
_HEADING = re.compile(r"^(?=### )", re.MULTILINE)
_TIMES = re.compile(r"^\| time for an archive of .*$", re.MULTILINE)
_IN_README = "notesapp-default"
_COLUMNS = ("layerscope report -f json", "dive --json", "syft -o json", "trivy --scanners secret")


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
    """Put the tables into docs/performance.md, behind its prose, and the README's times; others that are there stay."""
    page, readme = ROOT / "docs" / "performance.md", ROOT / "README.md"
    head, _, rest = page.read_text(encoding="utf-8").partition(_MARK)
    found = {_name(one): f"{one.strip()}\n" for one in _HEADING.split(rest) if one.strip()}
    found |= {_name(one): one for one in tables}
    text = head + _MARK + "\n\n" + "\n".join(found.values())
    page.write_text(text, encoding="utf-8")
    readme.write_text(with_times(readme.read_text(encoding="utf-8"), text), encoding="utf-8")


def with_times(readme: str, performance: str) -> str:
    """The README with the times of one image, as docs/performance.md has them, in the order of its table's columns."""
    text = next(one for one in _HEADING.split(performance) if _name(one) == _IN_README)
    least = dict(re.findall(r"^\| ([^|]+) \| ([^|]+) \|", text, re.MULTILINE))
    size = text[text.index("(") + 1 : text.index(")")]
    cells = [f"time for an archive of {size}", *(least.get(command, "not measured") for command in _COLUMNS), "-"]
    return _TIMES.sub(lambda _: f"| {' | '.join(cells)} |", readme)


def _name(table: str) -> str:
    """What is measured, without the archive's size, which changes when the image is built again."""
    return table.partition("\n")[0].removeprefix("### ").partition(" (")[0]
