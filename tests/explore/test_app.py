"""The terminal UI, driven by keys without a terminal."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from textual.widgets import Static, TabbedContent

from layerscope.explore.app import Explorer
from layerscope.explore.pane import Table
from layerscope.render.options import TextOptions
from layerscope.render.units import si
from tests.analysis.test_browse import browsing
from tests.builder import ImageSpec, docker_legacy, docker_save, edit, file, layer, whiteout
from tests.conftest import FIXTURES

TINY = FIXTURES / "tiny-legacy.tar"


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What is on the screen: the head, the open tab, the line above the files, its rows, and what is told below."""

    head: str
    tab: str
    where: str
    rows: list[list[str]]
    told: list[str]

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
        told=str(app.query_one("#lines", Static).render()).split("\n"),
    )


def pressed(path: Path, *keys: str) -> Seen:
    """What is on the screen when these keys were pressed."""

    async def walk() -> Seen:
        with browsing(path) as (browser, report, _):
            app = Explorer(report, browser, TextOptions(units=si))
            async with app.run_test(size=(100, 30)) as pilot:
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
            app = Explorer(report, browser, TextOptions(units=si))
            async with app.run_test(size=(100, 24)) as pilot:
                await pilot.pause()
                await pilot.press("h", "enter", "enter")
                await pilot.pause()
                return "\n".join(strip.text.rstrip() for strip in app.screen._compositor.render_strips())

    page = (FIXTURES.parent / "docs" / "usage.md").read_text("utf-8")
    assert f"```text\n{asyncio.run(screen())}\n```" in page


def test_it_begins_with_the_verdict_and_the_root_the_biggest_first() -> None:
    found = pressed(TINY)
    assert found.head.split("\n")[1] == "22.5 kB (35%) of 63.7 kB can be had back"
    assert (found.tab, found.where) == ("files", "/   files of the final image, by size")
    assert found.rows[0] == ["30.1 kB", "━━━━━━━━━━", "", "1", "bin/"]
    assert found.rows[2] == ["4.10 kB", "━", "4.07 kB", "4", "src/"]
    assert found.told == ["/bin", "30.1 kB in 1 file"]


@pytest.mark.parametrize("way_in", ["enter", "right"])
@pytest.mark.parametrize("way_out", ["left", "backspace"])
def test_a_directory_is_opened_and_left_again(way_in: str, way_out: str) -> None:
    inside = pressed(TINY, "down", "down", way_in)
    assert inside.where.startswith("/src ") and ".git/" in inside.column(4)
    outside = pressed(TINY, "down", "down", way_in, "down", way_out)
    assert outside.where.startswith("/ ") and outside.told[0] == "/src"  # The cursor is where it came from.
    assert pressed(TINY, way_out).where.startswith("/ ")


def test_a_file_says_who_brought_it_what_became_of_it_and_what_to_do() -> None:
    found = pressed(TINY, "h", "enter", "enter")
    assert found.where == "/usr/bin   hidden files, which are shipped and never seen, by size"
    assert found.told[:2] == ["/usr/bin/app", "9.00 kB, file, mode 0644, owner 0:0"]
    assert found.told[2] == "layer 2: COPY file:623a230035d1 in /usr/bin/app"
    assert found.told[3] == "hidden: copied-up by layer 5: RUN /bin/op chmod /usr/bin/app 755"
    assert found.told[4].startswith("low bloat, copied-up: ")
    assert found.told[5].startswith("what to do: set mode and owner of /usr/bin/app with `COPY --chown`")


def test_hidden_files_and_all_others_take_turns() -> None:
    assert pressed(TINY, "h", "h").where == pressed(TINY, "h", "escape").where == pressed(TINY).where


def test_the_order_goes_round() -> None:
    by_can_go, by_name, by_size = (pressed(TINY, *["s"] * times) for times in (1, 2, 3))
    assert by_can_go.where.endswith("by what can go") and by_can_go.column(4)[0] == "src/"
    assert by_name.where.endswith("by name") and by_name.column(4) == ["bin/", "cache/", "conf/", "src/", "usr/"]
    assert by_size.where.endswith("by size")


def test_a_filter_leaves_what_is_like_it() -> None:
    found = pressed(TINY, "slash", *"config", "enter")
    assert found.where == "/   files of the final image like *config*, by size"
    assert found.column(4) == ["conf/"]
    assert pressed(TINY, "slash", *"*.py", "enter").column(4) == ["src/"]
    assert pressed(TINY, "slash", *"nothing", "enter").told == ["nothing is here"]
    assert pressed(TINY, "slash", *"shq", "escape").where == "/   files of the final image, by size"


def test_a_layer_is_told_and_its_files_are_shown() -> None:
    told = pressed(TINY, "2", "down")
    assert told.tab == "layers" and told.rows[1] == ["1", "9.10 kB", "9.07 kB", "COPY dir:96e6a91de46b in /src"]
    assert told.told[0] == "layer 1 of your own: COPY dir:96e6a91de46b in /src"
    shown = pressed(TINY, "2", "down", "enter")
    assert (shown.tab, shown.where) == ("files", "/   what layer 1 holds, by size")
    assert shown.column(0) == ["9.10 kB"]


def test_a_finding_leads_to_its_biggest_file() -> None:
    told = pressed(TINY, "3")
    assert told.rows[0][:3] == ["high leak", "vcs-metadata", "4.07 kB"]
    assert told.told[0].startswith("high leak, vcs-metadata: ") and told.told[1].startswith("what to do: ")
    assert "  4.07 kB  /src/.git (2 files)" in told.told
    shown = pressed(TINY, "3", "right")
    assert shown.where == "/src/.git/objects   what layer 1 holds, by size"
    assert shown.told[0] == "/src/.git/objects/pack"


def test_a_package_leads_to_its_files() -> None:
    rootfs = FIXTURES / "public-alpine-3.8-rootfs.tar.xz"
    told = pressed(rootfs, "4")
    assert told.rows[0][3:5] == ["apk", "libressl2.7-libcrypto"]
    assert told.told[0] == "libressl2.7-libcrypto 2.7.5-r0 (apk)"
    shown = pressed(rootfs, "4", "enter")
    assert shown.where == "/   files of libressl2.7-libcrypto, by size"
    assert (shown.column(0), shown.column(4)) == (["1.73 MB", "351 kB", "0 B"], ["lib/", "etc/", "usr/"])


def test_what_is_not_there_is_said() -> None:
    found = pressed(TINY, "4", "down", "enter", "right")
    assert (found.tab, found.rows, found.told) == ("packages", [], ["nothing is here"])


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
        texts = [*found.head.split("\n"), found.where, *found.told, *(cell for row in found.rows for cell in row)]
        assert all(text.isprintable() for text in texts), keys
        if keys == ("h", "enter") and isinstance(name, str) and name.isprintable():
            assert found.told[0] == f"/srv/{name}"


def test_what_could_not_be_read_is_said_above(tmp_path: Path) -> None:
    spec = ImageSpec(layers=(layer(file("a", b"a")), layer(file("b", b"b"))), tags=("app:1",))
    path = tmp_path / "image.tar"
    path.write_bytes(edit(docker_save(spec), remove=(f"blobs/sha256/{spec.diff_ids[1].removeprefix('sha256:')}",)))
    head = pressed(path).head
    assert "\nINCOMPLETE: " in head and "\nnote: layer 1 is left out" in head


def test_long_directories_are_cut_and_say_so(tmp_path: Path) -> None:
    files = [file(f"srv/{number:04}", b"x" * (1 + number % 7)) for number in range(2100)]
    path = tmp_path / "image.tar"
    path.write_bytes(docker_legacy(ImageSpec(layers=(layer(*files),))))
    found = pressed(path, "enter")
    assert found.where.endswith("; the first 2,000 of 2,100 are listed")
    assert len(found.rows) == 2000


def test_a_failure_ends_it_and_is_kept_for_the_command_line(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object) -> Callable[[], None]:
        raise ZeroDivisionError("here")

    monkeypatch.setattr("layerscope.explore.files.of_directory", fails)
    with pytest.raises(ZeroDivisionError, match="here"):
        pressed(TINY, "down")
