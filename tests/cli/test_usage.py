"""What the command line makes of words that it does not know: the image that was meant, or the nearest name."""

from pathlib import Path

import pytest

from tests.cli.calling import call
from tests.conftest import FIXTURES

IMAGE = FIXTURES / "tiny-legacy.tar"


def refused(*arguments: str | Path, folder: Path | None = None, top: str = "") -> str:
    """What a call with wrong usage prints; it exits with 2 and prints no result."""
    called = call(*arguments, folder=folder, LAYERSCOPE_TOP=top)
    assert (called.code, called.out) == (2, b"")
    return called.err


def test_an_image_alone_is_reported() -> None:
    assert call(IMAGE).out == call("report", IMAGE).out != b""


def test_options_follow_an_image_without_a_command() -> None:
    assert call(IMAGE, "-f", "json", "--top", "3").out == call("report", IMAGE, "-f", "json", "--top", "3").out


def test_an_image_alone_comes_through_a_pipe() -> None:
    called = call("-", stdin=IMAGE.read_bytes())
    assert called.code == 0 and b"tiny:legacy" in called.out


def test_a_file_in_the_working_directory_needs_no_ending(tmp_path: Path) -> None:
    (tmp_path / "saved").write_bytes(IMAGE.read_bytes())
    assert b"tiny:legacy" in call("saved", folder=tmp_path).out


def test_a_command_wins_over_a_file_of_its_name(tmp_path: Path) -> None:
    (tmp_path / "rules").write_bytes(IMAGE.read_bytes())
    assert b"vcs-metadata" in call("rules", folder=tmp_path).out
    assert b"tiny:legacy" in call("./rules", folder=tmp_path).out


def test_a_path_that_is_missing_is_an_image_and_no_command() -> None:
    called = call("nowhere.tar")
    assert called.code == 3 and called.err.startswith("layerscope: there is no file nowhere.tar\n")


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        pytest.param("raport", "did you mean layerscope report app.tar -q?", id="a misspelt command"),
        pytest.param("image", "did you mean layerscope report app.tar -q?", id="a command of another program"),
        pytest.param(
            "secrets", "did you mean layerscope findings app.tar -q --kind secret?", id="one that needs an option"
        ),
        pytest.param("nginx", "hint: docker save nginx | layerscope - -q", id="an image of an engine"),
    ],
)
def test_a_word_that_is_neither_gets_a_hint(name: str, hint: str, tmp_path: Path) -> None:
    options = ("-q",) if name == "nginx" else ("app.tar", "-q")
    error = refused(name, *options, folder=tmp_path)
    assert error.startswith(f"layerscope: there is no command or file {name}\n") and error.endswith(f"{hint}\n")


@pytest.mark.parametrize(
    ("arguments", "message", "hint"),
    [
        pytest.param(("report", IMAGE, "--formt", "x"), "report has no option --formt", "did you mean --format?"),
        pytest.param(
            ("report", IMAGE, "--fail-on", "high"), "report has no option --fail-on", "layerscope check has it"
        ),
        pytest.param(
            ("report", IMAGE, "--all"),
            "report has no option --all",
            "layerscope findings and layerscope leaks have it",
        ),
        pytest.param(
            ("--fail-on", "high", IMAGE),
            "unknown option --fail-on",
            "it follows the command: layerscope check IMAGE --fail-on",
        ),
        pytest.param(("report", IMAGE, "--json"), "report has no option --json", "use -f json"),
        pytest.param(
            ("files", IMAGE, "--path", "/x"), "files has no option --path", "it is an argument: layerscope files IMAGE"
        ),
        pytest.param(("report", IMAGE, "-j"), "report has no option -j", "layerscope report --help lists the options"),
        pytest.param(("report",), "report needs IMAGE", "for example: layerscope report image.tar"),
        pytest.param(("diff", IMAGE), "diff needs AFTER", "for example: layerscope diff before.tar after.tar"),
        pytest.param(
            ("report", IMAGE, "b.tar"),
            "report takes no other argument: b.tar",
            "layerscope scan reads several images, layerscope diff compares two",
        ),
        pytest.param(
            ("report", IMAGE, "/usr"),
            "report takes no other argument: /usr",
            "for a part of the image: layerscope files IMAGE /usr",
        ),
        pytest.param(("schema", "x"), "schema takes no other argument: x", "for example: layerscope schema > "),
        pytest.param(("report", IMAGE, "-f", "jsn"), "--format jsn: expected table, json, jsonl", "did you mean json?"),
        pytest.param(
            ("findings", IMAGE, "--kind", "leek"),
            "--kind leek: expected secret, leak, waste or inherited",
            "did you mean leak?",
        ),
        pytest.param(
            ("findings", IMAGE, "--severity", "HIGH,LOW"),
            "--severity HIGH,LOW: expected critical, high, medium or low",
            "repeat the option: --severity high --severity low",
        ),
    ],
)
def test_a_wrong_call_says_what_is_right(arguments: tuple[str | Path, ...], message: str, hint: str) -> None:
    error, rest = refused(*arguments).split("\n", 1)
    assert error.startswith(f"layerscope: {message}") and rest.startswith(f"hint: {hint}")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        pytest.param(("report", IMAGE, "--top", "x"), "--top x: expected a non-negative integer", id="no number"),
        pytest.param(("report", IMAGE, "--top", "-1"), "--top -1: expected a non-negative integer", id="too small"),
        pytest.param(("files", IMAGE, "--depth", "0"), "--depth 0: expected a positive integer", id="not positive"),
        pytest.param(("report", IMAGE, "-o"), "-o needs a value", id="no value"),
        pytest.param(("report", IMAGE, "--verify=1"), "--verify takes no value", id="a value too many"),
        pytest.param(("report", IMAGE, "--units", "xyz"), "--units xyz: expected si, iec or bytes", id="nothing near"),
    ],
)
def test_a_wrong_value_is_one_line(arguments: tuple[str | Path, ...], message: str) -> None:
    assert refused(*arguments) == f"layerscope: {message}\n"


def test_a_wrong_variable_is_named_as_one() -> None:
    error = refused("report", IMAGE, top="x")
    assert error == "layerscope: LAYERSCOPE_TOP=x: expected a non-negative integer\n"


def test_a_wrong_word_cannot_write_to_the_terminal() -> None:
    assert "\x1b" not in refused("report", IMAGE, "--\x1b[2J") + refused("\x1b[2J", "app.tar")


@pytest.mark.parametrize("options", [("-v",), ("--verbose",)])
def test_verbose_stands_before_or_after_the_command(options: tuple[str, ...]) -> None:
    before, after = call(*options, "layers", IMAGE), call("layers", IMAGE, *options)
    assert before == after and "layer 0: sha256:" in before.err


def test_quiet_stands_before_or_after_the_command(tmp_path: Path) -> None:
    damaged = tmp_path / "cut.tar"
    damaged.write_bytes(IMAGE.read_bytes()[:-2048])
    loud = call("findings", damaged)
    assert "warning: " in loud.err
    for called in (call("-q", "findings", damaged), call("findings", damaged, "-q"), call("-q", damaged)):
        assert called.err == "" and called.code == loud.code


@pytest.mark.parametrize(
    ("words", "first"),
    [
        pytest.param(("help",), b"Usage: layerscope [OPTIONS] COMMAND", id="help"),
        pytest.param(("help", "diff"), b"Usage: layerscope diff BEFORE AFTER", id="help of a command"),
        pytest.param(("version",), b"layerscope ", id="version"),
        pytest.param(("-q", "--version"), b"layerscope ", id="version after another option"),
    ],
)
def test_help_and_version_are_commands_too(words: tuple[str, ...], first: bytes) -> None:
    called = call(*words)
    assert called.code == 0 and called.out.startswith(first)


@pytest.mark.parametrize(
    ("arguments", "hint"),
    [
        pytest.param(
            ("report", IMAGE, "-o", "jsn=x"), "did you mean json? use ./jsn=x for a file of that name", id="-o"
        ),
        pytest.param(
            ("report", IMAGE, "-o", "json"), "use -f json, or -o ./json for a file of that name", id="-o json"
        ),
        pytest.param(("findings", IMAGE, "--rule", "vcs"), "did you mean vcs-metadata? layerscope rules", id="--rule"),
        pytest.param(("rules", "vcs"), "did you mean vcs-metadata? layerscope rules", id="rules"),
        pytest.param(("report", IMAGE, "--limit", "entrys=1"), "did you mean entries?", id="--limit"),
        pytest.param(("cat", IMAGE, "/config"), "did you mean /conf/config?", id="a file elsewhere"),
        pytest.param(("cat", IMAGE, "/conf/confg"), "did you mean /conf/config?", id="a misspelt file"),
        pytest.param(("files", IMAGE, "/usr/bn"), "did you mean /usr/bin?", id="a misspelt directory"),
    ],
)
def test_a_name_that_does_not_exist_gets_the_nearest(arguments: tuple[str | Path, ...], hint: str) -> None:
    assert refused(*arguments).partition("\n")[2].startswith(f"hint: {hint}")


def test_a_name_that_is_like_no_other_gets_none() -> None:
    assert refused("cat", IMAGE, "/zzz") == "layerscope: the image has no /zzz\n"


def test_a_file_of_a_formats_name_can_be_written(tmp_path: Path) -> None:
    assert call("report", IMAGE, "-o", "./json", folder=tmp_path).code == 0
    assert b"tiny:legacy" in (tmp_path / "json").read_bytes()


def test_a_setting_gets_the_nearest_value(tmp_path: Path) -> None:
    (tmp_path / ".layerscope.toml").write_text('units = "SI"')
    error = refused("report", IMAGE, folder=tmp_path)
    assert error.endswith("units: expected si, iec or bytes\nhint: did you mean si?\n")


@pytest.mark.parametrize(
    ("arguments", "hint"),
    [
        (("report", IMAGE, "--config", "x"), "it precedes the command: layerscope --config ... report"),
        (("files", IMAGE, "-o", "x.csv"), "redirect the output: layerscope files ... > FILE"),
        (("check", IMAGE, "-f", "sarif"), "layerscope report -f sarif writes it"),
        (("report", IMAGE, "--target", "x"), "add --dockerfile FILE"),
        (("report", IMAGE, "--context", "."), "add --dockerfile FILE"),
        (("diff", IMAGE, IMAGE, "--build-arg", "A=1"), "add --dockerfile FILE"),
        (("check", IMAGE, "--max-size", "1MB", "--baseline-image", "x"), "add --baseline REPORT"),
        (("check", IMAGE, "--baseline", "x.json"), "set one, for example --max-growth 5%"),
        (
            ("cat", "tiny-legacy.tar", "/conf"),
            "layerscope files tiny-legacy.tar /conf lists it, layerscope extract tiny-legacy.tar /conf DIR copies it",
        ),
    ],
)
def test_an_option_out_of_place_says_where_it_belongs(arguments: tuple[str | Path, ...], hint: str) -> None:
    assert refused(*arguments, folder=FIXTURES).partition("\n")[2] == f"hint: {hint}\n"


def test_a_variable_that_is_neither_true_nor_false() -> None:
    called = call("report", IMAGE, LAYERSCOPE_STRICT="maybe")
    assert (called.code, called.err) == (2, "layerscope: LAYERSCOPE_STRICT=maybe: expected true or false\n")
