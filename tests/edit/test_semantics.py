"""Edited scripts are run by real shells: what ran before still runs, and what failed before still fails.

The commands are t1, t2, ... which succeed, and f1, f2, ... which fail. Each says its name on descriptor 3.
"""

import os
import shutil
import subprocess
from collections import Counter
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from layerscope.edit.shell import Script, joined
from layerscope.errors import EditError

SHELLS = [shell for shell in ("dash", "bash") if shutil.which(shell)]
PREAMBLE = "".join(
    f"{kind}{number}() {{ echo {kind}{number} >&3; return {status}; }}\n"
    for kind, status in (("t", 0), ("f", 1))
    for number in range(100)
)
BREAKS = [" ", " ", " \\\n    ", " \\\n # a comment\n\t"]
pytestmark = pytest.mark.skipif(not SHELLS, reason="needs a shell")
slow = settings(
    max_examples=int(os.environ.get("EDIT_EXAMPLES", "60")),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)


class Names:
    def __init__(self) -> None:
        self.used = 0

    def one(self, draw: st.DrawFn) -> str:
        self.used += 1
        return f"{draw(st.sampled_from('tttf'))}{self.used}"


def element(draw: st.DrawFn, names: Names, depth: int) -> str:
    kind = draw(st.sampled_from(["simple"] * 6 + ["pipe", "not", "subshell", "group", "if", "for"]))
    if kind == "simple" or depth > 1:
        return names.one(draw)
    if kind == "pipe":
        return f"{names.one(draw)} | {names.one(draw)}"
    if kind == "not":
        return f"! {names.one(draw)}"
    inner = sequence(draw, names, depth + 1, 2)
    return {
        "subshell": f"( {inner} )",
        "group": f"{{ {inner}; }}",
        "if": f"if {names.one(draw)}; then {inner}; fi",
        "for": f"for i in 1 2; do {inner}; done",
    }[kind]


def sequence(draw: st.DrawFn, names: Names, depth: int, most: int) -> str:
    parts = [element(draw, names, depth)]
    operators = draw(st.sampled_from([["&&"], ["&&", ";"], [";"], ["&&", "||", ";"]]))
    for _ in range(draw(st.integers(0, most))):
        operator = draw(st.sampled_from(operators))
        turn = draw(st.sampled_from(BREAKS)) if depth == 0 else " "
        leading = operator != ";" and draw(st.booleans())
        parts.append(f"{turn}{operator} " if leading else f"{' ' if operator != ';' else ''}{operator}{turn}")
        parts.append(element(draw, names, depth))
    return "".join(parts)


@st.composite
def runs(draw: st.DrawFn) -> str:
    if draw(st.integers(0, 3)) == 0:
        return draw(heredocs())
    start = draw(st.sampled_from(["", "", "set -e; ", "set -eu && ", "set -e; \\\n  "]))
    text = start + sequence(draw, Names(), 0, 4) + draw(st.sampled_from(["", "", ";"]))
    assume(len(set(text.split())) > 1)
    return f"RUN {text}"


@st.composite
def heredocs(draw: st.DrawFn) -> str:
    """A body whose statements stand on lines of their own; comments there belong to the shell."""
    names = Names()
    lines = [draw(st.sampled_from(["set -e", "set -eu", "# c", ""]))]
    for _ in range(draw(st.integers(1, 3))):
        lines.append("  " * draw(st.integers(0, 1)) + sequence(draw, names, 1, 2))
    return "\n".join(["RUN <<EOF", *lines, "EOF"])


def run(shell: str, source: str, failing: str = "") -> tuple[list[str], int]:
    """The commands that ran, and the status."""
    script = Script.read(source)
    added = "".join(f"{name}() {{ echo {name} >&3; return {int(name == failing)}; }}\n" for name in ("X", "Y"))
    done = subprocess.run(
        [shell, "-c", f"exec 3>&1\n{PREAMBLE}{added}{script.text}"], capture_output=True, text=True, check=False
    )
    assert "yntax" not in done.stderr
    return done.stdout.split(), done.returncode


def edited(edit: Callable[[], str]) -> str:
    try:
        return edit()
    except EditError:
        assume(False)
        raise


@pytest.mark.parametrize("shell", SHELLS)
@slow
@given(source=runs())
def test_what_is_appended_runs_only_after_success(shell: str, source: str) -> None:
    before, status = run(shell, source)
    after, new_status = run(shell, edited(lambda: Script.read(source).append("X")))
    assert Counter(after) == Counter(before + ["X"] * (status == 0))
    assert new_status == status


@pytest.mark.parametrize("shell", SHELLS)
@slow
@given(source=runs())
def test_what_is_prepended_runs_first_or_fails_alone(shell: str, source: str) -> None:
    before, status = run(shell, source)
    new = edited(lambda: Script.read(source).prepend("X"))
    after, new_status = run(shell, new)
    assert (after[0], Counter(after[1:]), new_status) == ("X", Counter(before), status)
    failed, failed_status = run(shell, new, failing="X")
    assert failed == ["X"] and failed_status != 0


@pytest.mark.parametrize("shell", SHELLS)
@slow
@given(source=runs(), choice=st.integers(0, 20))
def test_what_is_inserted_runs_after_its_command(shell: str, source: str, choice: int) -> None:
    script = Script.read(source)
    command = script.commands[choice % len(script.commands)]
    before, status = run(shell, source)
    after, new_status = run(shell, edited(lambda: script.insert_after(command, "X")))
    ran = command.name in before and command.name.startswith("t")
    assert command.name == "set" or Counter(after) == Counter(before + ["X"] * ran)
    assert new_status == status


@pytest.mark.parametrize("shell", SHELLS)
@slow
@given(source=runs(), choice=st.integers(0, 20))
def test_a_command_that_succeeds_can_be_removed(shell: str, source: str, choice: int) -> None:
    script = Script.read(source)
    command = script.commands[choice % len(script.commands)]
    assume(command.name.startswith("t"))
    before, status = run(shell, source)
    after, new_status = run(shell, edited(lambda: script.remove_command(command)))
    assert Counter(after) == Counter(name for name in before if name != command.name)
    assert new_status == status


@pytest.mark.parametrize("shell", SHELLS)
@slow
@given(first=runs(), second=runs())
def test_two_that_are_joined_do_what_they_did(shell: str, first: str, second: str) -> None:
    one, status = run(shell, first)
    two, second_status = run(shell, second)
    new = edited(lambda: joined(Script.read(first), Script.read(second)))
    after, new_status = run(shell, new)
    assert Counter(after) == Counter(one if status else one + two)
    assert new_status == (status or second_status)
