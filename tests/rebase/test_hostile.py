"""Images that would keep the checks of another base busy for ever, or make them fail."""

import time
from pathlib import Path

import pytest

from tests.builder import Member, file, symlink
from tests.packages.elves import linked
from tests.rebase.worlds import GLIBC, SHELL, copy, onto, program, script, setting

APP = setting('ENTRYPOINT ["/app/run"]')
_LIBRARIES = "lib/x86_64-linux-gnu"


def _circle() -> tuple[Member, ...]:
    return tuple(file(f"{_LIBRARIES}/lib{number}.so", linked(f"lib{(number + 1) % 50}.so")) for number in range(50))


@pytest.mark.parametrize(
    "members",
    [
        pytest.param(
            (file("app/run", script("/bin/sh", "exec /app/run"), mode=0o755),), id="a script that starts itself"
        ),
        pytest.param((file("app/run", script("/app/run"), mode=0o755),), id="a script that is its own interpreter"),
        pytest.param((file("app/run", b"#!" + b"/" * 5000, mode=0o755),), id="an interpreter without an end"),
        pytest.param((symlink("app/run", "run"),), id="a link to itself"),
        pytest.param(
            (file("app/run", program("lib0.so", "libc.so.6"), mode=0o755), *_circle()), id="libraries in a circle"
        ),
        pytest.param(
            (
                file("app/run", program("libc.so.6", "libx.so"), mode=0o755),
                file("etc/ld.so.conf", b"include /etc/ld.so.conf\ninclude ld.so.conf.d/*\n"),
                file("etc/ld.so.conf.d/a", b"include /etc/ld.so.conf.d/*\n" * 999 + b"/a\n" * 9999),
            ),
            id="ld.so.conf that includes itself",
        ),
        pytest.param(
            (file("app/run", program("libx.so", runpath=":".join(["/a"] * 1300)), mode=0o755),), id="a long RUNPATH"
        ),
        pytest.param(
            (file("app/run", script("/bin/sh", *(f"tool{number}" for number in range(3000))), mode=0o755),),
            id="a script of many commands",
        ),
        pytest.param((file("app/run", script("/bin/sh", "((" * 3000), mode=0o755),), id="a script that nests deep"),
        pytest.param((file("etc/passwd", b"a:b:c\n" * 200_000), file("etc/group", b"\xff:\0:\n")), id="a long passwd"),
        pytest.param(
            tuple(
                file(f"app/lib{number}.so", linked(*(f"lib{number}-{name}.so" for name in range(300))))
                for number in range(100)
            ),
            id="many libraries that need many",
        ),
    ],
)
def test_it_ends_soon_with_a_report(tmp_path: Path, members: tuple[Member, ...]) -> None:
    began = time.monotonic()
    found = onto(
        tmp_path,
        base=(*GLIBC, SHELL, *_circle()),
        own=(copy(*members), APP),
        other=GLIBC,
        entrypoint=("/app/run",),
        user="x:\x1b",
    )
    assert time.monotonic() - began < 20
    assert found.content_bytes > 0
