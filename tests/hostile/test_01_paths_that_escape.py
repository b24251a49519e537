"""``../`` and absolute names, links out of the root, and a symlink that takes the root's place."""

import pytest

from tests.builder import ImageSpec, crane, directory, docker_legacy, edit, file, hardlink, layer, symlink, to_json
from tests.hostile.conftest import BOTH, Archive, Command


@BOTH
def test_names_that_climb_stay_inside(command: Command, archive: Archive) -> None:
    members = [file("../../etc/passwd", b"1"), file("/etc/shadow", b"22"), file("a/../../../b", b"333")]
    done = command("files", "--flat", command.write(archive(members)), "-f", "csv")
    assert sorted(set(done.column("path")) - {"/", "/etc"}) == ["/b", "/etc/passwd", "/etc/shadow"]


@BOTH
def test_link_targets_are_text_and_never_followed_on_this_machine(command: Command, archive: Archive) -> None:
    members = [symlink("a", "/etc/passwd"), symlink("b", "../../../etc/shadow"), hardlink("c", "../../etc/passwd")]
    report = command.report(archive([*members, symlink("etc/os-release", "/etc/os-release")]))
    assert (report["totals"]["content_bytes"], report["packages"]) == (0, [])


@BOTH
def test_a_symlink_in_the_place_of_the_root_hides_no_byte(command: Command, archive: Archive) -> None:
    report = command.report(archive([file("a", b"abc")], [symlink("./", "/etc"), file("b", b"12")]))
    assert report["totals"]["content_bytes"] == 5
    assert report["totals"]["live_bytes"] + report["totals"]["hidden_bytes"] == 5


@BOTH
def test_a_path_through_a_symlink_lands_in_the_image(command: Command, archive: Archive) -> None:
    members = [symlink("out", "../../../../tmp"), file("out/evil", b"abc"), directory("tmp")]
    done = command("files", "--flat", command.write(archive(members)), "-f", "csv")
    assert "/tmp/evil" in done.column("path")


@pytest.mark.parametrize("name", ["../../etc/passwd", "/etc/passwd", "blobs/../../../../etc/passwd"])
def test_names_of_the_outer_archive_are_no_paths_of_this_machine(command: Command, name: str) -> None:
    data = edit(docker_legacy(ImageSpec(layers=(layer(file("a", b"abc")),))), add=[(name, b"root::0:0:::")])
    assert command.report(data)["totals"]["content_bytes"] == 3


@pytest.mark.parametrize("target", ["/etc/passwd", "../../../../etc/passwd", "../nowhere/layer.tar"])
def test_a_layer_that_is_a_link_out_of_the_archive_is_missing(command: Command, target: str) -> None:
    spec = ImageSpec(layers=(layer(file("a", b"abc")), layer(file("b", b"12"))))
    whole = crane(spec, compression="")
    name = spec.diff_ids[0][7:] + ".tar"
    report = command.report(edit(whole, remove=[name], add=[symlink(name, target)]))
    assert not report["complete"] and report["totals"]["content_bytes"] == 2


def test_a_directory_whose_blobs_are_links_out_of_it_is_refused(command: Command) -> None:
    manifest = to_json([{"Config": "config.json", "Layers": ["layer.tar"]}])
    place = command.directory / "unpacked"
    place.mkdir()
    (place / "manifest.json").write_bytes(manifest)
    (place / "config.json").symlink_to("/etc/passwd")
    done = command("report", place)
    assert done.code == 3 and "its config config.json is not in the archive" in done.errors
