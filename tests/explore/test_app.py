"""The terminal UI, driven by keys without a terminal."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from textual.widgets import Static, TabbedContent

from layerscope.analysis.analyse import AnalysisInputs
from layerscope.dockerfile.parse import parse_dockerfile
from layerscope.explore.app import Explorer
from layerscope.explore.details import of_package
from layerscope.explore.pane import Table
from layerscope.model.image import Digest
from layerscope.model.package import Package
from layerscope.provenance.origins import BuildInputs
from layerscope.render.units import RenderOptions, si
from tests.analysis.test_browse import browsing, packaged, saved_image
from tests.builder import ImageSpec, digest, docker_legacy, docker_save, edit, file, hardlink, layer, whiteout
from tests.conftest import FIXTURES

TINY = FIXTURES / "tiny-legacy.tar"


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What is on the screen: the head, the open tab, the line above the files, its rows, and the details below.

    ``focus`` is the kind of widget that gets the keys.
    """

    head: str
    tab: str
    where: str
    rows: list[list[str]]
    details: list[str]
    focus: str

    def column(self, number: int) -> list[str]:
        return [row[number] for row in self.rows]


def seen(app: Explorer) -> Seen:
    tabs = app.query_one(TabbedContent)
    table = tabs.get_pane(tabs.active).query_one(Table)
    return Seen(
        head=str(app.query_one("#head", Static).render()),
        tab=tabs.active,
        where=str(app.query_one("#where", Static).render()),
        rows=[[str(cell).strip() for cell in table.get_row_at(row)] for row in range(table.row_count)],
        details=str(app.query_one("#lines", Static).render()).split("\n"),
        focus=type(app.focused).__name__,
    )


def pressed(path: Path, *keys: str, known: AnalysisInputs | None = None, height: int = 30) -> Seen:
    """What is on the screen when these keys were pressed."""

    async def walk() -> Seen:
        with browsing(path, known) as (browser, report, _):
            app = Explorer(report, browser, RenderOptions(units=si))
            async with app.run_test(size=(100, height)) as pilot:
                await pilot.pause()
                for key in keys:
                    await pilot.press(key)
                    await pilot.pause()
                found = seen(app)
            if app.failure is not None:
                raise app.failure
            return found

    return asyncio.run(walk())


def test_the_page_shows_the_screen_as_it_is() -> None:
    async def screen() -> str:
        with browsing(TINY) as (browser, report, _):
            app = Explorer(report, browser, RenderOptions(units=si))
            async with app.run_test(size=(100, 24)) as pilot:
                await pilot.pause()
                await pilot.press("h", "enter", "enter")
                await pilot.pause()
                return "\n".join(strip.text.rstrip() for strip in app.screen._compositor.render_strips())

    page = (FIXTURES.parent / "docs" / "usage.md").read_text("utf-8")
    assert f"```text\n{asyncio.run(screen())}\n```" in page


def test_it_begins_with_the_verdict_and_the_root_the_biggest_first() -> None:
    found = pressed(TINY)
    assert found.head.split("\n")[1] == "  all layers  63.7 kB  22.5 kB (35%) of it reclaimable"
    assert (found.tab, found.where) == ("files", "/   files of the final image, by size")
    assert found.rows[0] == ["30.1 kB", "━━━━━━━━━━", "", "1", "bin/"]
    assert found.rows[2] == ["4.10 kB", "━", "4.07 kB", "4", "src/"]
    assert found.details == ["/bin", "30.1 kB in 1 file"]


@pytest.mark.parametrize("way_in", ["enter", "right"])
@pytest.mark.parametrize("way_out", ["left", "backspace"])
def test_a_directory_is_opened_and_left_again(way_in: str, way_out: str) -> None:
    inside = pressed(TINY, "down", "down", way_in)
    assert inside.where.startswith("/src ") and ".git/" in inside.column(4)
    outside = pressed(TINY, "down", "down", way_in, "down", way_out)
    assert outside.where.startswith("/ ") and outside.details[0] == "/src"  # The cursor is where it came from.
    assert pressed(TINY, way_out).where.startswith("/ ")


def test_a_file_says_who_brought_it_what_became_of_it_and_what_to_do() -> None:
    found = pressed(TINY, "h", "enter", "enter")
    assert found.where == "/usr/bin   hidden files (shipped, but deleted or replaced by a later layer), by size"
    assert found.details[:2] == ["/usr/bin/app", "9.00 kB, file, mode 0644, owner 0:0"]
    assert found.details[2] == "layer 2: COPY file:623a230035d1 in /usr/bin/app"
    assert found.details[3] == "hidden: metadata-only copy by layer 5: RUN /bin/op chmod /usr/bin/app 755"
    assert found.details[4].startswith("low waste, copied-up: ")
    assert found.details[5].startswith("fix: set the mode of /usr/bin/app with `COPY --chmod`")


def test_hidden_files_and_all_others_take_turns() -> None:
    assert pressed(TINY, "h", "h").where == pressed(TINY, "h", "escape").where == pressed(TINY).where


def test_the_order_goes_round() -> None:
    by_can_go, by_name, by_size = (pressed(TINY, *["s"] * times) for times in (1, 2, 3))
    assert by_can_go.where.endswith("by reclaimable bytes") and by_can_go.column(4)[0] == "src/"
    assert by_name.where.endswith("by name") and by_name.column(4) == ["bin/", "cache/", "conf/", "src/", "usr/"]
    assert by_size.where.endswith("by size")


def test_the_cursor_stays_with_its_file_when_the_order_changes() -> None:
    for times in range(4):
        found = pressed(TINY, "down", "down", *["s"] * times)
        assert found.details[0] == "/src", times
    inside = pressed(TINY, "down", "down", "enter", "s", "left", "s", "s")
    assert inside.details[0] == "/src"


def test_home_and_end_go_to_the_first_and_the_last_row() -> None:
    assert pressed(TINY, "end").details[0] == "/cache"
    assert pressed(TINY, "end", "home").details[0] == "/bin"


def test_tab_goes_to_the_text_below_where_that_is_too_long_and_back() -> None:
    assert pressed(TINY, "tab").focus == "Table"  # All of it can be read.
    keys = ("h", "enter", "enter")
    assert pressed(TINY, *keys, "tab", height=14).focus == "_Below"
    assert pressed(TINY, *keys, "tab", "tab", height=14).focus == "Table"
    for key, tab in (("1", "files"), ("2", "layers")):
        found = pressed(TINY, *keys, "tab", key, height=14)
        assert (found.focus, found.tab) == ("Table", tab)


def test_a_filter_leaves_what_is_like_it() -> None:
    found = pressed(TINY, "slash", *"config", "enter")
    assert found.where == "/   files of the final image matching *config*, by size"
    assert found.column(4) == ["conf/"]
    assert pressed(TINY, "slash", *"*.py", "enter").column(4) == ["src/"]
    assert pressed(TINY, "slash", *"nothing", "enter").details == ["empty"]
    assert pressed(TINY, "slash", *"shq", "escape").where == "/   files of the final image, by size"


def test_a_filter_that_is_left_changes_nothing() -> None:
    for way_out in ("escape", "tab"):
        found = pressed(TINY, "2", "down", "enter", "slash", *"conf", way_out)
        assert (found.where, found.focus) == ("/   files in layer 1, by size", "Table")
    assert pressed(TINY, "2", "down", "enter", "slash", "escape", "escape").where == pressed(TINY).where


def test_a_layer_is_told_and_its_files_are_shown() -> None:
    found = pressed(TINY, "2", "down")
    assert found.tab == "layers" and found.rows[1] == ["1", "9.10 kB", "9.07 kB", "COPY dir:96e6a91de46b in /src"]
    assert found.details[0] == "own layer 1: COPY dir:96e6a91de46b in /src"
    shown = pressed(TINY, "2", "down", "enter")
    assert (shown.tab, shown.where) == ("files", "/   files in layer 1, by size")
    assert shown.column(0) == ["9.10 kB"]


def test_a_finding_leads_to_its_biggest_file() -> None:
    found = pressed(TINY, "3", "end")
    assert found.rows[-1][:3] == ["high leak", "vcs-metadata", "4.07 kB"]
    assert found.details[0].startswith("high leak, vcs-metadata: ") and found.details[1].startswith("fix: ")
    assert "  4.07 kB  /src/.git (2 files)" in found.details
    shown = pressed(TINY, "3", "end", "right")
    assert shown.where == "/src/.git/objects   files in layer 1, by size"
    assert shown.details[0] == "/src/.git/objects/pack"


def test_a_finding_of_what_a_hardlink_keeps_alive_leads_to_where_its_layer_has_it(tmp_path: Path) -> None:
    path = saved_image(
        tmp_path / "image.tar",
        layer(file("srv/.git/HEAD", b"ref: x"), file("srv/.git/objects/pack", b"x" * 9000)),
        layer(hardlink("srv/.git/kept", "srv/.git/objects/pack"), whiteout("srv/.git/objects/pack")),
    )
    found = pressed(path, "3", "enter")
    assert found.where == "/srv/.git/objects   files in layer 0, by size"
    assert found.details[0] == "/srv/.git/objects/pack"
    assert "stored in its layer as /srv/.git/objects/pack; the hardlink /srv/.git/kept keeps it live" in found.details
    assert pressed(path, "enter", "enter").details[0] == "/srv/.git/kept"


def test_a_finding_of_the_config_alone_leads_nowhere(tmp_path: Path) -> None:
    path = saved_image(tmp_path / "image.tar", layer(file("a", b"a")), env=("DB_PASSWORD=correct-horse-battery",))
    found = pressed(path, "3", "enter")
    assert (found.tab, found.rows[0][1]) == ("findings", "config-secret")
    assert found.details[2] == "no file, evidence: inferred"


def test_a_file_in_the_place_of_a_directory_does_not_take_its_cursor(tmp_path: Path) -> None:
    """Of a layer all is listed that it holds, also where its tar has a name twice."""
    path = saved_image(tmp_path / "image.tar", layer(file("a/b", b"x" * 5), file("a", b"x" * 9)))
    found = pressed(path, "2", "enter", "end", "right", "left")
    assert found.column(4) == ["a", "a/"] and found.details[:2] == ["/a", "5 B in 1 file"]


def test_a_package_leads_to_its_files() -> None:
    rootfs = FIXTURES / "public-alpine-3.8-rootfs.tar.xz"
    found = pressed(rootfs, "4")
    assert found.rows[0][4:6] == ["apk", "libressl2.7-libcrypto"]
    assert found.details[0] == "libressl2.7-libcrypto 2.7.5-r0 (apk)"
    shown = pressed(rootfs, "4", "enter")
    assert shown.where == "/   files of libressl2.7-libcrypto 2.7.5-r0, by size"
    assert (shown.column(0), shown.column(4)) == (["1.73 MB", "351 kB", "0 B"], ["lib/", "etc/", "usr/"])


def test_a_removed_package_leads_to_what_it_left(tmp_path: Path) -> None:
    packages = packaged(tmp_path)
    found = pressed(packages, "4", "end")
    assert found.rows[2] == ["0 B", "0", "1", "2", "pypi", "tool", "3.0"]
    shown = pressed(packages, "4", "end", "enter")
    assert shown.where == "/   hidden files of tool 3.0, by size"
    assert shown.column(4) == ["srv/"]
    file_of_it = pressed(packages, "4", "end", *["enter"] * 3)
    assert file_of_it.details[0] == "/srv/site-packages/tool.py"
    assert "formerly owned by tool 3.0 (pypi)" in file_of_it.details


def test_what_is_not_there_is_said() -> None:
    found = pressed(TINY, "4", "down", "enter", "right")
    assert (found.tab, found.rows, found.details) == ("packages", [], ["empty"])


@pytest.mark.parametrize("name", ["\x1b[2Jgone", "[red]x", "[", "\u202ereversed", b"\xff\xfe"])
def test_a_hostile_name_is_only_text(tmp_path: Path, name: str | bytes) -> None:
    raw = name.encode() if isinstance(name, str) else name
    spec = ImageSpec(
        layers=(layer(file(b"srv/" + raw, b"x" * 9000)), layer(whiteout(b"srv/" + raw), file(raw, b"y"))),
        history=({"created_by": "RUN echo '[bold]' # buildkit"}, {"created_by": "RUN \x1b[2J [/x] # buildkit"}),
        tags=("[b]app:1",),
    )
    path = tmp_path / "image.tar"
    path.write_bytes(docker_legacy(spec))
    for keys in (("h", "enter"), ("2", "down"), ("3", "enter")):
        found = pressed(path, *keys)
        texts = [*found.head.split("\n"), found.where, *found.details, *(cell for row in found.rows for cell in row)]
        assert all(text.isprintable() for text in texts), keys
        if keys == ("h", "enter") and isinstance(name, str) and name.isprintable():
            assert found.details[0] == f"/srv/{name}"


def test_what_could_not_be_read_is_said_above(tmp_path: Path) -> None:
    spec = ImageSpec(layers=(layer(file("a", b"a")), layer(file("b", b"b"))), tags=("app:1",))
    path = tmp_path / "image.tar"
    path.write_bytes(edit(docker_save(spec), remove=(f"blobs/sha256/{spec.diff_ids[1].removeprefix('sha256:')}",)))
    head = pressed(path).head
    assert "\nINCOMPLETE: " in head and "\nwarning: layer 1 is left out" in head


def test_long_directories_are_cut_and_say_so(tmp_path: Path) -> None:
    files = [file(f"srv/{number:04}", b"x" * (1 + number % 7)) for number in range(2100)]
    path = tmp_path / "image.tar"
    path.write_bytes(docker_legacy(ImageSpec(layers=(layer(*files),))))
    found = pressed(path, "enter")
    assert found.where.endswith("; the first 2,000 of 2,100 are listed")
    assert len(found.rows) == 2000


def test_long_lists_are_cut_and_say_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("layerscope.explore.pane.MOST", 3)
    path = saved_image(tmp_path / "image.tar", *(layer(file(str(number), b"x")) for number in range(5)))

    async def walk() -> tuple[list[str], int]:
        with browsing(path) as (browser, report, _):
            app = Explorer(report, browser, RenderOptions(units=si))
            async with app.run_test(size=(100, 30)) as pilot:
                await pilot.press("2")
                pane = app.query_one(TabbedContent).get_pane("layers")
                return [str(one.render()) for one in pane.query(Static)], pane.query_one(Table).row_count

    assert asyncio.run(walk()) == (["the first 3 of 5 are listed"], 3)


def test_a_file_that_a_stage_brought_says_so_and_a_base_is_no_layer_of_your_own(tmp_path: Path) -> None:
    base, copied = layer(file("bin/sh", b"sh")), layer(file("app/.git/HEAD", b"ref: x"))
    history = ({"created_by": "ADD rootfs.tar / # buildkit"}, {"created_by": "COPY /app /app # buildkit"})
    path = saved_image(tmp_path / "image.tar", base, copied, history=history)
    dockerfile = parse_dockerfile("FROM alpine AS build\nRUN make\nFROM alpine\nCOPY --from=build /app /app\n")
    known = AnalysisInputs(base=(Digest.parse(digest(base)),), known=BuildInputs(dockerfile=dockerfile))
    layers = [pressed(path, "2", *keys, known=known).details[0] for keys in ((), ("down",))]
    assert layers == [
        "base layer 0: ADD rootfs.tar /",
        "own layer 1: line 4 from stage build: COPY --from=build /app /app",
    ]
    found = pressed(path, "3", "enter", known=known)
    assert found.details[0] == "/app/.git/HEAD" and "copied from stage build (declared)" in found.details


def test_a_layer_that_was_left_out_says_why(tmp_path: Path) -> None:
    spec = ImageSpec(layers=(layer(file("a", b"a")), layer(file("b", b"b"))), tags=("app:1",))
    path = tmp_path / "image.tar"
    path.write_bytes(edit(docker_save(spec), remove=(f"blobs/sha256/{spec.diff_ids[1].removeprefix('sha256:')}",)))
    assert pressed(path, "2", "end").details[1].startswith("LEFT OUT: ")


def test_a_layer_of_which_something_is_missing_says_what(tmp_path: Path) -> None:
    path = tmp_path / "image.tar"
    path.write_bytes(
        docker_save(ImageSpec(layers=(layer(file("a", b"a"), hardlink("b", "nothing")),), tags=("app:1",)))
    )
    assert pressed(path, "2").details[1] == "INCOMPLETE: 1 broken hardlink"


def test_a_package_of_the_system_is_told_to_own_the_files_of_another() -> None:
    told = list(of_package(Package(type="pypi", name="six", version="1.16", shared=True), si))
    assert told[:2] == ["six 1.16 (pypi)", "its files are owned by a package of the operating system"]


def test_a_failure_ends_it_and_is_kept_for_the_command_line(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object) -> Callable[[], None]:
        raise ZeroDivisionError("here")

    monkeypatch.setattr("layerscope.explore.files.of_directory", fails)
    with pytest.raises(ZeroDivisionError, match="here"):
        pressed(TINY, "down")
