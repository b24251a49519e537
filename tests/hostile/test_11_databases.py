"""Package databases that lie: wrong paths, wrong orders, counts of 2 to the 31, documents of a gigabyte."""

import struct

import pytest

from tests.builder import file, symlink
from tests.building.member import Member
from tests.hostile.conftest import BOTH, Archive, Command

STATUS = b"Package: tool\nStatus: install ok installed\nVersion: 1\nArchitecture: amd64\n\n"
RPM_HEADER = b"\x8e\xad\xe8\x01\0\0\0\0"


def ndb(blob: bytes) -> bytes:
    """A database of rpm's ndb format whose one package is the given bytes, after a header that says so."""
    return b"RpmP" + struct.pack("<III", 0, 1, 1) + b"Slot" + struct.pack("<III", 1, 2, 1) + bytes(4064) + blob


CASES: dict[str, list[Member]] = {
    "a dpkg list with ..": [
        file("var/lib/dpkg/status", STATUS),
        file("var/lib/dpkg/info/tool.list", b"/../../etc/shadow\n/..\n../x\n//\n/etc/\x1b[31m\n" * 100),
    ],
    "a dpkg list of one file repeated": [
        file("var/lib/dpkg/status", STATUS),
        file("var/lib/dpkg/info/tool.list", b"/etc/shadow\n" * 200_000),
    ],
    "an apk database whose attributes come first": [
        file("lib/apk/db/installed", b"a:0:0:755\nZ:Q1\nR:shadow\nF:etc\nM:0:0\n\nP:a\nV:1\nR:x\nF:../..\nR:..\n\n")
    ],
    "an rpm header with counts of 2 to the 31": [
        file("var/lib/rpm/Packages.db", ndb(RPM_HEADER + struct.pack(">II", 1 << 31, 1 << 31)))
    ],
    "an rpm database of nothing": [file("var/lib/rpm/Packages", b""), file("var/lib/rpm/rpmdb.sqlite", b"SQLite")],
    "a RECORD that names /etc/shadow": [
        file("usr/lib/python3/site-packages/a-1.dist-info/METADATA", b"Name: a\nVersion: 1\n"),
        file("usr/lib/python3/site-packages/a-1.dist-info/RECORD", b"../../../../etc/shadow,,\n/etc/shadow,,\n" * 1000),
    ],
    "a status file that is a link out": [symlink("var/lib/dpkg/status", "/etc/../../../../etc/passwd")],
    "a status file in a circle": [symlink("var/lib/dpkg/status", "status")],
    "JSON of Node that is too deep": [file("node_modules/a/package.json", b'{"a":' * 100_000)],
    "numbers for names": [file("node_modules/a/package.json", b'{"name":1,"version":{"a":[]}}')],
}


@BOTH
@pytest.mark.parametrize("members", CASES.values(), ids=CASES)
def test_a_database_that_lies_costs_no_byte_of_the_account(
    command: Command, archive: Archive, members: list[Member]
) -> None:
    report = command.report(archive([file("etc/shadow", b"root:x"), *members]))
    totals = report["totals"]
    owned = sum(package["content_bytes"] for package in report["packages"])
    assert owned + report["unowned_bytes"] == totals["live_bytes"]
    assert totals["content_bytes"] == totals["live_bytes"] + totals["hidden_bytes"]


def test_a_status_file_of_a_gigabyte_is_warned_of_and_not_read(command: Command) -> None:
    path = command.directory / "rootfs.tar"
    declared = 1 << 30
    with path.open("wb") as archive:
        archive.write(file("var/lib/dpkg/status", declared_bytes=declared).to_bytes("gnu"))
        archive.truncate(512 + declared + 1024)  # A hole: the layer takes no room on the disk.
    report = command("report", path.name, "-f", "json").report
    assert report["totals"]["content_bytes"] == declared
    assert any("/var/lib/dpkg/status: 1,073,741,824 bytes" in warning for warning in report["warnings"])
