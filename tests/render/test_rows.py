"""Listings in each format."""

import csv
import io
import json

import pytest

from layerscope.model.rows import Column, Rows
from layerscope.render.rows import ROW_RENDERERS
from layerscope.render.units import RenderOptions, si

COLUMNS = (
    Column(name="content_bytes", header="SIZE", kind="bytes"),
    Column(name="path", header="PATH"),
    Column(name="note", shown=False),
)
HOSTILE = (
    "/a\nb",
    "/\x1b[31m",
    "/\u202e",
    "/byte\udcff",
    "=cmd|' /C calc'!A0",
    "<script>",
    "a|b",
    "`x`",
    "@a",
    "-1+1",
    "  =1",
    "＝1",
    " ＠a",
)


def rendered(name: str, *paths: str, width: int | None = None) -> str:
    rows = tuple((1000 * (index + 1), path, "kept") for index, path in enumerate(paths))
    return "".join(ROW_RENDERERS[name](Rows(columns=COLUMNS, rows=rows), RenderOptions(units=si, width=width)))


def test_a_table_has_aligned_columns_and_shows_no_more() -> None:
    assert rendered("table", "/a", "/b").split("\n") == ["   SIZE  PATH", "1.00 kB  /a", "2.00 kB  /b", ""]


def test_a_table_without_rows_says_so() -> None:
    assert rendered("table") == "nothing to list\n"


def test_a_table_is_cut_to_a_terminal_and_never_else() -> None:
    long = "a text that is " + "x" * 200
    assert long in rendered("table", long)
    lines = rendered("table", long, width=60).split("\n")
    assert max(map(len, lines)) <= 60 and lines[1].endswith("…")


def test_a_table_of_many_columns_is_cut_to_a_narrow_terminal() -> None:
    columns = tuple(Column(name=f"a long name {number}", kind="number") for number in range(9))
    rows = Rows(columns=columns, rows=(tuple(range(9)),))
    lines = "".join(ROW_RENDERERS["table"](rows, RenderOptions(units=si, width=60))).split("\n")
    assert [len(line) for line in lines] == [60, 60, 0]


RANKED = (
    Column(name="severity", header="SEVERITY", kind="severity"),
    Column(name="evidence", header="EVIDENCE", rank=2),
    Column(name="source", header="SOURCE", rank=1),
    Column(name="path", header="PATH"),
)


def ranked(path: str, width: int | None, *, color: bool = False) -> list[str]:
    rows = Rows(columns=RANKED, rows=(("high", "attested", "stage:builder", path),))
    options = RenderOptions(units=si, width=width, color=color)
    return "".join(ROW_RENDERERS["table"](rows, options)).split("\n")


@pytest.mark.parametrize(
    ("width", "left_out"),
    [(None, ""), (80, ""), (52, "EVIDENCE"), (36, "EVIDENCE, SOURCE"), (20, "EVIDENCE, SOURCE")],
)
def test_a_narrow_terminal_leaves_out_what_matters_least_and_says_so(width: int | None, left_out: str) -> None:
    lines = ranked(f"/usr/{'x' * 90}.py", width)
    headers = [column.header for column in RANKED if column.header not in left_out.split(", ")]
    assert lines[0].split() == headers
    assert lines[2:-1] == ([f"not shown: {left_out} (--wide shows all)"] if left_out else [])


def test_short_texts_leave_no_column_out() -> None:
    assert ranked("/x", 44)[0].split() == [column.header for column in RANKED]


def test_a_severity_has_its_color_and_the_headers_step_back() -> None:
    lines = ranked("/x", 80, color=True)
    assert lines[0].startswith("\x1b[2mSEVERITY") and lines[1].startswith("\x1b[38;5;160mhigh\x1b[0m")
    assert "\x1b" not in "".join(ranked("/x", 80))


def test_a_path_is_cut_where_it_says_least() -> None:
    line = rendered("table", f"/usr/lib/{'x' * 200}/name.py", width=60).split("\n")[1]
    assert len(line) == 60 and "  /usr/lib/xx" in line and "…" in line and line.endswith("xx/name.py")


@pytest.mark.parametrize("path", HOSTILE)
def test_json_gives_the_bytes_back(path: str) -> None:
    (row,) = json.loads(rendered("json", path))
    assert row["path"] == path and row["note"] == "kept" and row["content_bytes"] == 1000
    assert json.loads(rendered("jsonl", path)) == row
    assert rendered("json", path).isascii()
    assert ("path_base64" in row) == ("\udcff" in path)


@pytest.mark.parametrize("path", HOSTILE)
def test_csv_holds_one_line_a_row_and_no_formula(path: str) -> None:
    text = rendered("csv", path)
    header, row = list(csv.reader(io.StringIO(text)))
    assert header == ["content_bytes", "path", "note"] and row[0] == "1000"
    assert row[1].lstrip()[:1] not in "=+-@＝＋－＠" and row[1].isprintable() and text.count("\n") == 2


@pytest.mark.parametrize("path", HOSTILE)
def test_markdown_has_no_markup_from_a_name(path: str) -> None:
    text = rendered("markdown", path)
    assert text.count("\n") == 3
    body = text.split("\n")[2]
    assert "<script>" not in body and "`x`" not in body.replace("\\`", "")
    assert body.replace("\\|", "").count("|") == 3


def test_markdown_keeps_how_far_a_name_is_moved_in() -> None:
    assert rendered("markdown", "  etc/").split("\n")[2] == "| 1.00 kB | &nbsp;&nbsp;etc/ |"
