"""Nothing of an archive reaches a terminal as more than text."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from layerscope.render.escape import printable, without_commands


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


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        pytest.param("::error::x", "\\x3a:error::x", id="at the beginning"),
        pytest.param("a\n \t::error::x\n", "a\n \t\\x3a:error::x\n", id="of a line, behind blanks"),
        pytest.param("\u2003::error::x", "\u2003\\x3a:error::x", id="behind a blank of another kind"),
        pytest.param("a ::error::x", "a ::error::x", id="within a line the runner sees none"),
        pytest.param("a ##[error]x ##[", "a ##\\u005berror]x ##\\u005b", id="the other form, anywhere"),
        pytest.param("# [x] #[y] [::1]", "# [x] #[y] [::1]", id="no command"),
    ],
)
def test_no_line_is_a_command_to_githubs_runner(text: str, shown: str) -> None:
    assert without_commands(text) == shown


@given(st.text(st.sampled_from(":#[] \n\tae")))
def test_what_holds_no_command_any_more_stays_as_it_is(text: str) -> None:
    made = without_commands(text)
    assert "##[" not in made and not any(line.lstrip().startswith("::") for line in made.split("\n"))
    assert without_commands(made) == made


@given(st.text(st.sampled_from(":#[]ae")))
def test_json_keeps_its_value(text: str) -> None:
    assert json.loads(without_commands(json.dumps([text]))) == [text]
