"""Streams that expand without end, one or many, alone or one in another."""

import gzip
import struct

import pytest
import zstandard

from layerscope.model.limits import Limits
from tests.builder import (
    Compression,
    ImageSpec,
    compress,
    crane,
    digest,
    edit,
    file,
    header,
    layer,
    skippable_frame,
    symlink,
    to_json,
)
from tests.building.docker import described
from tests.building.member import Member
from tests.hostile.conftest import BOTH, Archive, Command, image, packed

MIB = 1 << 20
LOW = ("--limit", f"ratio_from={4 * MIB}")
"""Limits that a small bomb meets; the default lets everything below 4 GiB pass."""


def zeros(length: int) -> bytes:
    return layer(file("zeros", bytes(length)))


@pytest.mark.parametrize("compression", ["gzip", "zstd", "xz", "bzip2"])
def test_a_bomb_of_an_archive_ends_at_the_ratio(command: Command, compression: Compression) -> None:
    error = command.error(compress(zeros(32 * MIB), compression), *LOW)
    assert "expands over 200-fold" in error and "--limit ratio" in error


@pytest.mark.parametrize("compression", ["gzip", "zstd", "xz", "bzip2"])
def test_a_bomb_of_a_layer_is_named_as_one(command: Command, compression: Compression) -> None:
    error = command.error(crane(ImageSpec(layers=(zeros(32 * MIB),)), compression=compression), *LOW)
    assert "image.tar: layer 0 (" in error and "expands over 200-fold" in error


@pytest.mark.parametrize("compression", ["gzip", "zstd"])
def test_a_bomb_in_a_bomb_is_measured_by_what_was_stored(command: Command, compression: Compression) -> None:
    inner = crane(ImageSpec(layers=(zeros(32 * MIB),)), compression=compression)
    assert "expand" in command.error(gzip.compress(inner), *LOW)


def test_a_bomb_by_the_default_limits_ends_in_bounded_time(command: Command) -> None:
    block = zstandard.ZstdCompressor(level=1).compress(bytes(64 * MIB))
    head = zstandard.ZstdCompressor().compress(file("zeros", declared_bytes=1 << 40, base256=True).to_bytes("gnu"))
    error = command.error(head + block * 70)
    assert "expands over 200-fold" in error


def test_expanded_bytes_have_a_limit_of_their_own(command: Command) -> None:
    options = ("--limit", f"ratio_from={MIB}", "--limit", "ratio=1000000", "--limit", f"expanded_bytes={8 * MIB}")
    error = command.error(packed(zeros(32 * MIB)), *options)
    assert "expands to over 8,388,608 bytes" in error and "--limit expanded_bytes" in error


def test_many_layers_that_each_keep_to_the_limit_are_a_bomb_together(command: Command) -> None:
    layers = tuple(layer(file(f"zeros{number}", bytes(4 * MIB - 4096))) for number in range(8))
    error = command.error(packed(*layers), *LOW)
    assert "all layers together expand over 200-fold" in error
    assert command.report(packed(*layers))["complete"]


def test_one_blob_under_many_names_is_read_once(command: Command) -> None:
    spec = ImageSpec(layers=(zeros(4 * MIB - 4096),))
    whole = crane(spec)
    blob = digest(compress(spec.layers[0], "gzip"))[7:] + ".tar.gz"
    names = [f"link{number}" for number in range(50)]
    repeated = ImageSpec(layers=spec.layers, config_extra={"rootfs": {"diff_ids": list(spec.diff_ids) * 50}})
    manifest = to_json([described(repeated, repeated.image_id, names)])
    data = edit(
        whole,
        replace={"manifest.json": manifest},
        add=[(repeated.image_id, repeated.config_bytes), *(symlink(name, blob) for name in names)],
    )
    report = command.report(data, "--limit", f"ratio_from={5 * MIB}")
    assert report["totals"]["content_bytes"] == 50 * (4 * MIB - 4096)


def test_entries_have_a_limit(command: Command) -> None:
    members = [file(f"f{number}") for number in range(1001)]
    assert "over 1,000 entries" in command.error(image(members), "--limit", "entries=1000")


def test_entries_of_all_layers_together_have_a_limit(command: Command) -> None:
    layers = [[file(f"f{layer_number}-{number}") for number in range(400)] for layer_number in range(3)]
    error = command.error(image(*layers), "--limit", "entries=1000")
    assert "all layers together have over 1,000 entries" in error and "--limit entries" in error


def test_a_repeated_layer_s_entries_count_each_time(command: Command) -> None:
    repeated = [layer(*(file(f"f{number}") for number in range(100)))] * 20
    assert "over 1,000 entries" in command.error(image(*repeated), "--limit", "entries=1000")


def packages(count: int, length: int) -> list[Member]:
    """Files that are asked for by name, and that compress well."""
    head = '{"name": "m%d", "version": "1", "x": "'
    return [
        file(f"node_modules/m{n}/package.json", (head % n).encode().ljust(length - 2, b"x") + b'"}')
        for n in range(count)
    ]


@BOTH
def test_contents_have_a_limit_in_each_layer_whatever_its_form(command: Command, archive: Archive) -> None:
    limit = ("--limit", "captured_bytes=300000")
    report = command.report(archive(packages(10, 60_000)), *limit)
    assert [one["version"] for one in report["packages"]] == ["1"] * 5 + [""] * 5
    assert not report["complete"]
    (warning,) = (one for one in report["warnings"] if "not looked at" in one)
    assert "5 files were not looked at" in warning and "--limit captured_bytes" in warning
    assert "/node_modules/m5/package.json" in warning
    whole = command.report(archive(packages(5, 60_000), packages(10, 60_000)[5:]), *limit)
    assert whole["complete"] and len(whole["packages"]) == 10


def test_contents_that_compress_well_are_all_kept(command: Command) -> None:
    """What does not fit into memory is put aside, since a plain layer could be asked for all of it."""
    report = command.report(packed(packages(60, MIB)))
    assert report["complete"] and len(report["packages"]) == 60


def test_a_hole_of_a_terabyte_behind_the_end_is_not_read(command: Command) -> None:
    path = command.directory / "image.tar"
    path.write_bytes(image([file("a", b"abc")]))
    with path.open("r+b") as archive:
        archive.truncate(1 << 40)
    done = command("report", path.name, "-f", "json")
    assert done.report["totals"]["content_bytes"] == 3
    assert any("what follows this much padding was not read" in warning for warning in done.report["warnings"])


HOLE = 1 << 40
WITH_A_HOLE = {
    "verified": (layer(file("a", b"abc")), ("--verify",)),
    "without its end": (header(b"a", declared_bytes=HOLE - 512), ()),
}


@pytest.mark.parametrize(("start", "options"), WITH_A_HOLE.values(), ids=WITH_A_HOLE)
def test_a_layer_that_is_a_hole_of_a_terabyte_is_not_hashed(
    command: Command, start: bytes, options: tuple[str, ...]
) -> None:
    (command.directory / "manifest.json").write_bytes(to_json([{"Config": "c.json", "Layers": ["layer.tar"]}]))
    (command.directory / "c.json").write_bytes(b"{}")
    with (command.directory / "layer.tar").open("wb") as blob:
        blob.write(start)
        blob.truncate(HOLE)
    done = command("report", ".", *options)
    assert done.code == 3 and "nearly all of them a hole of the file" in done.errors, done.errors


def test_directories_that_no_entry_names_are_bounded_by_those_that_are_named(command: Command) -> None:
    deep = [file(f"{number}/" + "d/" * 60 + "f") for number in range(9_000)]
    assert "too long and too deep" in command.error(packed(deep))


def test_a_zstd_frame_that_asks_for_a_window_of_gigabytes_is_refused(command: Command) -> None:
    # A frame header (RFC 8878, 3.1.1.1) without content size; the window descriptor asks for 2 TiB.
    frame = struct.pack("<IBB", 0xFD2FB528, 0, 31 << 3) + b"\x01\x00\x00"
    assert "the zstd stream needs a window of more than 128 MiB" in command.error(frame)


EMPTY = {
    "gzip": gzip.compress(b"", mtime=0),
    "zstd": zstandard.ZstdCompressor().compress(b""),
    "skippable": skippable_frame(b"x"),
    "xz": compress(b"", "xz"),
    "bzip2": compress(b"", "bzip2"),
    "padding": bytes(4),
}


@pytest.mark.parametrize("kind", EMPTY)
def test_streams_of_nothing_without_end_are_refused(command: Command, kind: str) -> None:
    """Two megabytes of them are some kilobytes within another compressed archive."""
    compression: Compression = {"skippable": "zstd", "padding": "xz"}.get(kind, kind)  # type: ignore[assignment]
    whole = zeros(3)
    few, many = (
        compress(whole, compression) + EMPTY[kind] * (length // len(EMPTY[kind])) for length in (9000, 2 * MIB)
    )
    assert command.report(few)["totals"]["content_bytes"] == 3
    assert "hold next to nothing" in command.error(many)
    spec = ImageSpec(layers=(whole,))
    blob = f"{digest(few)[7:]}.tar"
    manifest = to_json([described(spec, spec.image_id, [blob])])
    for stored in (few, many):
        layered = edit(crane(spec), replace={"manifest.json": manifest}, add=[(blob, stored)])
        if stored is few:
            assert command.report(gzip.compress(layered))["totals"]["content_bytes"] == 3
        else:
            assert "hold next to nothing" in command.error(gzip.compress(layered))


def test_layers_that_each_hold_a_little_of_nothing_are_refused_together(command: Command) -> None:
    spec = ImageSpec(layers=tuple(zeros(number) for number in range(12)))
    blobs = [compress(data, "gzip") + EMPTY["gzip"] * 45_000 for data in spec.layers]
    manifest = to_json([described(spec, spec.image_id, [f"{number}.tar" for number in range(12)])])
    added = [(spec.image_id, spec.config_bytes), *((f"{number}.tar", blob) for number, blob in enumerate(blobs))]
    data = edit(crane(ImageSpec(layers=spec.layers[:1])), replace={"manifest.json": manifest}, add=added)
    assert "empty frames and padding" in command.error(data)


@pytest.mark.parametrize("name", Limits.__struct_fields__)
def test_every_limit_is_an_option_and_a_setting(command: Command, name: str) -> None:
    path = command.write(packed([file("a", b"abc")]))
    assert command("layers", path, "--limit", f"{name}=1000000000000").code == 0
    (command.directory / ".layerscope.toml").write_text(f"[limits]\n{name} = 1000000000000\n")
    assert command("layers", path).code == 0
    (command.directory / ".layerscope.toml").write_text("[limits]\nentries = 0\n")
    done = command("layers", path)
    assert done.code == 3 and "--limit entries" in done.errors
