"""Diffs apply with git and with patch, to the byte."""

import subprocess
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from layerscope.edit.patch import MAX_COMPARED, file_diffs, unified_diff
from layerscope.errors import EditError

NUMBERS = "".join(f"{number}\n" for number in range(1, 31))
CASES: dict[str, tuple[str | None, str]] = {
    "one line": ("a\n", "b\n"),
    "new file": (None, "a\nb\n"),
    "new file without a newline": (None, "a"),
    "emptied": ("a\nb\n", ""),
    "filled": ("", "a\n"),
    "newline added": ("a\nb", "a\nb\n"),
    "newline removed": ("a\nb\n", "a\nb"),
    "no newline, both": ("a\nb", "c\nb"),
    "no newline, last line changed": ("a\nb", "a\nc"),
    "line added behind one without newline": ("a", "a\nb"),
    "crlf": ("a\r\nb\r\nc\r\n", "a\r\nx\r\nc\r\n"),
    "mixed line ends": ("a\r\nb\nc\r\n", "a\nb\nc\r\n"),
    "two hunks": (NUMBERS, NUMBERS.replace("3\n", "x\n", 1).replace("27\n", "")),
    "at both ends": (NUMBERS, "0\n" + NUMBERS + "31\n"),
    "repeated lines": ("a\n\na\n\na\n\n", "a\n\na\nx\n\na\n\n"),
    "odd characters": ("a\x0cb\x85\u2028c\nd\udcff\n", "a\x0cb\u2028c\nd\udcff\n"),
    "many lines": ("x\n" * (MAX_COMPARED + 9), "x\n" * 9 + "y\n" + "x\n" * MAX_COMPARED + "z\n"),
}


def applied(tmp_path: Path, path: str, before: str | None, after: str, command: list[str]) -> str:
    tmp_path.mkdir(exist_ok=True)
    target = tmp_path / path
    target.parent.mkdir(parents=True, exist_ok=True)
    if before is not None:
        target.write_bytes(before.encode("utf-8", "surrogateescape"))
    patch = unified_diff({path: before}, {path: after}).encode("utf-8", "surrogateescape")
    done = subprocess.run(command, cwd=tmp_path, input=patch, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr + done.stdout + patch
    return target.read_bytes().decode("utf-8", "surrogateescape") if target.exists() else ""


@pytest.mark.parametrize("command", [["git", "apply"], ["patch", "-p1", "-s", "-f"]], ids=["git", "patch"])
@pytest.mark.parametrize(("before", "after"), CASES.values(), ids=CASES)
@pytest.mark.parametrize("path", ["Dockerfile", "sub dir/.dockerignore"])
def test_a_diff_applies(tmp_path: Path, path: str, before: str | None, after: str, command: list[str]) -> None:
    assert applied(tmp_path, path, before, after, command) == after


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.sampled_from("abc"), max_size=30),
    st.lists(st.sampled_from("abc"), max_size=30),
    st.sampled_from(["", "\n"]),
    st.sampled_from(["", "\n"]),
)
def test_any_diff_applies(
    tmp_path_factory: pytest.TempPathFactory, old: list[str], new: list[str], a: str, b: str
) -> None:
    before, after = "\n".join(old) + a, "\n".join(new) + b
    if before != after:
        assert applied(tmp_path_factory.mktemp("x"), "f", before, after, ["git", "apply"]) == after


def test_several_files_are_one_patch(tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text("FROM a\n")
    patch = unified_diff(
        {"Dockerfile": "FROM a\n", "same": "x"}, {"Dockerfile": "FROM b\n", "same": "x", ".dockerignore": ".git\n"}
    )
    subprocess.run(["git", "apply"], cwd=tmp_path, input=patch, text=True, check=True)
    assert (tmp_path / "Dockerfile").read_text() == "FROM b\n"
    assert (tmp_path / ".dockerignore").read_text() == ".git\n"
    assert "same" not in patch


def test_nothing_changed_is_no_diff() -> None:
    assert unified_diff({"a": "x\n", "b": None}, {"a": "x\n"}) == ""


def test_hunks_say_which_lines_they_change() -> None:
    [diff] = file_diffs({"f": NUMBERS}, {"f": NUMBERS.replace("3\n", "x\ny\n", 1).replace("27\n", "")})
    assert [(hunk.old, hunk.new, hunk.changes) for hunk in diff.hunks] == [
        ((1, 7), (1, 8), (((3, 4), (3, 5)),)),
        ((24, 31), (25, 31), (((27, 28), (28, 28)),)),
    ]


@pytest.mark.parametrize("path", ["", "/a", "../a", "a/../../b", "a\nb", 'a"b'])
def test_a_path_that_a_patch_cannot_name_is_refused(path: str) -> None:
    with pytest.raises(EditError):
        unified_diff({}, {path: "x"})
