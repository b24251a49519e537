"""What long texts and many paths take in memory."""

import json
from collections import deque
from functools import partial

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from layerscope.model import one_line as module
from layerscope.model.common_path import collapse
from layerscope.model.one_line import one_line
from layerscope.model.report import InstructionReport
from layerscope.render import escape
from layerscope.render import json as module_of_json
from layerscope.render.escape import printable, without_commands
from layerscope.render.words import instruction_text
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


LONG = st.builds(
    lambda text, times: text * times, st.text(st.sampled_from(":#[ \x7fa\U0001f600\n"), min_size=1), st.integers(1, 40)
)


@given(st.dictionaries(st.text(max_size=3), LONG), st.lists(LONG), LONG)
def test_pieces_of_a_document_are_it_and_cut_no_command(
    members: dict[str, str], elements: list[str], text: str
) -> None:
    value = {"members": members, "elements": elements, "numbers": {1: 2}, "text": text, "nothing": {}}
    whole = "".join(module_of_json.pieces(value))
    length, module_of_json._LONG = module_of_json._LONG, 7
    try:
        written = "".join(map(without_commands, module_of_json.pieces(value)))
    finally:
        module_of_json._LONG = length
    assert written == without_commands(whole)
    assert json.loads(whole) == json.loads(json.dumps(value))


def test_a_document_with_a_long_text_or_many_labels_is_never_in_memory() -> None:
    labels = {f"label{number}": "value" for number in range(50_000)}
    for value in (
        {"a": ["\x7f" * 1_000_000]},
        {"a": {"b": [[number, "x"] for number in range(50_000)]}},
        {"a": "\x7f" * 1_000_000},
        {"a": labels},
    ):
        assert peak_of(partial(deque, module_of_json.pieces(value), 0)) < 3_000_000


def test_an_instruction_that_nobody_wrote_by_hand_is_cut() -> None:
    step = InstructionReport(index=0, kind="RUN", text="x " * 60_000)
    assert len(instruction_text(step)) == 100_000 and instruction_text(step).endswith("...")
    assert instruction_text(replace(step, text="x " * 40_000)) == "RUN" + " x" * 40_000
