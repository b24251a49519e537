"""Whiteouts of nothing, without a name, and on both sides of an opaque marker."""

import pytest

from tests.builder import file, opaque, whiteout
from tests.building.member import Member
from tests.hostile.conftest import BOTH, Archive, Command

CASES: dict[str, tuple[list[Member], list[str]]] = {
    "entries on both sides of an opaque marker": (
        [file("d/new"), opaque("d"), file("d/newer")],
        ["/d/new", "/d/newer"],
    ),
    "an opaque root": ([opaque(), file("new")], ["/new"]),
    "a whiteout of nothing": ([whiteout("nowhere/at/all")], ["/d/old"]),
    "a whiteout without a name": ([file("d/.wh.")], ["/d/old"]),
    "a whiteout of a dot": ([file("d/.wh..")], ["/d/old"]),
    "a whiteout of two dots": ([file("d/.wh...")], ["/d/old"]),
    "the directory of hardlinks of AUFS": ([file(".wh..wh.plnk/1.2", b""), file(".wh..wh.aufs")], ["/d/old"]),
    "a whiteout of a whiteout": ([file("d/.wh..wh.old")], ["/d/old"]),
    "a whiteout of what its own layer holds": ([file("d/old", b"new"), whiteout("d/old")], ["/d/old"]),
    "a whiteout of the parent": ([whiteout("d"), file("d/new")], ["/d/new"]),
}


@BOTH
@pytest.mark.parametrize(("members", "left"), CASES.values(), ids=CASES)
def test_odd_markers_hide_what_the_image_spec_says(
    command: Command, archive: Archive, members: list[Member], left: list[str]
) -> None:
    done = command("files", "--flat", command.write(archive([file("d/old", b"old")], members)), "-f", "csv")
    found = [path for path in done.column("path") if not path.startswith("/.wh.")]
    assert [path for path in sorted(found) if path not in ("/", "/d")] == left
