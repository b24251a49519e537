"""The merged tree is what umoci unpacks: path, type, size, mode, owner, link."""

import os
import shutil
import stat
import subprocess
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from layerscope.filesystem.tree import Filesystem
from layerscope.image.open import open_image
from layerscope.image.options import ReadOptions
from layerscope.model.entry import Kind
from tests.builder import (
    ImageSpec,
    Member,
    directory,
    fifo,
    file,
    hardlink,
    layer,
    oci_layout_directory,
    opaque,
    symlink,
    whiteout,
)
from tests.filesystem.layers import tree

pytestmark = pytest.mark.skipif(
    not shutil.which("umoci") or os.name == "nt" or os.geteuid() != 0, reason="umoci and root are needed"
)

_TYPES = {
    stat.S_IFREG: Kind.FILE,
    stat.S_IFDIR: Kind.DIRECTORY,
    stat.S_IFLNK: Kind.SYMLINK,
    stat.S_IFIFO: Kind.FIFO,
}
Facts = tuple[Kind, int, int, int, int, str]
"""Type, length, mode, user, group, target of a symlink."""

names = st.lists(st.sampled_from("abc"), min_size=1, max_size=3).map("/".join)
modes = st.sampled_from([0o644, 0o755, 0o600, 0o4755])
members = st.one_of(
    st.builds(file, names, st.binary(max_size=20), mode=modes, uid=st.integers(0, 9), gid=st.integers(0, 9)),
    st.builds(directory, names, mode=st.sampled_from([0o755, 0o700, 0o1777])),
    st.builds(symlink, names, names.map("/".__add__)),
    st.builds(fifo, names),
    st.builds(hardlink, names, names),
    st.builds(whiteout, names),
    st.builds(opaque, names),
)


def extractable(stack: list[list[Member]]) -> list[list[Member]]:
    """Without what umoci refuses: hardlinks to nothing and to directories, and entries below what is no directory."""
    kept: list[list[Member]] = []
    for members_of_layer in stack:
        kept.append([])
        for member in members_of_layer:
            path = "/" + member.name.decode().rstrip("/")
            seen = tree(*kept)
            above = [path.rsplit("/", count)[0] for count in range(1, path.count("/"))]
            if any(parent in seen.live and seen.kind_of(seen.live[parent]) != Kind.DIRECTORY for parent in above):
                continue
            if member.typeflag == b"1":
                found = seen.live.get("/" + member.link.decode())
                # The place of the link is emptied first, and its target may lie there.
                lost = f"/{member.link.decode()}/".startswith(f"{path}/")
                if found is None or seen.kind_of(found) == Kind.DIRECTORY or lost:
                    continue
            kept[-1].append(member)
    return kept


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(st.lists(members, max_size=6), min_size=1, max_size=4))
def test_the_tree_is_what_umoci_unpacks(tmp_path_factory: pytest.TempPathFactory, stack: list[list[Member]]) -> None:
    place = tmp_path_factory.mktemp("umoci")
    spec = ImageSpec(layers=tuple(layer(*each) for each in extractable(stack)), tags=("latest",))
    oci_layout_directory(place / "image", spec)
    done = subprocess.run(
        ["umoci", "unpack", "--image", f"{place / 'image'}:latest", str(place / "bundle")],
        capture_output=True,
        check=False,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    with open_image(str(place / "image"), ReadOptions()) as image:
        found = ours(Filesystem(image.layers))
    unpacked = theirs(place / "bundle" / "rootfs")
    shutil.rmtree(place)
    made_for_children = {path for path, facts in unpacked.items() if path not in found and facts[0] == Kind.DIRECTORY}
    assert found == {path: facts for path, facts in unpacked.items() if path not in made_for_children}


def ours(filesystem: Filesystem) -> dict[str, Facts]:
    facts = {}
    for path, number in filesystem.live.items():
        version = filesystem.version(filesystem.carrier(number))
        # A hardlink has the inode of what it names, so also its mode and owner.
        facts[path] = (
            version.kind,
            version.content_bytes,
            0o777 if version.kind == Kind.SYMLINK else version.mode,
            version.uid,
            version.gid,
            version.link if version.kind == Kind.SYMLINK else "",
        )
    return facts


def theirs(root: Path) -> dict[str, Facts]:
    facts = {}
    for path in root.rglob("*"):
        status = path.lstat()
        kind = _TYPES[stat.S_IFMT(status.st_mode)]
        facts["/" + str(path.relative_to(root))] = (
            kind,
            status.st_size if kind == Kind.FILE else 0,
            stat.S_IMODE(status.st_mode),
            status.st_uid,
            status.st_gid,
            os.readlink(path) if kind == Kind.SYMLINK else "",
        )
    return facts
