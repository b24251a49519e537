"""The table of the proof: one row for each pair, and what it says of an outcome."""

from tests.onto.page import BEGIN, END, PAGE, table
from tests.onto.pairs import PAIRS
from tests.onto.proof import Outcome


def test_the_page_has_a_row_for_each_pair() -> None:
    shown = PAGE.read_text("utf-8").partition(BEGIN)[2].partition(END)[0]
    rows = {line.split(" | ")[0].removeprefix("| ") for line in shown.splitlines()[2:]}
    assert rows == {pair.covers for pair in PAIRS}


def test_a_row_says_what_was_missing_and_what_the_container_did() -> None:
    outcome = Outcome(
        name="x",
        missing=("liba", "libb", "libc", "libd"),
        elsewhere=(),
        before="",
        after="exec failed",
        predicted=(5,),
        actual=(5,),
        before_bytes=2_000_000,
        content_bytes=1_000_000,
        actual_bytes=1_000_000,
    )
    pair = next(pair for pair in PAIRS if not pair.limit)
    row = table([(pair, outcome)]).splitlines()[2]
    assert "`liba`, `libb`, `libc`, and 1 more | does not start | 2.00 MB | 1.00 MB | 1.00 MB |" in row
