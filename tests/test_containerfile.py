"""The Containerfile copies what the build needs, and the context has it."""

import re
from pathlib import Path

ROOT = Path(__file__).parent.parent


def test_the_context_has_what_the_containerfile_copies() -> None:
    lines = (ROOT / "Containerfile").read_text("utf-8").splitlines()
    copied = {name for line in lines if re.match(r"COPY [^-]", line) for name in line.split()[1:-1]}
    assert copied >= {"layerscope", "pyproject.toml", "hatch_build.py"}
    ignored = (ROOT / ".dockerignore").read_text("utf-8").splitlines()
    assert ignored[0] == "*"
    for name in copied:
        assert (ROOT / name).exists()
        assert f"!{name}" in ignored


def test_the_image_does_not_run_as_root_and_needs_no_shell() -> None:
    final = (ROOT / "Containerfile").read_text("utf-8").rpartition("\nFROM ")[2].splitlines()
    assert any(re.fullmatch(r"USER [1-9]\d*", line) for line in final)
    assert not any(line.startswith(("RUN", "CMD", "SHELL")) for line in final)
    assert next(line for line in final if line.startswith("ENTRYPOINT")).startswith('ENTRYPOINT ["/')
