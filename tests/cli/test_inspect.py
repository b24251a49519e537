"""``layerscope inspect`` as a person calls it."""

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
