"""``layerscope inspect`` as a person calls it."""

import os
import pty
import subprocess
import sys
from pathlib import Path

from tests.builder import ImageSpec, docker_legacy, file, layer
from tests.cli.calling import call

SPEC = ImageSpec(layers=(layer(file("a", b"1")),), labels={"title": "one\ttwo\nthree \x1b[31mred\u202e"})
TEMPLATE = "{{.Config.Labels.title}}"


def test_a_pipe_gets_a_label_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "image.tar").write_bytes(docker_legacy(SPEC))
    called = call("inspect", "-f", TEMPLATE, tmp_path / "image.tar", PYTHONIOENCODING="utf-8")
    assert called.out.decode() == "one\ttwo\nthree \x1b[31mred\u202e\n"


def test_a_terminal_gets_no_raw_control_characters(tmp_path: Path) -> None:
    path = tmp_path / "image.tar"
    path.write_bytes(docker_legacy(SPEC))
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "layerscope", "inspect", "-f", TEMPLATE, str(path)]
    done = subprocess.run(command, stdout=theirs, check=False)
    os.close(theirs)
    shown = os.read(ours, 1000)
    os.close(ours)
    assert done.returncode == 0
    assert shown.replace(b"\r\n", b"\n").expandtabs() == b"one\ttwo\nthree \\x1b[31mred\\u202e\n".expandtabs()
