"""Commands in a RUN are found with their places, and edited in the style of the instruction."""

import pytest

from layerscope.edit.shell import Script

INSTALL = """RUN apt-get update \\
 && apt-get install -y \\
    # a compiler
    gcc \\
    curl \\
 && sudo -u x make > log"""


def test_commands_have_words_and_places() -> None:
    script = Script.read(INSTALL)
    assert [(each.name, each.texts) for each in script.commands] == [
        ("apt-get", ("apt-get", "update")),
        ("apt-get", ("apt-get", "install", "-y", "gcc", "curl")),
        ("make", ("sudo", "-u", "x", "make")),
    ]
    assert [INSTALL[word.start : word.end] for word in script.commands[1].words][3:] == ["gcc", "curl"]


@pytest.mark.parametrize("source", ['RUN ["a"]', "RUN if", "RUN cat <<E\nx\nE", "COPY a b"])
def test_what_cannot_be_parsed_is_left_alone(source: str) -> None:
    assert Script.parse(source) is None


def test_words_are_added_and_removed_on_their_lines() -> None:
    script = Script.read(INSTALL)
    command = script.commands[1]
    assert script.add_words(command, 3, ["wget"]) == INSTALL.replace("gcc \\\n", "gcc \\\n    wget \\\n")
    assert script.remove_words(command, [3]) == INSTALL.replace("    gcc \\\n", "")
    assert script.remove_words(command, [3, 4]) == INSTALL.replace("    gcc \\\n", "").replace("    curl \\\n", "")
