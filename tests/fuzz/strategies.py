"""Valid archives of every dialect for hypothesis, and the same ones spoilt."""

from collections.abc import Callable, Sequence
from typing import TypeVar

from hypothesis import strategies as st

from tests.builder import (
    Compression,
    ImageSpec,
    Member,
    compress,
    containerd,
    crane,
    device,
    directory,
    docker_legacy,
    docker_save,
    fifo,
    file,
    gnu_sparse,
    hardlink,
    jib,
    layer,
    nix,
    oci_archive,
    opaque,
    rootfs,
    rules_oci,
    skopeo_docker_archive,
    symlink,
    whiteout,
)
from tests.fuzz.damage import damaged

_T = TypeVar("_T")

_parts = st.one_of(
    st.sampled_from(["a", "b", "etc", "usr", "bin", "..", ".", "\udcff", "\x1b[31m", "n" * 120, "node_modules"]),
    st.text(st.characters(exclude_characters="/\0", exclude_categories=["Cs"]), min_size=1, max_size=8),
)
paths = st.lists(_parts, min_size=1, max_size=5).map("/".join)
_contents = st.binary(max_size=700)
members = st.one_of(
    st.builds(file, paths, _contents),
    st.builds(lambda path, value: file(path, b"1", xattrs={"user.a": value}), paths, st.binary(max_size=9)),
    st.builds(directory, paths),
    st.builds(symlink, paths, paths),
    st.builds(hardlink, paths, paths),
    st.builds(fifo, paths),
    st.builds(device, paths),
    st.builds(whiteout, paths),
    st.builds(opaque, paths),
    st.builds(lambda path: gnu_sparse(path, [(n * 9, b"x") for n in range(9)], real_bytes=90), paths),
)
layers = st.lists(members, max_size=8).map(lambda found: layer(*found))
_steps = st.fixed_dictionaries({"created_by": st.text(max_size=60), "empty_layer": st.booleans()})
specs = st.builds(
    lambda found, history: ImageSpec(layers=tuple(found), history=tuple(history)),
    st.lists(layers, min_size=1, max_size=4),
    st.lists(_steps, max_size=5),
)
_writers: list[Callable[[ImageSpec], bytes]] = [
    docker_legacy,
    docker_save,
    skopeo_docker_archive,
    crane,
    nix,
    jib,
    rules_oci,
    oci_archive,
    containerd,
    lambda spec: oci_archive(spec, compression="zstd-frames"),
    lambda spec: crane(spec, compression="gzip-members"),
]
_outer: list[Compression] = ["", "", "gzip", "zstd", "xz", "bzip2"]


@st.composite
def archives(draw: st.DrawFn) -> bytes:
    """A valid archive of any dialect, or a root file system, maybe compressed as a whole."""
    if draw(st.integers(0, 9)) == 0:
        data = rootfs(file("a", b"1"), *draw(st.lists(_plain_members, max_size=5)))
    else:
        data = draw(st.sampled_from(_writers))(draw(specs))
    return compress(data, draw(st.sampled_from(_outer)))


_plain_members: st.SearchStrategy[Member] = st.builds(file, paths, _contents)


class _Drawn:
    """Choices that hypothesis makes, and so can make simpler."""

    def __init__(self, draw: st.DrawFn) -> None:
        self._draw = draw

    def randrange(self, stop: int) -> int:
        return self._draw(st.integers(0, stop - 1))

    def choice(self, values: Sequence[_T]) -> _T:
        return values[self.randrange(len(values))]


@st.composite
def spoilt(draw: st.DrawFn, whole: st.SearchStrategy[bytes]) -> bytes:
    """What ``whole`` gives, after a few bytes or blocks of it were flipped, cut, repeated or swapped."""
    return damaged(draw(whole), _Drawn(draw), [b"\0" * 512, b"../", b".wh."])
