"""Nothing of an archive reaches a terminal as more than text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from layerscope.render.escape import printable


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        pytest.param("/usr/bin/git", "/usr/bin/git", id="plain"),
        pytest.param("/srv/naïve 文件", "/srv/naïve 文件", id="letters of any script"),
        pytest.param("a\nb\tc", "a\\nb\\tc", id="newline and tab"),
        pytest.param("\x1b[31mred", "\\x1b[31mred", id="escape sequence"),
        pytest.param("\x9b31m", "\\x9b31m", id="eight-bit control"),
        pytest.param("gnp.\u202etxt", "gnp.\\u202etxt", id="right-to-left override"),
        pytest.param("bytes\udcff", "bytes\\xff", id="no UTF-8"),
        pytest.param("\U000e0001", "\\U000e0001", id="tag character"),
    ],
)
def test_what_could_harm_is_written_out(name: str, shown: str) -> None:
    assert printable(name) == shown


@given(st.text() | st.binary().map(lambda data: data.decode("utf-8", "surrogateescape")))
def test_the_result_is_always_printable(name: str) -> None:
    assert printable(name).isprintable()
