"""When output has colors, and where the options that all commands share may stand."""

import os
import sys
from pathlib import Path

import pytest

from layerscope.cli.options import ColorChoice
from layerscope.cli.output import use_color
from tests.cli.calling import call
from tests.conftest import FIXTURES

TINY = str(FIXTURES / "tiny-legacy.tar")
ANY_COLOR = "\x1b["


@pytest.mark.parametrize(
    ("choice", "environment", "on_terminal", "colors"),
    [
        ("auto", {"TERM": "xterm"}, True, True),
        ("auto", {"TERM": "xterm", "NO_COLOR": "1"}, True, False),
        ("auto", {"TERM": "xterm", "NO_COLOR": ""}, True, True),
        ("auto", {"TERM": "dumb"}, True, False),
        ("auto", {"TERM": "xterm"}, False, False),
        ("always", {"TERM": "dumb", "NO_COLOR": "1"}, False, True),
        ("never", {"TERM": "xterm"}, True, False),
    ],
)
@pytest.mark.skipif(os.name == "nt", reason="consoles of Windows differ")
def test_colors_are_for_terminals_that_have_them(
    monkeypatch: pytest.MonkeyPatch, choice: str, environment: dict[str, str], on_terminal: bool, colors: bool
) -> None:
    for name in ("NO_COLOR", "TERM"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(sys.stdout, "isatty", lambda: on_terminal, raising=False)
    assert use_color(ColorChoice(choice)) is colors


@pytest.mark.parametrize(
    ("words", "colors"),
    [
        (("--color", "always", "report", TINY), True),
        (("report", TINY, "--color", "always"), True),
        (("--color", "always", "report", TINY, "--color", "never"), False),
        (("report", TINY), False),
    ],
)
def test_the_option_stands_before_or_behind_the_command(words: tuple[str, ...], colors: bool) -> None:
    assert (ANY_COLOR in call(*words).out.decode()) is colors


def test_what_grew_is_red_and_what_shrank_is_green() -> None:
    lines = call("diff", FIXTURES / "tiny-builder.tar", TINY, "--color", "always").out.decode().split("\n")
    assert "size         48.2 kB  63.7 kB       \x1b[38;5;160m+15.5 kB\x1b[0m" in lines
    assert "\x1b[38;5;28m-\x1b[0m  9.00 kB             \x1b[38;5;28m-9.00 kB\x1b[0m  /out" in lines
    assert "\x1b" not in call("diff", FIXTURES / "tiny-builder.tar", TINY).out.decode()


def test_a_limit_that_is_exceeded_is_red() -> None:
    out = call("check", TINY, "--max-size", "1kB", "--color", "always").out.decode()
    assert "\x1b[38;5;160mFAIL\x1b[0m  max-size" in out and "\x1b[38;5;28mPASS\x1b[0m  complete" in out
    assert "\x1b" not in call("check", TINY, "--max-size", "1kB").out.decode()


def test_what_a_command_does_not_have_is_not_passed_on() -> None:
    done = call("--color", "always", "-q", "-v", "rules", "vcs-metadata")
    assert done.code == 0 and done.out.startswith(b"vcs-metadata")


def test_quiet_and_verbose_stand_before_the_command_too() -> None:
    assert "verified" in call("-v", "report", TINY).err and "verified" not in call("report", TINY).err


def test_a_bad_choice_is_refused_wherever_it_stands() -> None:
    for words in (("--color", "no", "report", TINY), ("report", TINY, "--color", "no")):
        done = call(*words)
        assert done.code == 2 and "--color no: expected auto, always or never" in done.err


def test_files_have_no_colors(tmp_path: Path) -> None:
    done = call("report", TINY, "--color", "always", "-o", tmp_path / "report.txt", "-o", "-")
    assert b"\x1b[" in done.out and b"\x1b" not in (tmp_path / "report.txt").read_bytes()
