"""``layerscope inspect`` as a person calls it."""

import json
from pathlib import Path

from tests.builder import ImageSpec, docker_legacy, file, layer
from tests.cli.calling import call, shown

SPEC = ImageSpec(layers=(layer(file("a", b"1")),), labels={"title": "one\ttwo\nthree \x1b[31mred\u202e"})
TEMPLATE = "{{.Config.Labels.title}}"


def test_a_pipe_gets_a_label_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "image.tar").write_bytes(docker_legacy(SPEC))
    called = call("inspect", "-f", TEMPLATE, tmp_path / "image.tar")
    assert called.out.decode() == "one\ttwo\nthree \x1b[31mred\u202e\n"


def test_a_terminal_gets_no_raw_control_characters(tmp_path: Path) -> None:
    path = tmp_path / "image.tar"
    path.write_bytes(docker_legacy(SPEC))
    assert shown("inspect", "-f", TEMPLATE, path) == "one\ttwo\nthree \\x1b[31mred\\u202e\n".expandtabs()


def test_json_is_a_list_as_the_engine_prints_it(tmp_path: Path) -> None:
    path = tmp_path / "image.tar"
    path.write_bytes(docker_legacy(SPEC))
    long, short = (json.loads(call("inspect", *form, path).out) for form in ((), ("-f", "json")))
    assert short == long and short[0]["Size"] == 1


def test_the_comment_is_that_of_the_last_step(tmp_path: Path) -> None:
    """Which the engine takes where the config has none, also when it is empty."""
    for comments, expected in ((("first", ""), ""), (("first", "last"), "last")):
        steps = tuple({"created_by": "x", "comment": comment, "empty_layer": True} for comment in comments)
        (tmp_path / "image.tar").write_bytes(docker_legacy(ImageSpec(history=steps)))
        assert call("inspect", "-f", "{{.Comment}}", tmp_path / "image.tar").out.decode() == expected + "\n"
