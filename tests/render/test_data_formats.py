"""JSON, JSON lines and CSV give back what went in."""

import base64
import csv
import io
import json

import jsonschema
import pytest
from msgspec.structs import replace

from docs.report_schema import PUBLISHED, schema
from layerscope.analysis.saved import load
from layerscope.model.finding import Severity
from layerscope.model.report import Report
from layerscope.model.step import Safety, SecretAdvice, Step
from layerscope.render.escape import printable
from layerscope.render.renderers import RENDERERS, in_pieces
from tests.render.reports import HOSTILE, OPTIONS, empty, hostile, ordinary

CASES = sorted(HOSTILE)
REPORTS = [
    pytest.param(ordinary(), id="ordinary"),
    pytest.param(empty(), id="empty"),
    *(pytest.param(hostile(HOSTILE[case]), id=case) for case in CASES),
]


def test_the_published_schema_is_fresh() -> None:
    assert json.loads(PUBLISHED.read_text(encoding="utf-8")) == schema(), "run: make docs"


def test_the_schema_is_one() -> None:
    jsonschema.Draft202012Validator.check_schema(schema())


@pytest.mark.parametrize("report", REPORTS)
def test_every_report_keeps_to_the_schema(report: Report) -> None:
    jsonschema.Draft202012Validator(schema()).validate(json.loads(RENDERERS["json"](report, OPTIONS)))


@pytest.mark.parametrize(
    ("keys", "value"),
    [
        pytest.param(("totals", "content_bytes"), -1, id="negative bytes"),
        pytest.param(("totals", "content_bytes"), "1", id="a text for a number"),
        pytest.param(("findings", 0, "severity"), "fatal", id="an unknown severity"),
        pytest.param(("findings", 0, "paths", 0, "layer"), None, id="a path of no layer"),
        pytest.param(("schema_version",), "1.0", id="another version"),
        pytest.param(("image", "surprise"), 1, id="an unknown member"),
    ],
)
def test_the_schema_refuses(keys: tuple[str | int, ...], value: object) -> None:
    document = json.loads(RENDERERS["json"](ordinary(), OPTIONS))
    place = document
    for key in keys[:-1]:
        place = place[key]
    place[keys[-1]] = value
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.Draft202012Validator(schema()).validate(document)


@pytest.mark.parametrize("report", REPORTS)
def test_json_gives_the_same_report_back(report: Report) -> None:
    assert load(RENDERERS["json"](report, OPTIONS).encode()) == report


def test_a_long_document_is_written_in_short_pieces() -> None:
    report = replace(ordinary(), warnings=tuple(f"warning {number}" for number in range(10_000)))
    pieces = list(in_pieces("json", report, OPTIONS))
    assert "".join(pieces) == RENDERERS["json"](report, OPTIONS)
    assert len(pieces) > 1 and max(map(len, pieces)) < 70_000
    assert list(in_pieces("csv", report, OPTIONS)) == [RENDERERS["csv"](report, OPTIONS)]


@pytest.mark.parametrize("report", REPORTS)
def test_json_is_written_in_characters_that_can_be_printed(report: Report) -> None:
    assert set(RENDERERS["json"](report, OPTIONS)) <= {*map(chr, range(0x20, 0x7F)), "\n"}


def test_a_path_that_is_no_utf_8_has_its_bytes_beside_it() -> None:
    document = json.loads(RENDERERS["json"](hostile("a\udcff"), OPTIONS))
    (path,) = document["findings"][0]["paths"]
    assert base64.b64decode(path["path_base64"]) == b"/a\xff"


@pytest.mark.parametrize("report", REPORTS)
def test_json_lines_hold_each_thing_once_with_its_type(report: Report) -> None:
    things = [json.loads(line) for line in RENDERERS["jsonl"](report, OPTIONS).splitlines()]
    document = json.loads(RENDERERS["json"](report, OPTIONS))
    assert all(list(thing) == ["type", thing["type"]] for thing in things)
    for kind, many in (("finding", "findings"), ("layer", "layers"), ("package", "packages"), ("warning", "warnings")):
        assert [thing[kind] for thing in things if thing["type"] == kind] == document[many]


def test_json_lines_hold_what_to_do_as_the_document_does() -> None:
    step = Step(strategy="s", safety=Safety.SAFE, sentence="do", saves_bytes=5)
    secret = SecretAdvice(finding=0, severity=Severity.HIGH, rotate="rotate it", supply="mount it")
    report = replace(ordinary(), steps=(step,), base_step=step, secrets=(secret,))
    document = json.loads(RENDERERS["json"](report, OPTIONS))
    things = [json.loads(line) for line in RENDERERS["jsonl"](report, OPTIONS).splitlines()]
    found = {thing["type"]: thing[thing["type"]] for thing in things}
    assert (found["step"], found["base_step"], found["secret"]) == (
        document["steps"][0],
        document["base_step"],
        document["secrets"][0],
    )


@pytest.mark.parametrize("case", CASES)
def test_csv_keeps_one_row_for_each_finding_and_no_formula(case: str) -> None:
    text = RENDERERS["csv"](hostile(HOSTILE[case]), OPTIONS)
    header, *rows = csv.reader(io.StringIO(text, newline=""))
    assert len(rows) == 2 and all(len(row) == len(header) for row in rows)
    assert not any(cell.startswith(("=", "+", "-", "@", "\t", "\r")) for row in rows for cell in row)
    assert rows[0][header.index("path")] == "/" + printable(HOSTILE[case])


def test_csv_counts_in_bytes() -> None:
    header, first, *_ = csv.reader(io.StringIO(RENDERERS["csv"](ordinary(), OPTIONS)))
    row = dict(zip(header, first, strict=True))
    assert (row["rule"], row["content_bytes"], row["dockerfile_line"], row["layers"]) == (
        "git-directory",
        "400",
        "7",
        "1",
    )
