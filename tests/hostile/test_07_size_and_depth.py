"""A million of anything: the work grows as the input does. What grows faster shows in counted steps, not in seconds."""

import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

import pytest

import layerscope
from layerscope.analysis.analyse import WANTED, AnalysisInputs, analyse
from layerscope.analysis.report import report
from layerscope.image.open import open_image
from layerscope.image.options import ReadOptions
from layerscope.render.renderers import RENDERERS
from layerscope.render.units import RenderOptions, units
from tests.builder import (
    ImageSpec,
    crane,
    digest,
    docker_legacy,
    edit,
    file,
    hardlink,
    layer,
    symlink,
    to_json,
    whiteout,
)
from tests.building.docker import described
from tests.building.member import Member
from tests.hostile.conftest import Command, image, packed


def test_as_many_whiteouts_as_files(command: Command) -> None:
    names = [f"d{number % 100}/f{number}" for number in range(40_000)]
    report = command.report(packed([file(name) for name in names], [whiteout(name) for name in names]))
    assert (report["totals"]["entries"], report["totals"]["files"]) == (80_000, 0)


def test_a_million_whiteouts_are_walked_within_the_memory(command: Command) -> None:
    path = command.directory / "rootfs.tar"
    block = whiteout("x").to_bytes()
    # Only the name differs, so only its bytes are added up anew: making a member takes longer than reading it.
    blank = sum(block[100:148]) + 8 * ord(" ") + sum(block[156:])
    with path.open("wb") as archive:
        for number in range(1_000_000):
            name = b"d%d/.wh.f%d" % (number % 100, number)
            archive.write(name.ljust(100, b"\0") + block[100:148] + b"%06o\0 " % (blank + sum(name)) + block[156:])
        archive.write(bytes(1024))
    done = command("layers", path.name, "-f", "csv")
    assert done.column("entries") == ["1000000"]


def test_a_small_archive_that_names_one_layer_again_and_again_is_refused(command: Command) -> None:
    once = layer(*(file(f"f{number}", b"x") for number in range(200)))
    error = command.error(docker_legacy(ImageSpec(layers=(once,) * 600)))
    assert "layers that are named again and again have 119,800 entries" in error


def test_a_large_layer_may_be_there_twice(command: Command) -> None:
    once = layer(*(file(f"f{number}", b"x") for number in range(101_000)))
    assert command.report(docker_legacy(ImageSpec(layers=(once, once))))["totals"]["entries"] == 202_000


def test_a_hundred_thousand_layers_are_more_than_any_image_has(command: Command) -> None:
    spec = ImageSpec(layers=(layer(file("a", b"abc")),))
    manifest = to_json([described(spec, spec.image_id, ["layer.tar"] * 100_000)])
    error = command.error(edit(crane(spec), replace={"manifest.json": manifest}))
    assert "an image of 100,000 layers" in error and "--limit layers" in error


def test_one_layer_repeated_ten_thousand_times_counts_each_time(command: Command) -> None:
    once = layer(file("a", b"abc"))
    spec = ImageSpec(layers=(once,) * 10_000)
    name = digest(once)[7:] + ".tar"
    manifest = to_json([described(spec, spec.image_id, [name] * 10_000)])
    whole = crane(ImageSpec(layers=(once,)), compression="")
    done = command.report(edit(whole, replace={"manifest.json": manifest}, add=[(spec.image_id, spec.config_bytes)]))
    totals = done["totals"]
    assert (totals["content_bytes"], totals["live_bytes"], totals["hidden_bytes"]) == (30_000, 3, 29_997)
    assert len(done["layers"]) == 10_000


@pytest.mark.parametrize("length", [8_000, 9_000, 65_536])
def test_a_path_is_as_long_as_its_limit_and_no_longer(command: Command, length: int) -> None:
    data = packed([file("x/" * (length // 2 - 1) + "y", b"abc")])
    if length < 8 << 10:
        assert command.report(data)["totals"]["content_bytes"] == 3
    else:
        error = command.error(data)
        assert f"a path of {length:,} characters" in error.replace(f"{length - 1:,}", f"{length:,}")
        assert "layer 0 (" in error and "--limit path_bytes" in error


@pytest.mark.parametrize("link", [symlink, hardlink])
def test_a_link_target_is_as_long_as_a_path_and_no_longer(command: Command, link: Callable[[str, str], Member]) -> None:
    assert command.report(packed([file("a"), link("l", "x" * 8000)]))["totals"]["entries"] == 2
    error = command.error(packed([link("l", "x" * 9000)]))
    assert "a link target of 9,00" in error and "layer 0 (" in error and "--limit path_bytes" in error


def long_targets(count: int) -> list[Member]:
    return [symlink(f"l{number}", f"{number}/".ljust(8000, "x")) for number in range(count)]


def long_names(count: int) -> list[Member]:
    return [file(f"{number}/".ljust(4000, "x") + "/y") for number in range(count)]


def long_xattrs(count: int) -> list[Member]:
    return [replace(file(f"f{n}"), pax={"SCHILY.xattr.user.x": b"%d" % n + bytes(8000)}) for n in range(count)]


@pytest.mark.parametrize("members", [long_targets, long_names, long_xattrs])
def test_what_long_texts_take_in_memory_has_a_limit(command: Command, members: Callable[[int], list[Member]]) -> None:
    limit = ("--limit", "text_bytes=1000000")
    assert command.report(packed(members(20), members(20)), *limit)["totals"]["entries"] == 40
    error = command.error(packed(members(200)), *limit)
    assert "layer 0 (" in error and "over 1,000,000 bytes of long paths" in error and "--limit text_bytes" in error
    assert "all layers together" in command.error(packed(members(100), members(101)), *limit)


def test_extended_attributes_that_all_files_have_are_kept_once(command: Command) -> None:
    labelled = [replace(file(f"f{n}"), pax={"SCHILY.xattr.security.selinux": bytes(4000)}) for n in range(1000)]
    assert command.report(packed(labelled), "--limit", "text_bytes=10000")["totals"]["entries"] == 1000


def test_directories_four_thousand_deep(command: Command) -> None:
    name = "/".join(["d"] * 4_000)
    report = command.report(packed([file(name + "/f", b"abc")], [whiteout("d/d")]))
    assert report["totals"]["hidden_bytes"] == 3


# Steps are lines of Python that run in the package: reading, all analysis and all renderers that a terminal gets.


def steps_of(data: bytes, path: Path) -> int:
    """Lines of the package that a whole report of the archive runs."""
    path.write_bytes(data)
    counted = 0
    package = str(Path(layerscope.__file__).parent)
    watched: dict[CodeType, bool] = {}

    def line(frame: FrameType, event: str, argument: Any) -> Any:
        nonlocal counted
        counted += event == "line"
        return line

    def call(frame: FrameType, event: str, argument: Any) -> Any:
        code = frame.f_code
        if code not in watched:
            watched[code] = code.co_filename.startswith(package)
        return line if watched[code] else None

    before = sys.gettrace()
    sys.settrace(call)
    try:
        with open_image(str(path), ReadOptions(wanted=WANTED, threads=1)) as opened:
            made = report(analyse(opened, AnalysisInputs()))
        for name in ("table", "json", "html", "markdown"):
            RENDERERS[name](made, RenderOptions(units=units("si"), top=0, width=None))
    finally:
        sys.settrace(before)
    return counted


def entries(count: int) -> bytes:
    return image([file(f"d{n % 9}/f{n}", b"x") for n in range(count)], [file(f"d{n % 9}/f{n}") for n in range(count)])


def whiteouts(count: int) -> bytes:
    return image(
        [file(f"d{n % 9}/f{n}", b"x") for n in range(count)], [whiteout(f"d{n % 9}/f{n}") for n in range(count)]
    )


def depth(count: int) -> bytes:
    return packed([file("d/" * count + "f", b"x")], [whiteout("d/d")])


def layers(count: int) -> bytes:
    history = [{"created_by": f"/bin/sh -c echo {n}"} for n in range(count)]
    members = ([file(f"d/f{n}", b"x"), whiteout(f"d/f{n - 1}")] for n in range(count))
    return docker_legacy(ImageSpec(layers=tuple(layer(*each) for each in members), history=tuple(history)))


def one_layer_repeated(count: int) -> bytes:
    history = tuple({"created_by": "COPY a b # buildkit"} for _ in range(count))
    return docker_legacy(ImageSpec(layers=(layer(file("a/b", b"x")),) * count, history=history))


def equal_files(count: int) -> bytes:
    return image([file(f"d{n}/same.js", b"x" * 5_000) for n in range(count)])


def hardlinks(count: int) -> bytes:
    return image([file("t", b"x" * 100), *(hardlink(f"h{n}", "t") for n in range(count))], [whiteout("t")])


def chained_symlinks(count: int) -> bytes:
    return image([symlink(f"l{n}", f"l{n + 1}") for n in range(count)], [file(f"l{n}/x", b"1") for n in range(count)])


def packages(count: int) -> bytes:
    return image([file(f"node_modules/m{n}/package.json", b'{"name":"m%d","version":"1"}' % n) for n in range(count)])


def keys(count: int) -> bytes:
    key = b"-----BEGIN RSA PRIVATE KEY-----\nMIIabc\n-----END RSA PRIVATE KEY-----\n"
    return image([file(f"home/u{n}/.ssh/id_rsa", key) for n in range(count)])


def secrets_in_the_config(count: int) -> bytes:
    return image([file("a", b"x")], env=tuple(f"PASSWORD_{n}=abcdefgh{n}" for n in range(count // 10)))


def labels(count: int) -> bytes:
    return image([file("a", b"x")], labels={f"label{n}": "value" for n in range(count)})


def history(count: int) -> bytes:
    steps = ({"created_by": f"ENV A{n}=b", "empty_layer": True} for n in range(count))
    return image([file("a", b"x")], history=(*steps, {"created_by": "RUN x"}))


def one_long_instruction(count: int) -> bytes:
    return image([file("a", b"x")], history=({"created_by": "RUN " + "token=a && " * count},))


@pytest.mark.parametrize(
    "shape",
    [
        entries,
        whiteouts,
        depth,
        layers,
        one_layer_repeated,
        equal_files,
        hardlinks,
        chained_symlinks,
        packages,
        keys,
        labels,
        history,
        one_long_instruction,
    ],
)
def test_the_steps_of_a_whole_report_grow_no_faster_than_the_input(
    shape: Callable[[int], bytes], tmp_path: Path
) -> None:
    steps_of(image([]), tmp_path / "warm.tar")  # What is made once is no part of the growth.
    once, twice, four_times = (steps_of(shape(count), tmp_path / "image.tar") for count in (100, 200, 400))
    assert twice < 2.3 * once
    assert four_times < 2.3 * twice


@pytest.mark.parametrize("steps", [1, 50])
def test_megabytes_of_assignments_in_a_history_end_soon(command: Command, steps: int) -> None:
    words = [f"PASSWORD{number}=hunter{number}Zq9" for number in range(150_000)]
    length = len(words) // steps
    texts = [" ".join(words[first : first + length]) for first in range(0, len(words), length)]
    data = image([], history=[{"created_by": f"RUN {text}"} for text in texts])
    # Not one more is judged.
    assert "the config and the history hold over 20,000 secrets, too many to mask them all" in command.error(data)


def test_masking_so_many_secrets_that_it_takes_minutes_is_refused(command: Command) -> None:
    assert "too many to mask them all" in command.error(secrets_in_the_config(60_000))
    assert command.report(secrets_in_the_config(1_000))["findings"]
