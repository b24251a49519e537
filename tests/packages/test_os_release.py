import pytest

from layerscope.packages.catalogers.dpkg import DPKG
from tests.builder import Member, directory, file, symlink
from tests.packages.inventories import inventory
from tests.packages.test_dpkg import stanza, status


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
