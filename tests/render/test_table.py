"""Columns of a table in plain text."""

from layerscope.render.table import aligned


def test_text_stands_left_and_numbers_right() -> None:
    assert aligned(("SIZE", "NAME"), [["9 kB", "a"], ["12 B", "bb"], ["0 B", ""]], ("bytes", "text"), None) == (
        "SIZE  NAME\n9 kB  a\n12 B  bb\n 0 B"
    )


def test_a_cell_of_several_lines_leaves_its_neighbours_empty_below() -> None:
    assert aligned(("", ""), [["1", "one\ntwo"], ["2", "x"]], ("number", "text"), None) == "1  one\n   two\n2  x"


def test_the_widest_text_is_cut_to_the_width_of_the_terminal() -> None:
    text = aligned(("N", "TEXT"), [["1", "x" * 50]], ("number", "text"), 40)
    assert text.split("\n")[1] == "1  " + "x" * 36 + "…"
    assert aligned(("N", "TEXT"), [["1", "x" * 50]], ("number", "text"), None).endswith("x" * 50)


def test_two_wide_texts_share_the_room() -> None:
    text = aligned(("A", "B"), [["x" * 50, "y" * 60]], ("text", "text"), 62)
    assert text.split("\n")[1] == f"{'x' * 29}…  {'y' * 29}…"
    text = aligned(("A", "B"), [["x" * 22, "y" * 60]], ("text", "text"), 62)
    assert text.split("\n")[1] == f"{'x' * 22}  {'y' * 37}…"


def test_no_rows_make_no_table() -> None:
    assert aligned(("N",), [], ("number",), None) == ""
