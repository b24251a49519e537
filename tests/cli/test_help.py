"""What ``--help`` prints: examples as they are typed, options in panels, nothing that a command refuses."""

import inspect
from importlib import import_module

import pytest

from layerscope.cli.app import COMMANDS, load
from layerscope.cli.help import examples
from tests.cli.calling import call


def helped(*arguments: str, columns: int = 80) -> str:
    called = call(*arguments, "--help", COLUMNS=str(columns))
    assert called.code == 0 and called.err == ""
    return called.out.decode()


@pytest.mark.parametrize("columns", [60, 80, 200])
@pytest.mark.parametrize("name", COMMANDS)
def test_no_example_is_wrapped_and_nothing_else_is_wider_than_the_terminal(name: str, columns: int) -> None:
    text = helped(name, columns=columns)
    typed = text.partition("\nExamples:\n")[2].partition("\n\n")[0].split("\n")
    assert all("layerscope " in line for line in typed)
    assert all(len(line) <= columns or line in typed for line in text.split("\n"))


def test_the_list_of_commands_fits_80_columns_without_wrapping() -> None:
    text = helped()
    assert all(f"  {name:8}  {summary}\n" in text for name, (_, summary) in COMMANDS.items())


def test_options_are_in_panels_and_the_command_has_its_own_first() -> None:
    text = helped("findings")
    panels = ["Options", "Output", "How the image was built", "Reading the archive", "Other options"]
    places = [text.index(f"\n{panel}:\n") for panel in panels]
    assert places == sorted(places)
    assert text.index("--kind") < places[1] < text.index("--format") < places[2] < text.index("--stage") < places[3]


def test_variables_are_out_of_the_way() -> None:
    assert "LAYERSCOPE_TOP" not in helped("report") and "LAYERSCOPE_*" in helped()


def test_defaults_and_choices_are_named_once() -> None:
    text = " ".join(helped("findings").split())
    assert "--units UNITS Units of sizes: si (kB), iec (KiB) or bytes (default: si)" in text
    assert "--kind KIND Only findings of this kind: secret, leak, waste or inherited --rule" in text


def test_a_switch_that_is_on_is_listed_by_the_name_that_turns_it_off() -> None:
    text = helped("report")
    assert "--no-duplicates" in text and "--duplicates" not in text.replace("--no-duplicates", "")


@pytest.mark.parametrize("name", COMMANDS)
def test_color_is_listed_where_it_is_used(name: str) -> None:
    module = import_module(f"layerscope.cli.commands.{COMMANDS[name][0]}")
    is_listed = any(one.name == "color" and not one.hidden for one in load(name).params)
    assert is_listed == ("reading.color" in inspect.getsource(module))


def test_examples_are_what_begins_like_a_command() -> None:
    text = "Compare two images\n\nlayerscope diff a.tar\n  b.tar\n\ndocker save x | layerscope -\n\nUse layerscope."
    assert list(examples(text)) == ["layerscope diff a.tar b.tar", "docker save x | layerscope -"]
