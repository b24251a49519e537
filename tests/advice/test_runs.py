"""The commands of a script, as far as its text tells."""

import pytest

from layerscope.advice.runs import commands, scripts


@pytest.mark.parametrize(
    ("script", "programs"),
    [
        ("cd ${HOME_OF_APP}/src && make V=${V}", ["cd", "make"]),
        ("cp a/{b,c} /d && ls", ["cp", "ls"]),
        ("{ a; b; } && c", ["a", "b", "c"]),
        ("x() { a; }; x", ["x", "a", "x"]),
        ("a || { b; exit 1; }", ["a", "b", "exit"]),
        ("(a; b)|c", ["a", "b", "c"]),
        ("a $(b c) && d", ["a", "b", "d"]),
    ],
)
def test_braces_group_commands_only_where_they_stand_alone(script: str, programs: list[str]) -> None:
    assert [words[0] for words in commands(script)] == programs


def test_a_directory_behind_a_variable_is_no_script() -> None:
    assert scripts("cd ${NOTIFY_HOME}/src && chown -R app ${NOTIFY_HOME}/bin") == []
    assert scripts("${NOTIFY_HOME}/install.sh") == ["${NOTIFY_HOME}/install.sh"]
