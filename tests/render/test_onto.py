"""What every format says of the image on other base images."""

from msgspec.structs import replace

from layerscope.model.base import Base, FoundBy
from layerscope.model.report import LayerReport
from layerscope.model.step import Safety, Step
from layerscope.render.renderers import RENDERERS
from layerscope.render.text import text
from tests.render.reports import OPTIONS, ordinary, other


def test_one_base_is_told_with_what_needs_each_missing_thing() -> None:
    report = replace(ordinary(), onto=(other("base:1-slim", "libx.so.1"),))
    shown = RENDERERS["table"](report, replace(OPTIONS, width=120))
    assert "ON ANOTHER BASE IMAGE   base:1-slim: 3.00 kB instead of 3.50 kB, saves 500 B" in shown
    assert "missing at start   libx.so.1 (libx.so.1), needed by /app/libx.so.1 and 1 more" in shown
    assert "docs-man-locale 400 B less" in shown and "programs and libraries (9)" in shown


def test_another_base_takes_its_lines_from_the_one_screen() -> None:
    layers = tuple(LayerReport(index=index, content_bytes=1000) for index in range(30))
    steps = tuple(Step(strategy="s", safety=Safety.SAFE, sentence="do " * 50, saves_bytes=400) for _ in range(9))
    long = replace(ordinary(), layers=layers, steps=steps)
    asked = replace(long, onto=(other("base:1-slim", "libx.so.1"),))
    for width in (80, 120):
        shown = [text(one, replace(OPTIONS, width=width)).count("\n") for one in (long, asked)]
        assert 30 < shown[0] <= 40 and shown[1] <= 40, shown


def test_several_bases_are_a_table_by_what_is_missing() -> None:
    fitting = replace(other("base:1-slim", "x"), missing=())
    report = replace(ordinary(), onto=(fitting, other("base:1-tiny", "libx.so.1")))
    shown = RENDERERS["table"](report, replace(OPTIONS, width=120))
    assert "base:1-slim            3.00 kB  500 B  nothing among what was checked" in shown
    assert "base:1-tiny            3.00 kB  500 B  libx.so.1, libx.so.1" in shown


def test_no_format_promises_more_than_was_checked() -> None:
    fitting = replace(other("base:1-slim", "x"), missing=())
    for name in ("table", "markdown", "html"):
        shown = RENDERERS[name](replace(ordinary(), onto=(fitting,)), OPTIONS)
        assert "nothing missing among what was checked" in shown and "not checked" in shown
        assert "safe" not in shown.lower().replace("unsafe-inline", "")


def test_a_base_that_is_guessed_is_called_a_guess() -> None:
    guessed = Base(found_by=FoundBy.HISTORY_GUESS, layers=1)
    for name in ("table", "markdown", "html"):
        shown = RENDERERS[name](replace(ordinary(), base=guessed, onto=(other("a", "b"),)), OPTIONS)
        assert "a guess: --base makes it certain" in shown.replace("&#58;", ":")
