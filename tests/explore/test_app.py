"""The terminal UI, driven by keys without a terminal."""

import asyncio
from pathlib import Path

import pytest
from msgspec.structs import replace

from layerscope.analysis.analyse import AnalysisInputs
from layerscope.dockerfile.parse import parse_dockerfile
from layerscope.explore.app import Explorer
from layerscope.explore.details import of_package
from layerscope.model.image import Digest
from layerscope.model.onto import Missing, Need, Onto
from layerscope.model.package import Package
from layerscope.provenance.origins import BuildInputs
from layerscope.render.units import RenderOptions, si
from tests.analysis.test_browse import browsing, packaged, saved_image
from tests.builder import ImageSpec, digest, docker_legacy, docker_save, edit, file, hardlink, layer, whiteout
from tests.conftest import FIXTURES
from tests.explore.driving import NARROW, WIDE, Seen, drive, known, pressed, sample, screen_of, settled

TINY = FIXTURES / "tiny-legacy.tar"


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return sample(tmp_path_factory.mktemp("explore") / "sample.tar")


def test_it_begins_with_the_layer_that_has_most_to_reclaim() -> None:
    found = pressed(TINY, size=WIDE)
    assert found.head == [
        "tiny:legacy   linux/amd64   63.7 kB in 7 layers",
        "all layers 63.7 kB   22.5 kB (35%) reclaimable",
    ]
    assert (found.tab, found.layer, found.focus) == ("layers", 1, "layer-rows")
    assert found.title == "Changes of layer 1  9.10 kB in 5 files, by reclaimable"
    assert found.names[:3] == ["src/", "main.o", ".git/"]


@pytest.mark.parametrize(("width", "both"), [(109, False), (110, True)])
def test_layers_and_files_are_side_by_side_where_there_is_room(width: int, both: bool) -> None:
    found = pressed(TINY, size=(width, 30))
    assert ("INSTRUCTION" in found.screen, "Changes of layer 1" in found.screen) == (True, both)
    files = pressed(TINY, "tab", size=(width, 30))
    assert ("INSTRUCTION" in files.screen, "Changes of layer 1" in files.screen) == (both, True)


def test_on_a_small_terminal_the_header_takes_two_lines(image: Path) -> None:
    lines = pressed(image, known=known(), size=NARROW).screen.split("\n")
    assert lines[0].startswith("sample:1") and lines[2].startswith(" 1 Layers 4")
    assert lines[3].startswith("#") and len(lines) == 24 and max(map(len, lines)) <= 80


def test_each_change_of_a_layer_is_marked(image: Path) -> None:
    def marks(found: Seen) -> set[str]:
        return {f"{row[0]} {name}" for row, name in zip(found.rows, found.names, strict=True)}

    assert marks(pressed(image, "]", known=known())) == {"~ app/", "+ made", "- cache/", "- a.o"}
    assert marks(pressed(image, "]", "]", known=known())) == {"~ app/", "m tool", "~ notes"}
    assert "  notes" in marks(pressed(image, "]", "tab", "ctrl+u", known=known()))
    # Of what was removed the bytes that stay are shown, and none that the layer has.
    (row,) = (row for row in pressed(image, "]", known=known()).rows if "a.o" in row)
    assert row.split() == ["-", "700", "B", "a.o"]


def test_the_cumulative_view_has_the_files_as_of_a_layer(image: Path) -> None:
    found = pressed(image, "ctrl+a", "]", known=known())
    assert found.title.startswith("Files as of layer 2  16.2 kB in 11 files")
    assert {"sh", "made", "tool"} <= set(found.names) and "a.o" not in found.names
    assert pressed(image, "ctrl+a", "]", "ctrl+l", known=known()).title.startswith("Changes of layer 2")


def test_what_the_user_opened_stays_open_in_the_next_layer(image: Path) -> None:
    assert pressed(image, "tab", "E", known=known()).names == ["app/", "usr/"]
    assert pressed(image, "tab", "E", "]", known=known()).names == ["app/"]
    assert pressed(image, "tab", "E", "space", "]", known=known()).names == ["app/", "made", "cache/"]


def test_the_cursor_stays_with_its_file_in_another_order_and_another_layer(image: Path) -> None:
    keys = ("3", "L", *["s"] * 3)
    for times in range(4):
        assert "pack" in pressed(image, *keys[: 2 + times], known=known()).current
    assert "notes" in pressed(image, "tab", "slash", *"notes", "enter", "G", "]", "]", known=known()).current


def test_a_filter_selects_while_it_is_typed_and_escape_removes_it(image: Path) -> None:
    assert pressed(image, "tab", "slash", *"pack$", known=known()).names == ["app/", ".git/", "objects/", "pack"]
    found = pressed(image, "tab", "slash", *r"HEAD$|\.o$", "enter", known=known())
    assert (found.focus, found.names) == ("tree-rows", ["app/", "cache/", "a.o", ".git/", "HEAD"])
    assert found.title.endswith(r"matching HEAD$|\.o$")
    assert "tool" in pressed(image, "tab", "slash", *"pack", "enter", "escape", known=known()).names
    assert pressed(image, "tab", "slash", *"xyz", known=known()).screen.count("no file matches") >= 1


def test_a_filter_that_is_no_expression_says_so_and_changes_nothing(image: Path) -> None:
    for keys in (("tab", "slash", "("), ("3", "slash", "(")):
        found = pressed(image, *keys, known=known())
        assert "not a regular expression" in found.screen and found.rows


def test_a_list_is_filtered_too(image: Path) -> None:
    found = pressed(image, "3", "slash", *"VCS", "enter", known=known())
    assert len(found.rows) == 1 and "vcs-metadata" in found.rows[0] and "matching VCS" in found.title
    assert len(pressed(image, "3", "slash", *"VCS", "enter", "escape", known=known()).rows) == 4


def test_a_file_says_who_brought_it_what_became_of_it_and_what_to_do() -> None:
    found = pressed(TINY, "H", "slash", *"usr/bin/app", "enter", "G")
    assert found.details[:2] == ["/usr/bin/app", "9.00 kB, file, mode 0644, owner 0:0"]
    assert found.details[2] == "layer 2: COPY file:623a230035d1 in /usr/bin/app"
    assert found.details[3] == "hidden: metadata-only copy by layer 5: RUN /bin/op chmod /usr/bin/app 755"
    assert found.details[4].startswith("low waste, copied-up: ")
    assert found.details[5].startswith("fix: set the mode of /usr/bin/app before it is copied")


def test_all_versions_of_a_file_are_listed_and_each_can_be_viewed(image: Path) -> None:
    keys = ("]", "]", "tab", "slash", *"notes", "enter", "G", "enter")
    found = pressed(image, *keys, known=known())
    assert "2 versions" in found.window
    assert found.rows[0].split()[:6] == ["layer", "1", "14", "B", "overwritten", "by"]
    assert found.rows[1].split()[:5] == ["layer", "3", "19", "B", "live"]
    assert "more" in pressed(image, *keys, "v", known=known()).rows
    assert pressed(image, *keys, "k", "v", known=known()).rows == ["one", "two", "three"]


def test_back_leads_where_each_jump_came_from(image: Path) -> None:
    found = pressed(image, "3", "f", "F", "L", *["backspace"] * 2, known=known())
    assert (found.tab, found.title.split("  ")[0]) == ("layers", "Files of vcs-metadata")
    found = pressed(image, "3", "f", "backspace", "backspace", known=known())
    assert found.tab == "findings"
    assert pressed(image, "H", "backspace", known=known()).title.startswith("Changes of layer 1")


def test_a_step_without_a_line_names_its_layer(image: Path) -> None:
    found = pressed(image, "2")
    assert all(" layer " in row for row in found.rows if "base image" not in row)
    assert not any(" layer " in row for row in pressed(image, "2", known=known()).rows)


def test_a_step_shows_its_edit_in_words_where_there_is_none(image: Path) -> None:
    found = pressed(image, "2", "enter", known=known())
    assert "keep `.git` out of the build context" in found.rows[0]
    assert pressed(image, "2", "j", "enter", known=known()).rows[-1] == "to be done by hand"


def test_a_finding_of_the_config_alone_leads_nowhere(tmp_path: Path) -> None:
    path = saved_image(tmp_path / "image.tar", layer(file("a", b"a")), env=("DB_PASSWORD=correct-horse-battery",))
    found = pressed(path, "3", "f")
    assert (found.tab, found.notes) == ("findings", ["no file: it is in the image's config"])
    assert found.details[2] == "no file, evidence: inferred"


def test_a_finding_of_what_a_hardlink_keeps_alive_leads_to_where_its_layer_has_it(tmp_path: Path) -> None:
    path = saved_image(
        tmp_path / "image.tar",
        layer(file("srv/.git/HEAD", b"ref: x"), file("srv/.git/objects/pack", b"x" * 9000)),
        layer(hardlink("srv/.git/kept", "srv/.git/objects/pack"), whiteout("srv/.git/objects/pack")),
    )
    found = pressed(path, "3", "L")
    assert found.title.startswith("Changes of layer 0") and found.details[0] == "/srv/.git/objects/pack"
    assert "stored in its layer as /srv/.git/objects/pack; the hardlink /srv/.git/kept keeps it live" in found.details


def test_a_removed_package_leads_to_what_it_left(tmp_path: Path) -> None:
    packages = packaged(tmp_path)
    found = pressed(packages, "4", "G")
    assert found.current.split() == ["300", "B", "0", "1", "2", "pypi", "tool", "3.0"] or "3.0" in found.current
    shown = pressed(packages, "4", "G", "f", "slash", *"tool.py", "enter", "G")
    assert shown.title.startswith("Hidden files of tool 3.0")
    assert shown.details[0] == "/srv/site-packages/tool.py"
    assert "formerly owned by tool 3.0 (pypi)" in shown.details


def test_what_is_not_there_is_said() -> None:
    found = pressed(TINY, "4", "j", "enter", "f")
    assert (found.tab, found.rows, found.details) == ("packages", [], ["no packages"])


def test_what_is_listed_is_extracted_and_nothing_else(image: Path) -> None:
    keys = ("]", "tab", "x", *["backspace"] * 1, *"/out", "enter")
    ((versions, path, place),) = pressed(image, *keys, known=known()).extracted
    assert (sorted(versions), path, place) == (["/app/cache/a.o", "/app/made"], "/app", "/out")
    ((versions, _, _),) = pressed(image, "]", "tab", "ctrl+r", *keys[2:], known=known()).extracted
    assert sorted(versions) == ["/app/made"]
    assert pressed(image, "tab", "x", "escape", known=known()).extracted == []


def test_the_text_of_a_window_is_searched(image: Path) -> None:
    keys = ("question_mark", "slash", *"ctrl-u", "enter")
    assert "Ctrl-U" in pressed(image, *keys).current
    assert "not found" in pressed(image, "question_mark", "slash", *"zzz", "enter").window
    assert "not a regular expression" in pressed(image, "question_mark", "slash", "(", "enter").window


@pytest.mark.parametrize("name", ["\x1b[2Jgone", "[red]x", "[", "\u202ereversed", b"\xff\xfe"])
def test_a_hostile_name_is_only_text(tmp_path: Path, name: str | bytes) -> None:
    raw = name.encode() if isinstance(name, str) else name
    spec = ImageSpec(
        layers=(layer(file(b"srv/" + raw, b"x\x1b[2J\x9b" * 900)), layer(whiteout(b"srv/" + raw), file(raw, b"y"))),
        history=({"created_by": "RUN echo '[bold]' # buildkit"}, {"created_by": "RUN \x1b[2J [/x] # buildkit"}),
        tags=("[b]app:1",),
    )
    path = tmp_path / "image.tar"
    path.write_bytes(docker_legacy(spec))
    for keys in (("H",), ("j",), ("3",), ("H", "G", "enter"), ("H", "G", "v"), ("H", "G", "y"), ("D",), ("i",)):
        found = pressed(path, *keys)
        texts = [*found.head, found.title, found.window, *found.details, *found.rows, *found.notes, found.clipboard]
        assert all(text.isprintable() for text in texts), keys
        assert all(line.isprintable() for line in found.screen.split("\n")), keys
        if keys == ("H",) and isinstance(name, str) and name.isprintable():
            assert name in found.names


def test_what_could_not_be_read_is_said(tmp_path: Path) -> None:
    spec = ImageSpec(layers=(layer(file("a", b"a")), layer(file("b", b"b"))), tags=("app:1",))
    path = tmp_path / "image.tar"
    path.write_bytes(edit(docker_save(spec), remove=(f"blobs/sha256/{spec.diff_ids[1].removeprefix('sha256:')}",)))
    found = pressed(path, "G")
    assert found.head[1].startswith("INCOMPLETE (i: why)") and "2 warnings (i)" in found.head[1]
    assert "LEFT OUT: " in found.screen
    assert any(row.startswith("warning: layer 1 is left out") for row in pressed(path, "i").rows)


def test_a_layer_of_which_something_is_missing_says_what(tmp_path: Path) -> None:
    path = tmp_path / "image.tar"
    path.write_bytes(
        docker_save(ImageSpec(layers=(layer(file("a", b"a"), hardlink("b", "nothing")),), tags=("app:1",)))
    )
    assert pressed(path, size=NARROW).details[1] == "INCOMPLETE: 1 broken hardlink"


def test_long_directories_are_listed_in_full(tmp_path: Path) -> None:
    files = [file(f"srv/{number:05}", b"x" * (1 + number % 7)) for number in range(12_100)]
    path = tmp_path / "image.tar"
    path.write_bytes(docker_legacy(ImageSpec(layers=(layer(*files),))))
    found = pressed(path, "tab", "l", "G")
    assert len(found.rows) == 12_101 and found.current.split()[-1] == found.names[-1] == "12096"


def test_a_file_that_a_stage_brought_says_so_and_a_base_is_no_layer_of_your_own(tmp_path: Path) -> None:
    base, copied = layer(file("bin/sh", b"sh")), layer(file("app/.git/HEAD", b"ref: x"))
    history = ({"created_by": "ADD rootfs.tar / # buildkit"}, {"created_by": "COPY /app /app # buildkit"})
    path = saved_image(tmp_path / "image.tar", base, copied, history=history)
    dockerfile = parse_dockerfile("FROM alpine AS build\nRUN make\nFROM alpine\nCOPY --from=build /app /app\n")
    inputs = AnalysisInputs(base=(Digest.parse(digest(base)),), known=BuildInputs(dockerfile=dockerfile))
    layers = [pressed(path, "g", *keys, known=inputs, size=NARROW).details[0] for keys in ((), ("j",))]
    assert layers == [
        "base layer 0: ADD rootfs.tar /",
        "own layer 1: line 4: COPY --from=build /app /app",
    ]
    found = pressed(path, "5", "f", "G", known=inputs)
    assert found.title.startswith("Files from stage build")
    assert found.details[0] == "/app/.git/HEAD" and "copied from stage build (declared)" in found.details
    assert pressed(path, "5", "L", known=inputs).layer == 1
    assert pressed(path, "5", "D", known=inputs).current.endswith("COPY --from=build /app /app")


def test_a_package_of_the_system_is_told_to_own_the_files_of_another() -> None:
    told = list(of_package(Package(type="pypi", name="six", version="1.16", shared=True), si))
    assert told[:2] == ["six 1.16 (pypi)", "its files are owned by a package of the operating system"]


def test_other_base_images_say_what_would_be_missing(image: Path) -> None:
    missing = Missing(
        what="libssl.so.3", check="libraries", need=Need.START, needed_by=("/app/tool",), needed_by_count=1
    )
    onto = Onto(
        source="slim.tar", name="slim:1", content_bytes=17_000, base_bytes=600, own_layers=3, missing=(missing,)
    )

    async def walk(*keys: str) -> Seen:
        with browsing(image, known()) as (browser, report, _):
            return (await drive(browser, replace(report, onto=(onto,)), keys, WIDE))[-1]

    found = asyncio.run(walk("6"))
    assert found.current.split() == ["17.0", "kB", "2.44", "kB", "1", "0", "0", "slim:1"]
    assert "missing at start: libssl.so.3, needed by /app/tool" in found.details
    assert any(row.startswith("missing at start: libssl.so.3") for row in asyncio.run(walk("6", "enter")).rows)
    assert asyncio.run(walk("6", "f")).notes == ["its files are not in this image"]
    assert pressed(image, "6", known=known()).details == ["no other base image: --onto IMAGE compares one"]


def test_a_failure_ends_it_and_is_kept_for_the_command_line(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object) -> list[str]:
        raise ZeroDivisionError("here")

    monkeypatch.setattr("layerscope.explore.navigation.of_directory", fails)
    with pytest.raises(ZeroDivisionError, match="here"):
        pressed(TINY, "tab", "j")


def test_an_image_without_layers_is_no_failure(tmp_path: Path) -> None:
    path = saved_image(tmp_path / "image.tar")
    for keys in ((), ("tab", "v", "x", "L", "D", "E", "s"), ("2", "enter"), ("5", "f"), ("D",), ("enter",)):
        assert not pressed(path, *keys).ended


@pytest.mark.parametrize("widths", [(100, 140), (140, 100), (140, 80, 140)])
def test_a_terminal_that_is_resized_is_laid_out_anew(image: Path, widths: tuple[int, ...]) -> None:
    async def resized() -> str:
        with browsing(image, known()) as (browser, report, _):
            app = Explorer(report, browser, RenderOptions(units=si))
            async with app.run_test(size=(widths[0], 40)) as pilot:
                await pilot.press("tab", "j")
                for width in widths[1:]:
                    await pilot.resize_terminal(width, 40)
                    await settled(app, pilot)
                return screen_of(app)

    assert asyncio.run(resized()) == pressed(image, "tab", "j", known=known(), size=(widths[-1], 40)).screen
