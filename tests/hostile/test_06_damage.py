"""A damaged header in the middle, one block of zeros, an early end, bytes behind the end."""

import random

import pytest

from tests.builder import ImageSpec, contents, crane, edit, file, layer, wrong_checksum
from tests.hostile.conftest import BOTH, Archive, Command, image, packed

BEFORE, BEHIND = file("before", b"1"), file("behind", b"22")


@BOTH
def test_a_header_that_fails_its_checksum_is_never_an_end(command: Command, archive: Archive) -> None:
    error = command.error(archive([BEFORE, wrong_checksum(file("a", b"abc")), BEHIND]))
    assert "image.tar: layer 0 (" in error and "offset 1,024: a tar header fails its checksum" in error


@BOTH
def test_a_damaged_layer_leaves_a_report_of_the_others(command: Command, archive: Archive) -> None:
    report = command.report(archive([file("a", b"abc")], [wrong_checksum(file("b"))], [file("c", b"12345")]))
    assert (report["complete"], report["totals"]["content_bytes"]) == (False, 8)
    assert [layer["verified"] for layer in report["layers"]][1] == ""
    [warning] = [text for text in report["warnings"] if "left out" in text]
    assert "layer 1 is left out: layer 1 (" in warning and "offset 0: a tar header fails its checksum" in warning


@BOTH
def test_the_text_of_a_partial_report_is_loud(command: Command, archive: Archive) -> None:
    name = command.write(archive([file("a", b"abc")], [wrong_checksum(file("b"))]))
    assert "layer 1 is left out" in command("report", name).text


@BOTH
def test_the_gate_fails_on_a_partial_report_unless_told_otherwise(command: Command, archive: Archive) -> None:
    name = command.write(archive([file("a", b"abc")], [wrong_checksum(file("b"))]))
    assert command("check", name, "--max-size", "1GB").code == 1
    assert command("check", name, "--max-size", "1GB", "--allow-incomplete").code == 0


@BOTH
def test_a_strict_reading_gives_no_partial_report(command: Command, archive: Archive) -> None:
    data = archive([file("a", b"abc")], [wrong_checksum(file("b"))])
    assert "image.tar: layer 1 (" in command.error(data, "--strict")


@BOTH
def test_one_block_of_zeros_between_entries_is_damage(command: Command, archive: Archive) -> None:
    lone = layer(BEFORE, trailer=False) + bytes(512) + layer(BEHIND)
    assert "a lone block of zeros stands between two entries" in command.error(archive(lone))


@BOTH
def test_entries_behind_the_end_are_warned_of_and_refused_when_strict(command: Command, archive: Archive) -> None:
    data = archive(layer(BEFORE) + layer(BEHIND))
    report = command.report(data)
    assert report["totals"]["content_bytes"] == 1
    assert any("data behind the end of the tar" in warning for warning in report["warnings"])
    assert "data behind the end of the tar" in command.error(data, "--strict")


@pytest.mark.parametrize("kept", [0.01, 0.5, 0.9, 0.999])
def test_a_compressed_layer_that_ends_early_is_damage(command: Command, kept: float) -> None:
    content = random.Random(0).randbytes(100_000)
    spec = ImageSpec(layers=(layer(file("a", content)),))
    whole = crane(spec)
    [name] = [name for name in contents(whole) if name.endswith(".tar.gz")]
    blob = contents(whole)[name]
    error = command.error(edit(whole, replace={name: blob[: int(len(blob) * kept)]}))
    assert "image.tar: layer 0 (" in error and "offset" in error


def test_a_changed_byte_of_a_plain_layer_is_found_when_asked_for(command: Command) -> None:
    data = image([file("a", b"abcdef")])
    changed = data.replace(b"abcdef", b"abcdeX")
    assert command.report(changed)["layers"][0]["verified"] == "headers"
    found = command.report(changed, "--verify")
    assert (found["complete"], found["layers"][0]["verified"]) == (False, "mismatch")
    assert "the content is not what its diff_id says" in found["warnings"][0]
    assert command("check", "image.tar", "--verify", "--max-size", "1GB").code == 1
    assert "the content is not what its diff_id says" in command.error(changed, "--verify", "--strict")
    assert command.report(data, "--verify")["layers"][0]["verified"] == "contents"


def test_a_compressed_layer_is_proven_as_it_is_read(command: Command) -> None:
    assert command.report(packed([file("a", b"abc")]))["layers"][0]["verified"] == "contents"


@pytest.mark.parametrize("cut", [100, 512, 1000, 1536, 2049])
def test_an_outer_archive_that_ends_early_is_an_error(command: Command, cut: int) -> None:
    error = command.error(image([file("a", b"abc")])[:cut])
    assert "image.tar" in error


def test_an_outer_archive_without_its_index_is_called_interrupted(command: Command) -> None:
    spec = ImageSpec(layers=(layer(file("a", b"abc")),))
    data = edit(crane(spec), remove=["manifest.json"])
    assert "neither manifest.json nor index.json" in command.error(data)


def test_a_root_file_system_that_may_have_been_cut_fails_the_gate(command: Command) -> None:
    data = layer(file("etc/passwd", b"root"), file("bin/sh", b"#"), trailer=False)
    report = command.report(data)
    assert (report["complete"], report["layers"][0]["verified"]) == (False, "unterminated")
    assert any("end-of-archive marker; it may have been cut" in warning for warning in report["warnings"])
    assert command("check", "image.tar", "--max-size", "1GB").code == 1
    assert command("check", "image.tar", "--max-size", "1GB", "--allow-incomplete").code == 0
    assert command("check", command.write(data + bytes(1024)), "--max-size", "1GB").code == 0
