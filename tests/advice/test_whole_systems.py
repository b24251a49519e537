"""A stage that is copied as a whole is what to start from."""

from pathlib import Path

import pytest

from layerscope.model.step import Safety
from tests.advice.builds import Build
from tests.builder import file, layer

SYSTEM = (
    file("etc/passwd", b"root:x:0:0:root:/root:/bin/sh\n"),
    file("etc/os-release", b'ID=debian\nVERSION_ID="12"\n'),
    file(
        "var/lib/dpkg/status", b"Package: base-files\nStatus: install ok installed\nVersion: 12\nArchitecture: all\n\n"
    ),
    *(file(f"usr/lib/x86_64-linux-gnu/lib{name}.so.1", name.encode() * 40_000) for name in "abc"),
)


@pytest.mark.parametrize(
    ("name", "sentence"),
    [("build", "start from what it copies: `FROM build`"), ("0", "name the stage that it copies")],
)
def test_the_final_stage_starts_from_it(tmp_path: Path, name: str, sentence: str) -> None:
    text = f"FROM debian AS build\nRUN make install\nFROM debian\nCOPY --from={name} / /\nCMD app\n"
    new = file("usr/local/bin/app", b"a" * 50_000)
    found = Build(dockerfile=text, layers={2: (new,), 4: (*SYSTEM, new)}, base=layer(*SYSTEM)).advise(tmp_path)
    step = found.of("narrow-copy")
    assert step.sentence.startswith(sentence) and step.safety == Safety.REVIEW and not step.edits
    assert step.dockerfile_line == 4 and 120_000 <= step.saves_bytes < 130_000
    assert found.patched().dockerfile.text == text


def test_a_copy_onto_nothing_is_no_second_system(tmp_path: Path) -> None:
    text = "FROM debian AS build\nRUN make install\nFROM scratch\nCOPY --from=build / /\nCMD app\n"
    found = Build(dockerfile=text, layers={2: (), 4: SYSTEM}, base=layer(file("x", b""))).advise(tmp_path)
    assert "narrow-copy" not in found.names
