"""Archives for the commands: an application before and after its build stage was split off."""

from pathlib import Path

from tests.builder import ImageSpec, docker_legacy, file, layer, whiteout

_BASE = layer(file("etc/os-release", b'ID=debian\nVERSION_ID="12"\n'), file("bin/sh", b"#" * 400))
_APPLICATION = layer(file("app/main.py", b"print(1)\n"), file("app/.git/HEAD", b"ref: refs/heads/main\n"))
_STEPS = ({"created_by": "/bin/sh -c #(nop) ADD file:" + "1" * 64 + " in / "},)

BEFORE = ImageSpec(
    layers=(
        _BASE,
        layer(file("usr/lib/tool", b"T" * 3000), file("tmp/build.log", b"L" * 500)),
        layer(whiteout("tmp/build.log")),
        _APPLICATION,
    ),
    history=(
        *_STEPS,
        {"created_by": "/bin/sh -c make tool"},
        {"created_by": "/bin/sh -c rm /tmp/build.log"},
        {"created_by": "/bin/sh -c #(nop) COPY dir:" + "2" * 64 + " in /app "},
    ),
    tags=("app:before",),
)
AFTER = ImageSpec(
    layers=(_BASE, layer(file("opt/tool", b"T" * 3000)), _APPLICATION),
    history=(
        *_STEPS,
        {"created_by": "/bin/sh -c #(nop) COPY dir:" + "3" * 64 + " in /opt "},
        {"created_by": "/bin/sh -c #(nop) COPY dir:" + "2" * 64 + " in /app "},
    ),
    tags=("app:after",),
)


def written(directory: Path, name: str, spec: ImageSpec) -> Path:
    """The archive of an image as a file."""
    path = directory / name
    path.write_bytes(docker_legacy(spec))
    return path
