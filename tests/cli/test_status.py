"""The line on a terminal that says what is going on."""

import io
import sys

import pytest

from layerscope.cli.status import status


class Terminal(io.StringIO):
    """What is written to a terminal."""

    def isatty(self) -> bool:
        return True


def shown_on(file: io.StringIO, monkeypatch: pytest.MonkeyPatch, *, quiet: bool = False, term: str = "xterm") -> str:
    """What is written while something with a long and hostile name is read, until it fails."""
    monkeypatch.setattr(sys, "stderr", file)
    monkeypatch.setenv("TERM", term)
    monkeypatch.setenv("COLUMNS", "30")
    with pytest.raises(ValueError, match="stop"), status("reading a\x1b[2J" + "b" * 60, quiet=quiet):
        raise ValueError("stop")
    return file.getvalue()


def test_it_takes_one_line_and_is_erased_also_after_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    assert shown_on(Terminal(), monkeypatch) == "\r\x1b[Kreading a\\x1b[2Jbbbbbbbbbbbb…\r\x1b[K"


def test_nothing_is_shown_where_it_is_not_wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    assert shown_on(Terminal(), monkeypatch, quiet=True) == ""
    assert shown_on(Terminal(), monkeypatch, term="dumb") == ""
    assert shown_on(io.StringIO(), monkeypatch) == ""
