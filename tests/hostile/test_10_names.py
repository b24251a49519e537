"""Names that would do something to a terminal, a spreadsheet, a page or a table: escaped for each reader."""

import base64
import csv
import io
import json
import re

import pytest

from tests.builder import file, whiteout
from tests.hostile.conftest import _UNSAFE, Command, image

EVIL = [
    b"new\nline",
    b"tab\there",
    b"\x1b[31mred\x1b[2J",
    b"\x9b31m",
    "right\u202eleft".encode(),
    "zero\u200bwidth".encode(),
    b"not \xff utf-8",
    b"=cmd()|' /C calc'!A0",
    b"+1+1",
    b"@SUM(1)",
    b"-1",
    b"<script>alert(1)</script>",
    b'"><img src=x onerror=alert(1)>',
    b"a|b`c`[d](javascript:e)",
    b"&lt;",
]
NAMES = [name.decode("utf-8", "surrogateescape") for name in EVIL]
STEPS = tuple({"created_by": f"/bin/sh -c echo {name}".encode("utf-8", "replace").decode()} for name in NAMES)
DATA = image(
    *([file(b"tmp/" + name, bytes(1000)), file(name + b"/.git/config", bytes(2000))] for name in EVIL),
    [whiteout(b"tmp/" + name) for name in EVIL],
    history=(*STEPS, {"created_by": "=1+1"}),
    tags=("evil\x1b[31m\u202e:<script>alert(1)</script>|x",),
    labels={"=cmd": "\x1b[31m", "<script>alert(1)</script>": "|"},
    env=("A=\x1b[31m\n\u202e", "PASSWORD=\x1b[31mabcdefghij\u202e"),
    config_extra={"created": "\x1b[31m<script>alert(1)</script>", "os": "li\x1bnux"},
)
COMMANDS = ["report", "layers", "history", "files", "packages", "findings"]


@pytest.mark.parametrize("form", ["table", "csv", "markdown", "json", "jsonl"])
@pytest.mark.parametrize("what", COMMANDS)
def test_no_output_holds_what_moves_a_terminal(command: Command, what: str, form: str) -> None:
    done = command(what, command.write(DATA), "-f", form)
    assert done.code == 0, done.errors
    assert not _UNSAFE.search(done.text.replace("\r\n", "\n")), _UNSAFE.findall(done.text)
    if form == "csv":
        cells = [cell for row in csv.reader(io.StringIO(done.text)) for cell in row]
        assert not [cell for cell in cells if re.match(r"[=+@\t\r]|-[^\d]|-\d+\D", cell)]
    if form == "markdown":
        assert "<script" not in done.text and "<img" not in done.text


@pytest.mark.parametrize("form", ["html", "sarif", "junit", "gitlab", "cyclonedx", "spdx"])
def test_no_document_holds_what_moves_a_terminal_or_runs(command: Command, form: str) -> None:
    done = command("report", command.write(DATA), "-f", form)
    assert done.code == 0, done.errors
    assert not _UNSAFE.search(done.text), _UNSAFE.findall(done.text)
    if form in ("html", "junit"):
        assert "<script>alert" not in done.text and "<img src=x" not in done.text


def test_the_bytes_of_every_name_can_be_had_back_from_json(command: Command) -> None:
    done = command("files", "--flat", "--all", command.write(DATA), "-f", "json")
    if done.code == 2:
        done = command("files", "--flat", command.write(DATA), "-f", "json")
    rows = json.loads(done.output)
    rows = rows if isinstance(rows, list) else rows["rows"]
    found = {base64.b64decode(row["path_base64"]) if row.get("path_base64") else row["path"].encode() for row in rows}
    for name in EVIL:
        assert b"/" + name + b"/.git/config" in found, name


def test_errors_and_warnings_are_escaped_too(command: Command) -> None:
    name = "evil\x1b[31m\u202e.tar"
    (command.directory / name).write_bytes(b"no archive")
    done = command("report", name)
    assert done.code == 3 and "evil\\x1b[31m\\u202e.tar" in done.errors
