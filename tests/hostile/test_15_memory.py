"""The peak memory of whole reports: 80 MB above the interpreter's own, and 200 bytes for each entry of the archive."""

import subprocess
import sys
from collections.abc import Callable

import pytest

from tests.builder import file, hardlink
from tests.hostile.conftest import Command, image
from tests.packages.zips import pom, zipped

_PEAK = """
import os, resource, subprocess, sys
code = subprocess.run([sys.executable, *sys.argv[1:]], stdout=subprocess.DEVNULL).returncode
print(code, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""
_KEY = b"-----BEGIN RSA PRIVATE KEY-----\nMIIabc\n-----END RSA PRIVATE KEY-----\n"


def _keys(count: int) -> bytes:
    return image([file(f"k/{number}.pem", _KEY) for number in range(count)])


def _hardlinks(count: int) -> bytes:
    poms = {key: text for name in ("a", "b", "c") for key, text in pom("org.example", name, "1").items()}
    links = (hardlink(f"h{number}.jar", "t.jar") for number in range(count))
    return image([file("t.jar", zipped(poms)), *links])


def _words(count: int) -> bytes:
    return image([file("a", b"x")], history=({"created_by": "RUN " + "& " * (count * 20)},))


def _escapes(count: int) -> bytes:
    return image([file("a", b"x")], history=({"created_by": "RUN " + "\x7f" * (count * 100)},))


@pytest.mark.parametrize("chosen", ["json", "html"])
@pytest.mark.parametrize(
    ("make", "count", "entries"),
    [
        pytest.param(_keys, 60_000, 60_000, id="private keys"),
        pytest.param(_hardlinks, 60_000, 60_000, id="hardlinks to a jar"),
        pytest.param(_words, 60_000, 1, id="words of an instruction"),
        pytest.param(_escapes, 60_000, 1, id="control characters of an instruction"),
    ],
)
def test_a_report_takes_little_memory(
    command: Command, make: Callable[[int], bytes], count: int, entries: int, chosen: str
) -> None:
    name = command.write(make(count))

    def peak(*arguments: str) -> int:
        done = subprocess.run(
            [sys.executable, "-c", _PEAK, *arguments],
            capture_output=True,
            check=True,
            cwd=command.directory,
            env=command.environment | {"LAYERSCOPE_NO_CACHE": "1"},
        )
        code, kilobytes = map(int, done.stdout.split())
        assert code == 0, done.stderr
        return kilobytes * 1024

    taken = peak("-m", "layerscope", "report", name, "-q", "-f", chosen) - peak("-c", "pass")
    assert taken < 90_000_000 + 200 * entries  # What was measured, and an eighth for other allocators.
