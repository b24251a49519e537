"""What long texts and many paths take in memory."""

from hypothesis import given
from hypothesis import strategies as st

from layerscope.model import one_line as module
from layerscope.model.common_path import collapse
from layerscope.model.one_line import one_line
from layerscope.render import escape
from layerscope.render.escape import printable
from tests.memory import peak_of

TEXTS = st.text(st.sampled_from("ab \n\u3000\x1b"), max_size=40)


@given(TEXTS, st.integers(1, 5))
def test_pieces_of_any_length_give_the_same_text(text: str, piece: int) -> None:
    pieces = (module._PIECE, escape._PIECE)
    expected = one_line(text), printable(text)
    module._PIECE = escape._PIECE = piece
    try:
        assert (one_line(text), printable(text)) == expected == (" ".join(text.split()), printable(text))
    finally:
        module._PIECE, escape._PIECE = pieces


def test_a_long_text_takes_a_few_times_its_length() -> None:
    assert peak_of(lambda: one_line("a; " * 1_000_000)) < 20_000_000
    assert peak_of(lambda: printable("\x1b" * 1_000_000)) < 20_000_000


def test_many_paths_take_little_more_than_a_list_of_them() -> None:
    assert peak_of(lambda: collapse((f"/d{number}/e/f", 1) for number in range(20_000))) < 8_000_000
