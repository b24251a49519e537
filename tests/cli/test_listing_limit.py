"""What a listing says of the rows beyond ``--top``: how many they are, and the command that lists all."""

import json
import shlex
from pathlib import Path

import pytest

from tests.cli.calling import call
from tests.conftest import FIXTURES

IMAGE = FIXTURES / "tiny-legacy.tar"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "an app.tar").write_bytes(IMAGE.read_bytes())
    (tmp_path / "other.tar").write_bytes((FIXTURES / "several.tar").read_bytes())
    return tmp_path


@pytest.mark.parametrize(
    ("words", "proposed"),
    [
        ("files 'an app.tar' --flat --top 2", "files 'an app.tar' --flat --top 0"),
        ("files 'an app.tar' --top=3 --depth 9", "files 'an app.tar' --depth 9 --top 0"),
        ("files 'an app.tar' --flat --sort layer --top 1 --hidden", "files 'an app.tar' --flat --sort layer --hidden --top 0"),
        ("scan . --top 1 -q", "scan . -q --top 0"),
    ],
)  # fmt: skip
def test_the_rest_of_a_list_has_a_command_that_lists_it(folder: Path, words: str, proposed: str) -> None:
    called = call(*shlex.split(words), folder=folder)
    (line,) = [line for line in called.out.decode().split("\n") if line.startswith("and ")]
    count, _, command = line.removeprefix("and ").partition(" more: ")
    assert command == f"layerscope {proposed}"
    every, shown = (
        json.loads(call(*shlex.split(one), "-f", "json", folder=folder).out)
        for one in (proposed, words)
    )  # fmt: skip
    if "--flat" in words or words.startswith("scan"):
        assert len(every) == len(shown) + int(count)


def test_a_limit_of_the_environment_is_lifted_as_well(folder: Path) -> None:
    called = call("files", "other.tar", "--image", "0", "--flat", folder=folder, LAYERSCOPE_TOP="1")
    assert called.out.decode().endswith(" more: layerscope files other.tar --image 0 --flat --top 0\n")


def test_packages_are_counted(folder: Path) -> None:
    (folder / "report.json").write_bytes(call("report", IMAGE, "-f", "json").out)
    report = json.loads((folder / "report.json").read_text())
    one = {"type": "deb", "name": "a", "full_name": "a", "version": "1", "purl": "pkg:deb/a@1", "files": 1, "layer": 0}
    report["packages"] = [dict(one, name=name, full_name=name, content_bytes=1) for name in "abc"]
    (folder / "report.json").write_text(json.dumps(report))
    listed = call("packages", "report.json", "--top", "1", folder=folder)
    assert listed.out.decode().endswith("\nand 2 more: layerscope packages report.json --top 0\n"), listed.err


def test_stdin_cannot_be_read_again(folder: Path) -> None:
    called = call("files", "-", "--flat", "--top", "1", stdin=IMAGE.read_bytes())
    assert called.out.decode().split("\n")[-2].endswith(" more (--top 0 lists all)")


def test_markdown_has_the_command_as_code(folder: Path) -> None:
    called = call("files", "an app.tar", "--flat", "--top", "1", "-f", "markdown", folder=folder)
    assert "|\n\nand " in called.out.decode() and called.out.endswith(b"</code>\n")


@pytest.mark.parametrize("form", ["json", "jsonl", "csv"])
def test_data_has_rows_alone(folder: Path, form: str) -> None:
    assert b" more" not in call("files", "an app.tar", "--top", "1", "-f", form, folder=folder).out


@pytest.mark.parametrize("top", ["0", "999"])
def test_a_whole_list_says_nothing(folder: Path, top: str) -> None:
    for words in (("files", "an app.tar"), ("files", "an app.tar", "--flat"), ("scan", ".")):
        assert b" more" not in call(*words, "--top", top, folder=folder).out
