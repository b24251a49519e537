"""Colours on a terminal."""

import pytest
from rich.color import Color

from layerscope.render.style import Style, painted, styled


def _luminance(color: Color) -> float:
    """The relative luminance of WCAG 2.2."""
    parts = (part / 255 for part in color.get_truecolor())
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


@pytest.mark.parametrize("style", [one for one in Style if one not in (Style.STRONG, Style.SOFT)])
def test_every_color_is_legible_on_black_and_on_white(style: Style) -> None:
    """The least contrast is that of WCAG 2.2 for large text; the terminal's theme has no say in these colours."""
    sequence = painted(styled("x", style), color=True).partition("x")[0]
    number = sequence.removeprefix("\x1b[").removesuffix("m").removeprefix("1;").removeprefix("38;5;")
    assert int(number) >= 16
    luminance = _luminance(Color.parse(f"color({number})"))
    assert 1.05 / (luminance + 0.05) >= 3 and (luminance + 0.05) / 0.05 >= 3
