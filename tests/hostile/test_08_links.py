"""Links in circles, to later entries, to lower layers, to themselves, to nothing."""

import pytest

from tests.builder import ImageSpec, crane, edit, file, hardlink, layer, symlink, whiteout
from tests.building.member import Member
from tests.hostile.conftest import BOTH, Archive, Command, image

CASES = {
    "a hardlink to itself": ([hardlink("a", "a")], 0),
    "hardlinks in a circle": ([hardlink("a", "b"), hardlink("b", "c"), hardlink("c", "a")], 0),
    "a hardlink to a later entry": ([hardlink("a", "b"), file("b", b"abc")], 3),
    "a hardlink to nothing": ([hardlink("a", "nowhere")], 0),
    "a hardlink to a directory": ([hardlink("a", "/")], 0),
    "a hardlink that says it has content": ([file("b", b"abc"), hardlink("a", "b", declared_bytes=1 << 30)], 3),
    "a symlink to itself": ([symlink("a", "a"), file("a/b", b"abc")], 3),
    "symlinks in a circle": ([symlink("a", "b"), symlink("b", "a"), file("a/c", b"abc"), file("b/c", b"12")], 5),
    "a symlink that grows": ([symlink("a", "a/a"), file("a/b", b"abc")], 3),
    "a symlink to the root": ([symlink("a", "/"), file("a/a/a/b", b"abc")], 3),
    "a symlink to nothing": ([symlink("a", "")], 0),
}


@BOTH
@pytest.mark.parametrize(("members", "content_bytes"), CASES.values(), ids=CASES)
def test_links_that_lead_nowhere_lose_no_byte(
    command: Command, archive: Archive, members: list[Member], content_bytes: int
) -> None:
    totals = command.report(archive(members))["totals"]
    assert totals["content_bytes"] == content_bytes == totals["live_bytes"] + totals["hidden_bytes"]
    assert totals["entries"] == len(members)


def test_a_hardlink_to_a_lower_layer_keeps_its_bytes_alive(command: Command) -> None:
    data = image([file("a", b"abc")], [hardlink("b", "a")], [whiteout("a")])
    assert command.report(data)["totals"]["live_bytes"] == 3


@pytest.mark.parametrize("target", ["layer.tar", "../a/layer.tar", "other", "./layer.tar", "/a/layer.tar"])
def test_a_layer_that_is_a_link_in_a_circle_is_missing(command: Command, target: str) -> None:
    spec = ImageSpec(layers=(layer(file("a", b"abc")), layer(file("b", b"12"))))
    name = spec.diff_ids[0][7:] + ".tar"
    loop = [symlink(name, "a/layer.tar"), symlink("a/layer.tar", target), symlink("a/other", "layer.tar")]
    report = command.report(edit(crane(spec, compression=""), remove=[name], add=loop))
    assert (report["complete"], report["totals"]["content_bytes"]) == (False, 2)
