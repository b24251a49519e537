"""The pictures of the README show what the program prints today."""

import asyncio
import re
from xml.etree import ElementTree

import pytest

pytest.importorskip("textual")

from docs import pictures


def _text(svg: str) -> str:
    """The text of a picture, without the spaces that place it."""
    return re.sub(r"\s", "", "".join(ElementTree.fromstring(svg).itertext()))


def test_the_report_is_todays() -> None:
    picture = (pictures.PICTURES / "report.svg").read_text("utf-8")
    shown = re.sub(r"\s", "", pictures.report_output("--color", "never"))
    assert shown, picture
    assert shown in _text(picture), "run: make pictures"


@pytest.mark.parametrize("name", pictures.EXPLORER)
def test_the_terminal_ui_is_todays(name: str) -> None:
    picture = (pictures.PICTURES / f"{name}.svg").read_text("utf-8")
    shown = asyncio.run(pictures.explorer_picture(*pictures.EXPLORER[name]))
    assert _text(pictures.without_fonts(shown)).partition("layerscopeexplore")[2] in _text(picture), (
        "run: make pictures"
    )


@pytest.mark.parametrize("name", ["report", *pictures.EXPLORER])
def test_a_picture_loads_nothing(name: str) -> None:
    picture = (pictures.PICTURES / f"{name}.svg").read_text("utf-8")
    assert "@font-face" not in picture
    assert set(re.findall(r"https?://[^\s\"<]+", picture)) <= {
        "http://www.w3.org/2000/svg",
        "https://www.textualize.io",
    }
