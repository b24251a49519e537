"""Draws the pictures of the README: what the report prints and what the terminal UI shows, as SVG.

Both are the program's own output on an archive of fixtures/. The pictures load no font: viewers use their own.
"""

import asyncio
import io
import re
import subprocess
import sys
from collections.abc import Sequence

from rich.console import Console
from rich.text import Text

from docs.refresh import ROOT, environment
from layerscope.analysis.browse import Browser
from layerscope.cli.options import BuildOptions, ReadArguments
from layerscope.cli.source import ReportOptions, opened_source
from layerscope.explore.app import Explorer
from layerscope.render.units import RenderOptions, si

PICTURES = ROOT / "docs" / "assets"
IMAGE, DOCKERFILE, STAGE = (
    "fixtures/notes-v1.tar.zst",
    "fixtures/notes/Dockerfile",
    "build1=fixtures/notes-build1.tar.zst",
)
WORDS = ["report", IMAGE, "--dockerfile", DOCKERFILE, "--stage", STAGE]
EXPLORER: dict[str, tuple[tuple[int, int], tuple[str, ...]]] = {
    "explore": ((120, 30), ("tab", "j", "j", "j")),
    "explore-steps": ((90, 24), ("2", "enter")),
    "explore-view": ((90, 24), ("right_square_bracket", "tab", "slash", *"run", "enter", "end", "v")),
}
"""The size of the terminal and the keys of each picture of the terminal UI."""
_COLUMNS = 90
_FONT = re.compile(r"@font-face \{.*?\}\s*", re.DOTALL)


def report_output(*options: str) -> str:
    """What the command prints."""
    done = subprocess.run(
        [sys.executable, "-m", "layerscope", *WORDS, *options],
        cwd=ROOT,
        env=environment() | {"COLUMNS": str(_COLUMNS)},
        check=True,
        capture_output=True,
        encoding="utf-8",
    )
    return done.stdout


def report_picture() -> str:
    console = Console(record=True, width=_COLUMNS, file=io.StringIO(), force_terminal=True, color_system="truecolor")
    console.print(Text.from_ansi(report_output("--color", "always")), soft_wrap=True)
    return console.export_svg(title="layerscope report notes-v1.tar.zst", unique_id="report")


async def explorer_picture(size: tuple[int, int], keys: Sequence[str]) -> str:
    """The terminal UI after some keys."""
    options = ReportOptions(build=BuildOptions(dockerfile=DOCKERFILE, stage=[STAGE]))
    with opened_source(IMAGE, ReadArguments(no_cache=True), options) as source:
        assert source.analysis is not None
        app = Explorer(source.report, Browser(source.analysis, source.report), RenderOptions(units=si))
        async with app.run_test(size=size) as pilot:
            for key in ("", *keys):
                await pilot.press(*filter(None, (key,)))
                await pilot.pause()
                await app.workers.wait_for_complete()
            await pilot.pause()
            return app.export_screenshot(title="layerscope explore notes-v1.tar.zst")


def without_fonts(picture: str) -> str:
    return _FONT.sub("", picture)


def main() -> None:
    PICTURES.mkdir(exist_ok=True)
    shown = {name: asyncio.run(explorer_picture(*how)) for name, how in EXPLORER.items()}
    for name, picture in {"report": report_picture(), **shown}.items():
        (PICTURES / f"{name}.svg").write_text(without_fonts(picture), encoding="utf-8")


if __name__ == "__main__":
    main()
