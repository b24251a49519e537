"""The walk over headers agrees with other readers, and with itself whatever the bytes come from."""

from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.builder import (
    Member,
    TarFormat,
    device,
    directory,
    fifo,
    file,
    gnu_sparse,
    hardlink,
    layer,
    opaque,
    pax_sparse,
    symlink,
    whiteout,
)
from tests.image.peers import PEERS, Listed, by_tarfile, ours
from tests.tar.walking import layer_of, the_only

components = st.one_of(
    st.text(alphabet="abcXYZ0._+", min_size=1, max_size=6),
    st.sampled_from(["..", ".", "new\nline", "tab\t", "\x1b[31m", "back\\slash", "é", "日本", "\u202e", "n" * 90]),
).map(lambda text: text.encode())


names = st.builds(
    lambda prefix, parts: prefix + b"/".join(parts),
    st.sampled_from([b"", b"./", b"/"]),
    st.lists(st.one_of(components, st.sampled_from([b"\xff\xfe", b"w" * 120])), min_size=1, max_size=4),
)


# GNU tar lists a hardlink's target without what stands before the last two dots in it.
targets = names.filter(lambda name: b".." not in name)


numbers = st.integers(0, 8**7 + 5)


common = {"mode": st.integers(0, 0o7777), "uid": numbers, "gid": numbers, "mtime": st.integers(0, 1 << 33)}


segments = st.lists(st.tuples(st.integers(0, 3), st.binary(min_size=1, max_size=512)), max_size=30).map(
    lambda pairs: [(index * 4096 + gap * 512, data) for index, (gap, data) in enumerate(pairs)]
)


def sparse_of(maker: Callable[..., Member], named: st.SearchStrategy[bytes] = names) -> st.SearchStrategy[Member]:
    return st.builds(
        lambda name, pieces, more: maker(name, pieces, real_bytes=200_000 + more), named, segments, numbers
    )


plain_members = st.one_of(
    st.builds(file, names, st.binary(max_size=1100), **common),
    st.builds(file, names, st.sampled_from([b"", b"x" * 512, b"y" * 5000]), base256=st.booleans(), **common),
    st.builds(directory, names, **common),
    st.builds(symlink, names, names, **common),
    st.builds(hardlink, names, targets, declared_bytes=st.sampled_from([0, 700]), **common),
    st.builds(fifo, names, **common),
    st.builds(device, names, block=st.booleans(), **common),
    st.builds(whiteout, names),
    st.builds(opaque, names),
)


# A longer name would be cut, perhaps at a slash, and GNU tar lists a sparse file whose name ends in one as a directory.
gnu_members = st.one_of(plain_members, sparse_of(gnu_sparse, names.filter(lambda name: len(name) <= 100)))


pax_members = st.one_of(
    plain_members,
    st.builds(file, names, st.binary(max_size=600), xattrs=st.dictionaries(st.just("user.k"), st.binary(max_size=9))),
    sparse_of(pax_sparse),
)


def below_the_root(listed: list[Listed]) -> list[Listed]:
    """All but what stands for the root directory and is none: no engine unpacks it (tests/tar/test_ends.py)."""
    return [one for one in listed if one.path or one.type == "d"]


@pytest.mark.parametrize("peer", PEERS)
@pytest.mark.parametrize(
    ("tar_format", "members"),
    [pytest.param("gnu", gnu_members, id="gnu"), pytest.param("pax", pax_members, id="pax")],
)
def test_entries_are_those_of_other_readers(
    peer: Callable[[bytes], list[Listed]], tar_format: TarFormat, members: st.SearchStrategy[Member]
) -> None:
    @settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.lists(members, min_size=1, max_size=8))
    def agrees(written: list[Member]) -> None:
        data = layer(*written, tar_format=tar_format)
        assert below_the_root(ours(layer_of(data).changeset)) == below_the_root(peer(data))

    agrees()


@settings(max_examples=20, deadline=None)
@given(st.lists(st.builds(file, names.filter(lambda name: len(name) < 100), st.binary(max_size=1100)), max_size=8))
def test_ustar_entries_are_those_of_tarfile(written: list[Member]) -> None:
    data = layer(*written, tar_format="ustar")
    assert below_the_root(ours(layer_of(data).changeset)) == below_the_root(by_tarfile(data))


@settings(max_examples=50, deadline=None)
@given(st.lists(pax_members, min_size=1, max_size=5), st.data())
def test_spoilt_bytes_end_in_one_clear_error_or_none(written: list[Member], choices: st.DataObject) -> None:
    data = bytearray(layer(*written))
    for _ in range(choices.draw(st.integers(1, 4))):
        data[choices.draw(st.integers(0, len(data) - 1))] = choices.draw(st.integers(0, 255))
    cut = choices.draw(st.integers(0, len(data)))
    the_only(bytes(data[:cut]) if choices.draw(st.booleans()) else bytes(data))
