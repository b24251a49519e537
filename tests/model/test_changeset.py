"""Columns that read like a tuple of entries."""

from array import array

import pytest

from layerscope.model.changeset import Changeset
from layerscope.model.entry import Entry, Kind

CHANGESET = Changeset(
    paths=["/a", "/b", "/c"],
    kinds=bytes([Kind.FILE, Kind.SYMLINK, Kind.DIRECTORY]),
    sizes=array("q", [5, 0, 0]),
    ownerships=[(0o644, 1, 2), (0o777, 0, 0), (0o755, 0, 0)],
    mtimes=array("q", [7, 8, 9]),
    offsets=array("q", [512, 1536, 2048]),
    links={1: "a"},
    xattrs={0: (("user.k", b"v"),)},
)
FIRST = Entry(path="/a", kind=Kind.FILE, content_bytes=5, mode=0o644, uid=1, gid=2, mtime=7, xattrs=(("user.k", b"v"),))


def test_an_entry_is_made_of_its_columns() -> None:
    assert CHANGESET[0] == FIRST
    assert (CHANGESET[1].link, CHANGESET[1].kind) == ("a", Kind.SYMLINK)


def test_it_reads_like_a_tuple() -> None:
    assert len(CHANGESET) == 3
    assert [entry.path for entry in CHANGESET] == ["/a", "/b", "/c"]
    assert CHANGESET[-1] == CHANGESET[2]
    assert CHANGESET[::-1] == (CHANGESET[2], CHANGESET[1], CHANGESET[0])
    assert FIRST in CHANGESET


@pytest.mark.parametrize("index", [3, -4])
def test_there_is_nothing_beyond_its_ends(index: int) -> None:
    with pytest.raises(IndexError):
        CHANGESET[index]
