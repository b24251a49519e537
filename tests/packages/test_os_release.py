from collections.abc import Callable, Iterator
from typing import TypeVar

import pytest

from layerscope.filesystem.tree import Filesystem
from layerscope.model.pathset import Wanted
from layerscope.packages import os_release
from layerscope.packages.cataloger import Cataloger, Claim
from layerscope.packages.catalogers.dpkg import DPKG
from layerscope.packages.context import Context
from layerscope.packages.os_release import distribution, read_os_release
from tests.builder import Member, directory, file, symlink
from tests.packages.images import catalogued
from tests.packages.inventories import inventory
from tests.packages.test_dpkg import stanza, status

T = TypeVar("T")


@pytest.mark.parametrize(
    ("members", "purl"),
    [
        pytest.param(
            [file("etc/os-release", b"ID=ubuntu\nVERSION_ID='24.04'\n")],
            "pkg:deb/ubuntu/tool@1.0?arch=amd64&distro=ubuntu-24.04",
            id="in etc",
        ),
        pytest.param(
            [symlink("etc/os-release", "../usr/lib/os-release"), file("usr/lib/os-release", b'ID="kali"\n')],
            "pkg:deb/kali/tool@1.0?arch=amd64&distro=kali",
            id="symlink, no version",
        ),
        pytest.param(
            [file("usr/lib/os-release", b"# ID=no\n  \nID=debian\nVERSION_ID=12\nnonsense\n\xff=\xfe\n")],
            "pkg:deb/debian/tool@1.0?arch=amd64&distro=debian-12",
            id="only in usr, with garbage",
        ),
        pytest.param([], "pkg:deb/debian/tool@1.0?arch=amd64", id="none"),
        pytest.param([directory("etc/os-release")], "pkg:deb/debian/tool@1.0?arch=amd64", id="a directory"),
        pytest.param(
            [symlink("etc/os-release", "os-release")], "pkg:deb/debian/tool@1.0?arch=amd64", id="a link to itself"
        ),
    ],
)
def test_the_distribution_stands_in_the_package_url(members: list[Member], purl: str) -> None:
    assert inventory([*members, status(stanza("tool"))], catalogers=[DPKG]).one("tool").purl == purl


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ID=arch\nBUILD_ID=rolling\n", ("arch", "arch-rolling")),
        ("ID=Debian\nVERSION_ID='12'\nBUILD_ID=9", ("debian", "debian-12")),
        ("VERSION_ID=1\n", ("", "")),
        ("ID=void\n", ("void", "void")),
        (' ID = "x" \n#ID=y\nNAME\nVERSION_ID==1', ("x", "x-=1")),
        ("ID=\n", ("", "")),
        ("ID=x\x01\n", ("x\x01", "x\x01")),
    ],
)
def test_a_distribution_is_called_by_its_name_and_version(text: str, expected: tuple[str, str]) -> None:
    assert _of(distribution, file("etc/os-release", text.encode())) == expected


def test_the_first_file_that_can_be_read_counts() -> None:
    lower = file("usr/lib/os-release", b"ID=b")
    assert _of(read_os_release, lower, symlink("etc/os-release", "../usr/lib/os-release")) == {"ID": "b"}
    assert _of(read_os_release, lower, file("etc/os-release", b"ID=a")) == {"ID": "a"}
    assert _of(read_os_release, lower, file("etc/os-release/x")) == {"ID": "b"}
    assert _of(read_os_release, file("etc/x")) == {}


@pytest.mark.parametrize("length", [65_536, 65_537])
def test_64_kibibytes_of_it_are_read(length: int) -> None:
    found = _of(read_os_release, file("etc/os-release", b"ID=x\nA=".ljust(length - 1, b"#") + b"z"))
    assert (found["ID"], found["A"][-1]) == ("x", "z" if length == 65_536 else "#")


def _of(read: Callable[[Filesystem], T], *members: Member) -> T:
    """What is read of an image with these files."""
    found: list[T] = []

    def catalog(context: Context) -> Iterator[Claim]:
        found.append(read(context.filesystem))
        yield from ()

    wanted = Wanted(paths=os_release.WANTED.paths, head=1 << 20)
    catalogued(Cataloger(name="x", wanted=wanted, catalog=catalog), members)
    return found[0]
