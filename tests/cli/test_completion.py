"""Completion in the shells, and the published schema, from the command line."""

import json
from pathlib import Path

import pytest

from tests.cli.calling import call


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        pytest.param("layerscope rep", "report", id="a command"),
        pytest.param("layerscope report --dup", "--duplicates", id="an option"),
        pytest.param("layerscope report -f cy", "cyclonedx", id="a value"),
        pytest.param("layerscope extract --hid", "--hidden", id="an option of another command"),
    ],
)
def test_bash_is_told_what_can_follow(words: str, expected: str) -> None:
    called = call(COMP_WORDS=words, COMP_CWORD=str(len(words.split()) - 1), _LAYERSCOPE_COMPLETE="complete_bash")
    assert expected in called.out.decode().split()


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_can_be_shown_for_each_shell(shell: str) -> None:
    # Without the variable it is for the shell that the tests were started from, whichever that is.
    called = call("--show-completion", shell, _TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION="1")
    assert called.code == 0 and b"_LAYERSCOPE_COMPLETE" in called.out


def test_completion_can_be_installed(tmp_path: Path) -> None:
    variables = {
        "HOME": str(tmp_path),
        "USERPROFILE": str(tmp_path),
        "_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION": "1",
    }
    called = call("--install-completion", "bash", **variables)  # type: ignore[arg-type]
    assert called.code == 0, called.err
    assert "_LAYERSCOPE_COMPLETE" in (tmp_path / ".bash_completions" / "layerscope.sh").read_text()


def test_the_schema_is_printed() -> None:
    called = call("schema")
    assert json.loads(called.out)["title"] == "The JSON report of layerscope, version 2.0"
