import pytest

from layerscope.packages.catalogers.dpkg import OPKG
from tests.builder import file
from tests.packages.inventories import inventory
from tests.packages.test_dpkg import stanza


@pytest.mark.parametrize("root", ["usr/lib/opkg", "var/lib/opkg", "opt/lib/opkg"])
def test_a_package_owns_the_files_of_its_list_and_its_records(root: str) -> None:
    found = inventory(
        [
            file(f"{root}/status", stanza("busybox", status="install user installed")),
            file(f"{root}/info/busybox.list", b"/bin/busybox\n/etc/a\t100644\n/bin/sh\t120777\tbusybox\n"),
            file(f"{root}/info/busybox.control", b"Package: busybox\n"),
            file("bin/busybox", b"1"),
            file("etc/a", b"22"),
        ],
        catalogers=[OPKG],
    )
    records = {f"/{root}/info/busybox.{suffix}" for suffix in ("list", "control")}
    assert found.paths("busybox") == {"/bin/busybox", "/etc/a"} | records
    assert found.one("busybox").type == "opkg"
